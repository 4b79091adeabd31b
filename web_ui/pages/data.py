"""The Data page: the datasets a person may see, grouped by database, with search and facets, page by page."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flask

from catalog.errors import VeilError
from catalog.model import Database, Level
from catalog.names import fold
from crawler.levels import Rated, TagSets
from policy_engine.capabilities import Action, Rights
from policy_engine.judging.sights import Sight
from policy_engine.model import Subject
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.narrowing import counts, facets_for, narrowed, wanted
from web_ui import arguments
from web_ui.databases import make
from web_ui.pages.facets import Facet, facet
from web_ui.pages.frame import viewer
from web_ui.parts import Parts
from web_ui.view_as import seen

_ON_A_PAGE = 100
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A database with what the person may see of it."""

    name: str
    comment: str
    level: Level | None
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
        page.post("/data/databases")(self.make)
        return page

    def show(self) -> str:
        """The list, or what matches the search and is filed under what was chosen."""
        return self._page()

    def make(self) -> flask.typing.ResponseReturnValue:
        """Make an empty database."""
        form, subject = flask.request.form, viewer(self.identity)
        Rights(subject, self.parts.policies.current()).require(Action.HOME_ADMINISTER, None, "make databases")
        name, comment, why = (form.get(key, "").strip() for key in ("name", "comment", "why"))
        try:
            make(self.parts, subject, name, comment=comment, why=why)
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(problem), problem.status
        return flask.redirect(flask.url_for("data.show", made=name), code=303)

    def _page(self, problem: VeilError | None = None) -> str:
        who = seen(self.identity)
        search = flask.request.args.get("search", "").strip()
        with self.parts.policies.moment() as policies:
            rights = (Rights(who.subject, policies), Rights(who.by, policies))
        asked, number = wanted(flask.request.args, *rights), arguments.number("page", _MOST_PAGES) or 1
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
            databases=self._shelves(found[(number - 1) * _ON_A_PAGE : number * _ON_A_PAGE], () if search else sights),
            facets_of=self._facets(sights, facets_for(*rights), asked, search),
            pages=range(1, -(-len(found) // _ON_A_PAGE) + 1),
            page=number,
            query={"search": search or None, **asked},
            empty=None if who.is_another else self._empty(who.by),
            may_write=rights[1].places(Action.POLICY_WRITE) != frozenset(),
            is_bare=not sights and not self.parts.datasets.names(),
            problem=problem,
            made=flask.request.args.get("made", ""),
            given=flask.request.form,
        )

    def _empty(self, subject: Subject) -> tuple[Database, ...] | None:
        """The databases without a dataset, for whoever may make some; None for everybody else."""
        if not Rights(subject, self.parts.policies.current()).may(Action.HOME_ADMINISTER):
            return None
        filled = {fold(database) for database, _ in self.parts.datasets.names()}
        return tuple(each for each in self.parts.datasets.databases() if fold(each.name) not in filled)

    def _facets(
        self, sights: tuple[Sight, ...], names: Sequence[str], asked: Mapping[str, str], search: str
    ) -> tuple[Facet, ...]:
        found = counts(sights, self.parts.levels(), asked)
        return tuple(
            facet(name, found[name], asked.get(name, ""), address=_address(search, asked, name)) for name in names
        )

    def _shelves(self, sights: tuple[Sight, ...], everything: tuple[Sight, ...]) -> tuple[Shelf, ...]:
        """The datasets of a page by database; a database's level is that of everything the person sees of it."""
        comments = {fold(database.name): database.comment for database in self.parts.datasets.databases()}
        levels = self.parts.levels()
        within: dict[str, list[TagSets]] = {}
        for sight in everything:
            within.setdefault(sight.dataset.database, []).append(sight.tag_sets)
        shelves: list[Shelf] = []
        for name, group in itertools.groupby(sights, key=lambda sight: sight.dataset.database):
            rows = tuple((sight, levels.dataset(sight.tag_sets)) for sight in group)
            level = levels.database(within[name]) if name in within else None
            shelves.append(Shelf(name=name, comment=comments.get(fold(name), ""), level=level, sights=rows))
        return tuple(shelves)


def _address(search: str, asked: Mapping[str, str], name: str) -> Callable[[str | None], str]:
    def chosen(value: str | None) -> str:
        query: dict[str, Any] = {"search": search or None, **asked, name: value}
        return flask.url_for("data.show", **query)

    return chosen
