"""The Data page: the datasets a person may see, grouped by database, with search."""

import itertools
from dataclasses import dataclass, replace

import flask

from catalog.model import Level
from catalog.names import fold
from crawler.levels import Rated
from policy_engine.sights import Sight
from proxy import answers
from proxy.identity import Identity
from web_ui.pages.frame import viewer
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A database with what the person may see of it."""

    name: str
    comment: str
    level: Level
    sights: tuple[tuple[Sight, Rated], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPage:
    """Lists datasets; a database without any for this person is not there.

    How many columns are hidden is told where the settings say so.
    """

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The route of this page."""
        page = flask.Blueprint("data", __name__)
        page.get("/data")(self.show)
        return page

    def show(self) -> str:
        """The list, or what matches the search."""
        subject = viewer(self.identity)
        search = flask.request.args.get("search", "").strip()
        sights = self.parts.metadata.find(subject, search, decision_id=answers.decision_id(), client=answers.client())
        if not self.parts.tells_hidden:
            sights = tuple(replace(sight, hidden=0) for sight in sights)
        return flask.render_template("data.html", search=search, count=len(sights), databases=self._shelves(sights))

    def _shelves(self, sights: tuple[Sight, ...]) -> tuple[Shelf, ...]:
        comments = {fold(database.name): database.comment for database in self.parts.datasets.databases()}
        levels = self.parts.levels()
        shelves: list[Shelf] = []
        for name, group in itertools.groupby(sights, key=lambda sight: sight.dataset.database):
            rows = tuple((sight, levels.dataset(sight.tag_sets)) for sight in group)
            level = max(rated.level for _, rated in rows)
            shelves.append(Shelf(name=name, comment=comments.get(fold(name), ""), level=level, sights=rows))
        return tuple(shelves)
