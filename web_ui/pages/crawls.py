"""The Crawlers pages: what is crawled and when, how far a crawl is, what it found, and ways to register and stop."""

from collections.abc import Iterator
from dataclasses import dataclass

import flask

from catalog.crawl_runs import CrawlRun
from catalog.errors import VeilError
from policy_engine.capabilities import Action, Rights
from proxy.http import answers, problems
from proxy.http.identity import Identity
from web_ui import arguments
from web_ui.apis.crawls import OUTCOMES, Crawls, outcome_asked
from web_ui.apis.sources import sources_of
from web_ui.pages.frame import viewer
from web_ui.parts import Parts
from web_ui.settings import SourceCrawlSettings
from web_ui.source_forms import Kind, kind_of
from web_ui.sources import Known

_RUNS = 50
_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlsPage:
    """Shows runs to administrators and auditors; administrators start and stop them."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of these pages."""
        page = flask.Blueprint("crawls", __name__)
        page.get("/crawls")(self.show)
        page.post("/crawls")(self.start)
        page.get("/crawls/<number>")(self.one)
        page.post("/crawls/<number>/cancel")(self.cancel)
        page.post("/crawls/<number>/register")(self.register)
        return page

    def show(self) -> str:
        """The sources with their newest crawls, and the runs, newest first."""
        return self._page(self._crawls())

    def start(self) -> flask.typing.ResponseReturnValue:
        """Ask for a crawl and go to its page."""
        crawls, form = self._crawls(), flask.request.form
        try:
            run = crawls.ask_for(
                form.get("source", ""), form.get("path", "").strip(), form.get("into", ""), form.get("full") == "1"
            )
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(crawls, problem), problem.status
        return flask.redirect(flask.url_for("crawls.one", number=run.id), code=303)

    def one(self, number: str) -> str:
        """One run with what became of its relations, some at a time."""
        crawls = self._crawls()
        return self._run(crawls, crawls.run(number))

    def register(self, number: str) -> flask.typing.ResponseReturnValue:
        """Register what a run found in a database, a new one if none is chosen, and go to the run that does it."""
        crawls, form = self._crawls(), flask.request.form
        run, chosen = crawls.run(number), form.get("into", "")
        try:
            further = crawls.register(number, chosen or form.get("new", "").strip(), creates=not chosen)
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._run(crawls, run, problem), problem.status
        return flask.redirect(flask.url_for("crawls.one", number=further.id), code=303)

    def cancel(self, number: str) -> flask.typing.ResponseReturnValue:
        """Stop a run and come back to it."""
        run = self._crawls().cancel(number)
        return flask.redirect(flask.url_for("crawls.one", number=run.id), code=303)

    def _run(self, crawls: Crawls, run: CrawlRun, problem: VeilError | None = None) -> str:
        after, outcome = arguments.number("after", 2**62), outcome_asked()
        items = crawls.items(run, -1 if after is None else after, _ROWS, outcome)
        is_kept = bool(items) or bool(crawls.items(run, -1, 1)) or not run.counts
        return flask.render_template(
            "crawl.html",
            run=run,
            standing=crawls.standing(run),
            since=crawls.since(run) if run.state.is_over and is_kept else None,
            outcomes=OUTCOMES,
            tally={each: run.counts.get("" if each == "left" else each, 0) for each in OUTCOMES},
            outcome=flask.request.args.get("outcome", ""),
            items=items,
            is_kept=is_kept,
            after=items[-1].position if len(items) == _ROWS else None,
            is_known=self.parts.datasets.source(run.source) is not None,
            databases=[database.name for database in self.parts.datasets.databases()],
            form=flask.request.form,
            problem=problem,
            may_change=self._may_change(crawls),
            reviews=Rights(crawls.subject, self.parts.policies.current()).places(Action.TAG_ASSIGN) != frozenset(),
        )

    def _page(self, crawls: Crawls, problem: VeilError | None = None) -> str:
        return flask.render_template(
            "crawls.html",
            runs=crawls.runs(None, _RUNS),
            known=tuple(self._known()),
            problem=problem,
            may_change=self._may_change(crawls),
        )

    def _known(self) -> Iterator[tuple[Known, Kind, SourceCrawlSettings]]:
        """Every source with its kind and how it is crawled."""
        for each in sources_of(self.parts, self.identity).listed():
            yield each, kind_of(each.source), self.parts.settings.crawl_of(each.source)

    def _may_change(self, crawls: Crawls) -> bool:
        return Rights(crawls.subject, self.parts.policies.current()).may(Action.HOME_ADMINISTER)

    def _crawls(self) -> Crawls:
        return Crawls(parts=self.parts, subject=viewer(self.identity))
