"""Avro files as Parquet: every type of Avro by name, batch by batch, so that memory stays bounded."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import SourceUnavailable
from catalog.sources.files import avro_values as values
from catalog.sources.files.columns import MISFIT

_BATCH_ROWS = 10_000
_MOST_DEPTH = 30
_UNPACKED = "bytes_"  # of a block, which its types leave out


@dataclass(frozen=True, slots=True)
class _Form:
    """A type of Arrow, and what makes a value of it from what the file holds; that raises ValueError if none fits."""

    type: pa.DataType
    value: Callable[[Any], object]

    def made(self, found: object) -> object:
        """The value, or None for null; raises ValueError."""
        return None if found is None else self.value(found)


_PLAIN: dict[str, _Form] = {
    "null": _Form(pa.null(), values.nothing),
    "boolean": _Form(pa.bool_(), bool),
    "int": _Form(pa.int32(), values.whole(32)),
    "long": _Form(pa.int64(), values.whole(64)),
    "float": _Form(pa.float32(), float),
    "double": _Form(pa.float64(), float),
    "bytes": _Form(pa.binary(), bytes),
    "string": _Form(pa.string(), values.text),
    "enum": _Form(pa.string(), values.text),
    "fixed": _Form(pa.binary(), bytes),
}
_LOGICAL: dict[str, _Form] = {
    "date": _Form(pa.date32(), values.whole(32)),
    "time-millis": _Form(pa.time64("us"), values.time_of_day(1_000)),
    "time-micros": _Form(pa.time64("us"), values.time_of_day(1)),
    "timestamp-millis": _Form(pa.timestamp("us", "UTC"), values.whole(64, times=1_000)),
    "timestamp-micros": _Form(pa.timestamp("us", "UTC"), values.whole(64)),
    "local-timestamp-millis": _Form(pa.timestamp("us"), values.whole(64, times=1_000)),
    "local-timestamp-micros": _Form(pa.timestamp("us"), values.whole(64)),
    "uuid": _Form(pa.string(), values.uuid),
}


def write_parquet(file: Path, target: Path) -> None:
    """A Parquet copy of an Avro file; raises SourceUnavailable when it is damaged or has a type of no one column.

    A cell with something that is no value of its column's type is NULL in the copy, which names the column for it:
    whoever reads the column has to be refused, and nobody else.
    """
    try:
        with file.open("rb") as stream:
            blocks = fastavro.block_reader(stream)
            forms = _forms(file.name, blocks.writer_schema)
            schema = pa.schema([(name, form.type) for name, form in forms.items()])
            misfits: set[str] = set()
            rows = (_row(row, forms, misfits) for row in _rows(blocks))
            # a schema of Arrow's own in the footer would hide what is added to it
            with pq.ParquetWriter(target, schema, store_schema=False) as writer:
                while some := list(islice(rows, _BATCH_ROWS)):
                    writer.write_batch(pa.RecordBatch.from_pylist(some, schema))
                writer.add_key_value_metadata({MISFIT + name: "" for name in misfits})
    except (OSError, MemoryError, SourceUnavailable):
        raise
    except Exception:  # a damaged file fails in whichever way its bytes lead to
        raise SourceUnavailable(
            f"`{file.name}` cannot be read: it is no Avro file, or damaged", hint="look at the file, then crawl again"
        ) from None


def _rows(blocks: fastavro.block_reader) -> Iterator[Mapping[str, object]]:
    """The records with plain numbers for moments and decimals: in Python's own types not each of them has a value."""
    plain = fastavro.parse_schema(_plain(blocks.writer_schema))
    for block in blocks:
        stream: BytesIO = getattr(block, _UNPACKED)
        for _ in range(block.num_records):
            row = fastavro.schemaless_reader(stream, plain, None, handle_unicode_errors=values.LENIENT)
            assert isinstance(row, dict)
            yield row


def _plain(schema: object) -> Any:
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if isinstance(schema, dict):
        return {key: _plain(each) for key, each in schema.items() if key != "logicalType" and not key.startswith("__")}
    return schema


def _row(row: Mapping[str, object], forms: Mapping[str, _Form], misfits: set[str]) -> dict[str, object]:
    cells: dict[str, object] = {}
    for name, form in forms.items():
        try:
            cells[name] = form.made(row[name])
        except ValueError:
            cells[name] = None
            misfits.add(name)
    return cells


def _forms(file: str, schema: object) -> dict[str, _Form]:
    """The columns by name."""
    told = schema if isinstance(schema, dict) else {}
    if told.get("type") != "record":
        raise SourceUnavailable(f"`{file}` holds no records", hint="a dataset is made of Avro records")
    return _fields(file, "", told, {str(told.get("name")): schema}, 0)


def _fields(file: str, path: str, told: Mapping[str, object], named: dict[str, object], depth: int) -> dict[str, _Form]:
    fields = told["fields"]
    assert isinstance(fields, list)
    return {
        each["name"]: _form(file, f"{path}.{each['name']}".strip("."), each["type"], named, depth + 1)
        for each in fields
    }


def _form(file: str, path: str, schema: object, named: dict[str, object], depth: int) -> _Form:
    """The form of a schema; `named` are the types that the schema has named so far."""
    if depth > _MOST_DEPTH:
        raise _odd(file, path, "holds itself")
    if isinstance(schema, str) and schema in named:
        return _form(file, path, named[schema], named, depth + 1)
    if isinstance(schema, list):
        kinds = [kind for kind in schema if kind != "null"]
        if len(kinds) > 1:
            raise _odd(file, path, "has values of several types")
        return _form(file, path, kinds[0] if kinds else "null", named, depth)
    told: Mapping[str, object] = schema if isinstance(schema, dict) else {"type": schema}
    if isinstance(told.get("name"), str):
        named[str(told["name"])] = schema
    return _of(file, path, told, named, depth)


def _of(file: str, path: str, told: Mapping[str, object], named: dict[str, object], depth: int) -> _Form:
    logical, kind = told.get("logicalType"), told["type"]
    if logical == "decimal":
        precision, scale = int(str(told["precision"])), int(str(told.get("scale", 0)))
        return _Form(pa.decimal128(precision, scale), values.decimal(precision, scale))
    if isinstance(logical, str) and logical in _LOGICAL:
        return _LOGICAL[logical]
    match kind:
        case "record":
            return _record(_fields(file, path, told, named, depth))
        case "array":
            items = _form(file, path, told["items"], named, depth + 1)
            return _Form(pa.list_(items.type), lambda found: [items.made(each) for each in found])
        case "map":
            each = _form(file, path, told["values"], named, depth + 1)
            return _Form(
                pa.map_(pa.string(), each.type),
                lambda found: [(values.text(key), each.made(value)) for key, value in found.items()],
            )
        case str() if kind in _PLAIN:
            return _PLAIN[kind]
    return _form(file, path, kind, named, depth + 1)


def _record(fields: Mapping[str, _Form]) -> _Form:
    type_ = pa.struct([(name, form.type) for name, form in fields.items()])
    return _Form(type_, lambda found: {name: form.made(found[name]) for name, form in fields.items()})


def _odd(file: str, path: str, why: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"field `{path}` of `{file}` {why}, which no column can", hint="write it as one type, or as text"
    )
