"""A connector to a database server: looks at it through short snapshots, and hands plain data to the engine."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pyarrow as pa

from catalog.errors import SettingsInvalid, VeilError
from catalog.model import Description, Field, Key
from catalog.names import fold, join
from catalog.sources.connector import Expected, GeneratedColumn, Masks, Relation, Remote, Scan, SharedRows, ViewSql
from catalog.sources.remote.address import resolved
from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.openers import columns_of, is_under, located, never_raises, open_snapshot, order_of
from catalog.sources.remote.plain import takes_keys
from catalog.sources.remote.snapshot import Snapshot

MASKS = "masks"
_LOOK_SECONDS = 60.0
_KNOWN_SECONDS = 60.0


def check_masks(source: str, options: Mapping[str, str]) -> None:
    """Raises SettingsInvalid where the option `masks` is none of its words."""
    words = [each.value for each in Masks]
    if options.get(MASKS, words[0]) not in words:
        raise SettingsInvalid(
            f"the option `{MASKS}` of source `{source}` must be one of {', '.join(f'`{word}`' for word in words)}",
            hint="it says where masked cells are worked out",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Whether cells of a relation may be worked out there by a key, and by which columns its rows come."""

    takes_keys: bool = False
    order: tuple[str, ...] | None = None


class RemoteConnector:
    """Tables and views of a server, as `schema.table`; between looks nothing is kept open, unless it is asked for.

    INVARIANT: what failed is never looked through again.

    Which relations take keys, and in which order rows come, is known for a minute. A run looks itself, gives no key to
    one that has changed, and reads none that comes in another order.
    """

    engine = "embedded"

    def __init__(self, connector: str, name: str, options: Mapping[str, str]) -> None:
        self._connector = connector
        self._name = name
        self._options = options
        self._seconds = 0.0
        self._open: Snapshot | None = None
        self._opened_at = 0.0
        self._known: dict[str, tuple[float, _Known]] = {}

    def relations(self, path: str | None = None) -> Iterator[Relation]:
        """Every table and view, or those of schema `path`, or the one relation of that name."""
        with self._look() as look:
            tables = sorted(look.tables(), key=lambda table: (table.schema, table.name))
        plain = Counter(fold(table.name) for table in tables)
        for table in tables:
            if is_under(table, path):
                suggested = table.name if plain[fold(table.name)] == 1 else f"{table.schema}_{table.name}"
                yield Relation(
                    name=join(table.schema, table.name), suggested_name=suggested, fingerprint=table.fingerprint
                )

    def identity(self) -> str:
        """What the system tells its database from all others by."""
        with self._look() as look:
            said = look.identity()
        return f"{self._connector}:{said}" if said else ""

    def views(self) -> Mapping[str, ViewSql]:
        """The SQL of every view, by relation."""
        with self._look() as look:
            return {join(view.schema, view.name): sql for view, sql in look.views().items()}

    def generated(self) -> Sequence[GeneratedColumn]:
        """The generated columns of every table."""
        with self._look() as look:
            return tuple(look.generated())

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """The foreign keys of every table."""
        with self._look() as look:
            return look.references()

    def shared_rows(self) -> Sequence[SharedRows]:
        """The tables that show each other's rows."""
        with self._look() as look:
            return tuple(look.shared_rows())

    def describe(self, relation: str) -> tuple[Field, ...]:
        """Columns in order with the types they have in the engine; raises SourceUnavailable."""
        with self._look() as look:
            return tuple(Field(name=each.name, type=each.type) for each in columns_of(look, located(look, relation)))

    def description(self, relation: str) -> Description:
        """The comments and keys that the system keeps, and what a view reads; raises SourceUnavailable."""
        with self._look() as look:
            return look.description(located(look, relation))

    def sample(self, relation: str, rows: int) -> pa.Table:
        """Rows from all over a table, without reading all of it; of a view as many as come first."""
        with self._look() as look:
            table = located(look, relation)
            columns = columns_of(look, table)
            schema = pa.schema([(column.name, arrow_type(column.type)) for column in columns])
            batches = [
                pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in look.sample(table, columns, rows)
            ]
        return pa.Table.from_batches(batches, schema=schema).slice(0, rows)

    def scan(self, expected: Expected) -> Scan:
        """Where the engine reads the relation; whether it still has its columns is seen when it is read."""
        options = resolved(self._name, self._options)
        masks = Masks(options.pop(MASKS, Masks.KEYLESS.value))
        known = self._looked_up(expected.relation, options)
        if masks is Masks.SOURCE and not known.takes_keys:
            masks = Masks.KEYLESS
        remote = Remote(
            connector=self._connector,
            source=self._name,
            options=tuple(sorted(options.items())),
            masks=masks,
            order=known.order,
        )
        safe = frozenset(fold(name) for name, type_ in expected.columns if never_raises(self._connector, type_))
        return Scan(item="", files=(), fingerprint="", remote=remote, may_raise=True, safe=safe)

    def _looked_up(self, relation: str, options: Mapping[str, str]) -> _Known:
        """What the source says of a relation; nothing good while nobody can tell."""
        looked_at, known = self._known.get(relation, (0.0, _Known()))
        if looked_at and time.monotonic() - looked_at < _KNOWN_SECONDS:
            return known
        try:
            with closing(open_snapshot(self._connector, self._name, options, _LOOK_SECONDS)) as look:
                table = located(look, relation)
                columns = columns_of(look, table)
                known = _Known(takes_keys=takes_keys(table, columns), order=order_of(look, table, columns))
        except VeilError:
            return _Known()
        self._known[relation] = time.monotonic(), known
        return known

    @contextmanager
    def stay_open(self, seconds: float) -> Iterator[None]:
        """Within it looks share a connection, for no more than so many seconds, and in a server one state."""
        self._seconds = seconds
        try:
            yield
        finally:
            self._seconds = 0.0
            self._let_go()

    @contextmanager
    def _look(self) -> Iterator[Snapshot]:
        if time.monotonic() - self._opened_at >= self._seconds:
            self._let_go()
        try:
            if self._open is None:
                options = resolved(self._name, self._options)
                self._open = open_snapshot(self._connector, self._name, options, _LOOK_SECONDS)
                self._opened_at = time.monotonic()
            else:
                self._open.wake()
            yield self._open
            self._open.rest()
        except BaseException:
            self._let_go()
            raise
        if not self._seconds:
            self._let_go()

    def _let_go(self) -> None:
        kept, self._open = self._open, None
        if kept is not None:
            kept.close()
