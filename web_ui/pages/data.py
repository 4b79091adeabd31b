"""The Data page: the datasets a person may see, grouped by database, with search and facets, page by page."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask

from catalog.model import Level
from catalog.names import fold
from crawler.levels import Rated
from policy_engine.sights import Sight
from proxy import answers
from proxy.identity import Identity
from proxy.narrowing import FACETS, counts, narrowed, wanted
from web_ui import arguments
from web_ui.pages.facets import Facet, facet
from web_ui.parts import Parts
from web_ui.view_as import seen

_ON_A_PAGE = 100
_MOST_PAGES = 100_000


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
        """The list, or what matches the search and is filed under what was chosen."""
        who = seen(self.identity)
        search = flask.request.args.get("search", "").strip()
        asked, number = wanted(flask.request.args), arguments.number("page", _MOST_PAGES) or 1
        sights = self.parts.metadata.find(
            who.subject, search, decision_id=answers.decision_id(), client=answers.client(), asked_by=who.by
        )
        found = narrowed(sights, self.parts.levels(), asked)
        return flask.render_template(
            "data.html",
            search=search,
            asked=asked,
            count=len(found),
            total=len(sights),
            databases=self._shelves(found[(number - 1) * _ON_A_PAGE : number * _ON_A_PAGE]),
            facets_of=self._facets(sights, asked, search),
            pages=range(1, -(-len(found) // _ON_A_PAGE) + 1),
            page=number,
            query={"search": search or None, **asked},
        )

    def _facets(self, sights: tuple[Sight, ...], asked: Mapping[str, str], search: str) -> tuple[Facet, ...]:
        found = counts(sights, self.parts.levels(), asked)
        return tuple(
            facet(name, found[name], asked.get(name, ""), address=_address(search, asked, name)) for name in FACETS
        )

    def _shelves(self, sights: tuple[Sight, ...]) -> tuple[Shelf, ...]:
        comments = {fold(database.name): database.comment for database in self.parts.datasets.databases()}
        levels = self.parts.levels()
        shelves: list[Shelf] = []
        for name, group in itertools.groupby(sights, key=lambda sight: sight.dataset.database):
            rows = tuple((sight, levels.dataset(sight.tag_sets)) for sight in group)
            level = max(rated.level for _, rated in rows)
            shelves.append(Shelf(name=name, comment=comments.get(fold(name), ""), level=level, sights=rows))
        return tuple(shelves)


def _address(search: str, asked: Mapping[str, str], name: str) -> Callable[[str | None], str]:
    def chosen(value: str | None) -> str:
        query: dict[str, Any] = {"search": search or None, **asked, name: value}
        return flask.url_for("data.show", **query)

    return chosen
