"""The pages of sources: a new one, one with its settings, its crawls and a first look at it, and taking it away."""

from collections.abc import Mapping
from dataclasses import dataclass

import flask

from catalog.errors import SettingsInvalid, VeilError
from catalog.journal.reach import Reached
from catalog.model import Source
from policy_engine.capabilities import Action, Rights
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.refusals import NotThere, RequestInvalid
from web_ui.apis.crawls import Crawls
from web_ui.apis.sources import sources_of
from web_ui.pages.frame import viewer
from web_ui.pages.plans import PlanView, was_looked_at
from web_ui.parts import Parts
from web_ui.source_forms import INTO, KINDS, POLITENESS, SCHEDULE, Kind, kind_named, kind_of, stated
from web_ui.sources import Sources, source_of

_RUNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesPage:
    """Shows sources to administrators and auditors; administrators change them, by the functions of the API."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of these pages."""
        page = flask.Blueprint("sources", __name__)
        page.get("/sources/new")(self.new)
        page.post("/sources/new")(self.add)
        page.get("/sources/<name>")(self.one)
        page.post("/sources/<name>")(self.change)
        page.get("/sources/<name>/remove")(self.removal)
        page.post("/sources/<name>/remove")(self.remove)
        return page

    def new(self) -> str:
        """A form for a source of the kind that is asked for."""
        self._administrator()
        asked = flask.request.args
        return self._form(kind_named(asked.get("kind", "")), {INTO.option: asked.get("into", "")})

    def add(self) -> flask.typing.ResponseReturnValue:
        """Try the source of the form, or keep it; with `crawl` its first crawl is asked for at once."""
        sources, form = self._administrator(), flask.request.form
        kind = kind_named(form.get("kind", ""))
        source = source_of(form.get("name", ""), kind.connector, stated(kind, form))
        wanted = _action()
        try:
            if wanted == "test":
                reached = sources.reach(sources.stated(source, self.parts.home.documents))
                return self._form(kind, form, reached=reached)
            sources.put(source, self.parts.home.documents, why=form.get("why", "").strip())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._form(kind, form, problem=problem), problem.status
        if wanted == "crawl":
            run = self._crawls().ask_for(source.name, source.options.get("crawl_path", ""), _into(source), False)
            return flask.redirect(flask.url_for("crawls.one", number=run.id), code=303)
        return flask.redirect(flask.url_for("sources.one", name=source.name, saved=1), code=303)

    def one(self, name: str) -> str:
        """A source with its settings, and its crawls."""
        return self._page(self._known(name))

    def change(self, name: str) -> flask.typing.ResponseReturnValue:
        """Try a source as it is kept, or keep what the form states of it."""
        known, sources, form = self._known(name), self._administrator(), flask.request.form
        kind, wanted = kind_of(known), _action()
        try:
            if wanted == "test":
                return self._page(known, reached=sources.reach(known))
            source = source_of(known.name, kind.connector, stated(kind, form))
            sources.put(source, self.parts.home.documents, replaces=True, why=form.get("why", "").strip())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(known, form=form, problem=problem), problem.status
        self.parts.crawls.wake()
        return flask.redirect(flask.url_for("sources.one", name=known.name, saved=1), code=303)

    def removal(self, name: str) -> str:
        """What goes with a source, and who loses what by that."""
        known, sources = self._known(name), self._administrator()
        view = PlanView.of(sources.removal(known.name, with_datasets=True))
        return flask.render_template("source_remove.html", source=known, view=view)

    def remove(self, name: str) -> flask.typing.ResponseReturnValue:
        """Take a source away with its datasets, if nothing has moved since its plan was looked at."""
        known, sources, form = self._known(name), self._administrator(), flask.request.form
        plan = sources.removal(known.name, with_datasets=True)
        if not was_looked_at(plan):
            view = PlanView.of(plan, is_another=True)
            return flask.render_template("source_remove.html", source=known, view=view), 409
        try:
            sources.remove(known.name, with_datasets=True, why=form.get("why", "").strip())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            view = PlanView.of(plan)
            return flask.render_template("source_remove.html", source=known, view=view, problem=problem), problem.status
        return flask.redirect(flask.url_for("crawls.show"), code=303)

    def _form(
        self,
        kind: Kind,
        form: Mapping[str, str],
        *,
        problem: VeilError | None = None,
        reached: Reached | None = None,
    ) -> str:
        return flask.render_template(
            "source_new.html", kinds=KINDS, given=form, problem=problem, reached=reached, **self._asks(kind)
        )

    def _page(
        self,
        source: Source,
        *,
        form: Mapping[str, str] | None = None,
        problem: VeilError | None = None,
        reached: Reached | None = None,
    ) -> str:
        crawls, kind = self._crawls(), kind_of(source)
        own = self.parts.settings.crawl_of(source)
        return flask.render_template(
            "source.html",
            source=source,
            own=own,
            here=source.name in self.parts.settings.crawls,
            runs=crawls.runs(source.name, _RUNS),
            datasets=self.parts.datasets.counts().get(source.name, 0),
            given=source.options if form is None else form,
            problem=problem,
            reached=reached,
            may_change=self._rights().may(Action.HOME_ADMINISTER),
            is_saved=flask.request.args.get("saved") == "1",
            **self._asks(kind),
        )

    def _asks(self, kind: Kind) -> dict[str, object]:
        databases = tuple(database.name for database in self.parts.datasets.databases())
        return {"kind": kind, "schedule": SCHEDULE, "politeness": POLITENESS, "into": INTO, "databases": databases}

    def _known(self, name: str) -> Source:
        try:
            return sources_of(self.parts, self.identity).one(name)
        except SettingsInvalid as unknown:
            raise NotThere(unknown.detail, hint=unknown.hint) from None

    def _administrator(self) -> Sources:
        self._rights().require(Action.HOME_ADMINISTER, None, "change sources")
        return sources_of(self.parts, self.identity)

    def _crawls(self) -> Crawls:
        return Crawls(parts=self.parts, subject=viewer(self.identity))

    def _rights(self) -> Rights:
        return Rights(viewer(self.identity), self.parts.policies.current())


def _action() -> str:
    wanted = flask.request.form.get("action", "")
    if wanted not in ("test", "save", "crawl"):
        raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
    return wanted


def _into(source: Source) -> str:
    return source.options.get("crawl_into", "")
