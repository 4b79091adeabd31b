"""The Crawls pages: what was crawled and how far it is, a form to crawl a source, and a way to stop."""

from dataclasses import dataclass

import flask

from catalog.errors import VeilError
from policy_engine.capabilities import Action, Rights
from proxy.identity import Identity
from web_ui import arguments
from web_ui.crawls_api import Crawls
from web_ui.pages.frame import viewer
from web_ui.parts import Parts
from web_ui.settings import SourceCrawlSettings

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
        return page

    def show(self) -> str:
        """The runs, newest first, and the form."""
        return self._page(self._crawls())

    def start(self) -> flask.typing.ResponseReturnValue:
        """Ask for a crawl and go to its page."""
        crawls, form = self._crawls(), flask.request.form
        try:
            run = crawls.ask_for(
                form.get("source", ""), form.get("path", "").strip(), form.get("into", ""), form.get("full") == "1"
            )
        except VeilError as problem:
            return self._page(crawls, problem), problem.status
        return flask.redirect(flask.url_for("crawls.one", number=run.id), code=303)

    def one(self, number: str) -> str:
        """One run with its relations, some at a time."""
        crawls = self._crawls()
        run, after = crawls.run(number), arguments.number("after", 2**62)
        items = crawls.items(run, -1 if after is None else after, _ROWS)
        following = items[-1].position if len(items) == _ROWS else None
        return flask.render_template(
            "crawl.html", run=run, items=items, after=following, may_change=self._may_change(crawls)
        )

    def cancel(self, number: str) -> flask.typing.ResponseReturnValue:
        """Stop a run and come back to it."""
        run = self._crawls().cancel(number)
        return flask.redirect(flask.url_for("crawls.one", number=run.id), code=303)

    def _page(self, crawls: Crawls, problem: VeilError | None = None) -> str:
        return flask.render_template(
            "crawls.html",
            runs=crawls.runs(None, _RUNS),
            sources=[source.name for source in self.parts.datasets.sources()],
            timed=self._timed(),
            databases=[database.name for database in self.parts.datasets.databases()],
            form=flask.request.form,
            problem=problem,
            may_change=self._may_change(crawls),
        )

    def _timed(self) -> list[tuple[str, SourceCrawlSettings]]:
        """The sources that are crawled by the clock, each with how."""
        found = ((source.name, self.parts.settings.crawl_of(source)) for source in self.parts.datasets.sources())
        return [(name, own) for name, own in found if own.every or own.cron]

    def _may_change(self, crawls: Crawls) -> bool:
        return Rights(crawls.subject, self.parts.policies.current()).may(Action.HOME_ADMINISTER)

    def _crawls(self) -> Crawls:
        return Crawls(parts=self.parts, subject=viewer(self.identity))
