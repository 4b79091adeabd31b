"""What a person may know of the catalog: datasets and columns through the one door of visibility, journalled."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from catalog.clock import written_time
from catalog.crawl_runs import CrawlRuns, LastLook
from catalog.errors import UnknownDataset
from catalog.journal.event import Event, EventKind
from catalog.journal.event_terms import MOST_NAMED
from catalog.journal.journal import Journal
from catalog.model import Dataset, Key
from catalog.names import fold, join, nearest
from catalog.search_words import search_words
from crawler.levels import Levels, Rated
from policy_engine.circumstances import Circumstances
from policy_engine.judging.policy_index import roles_of
from policy_engine.judging.sights import Sight
from policy_engine.model import ColumnDecision, Decision, Outcome, Policy, PolicySet, RowDecision, Subject
from policy_engine.readers import readable, statements
from policy_engine.shown_types import shown_type
from policy_engine.store import PolicyStore
from policy_engine.subjects import came_by
from policy_engine.visibility import Visibility
from proxy.source_words import SourceWords, source_words


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """A policy as one person meets it: whom to ask about it, and what it says where the person may read it."""

    name: str
    owner: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """A dataset as one person meets it: with what its source says of it, with whom to ask about policies, and with the
    policies that the person may read.

    `told` is the decision in the words for the person. `looked` is the last crawl that saw it; that it took place may
    be told to anybody who sees the dataset, the run and the source to those who may see sources.
    """

    decision: Decision
    told: Decision
    words: SourceWords
    looked: LastLook | None = None
    owners: Mapping[str, str] = field(repr=False)
    readable: tuple[Policy, ...] = field(repr=False)

    @property
    def dataset(self) -> Dataset:
        return self.decision.dataset

    @property
    def revision(self) -> int:
        return self.decision.revision

    @property
    def rows(self) -> RowDecision:
        return self.decision.rows

    @property
    def columns(self) -> tuple[ColumnDecision, ...]:
        """The columns that are there for the person."""
        return tuple(column for column in self.told.columns if column.outcome is not Outcome.HIDDEN)

    @property
    def fields(self) -> tuple[ColumnDecision, ...]:
        """The columns that are there, each followed by the fields in it that are."""
        every = (item for column in self.columns for item in (column, *column.nested))
        return tuple(item for item in every if item.outcome is not Outcome.HIDDEN)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many columns are clear, masked and hidden."""
        found = Counter(column.outcome for column in self.told.columns)
        return {outcome.value: found[outcome] for outcome in Outcome}

    def comment_on(self, column: ColumnDecision) -> str:
        """What the source says of a column; of fields inside of one it says nothing."""
        return self.words.columns.get(fold(column.name), "") if len(column.path) <= 1 else ""

    def rated(self, levels: Levels) -> Rated:
        """How sensitive it is, as far as the person sees it."""
        return levels.dataset({field.tags for field in self.fields})

    def policies(self, fields: Iterable[ColumnDecision]) -> tuple[PolicyView, ...]:
        """The policies that decide about rows and about these columns and fields, each once."""
        named = dict.fromkeys((*self.rows.policies, *(name for field in fields for name in field.policies)))
        said = statements(named, self.readable)
        return tuple(
            PolicyView(name=name, owner=self.owners.get(fold(name), ""), statement=said.get(name, "")) for name in named
        )

    def description(self, levels: Levels) -> dict[str, object]:
        """The dataset with its columns; a hidden column is not there at all."""
        dataset, rated = self.dataset, self.rated(levels)
        return {
            "dataset": join(dataset.database, dataset.name),
            "database": dataset.database,
            "name": dataset.name,
            "comment": dataset.comment,
            "tags": sorted(dataset.confirmed | dataset.database_tags),
            "level": rated.level.value,
            "level_reason": rated.reason,
            "defects": [defect.what for defect in dataset.defects],
            "revision": self.revision,
            "source_comment": self.words.comment,
            "looked_at": written_time(self.looked.at) if self.looked else None,
            "keys": [_key(key) for key in self.words.keys],
            "made_from": None if self.words.made_from is None else _names(self.words.made_from),
            "read_by": _names(self.words.read_by),
            "columns": [_described(field, levels, self.comment_on(field)) for field in self.fields],
            "rows": {
                "filtered": bool(self.rows.filter),
                "policies": list(self.rows.policies),
                "reason": self.rows.reason,
            },
        }


def summary(sight: Sight, levels: Levels) -> dict[str, object]:
    """A dataset as an entry of a list."""
    dataset = sight.dataset
    return {
        "dataset": join(dataset.database, dataset.name),
        "database": dataset.database,
        "name": dataset.name,
        "comment": dataset.comment,
        "columns": sight.clear + sight.masked,
        "masked": sight.masked,
        "filtered": sight.is_filtered,
        "level": levels.dataset(sight.tag_sets).level.value,
    }


