"""The page of one dataset: every column with how the person sees it and why, and a sample read as that person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import flask

from catalog.errors import VeilError
from catalog.model import Dataset, TagAssignment, TagOrigin, TagState
from catalog.names import fold, join, split
from crawler.levels import Levels
from policy_engine.capabilities import Action, Rights
from policy_engine.model import ColumnDecision, Outcome, Subject
from policy_engine.oversight import may_see_sources, overseen, overseen_roles
from policy_engine.shown_types import shown_type
from policy_engine.telling.matrix import Matrix, matrix
from proxy.governance import Request
from proxy.http import answers
from proxy.http.identity import Identity
from proxy.metadata import DatasetView
from web_ui import arguments
from web_ui.authoring.masked_sample import MaskedSample, masked_sample
from web_ui.pages.grid import Grid, read_grid
from web_ui.pages.stretch import MOST_PAGES, Stretch, stretch
from web_ui.parts import Parts
from web_ui.pictures.chart import Figure
from web_ui.pictures.lineage import Arrow, lineage
from web_ui.view_as import seen
from web_ui.wording import day

SAMPLE_ROWS = 20
MOST_ROLES = 24
"""How many stand beside each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTag:
    """A tag with where it comes from."""

    name: str
    note: str
    is_suggested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """A column or nested field as a line of the table; of a hidden one only its name and the reason are told."""

    name: str
    depth: int
    type: str
    outcome: Outcome
    transform: str
    reason: str
    level: str
    tags: tuple[ShownTag, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPage:
    """Shows one dataset through the same decision and the same pipeline as any query.

    Hidden columns are told of, and policies as statements, where the settings say so.
    """

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The route of this page."""
        page = flask.Blueprint("dataset", __name__)
        page.get("/data/<database>/<name>")(self.show)
        return page

    def show(self, database: str, name: str) -> str:
        """The page; an unseen dataset is an absent one."""
        who = seen(self.identity)
        view = self.parts.metadata.describe(
            who.subject,
            database,
            name,
            decision_id=answers.decision_id(),
            client=answers.client(),
            asked_by=who.by,
        )
        search, page = flask.request.args.get("search", ""), arguments.number("page", MOST_PAGES) or 1
        columns = stretch(self._told(view), search, page)
        rights = Rights(who.subject, self.parts.policies.current())
        is_overseen = not who.is_another and self._is_overseen(who.subject, view.dataset)
        return flask.render_template(
            "dataset.html",
            view=view,
            stretch=columns,
            counts=view.counts if self.parts.tells_hidden else {**view.counts, Outcome.HIDDEN: 0},
            rated=view.rated(self.parts.levels()),
            columns=self._columns(view, columns.told, None if who.is_another else rights),
            policies=view.policies(columns.told),
            sample=Grid() if who.is_another else self._sample(who.subject, view, columns),
            masked=self._masked(who.by, view) if who.is_another else None,
            tells_hidden=self.parts.tells_hidden,
            is_overseen=is_overseen,
            sees_crawls=not who.is_another and may_see_sources(Rights(who.subject, self.parts.policies.current())),
            now=self.parts.clock(),
            judges_tags=not who.is_another and self._judges_tags(who.subject),
            matrix=self._matrix(who.subject, view.dataset) if is_overseen and not columns.is_part else None,
            MOST_ROLES=MOST_ROLES,
            lineage=self._lineage(view),
        )

    def _is_overseen(self, subject: Subject, dataset: Dataset) -> bool:
        """Whether the person may be told how each role sees it."""
        databases = overseen(Rights(subject, self.parts.policies.current()))
        return databases is None or fold(dataset.database) in databases

    def _judges_tags(self, subject: Subject) -> bool:
        """Whether the person may say of some tags whether they are right."""
        return Rights(subject, self.parts.policies.current()).places(Action.TAG_ASSIGN) != frozenset()

    def _matrix(self, subject: Subject, seen: Dataset) -> Matrix | None:
        """How each role sees a dataset as it is now; None if it has gone."""
        with self.parts.policies.in_force(self.parts.clock) as (policies, now):
            dataset = self.parts.datasets.dataset(seen.database, seen.name)
            told = replace(policies, roles=overseen_roles(policies, overseen(Rights(subject, policies))))
            look = self.parts.datasets.dataset
            return matrix(dataset, told, now, lambda key: look(*key)) if dataset else None

    def _lineage(self, view: DatasetView) -> Figure | None:
        """What the dataset refers to by its keys, and what views read, as far as the person sees it."""
        here, words = view.dataset.full_name, view.words
        arrows = [
            *(_arrow(base.full_name, here, "read by the view", base) for base in words.made_from or ()),
            *(_arrow(here, made.full_name, "read by the view") for made in words.read_by),
            *(
                _arrow(
                    here,
                    ".".join(split(key.refers_to)),
                    f"{', '.join(key.columns)} refers to {', '.join(key.at)}",
                )
                for key in words.keys
                if key.refers_to
            ),
        ]
        if not arrows:
            return None
        return self.parts.pictures.figure(
            lineage(
                "lineage",
                arrows,
                here=here,
                title="What it is made from, is read by and refers to",
                description="An arrow leads from a dataset to each view that reads it, and from this one to each that"
                " its keys name rows of.",
            )
        )

    def _columns(
        self, view: DatasetView, told: Sequence[ColumnDecision], rights: Rights | None
    ) -> tuple[ShownColumn, ...]:
        dataset, levels = view.dataset, self.parts.levels()
        assigned: dict[tuple[str, ...], list[TagAssignment]] = {}
        for each in self.parts.tags.assignments(join(dataset.database, dataset.name)):
            assigned.setdefault(tuple(map(fold, each.path)), []).append(each)
        return tuple(
            replace(
                _shown(item, assigned.get(tuple(map(fold, item.path)), ()), dataset, levels, rights),
                comment=view.comment_on(item),
            )
            for item in told
        )

    def _told(self, view: DatasetView) -> tuple[ColumnDecision, ...]:
        """The columns that are there, in order, then the hidden ones where people are told of them."""
        if not self.parts.tells_hidden:
            return view.fields
        ordered = sorted(view.decision.columns, key=lambda column: column.outcome is Outcome.HIDDEN)
        return tuple(item for column in ordered for item in (column, *column.nested))

    def _masked(self, by: Subject, view: DatasetView) -> MaskedSample:
        """Some rows as another sees them, of nothing but what the person who looks reads in the clear."""
        decision_id, client = answers.decision_id(), answers.client()
        return masked_sample(self.parts, by, view.decision, decision_id=decision_id, client=client)

    def _sample(self, subject: Subject, view: DatasetView, columns: Stretch[ColumnDecision]) -> Grid:
        dataset = view.dataset
        names = dict.fromkeys(item.path[0] for item in columns.told if item.outcome is not Outcome.HIDDEN)
        if columns.is_part and not names:
            return Grid()
        items = ", ".join(join(name) for name in names) if columns.is_part else "*"
        sql = f"SELECT {items} FROM {join(dataset.database, dataset.name)} LIMIT {SAMPLE_ROWS}"
        request = Request(sql=sql, client=answers.client())
        try:
            with self.parts.pipeline.query(subject, request, decision_id=answers.decision_id()) as answer:
                return read_grid(answer, SAMPLE_ROWS, {column.name: column.outcome for column in view.columns})
        except VeilError as problem:
            return Grid(problem=problem)


def _arrow(source: str, target: str, how: str, base: Dataset | None = None) -> Arrow:
    """An arrow; the one that comes from another dataset leads to its page."""
    address = flask.url_for("dataset.show", database=base.database, name=base.name) if base else ""
    return Arrow(source=source, target=target, how=how, address=address)


def _shown(
    column: ColumnDecision,
    assigned: Sequence[TagAssignment],
    dataset: Dataset,
    levels: Levels,
    rights: Rights | None,
) -> ShownColumn:
    if column.outcome is Outcome.HIDDEN:
        return ShownColumn(
            name=column.name,
            depth=len(column.path) - 1,
            type="",
            outcome=column.outcome,
            transform="",
            reason=column.reason,
            level="",
            tags=(),
        )
    shown = [
        _of_assignment(item, tells_evidence=_may_weigh(item.tag, rights))
        for item in assigned
        if item.state is not TagState.REJECTED
    ]
    named = {tag.name for tag in shown}
    inherited = [_inherited(tag, dataset) for tag in column.tags if tag not in named]
    return ShownColumn(
        name=column.name,
        depth=len(column.path) - 1,
        type=shown_type(column),
        outcome=column.outcome,
        transform=column.transform,
        reason=column.reason,
        level=levels.column(column.tags).value,
        tags=(*shown, *inherited),
    )


def _inherited(tag: str, dataset: Dataset) -> ShownTag:
    """Says from where a column has a tag that does not stand on itself."""
    if tag in dataset.database_tags:
        return ShownTag(name=tag, note="inherited from the database", is_suggested=False)
    if tag in dataset.confirmed | dataset.suggested:
        is_suggested = tag not in dataset.confirmed
        return ShownTag(name=tag, note="inherited from the dataset", is_suggested=is_suggested)
    return ShownTag(name=tag, note="inherited from the column around it", is_suggested=False)


def _may_weigh(tag: str, rights: Rights | None) -> bool:
    """Whether the person may be told what a tag rests on: who judges such tags, and who may know of every crawl.

    INVARIANT: crawls count raw cells of all rows, beneath masks and filters, so a share of them is told to nobody else.
    """
    return rights is not None and (rights.oversees_all or rights.may(Action.TAG_ASSIGN, tag.split(".", 1)[0]))


def _of_assignment(item: TagAssignment, *, tells_evidence: bool) -> ShownTag:
    """Says what a tag rests on: the rule's evidence and how sure that is, and who set or confirmed it when.

    Lineage names columns that may be hidden here, so it is told without them.
    """
    parts: list[str] = []
    if item.state is TagState.SUGGESTED:
        parts.append("suggested")
    if item.origin is TagOrigin.LINEAGE:
        parts.append("by lineage")
    elif item.told and tells_evidence:
        parts.append(item.told)
    if item.state is TagState.SUGGESTED and item.origin is TagOrigin.RULE and tells_evidence:
        parts.append(f"{item.confidence:.0%} sure".replace("%", " %"))
    if item.state is TagState.CONFIRMED and item.by:
        is_confirmed = bool(item.told) or item.origin is TagOrigin.LINEAGE
        parts.append(f"{'confirmed' if is_confirmed else 'set'} by {item.by}{f', {day(item.at)}' if item.at else ''}")
    return ShownTag(name=item.tag, note=", ".join(parts), is_suggested=item.state is TagState.SUGGESTED)
