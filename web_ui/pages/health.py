"""The Health page: how sources, sinks, journal, plug-ins and settings stand, and an examination on demand."""

from dataclasses import dataclass

import flask

from catalog.errors import SettingsInvalid
from catalog.journal.reach import Reached
from proxy.http.identity import Identity
from proxy.refusals import NotThere
from web_ui.apis.health import Healths
from web_ui.apis.sources import sources_of
from web_ui.doctor import Checked
from web_ui.health import crawl_words
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPage:
    """Shows the state to administrators; looking further is asked for by a button, since it takes a while."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("health", __name__)
        page.get("/health")(self.show)
        page.post("/health/examine")(self.examine)
        page.post("/health/sources/<name>")(self.reach)
        return page

    def show(self) -> str:
        """The state."""
        return self._page()

    def examine(self) -> str:
        """The state, with what an examination finds."""
        return self._page(checks=self._healths().examined())

    def reach(self, name: str) -> str:
        """The state, with whether one source can be reached."""
        self._healths().state()
        sources = sources_of(self.parts, self.identity)
        try:
            source = sources.one(name)
        except SettingsInvalid as unknown:
            raise NotThere(unknown.detail, hint=unknown.hint) from None
        return self._page(reached={source.name: sources.reach(source)})

    def _page(self, *, checks: tuple[Checked, ...] = (), reached: dict[str, Reached] | None = None) -> str:
        return flask.render_template(
            "health.html",
            found=self._healths().state(),
            checks=sorted(checks, key=lambda each: not each.wrong),
            reached=reached or {},
            crawl_words=crawl_words,
        )

    def _healths(self) -> Healths:
        return Healths(parts=self.parts, identity=self.identity)