class Metadata:
    """Lists and describes what a person may see; lists, search and details share one decision.

    Example:
        >>> [sight.dataset.full_name for sight in metadata.find(subject, "phone")]
        ['medical_charges.medical_costs']
    """

    def __init__(
        self,
        *,
        visibility: Visibility,
        policies: PolicyStore,
        journal: Journal,
        runs: CrawlRuns,
        clock: Callable[[], datetime],
        tells_hidden: bool = True,
    ) -> None:
        """`tells_hidden` is whether people are told how many columns are hidden from them."""
        self._visibility = visibility
        self._policies = policies
        self._journal = journal
        self._runs = runs
        self._clock = clock
        self._tells_hidden = tells_hidden

    def find(
        self,
        subject: Subject,
        search: str = "",
        *,
        decision_id: str = "",
        client: str = "",
        asked_by: Subject | None = None,
    ) -> tuple[Sight, ...]:
        """The datasets the subject can see, by name; each word of `search` must stand somewhere in them.

        With `asked_by` it is told to somebody who may see as others, and on record as theirs.
        """
        words = search_words(search, "datasets")
        with self._policies.in_force(self._clock) as (policies, now):
            found = self._visibility.sights(subject, policies, now, Circumstances(address=client), words)
        self._tell(
            subject,
            [sight.dataset for sight in found],
            decision_id,
            client,
            {"search": search[:200]} if search else {"list": "datasets"},
            asked_by,
        )
        return found if self._tells_hidden else tuple(sight.brief for sight in found)

    def outline(
        self,
        subject: Subject,
        most: int,
        *,
        decision_id: str = "",
        client: str = "",
        asked_by: Subject | None = None,
    ) -> tuple[tuple[Dataset, tuple[ColumnDecision, ...]], ...]:
        """The first datasets that the subject can see, by name, each with the columns that are there."""
        around = Circumstances(address=client)
        with self._policies.in_force(self._clock) as (policies, now):
            datasets = self._visibility.datasets(subject, policies, now, around)[:most]
            decided = [
                (dataset, self._visibility.decision(subject, dataset.database, dataset.name, policies, now, around))
                for dataset in datasets
            ]
        self._tell(subject, datasets, decision_id, client, {"list": "columns"}, asked_by)
        return tuple(
            (dataset, tuple(column for column in self._told(decision).columns if column.outcome is not Outcome.HIDDEN))
            for dataset, decision in decided
            if decision is not None
        )

    def _told(self, decision: Decision) -> Decision:
        return decision if self._tells_hidden else decision.briefly

    def describe(
        self,
        subject: Subject,
        database: str,
        name: str,
        *,
        decision_id: str = "",
        client: str = "",
        asked_by: Subject | None = None,
    ) -> DatasetView:
        """One dataset; raises UnknownDataset alike when it is not there and when it is not to be seen."""
        with self._policies.in_force(self._clock) as (policies, now):
            view = self._described(subject, database, name, policies, now, Circumstances(address=client))
        self._tell(subject, [view.dataset], decision_id, client, {"describe": "dataset"}, asked_by)
        return view

    def _described(
        self,
        subject: Subject,
        database: str,
        name: str,
        policies: PolicySet,
        now: datetime,
        circumstances: Circumstances,
    ) -> DatasetView:
        decision = self._visibility.decision(subject, database, name, policies, now, circumstances)
        if decision is None:
            visible = self._visibility.datasets(subject, policies, now, circumstances)
            near = nearest(f"{database}.{name}", [dataset.full_name for dataset in visible])
            written = join(database, name)[:200]
            raise UnknownDataset(
                f"no dataset `{written}` that you can see",
                hint=f"did you mean `{near}`?" if near else "list what you can see, or ask its owner for access",
                ask=written,
            )
        words = source_words(
            decision,
            lambda: self._visibility.datasets(subject, policies, now, circumstances),
            lambda base, other: self._visibility.decision(subject, base, other, policies, now, circumstances),
            self._visibility.readings(decision.dataset.source),
            tells_hidden=self._tells_hidden,
        )
        return DatasetView(
            decision=decision,
            told=self._told(decision),
            words=words,
            looked=self._runs.last_look(decision.dataset.source, decision.dataset.relation),
            owners=policies.owners,
            readable=readable(subject, policies),
        )

    def roles(self, subject: Subject) -> tuple[str, ...]:
        """The names of the roles that the subject holds."""
        policies = self._policies.current()
        held = roles_of(subject, policies)
        return tuple(sorted(role.name for role in policies.roles if fold(role.name) in held))

    def _tell(
        self,
        subject: Subject,
        datasets: Sequence[Dataset],
        decision_id: str,
        client: str,
        details: Mapping[str, object],
        asked_by: Subject | None,
    ) -> None:
        named = tuple(dataset.full_name for dataset in datasets[:MOST_NAMED])
        by = subject if asked_by is None else asked_by
        seen_as = {} if by == subject else {"as": subject.user or sorted(subject.groups)}
        self._journal.append(
            Event(
                kind=EventKind.METADATA_READ,
                user=by.user,
                groups=tuple(sorted(by.groups)),
                datasets=named,
                revision=self._policies.current().revision,
                decision_id=decision_id,
                client=client,
                details={**details, "count": len(datasets), **seen_as, **came_by(by)},
            )
        )


def _names(datasets: Iterable[Dataset]) -> list[str]:
    return [join(dataset.database, dataset.name) for dataset in datasets]


def _key(key: Key) -> dict[str, object]:
    referred = {"refers_to": key.refers_to, "at": list(key.at)} if key.refers_to else {}
    return {"kind": key.kind.value, "columns": list(key.columns), **referred}


def _described(column: ColumnDecision, levels: Levels, comment: str) -> dict[str, object]:
    return {
        "column": column.name,
        "type": shown_type(column),
        "comment": comment,
        "outcome": column.outcome.value,
        "transform": column.transform,
        "tags": list(column.tags),
        "level": levels.column(column.tags).value,
        "policies": list(column.policies),
        "reason": column.reason,
    }
