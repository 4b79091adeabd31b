"""The Data page: the datasets a person may see, grouped by database, with search."""

import itertools
from dataclasses import dataclass

import flask

from catalog.datasets import Datasets
from catalog.names import fold
from policy_engine.visibility import Sight
from proxy import answers
from proxy.identity import Identity
from proxy.metadata import Metadata
from web_ui.pages.frame import viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A database with what the person may see of it."""

    name: str
    comment: str
    sights: tuple[Sight, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPage:
    """Lists datasets; a database without any for this person is not there."""

    identity: Identity
    metadata: Metadata
    datasets: Datasets

    def blueprint(self) -> flask.Blueprint:
        """The route of this page."""
        page = flask.Blueprint("data", __name__)
        page.get("/data")(self.show)
        return page

    def show(self) -> str:
        """The list, or what matches the search."""
        subject = viewer(self.identity)
        search = flask.request.args.get("search", "").strip()
        sights = self.metadata.find(subject, search, decision_id=answers.decision_id(), client=answers.client())
        return flask.render_template("data.html", search=search, count=len(sights), databases=self._shelves(sights))

    def _shelves(self, sights: tuple[Sight, ...]) -> tuple[Shelf, ...]:
        comments = {fold(database.name): database.comment for database in self.datasets.databases()}
        groups = itertools.groupby(sights, key=lambda sight: sight.dataset.database)
        return tuple(
            Shelf(name=name, comment=comments.get(fold(name), ""), sights=tuple(group)) for name, group in groups
        )
