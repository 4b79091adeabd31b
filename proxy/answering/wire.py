"""Turns record batches into the bytes of an answer, batch by batch: Arrow IPC, JSON, CSV or Parquet."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import SqlUnsupported
from catalog.sources.exact_memory import exact
from proxy.answering.cells import csv_rows, is_light, json_rows
from proxy.answering.portions import in_portions
from proxy.answering.row_groups import in_groups, with_statistics
from proxy.answering.seconds import in_milliseconds, milliseconds_schema


class Format(StrEnum):
    """The forms in which a result can be asked for."""

    ARROW = "arrow"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


CONTENT_TYPES: Mapping[Format, str] = {
    Format.ARROW: "application/vnd.apache.arrow.stream",
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.PARQUET: "application/vnd.apache.parquet",
}


def encode(
    form: Format, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, decision_id: str = "", revision: int = 0
) -> Iterator[bytes]:
    """The bytes of a result in pieces, each made from few batches or from a portion of one, so memory stays O(batch).

    A schema the form cannot carry is refused here, before the first piece; so is, for JSON and CSV, a first batch with
    a row that is too large to be made texts of, while a later one raises LimitExceeded when it comes, as do, for
    Parquet, more rows of so many columns than a footer may tell of. Whole results are recognisable: only after the last
    batch comes the end mark of Arrow, the footer of Parquet or the closing bracket of JSON; CSV has no such mark, so
    its reader relies on the transport.

    Example:
        >>> table = pa.table({"id": [1], "name": ['a "b"']})
        >>> b"".join(encode(Format.CSV, table.schema, table.to_batches()))
        b'id,name\\r\\n1,"a ""b\"""\\r\\n'
    """
    match form:
        case Format.ARROW:
            return _written(map(exact, batches), lambda sink: pa.ipc.new_stream(sink, schema))
        case Format.PARQUET:
            return _parquet(schema, batches)
        case Format.CSV:
            return _csv(schema, in_portions(batches, is_light))
        case Format.JSON:
            return _json(schema, in_portions(batches), decision_id=decision_id, revision=revision)


class _Pieces(io.RawIOBase):
    """A file that keeps only what was written since it was last emptied."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]  # pyarrow hands over bytes or a buffer
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _written(
    parts: "Iterable[pa.RecordBatch | pa.Table]",
    writer_over: "Callable[[_Pieces], pa.ipc.RecordBatchStreamWriter | pq.ParquetWriter]",
) -> Iterator[bytes]:
    """What a pyarrow writer writes, piece by piece; on a failure its end mark is never sent."""
    sink = _Pieces()
    writer = writer_over(sink)

    def pieces() -> Iterator[bytes]:
        for part in parts:
            writer.write(part)
            if piece := sink.take():
                yield piece
        writer.close()
        yield sink.take()

    return pieces()


def _parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    kept = milliseconds_schema(schema)
    groups = in_groups(kept, map(in_milliseconds, batches))
    try:
        return _written(groups, lambda sink: pq.ParquetWriter(sink, kept, write_statistics=with_statistics(kept)))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        unfit = [column.name for column in schema if not _fits_parquet(column)]
        named = ", ".join(f"`{name}`" for name in unfit) or "a column"
        raise SqlUnsupported(
            f"{named} has a type that Parquet cannot hold",
            hint="cast it to text in the query (`cast(.. as varchar)`), or ask for the format `arrow`",
        ) from None


def _fits_parquet(column: pa.Field) -> bool:
    try:
        pq.ParquetWriter(io.BytesIO(), pa.schema([column])).close()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return False
    return True


def _csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    header = pa.record_batch([pa.array([name]) for name in schema.names], [str(n) for n in range(len(schema))])
    yield csv_rows(header)
    for batch in batches:
        yield csv_rows(batch)


def _json(schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, decision_id: str, revision: int) -> Iterator[bytes]:
    """One object; `rows` comes last but for `truncated`, so a stream cut short never parses."""
    head = json.dumps(
        {
            "decision_id": decision_id,
            "revision": revision,
            "columns": [{"name": column.name, "type": str(column.type)} for column in schema],
        },
        ensure_ascii=False,
    )
    yield head[:-1].encode() + b', "rows": ['
    separator = b""
    for batch in batches:
        yield separator + b",".join(json_rows(batch))
        separator = b","
    yield b'], "truncated": false}'
