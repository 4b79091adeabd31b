"""A home in which one dataset after another is governed and asked for, as the laws' oracle judges them."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from catalog.errors import VeilError
from catalog.journal.event import Event, EventKind
from catalog.model import Column, Database, Dataset, Field, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags
from policy_engine.model import PolicySet
from policy_engine.transforms.keys import KeyRing
from proxy.pipeline import Request
from tests.policy_engine.seen import Asker
from tests.proxy.world import World, governed

KEYS = KeyRing(b"0123456789abcdef0123456789abcdef")
Writes = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: a table and what was told of its columns, or an error by its code and words."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    table: pa.Table | None = field(default=None, compare=False)
    told: Mapping[str, object] = field(default_factory=dict, compare=False)
    code: str = ""
    words: str = ""


class Trial:
    """Asks the whole proxy; every question is about data in a file of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tags = Tags(world.catalog)
        self._files = itertools.count()
        self.at: datetime | None = None

    def ask(
        self, sql: str, dataset: Dataset, writes: Writes, policies: PolicySet, asker: Asker, *others: Dataset
    ) -> Answer:
        """The answer where just this dataset, these others and these policies are; `writes` makes their tables."""
        number = next(self._files)
        file = self._world.folder / f"{number}.duckdb"
        file.with_stem(str(number - 1)).unlink(missing_ok=True)
        with duckdb.connect(str(file)) as engine:
            writes(engine)
        with self._world.catalog.transaction():
            self._register(file, dataset, *others)
            self._world.policies.put(policies.policies, policies.roles, by="test", why="", difference="")
        return self.again(sql, asker)

    def again(self, sql: str, asker: Asker) -> Answer:
        """The answer where everything is as it was."""
        try:
            with self._world.pipeline.query(asker, _request(sql, asker), decision_id="d") as answer:
                table = pa.Table.from_batches(list(answer.batches()), schema=answer.schema)
        except VeilError as error:
            return Answer(code=error.code, words=error.detail)
        columns = [table.column(place).to_pylist() for place in range(table.num_columns)]
        rows = tuple(zip(*(map(repr, column) for column in columns), strict=True))
        return Answer(columns=tuple(table.column_names), rows=rows, table=table, told=answer.access)

    def explained(self, sql: str, asker: Asker) -> dict[str, object]:
        """What would be decided where everything is as it was."""
        return self._world.pipeline.explain(asker, _request(sql, asker), decision_id="d", asked_by=asker)

    @property
    def revision(self) -> int:
        """The revision in force."""
        return self._world.policies.current().revision

    def journalled(self) -> Event:
        """The event that began or refused the last question."""
        kinds = (EventKind.QUERY_BEGIN, EventKind.QUERY_DENY)
        return max((event for kind in kinds for event in self._world.journal.search(kind=kind, limit=1)), key=_seq)

    @contextmanager
    def journal_unwritable(self) -> Iterator[None]:
        """Nothing can be written while this lasts."""
        self._world.catalog.rows("PRAGMA query_only = ON")
        try:
            yield
        finally:
            self._world.catalog.rows("PRAGMA query_only = OFF")

    def _register(self, file: Path, *datasets: Dataset) -> None:
        for assignment in self._tags.assignments():
            self._tags.remove(assignment.dataset, assignment.path, assignment.tag)
        self._world.datasets.put_source(Source(name="s", connector="duckdb", options={"path": str(file)}))
        above = {dataset.database: dataset.database_tags for dataset in reversed(datasets)}
        for dataset in datasets:
            columns, tags = dataset.columns, above[dataset.database]
            for tag in tags.union(dataset.confirmed, dataset.suggested, *(c.confirmed | c.suggested for c in columns)):
                self._tags.put_tag(Tag(name=tag))
            self._world.datasets.put_database(Database(name=dataset.database, tags=tuple(sorted(tags))))
            self._world.datasets.register(dataset.database, dataset.name, "s", dataset.relation, _fields(columns, ()))
            self._assign(dataset.full_name, (), dataset.confirmed, dataset.suggested)
            for column in columns:
                self._assign(dataset.full_name, column.path, column.confirmed, column.suggested)

    def _assign(
        self, dataset: str, path: tuple[str, ...], confirmed: frozenset[str], suggested: frozenset[str]
    ) -> None:
        for state, tags in ((TagState.CONFIRMED, confirmed), (TagState.SUGGESTED, suggested - confirmed)):
            for tag in tags:
                said = TagAssignment(dataset=dataset, path=path, tag=tag, state=state, origin=TagOrigin.PERSON)
                self._tags.assign(said)


@contextmanager
def trial(folder: Path) -> Iterator[Trial]:
    """A home for trials; its clock says what `at` says."""
    made: list[Trial] = []

    def clock() -> datetime:
        assert made[0].at is not None
        return made[0].at

    with governed(folder, "veil: 1\n", clock) as world:
        made.append(Trial(world))
        yield made[0]


def _fields(columns: tuple[Column, ...], path: tuple[str, ...]) -> tuple[Field, ...]:
    inside = [column for column in columns if column.path[:-1] == path]
    return tuple(Field(name=c.path[-1], type=c.type, fields=_fields(columns, c.path)) for c in inside)


def _request(sql: str, asker: Asker) -> Request:
    return Request(sql=sql, purpose=asker.purpose, client=asker.address)


def _seq(event: Event) -> int:
    return event.seq
