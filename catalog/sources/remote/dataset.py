"""A remote relation as the engine scans it: every scan opens a stream of its own, with the columns it asks for.

The engine may scan a relation several times in one query, so a stream that can be read but once would give a wrong
answer. What the engine takes is a `Dataset`, which it asks for a scanner anew each time, telling the columns and the
filter that the scan must apply.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from catalog.sources.remote.arrow_types import arrow_type
from catalog.sources.remote.conditions import Condition, conditions
from catalog.sources.remote.even_rows import in_vectors
from catalog.sources.remote.snapshot import RemoteColumn

Read = Callable[[Sequence[RemoteColumn], Sequence[tuple[RemoteColumn, Condition]]], Iterator[pa.RecordBatch]]


class RemoteDataset(ds.Dataset):  # type: ignore[misc]
    """A relation whose columns are named `c0_` and so on; `read` gives batches of the columns asked for.

    The names end in what nobody can guess: only a filter's text says which columns it is about, and that holds texts
    that a person has written.
    """

    def __init__(self, columns: Sequence[RemoteColumn], read: Read) -> None:
        mark = secrets.token_hex(8)
        self._columns = {f"c{place}_{mark}": column for place, column in enumerate(columns)}
        self._schema = pa.schema([(name, arrow_type(column.type)) for name, column in self._columns.items()])
        self._read = read

    @property
    def schema(self) -> pa.Schema:
        """The names and types of all columns."""
        return self._schema

    def scanner(
        self, columns: list[str] | None = None, filter: pc.Expression | None = None, **_: object
    ) -> "RemoteScanner":
        """One scan; nothing is read before its reader is asked for."""
        shown = self._schema.names if columns is None else columns
        told = str(filter)
        asked = {name: self._columns[name] for name in self._schema.names if name in shown or name in told}
        wanted = [(self._columns[each.column], each) for each in conditions(filter, self._schema)]
        schema = pa.schema([self._schema.field(name) for name in shown])
        return RemoteScanner(schema, lambda: in_vectors(self._rows(asked, wanted, filter, schema)))

    def _rows(
        self,
        asked: dict[str, RemoteColumn],
        wanted: Sequence[tuple[RemoteColumn, Condition]],
        filter: pc.Expression | None,
        schema: pa.Schema,
    ) -> Iterator[pa.RecordBatch]:
        raw = pa.schema([self._schema.field(name) for name in asked])
        for batch in self._read(list(asked.values()), wanted):
            named = pa.RecordBatch.from_arrays(batch.columns, schema=raw)
            kept = named if filter is None else named.filter(filter)
            yield kept.select(schema.names)


class RemoteScanner:
    """What the engine asks for a stream."""

    def __init__(self, schema: pa.Schema, rows: Callable[[], Iterator[pa.RecordBatch]]) -> None:
        self.projected_schema = schema
        self._rows = rows

    def to_reader(self) -> pa.RecordBatchReader:
        """The batches, once."""
        return pa.RecordBatchReader.from_batches(self.projected_schema, self._rows())
