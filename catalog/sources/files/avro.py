"""Avro files as Parquet: every type of Avro by name, batch by batch, so that memory stays bounded."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from uuid import UUID

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from catalog.errors import SourceUnavailable

_BATCH_ROWS = 10_000
_MOST_DEPTH = 30
_PLAIN: dict[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
    "enum": pa.string(),
    "fixed": pa.binary(),
}
_LOGICAL: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "time-millis": pa.time64("us"),
    "time-micros": pa.time64("us"),
    "timestamp-millis": pa.timestamp("us", "UTC"),
    "timestamp-micros": pa.timestamp("us", "UTC"),
    "local-timestamp-millis": pa.timestamp("us"),
    "local-timestamp-micros": pa.timestamp("us"),
    "uuid": pa.string(),
}


def write_parquet(file: Path, target: Path) -> None:
    """A Parquet copy of an Avro file; raises SourceUnavailable when it is damaged or has a type of no one column."""
    try:
        with file.open("rb") as stream:
            rows = fastavro.reader(stream)
            schema = _schema(file.name, rows.writer_schema)
            with pq.ParquetWriter(target, schema) as writer:
                while some := list(islice(rows, _BATCH_ROWS)):
                    writer.write_batch(pa.RecordBatch.from_pylist([_row(row, schema) for row in some], schema))
    except (OSError, MemoryError, SourceUnavailable):
        raise
    except Exception:  # a damaged file fails in whichever way its bytes lead to
        raise SourceUnavailable(
            f"`{file.name}` cannot be read: it is no Avro file, or damaged", hint="look at the file, then crawl again"
        ) from None


def _schema(file: str, schema: object) -> pa.Schema:
    named: dict[str, object] = {}
    type_ = _type(file, "", schema, named, 0)
    if not pa.types.is_struct(type_):
        raise SourceUnavailable(f"`{file}` holds no records", hint="a dataset is made of Avro records")
    return pa.schema(list(type_))


def _type(file: str, path: str, schema: object, named: dict[str, object], depth: int) -> pa.DataType:
    """The Arrow type of a schema; `named` are the types that the schema has named so far."""
    if depth > _MOST_DEPTH:
        raise _odd(file, path, "holds itself")
    if isinstance(schema, str) and schema in named:
        return _type(file, path, named[schema], named, depth + 1)
    if isinstance(schema, list):
        kinds = [kind for kind in schema if kind != "null"]
        if len(kinds) > 1:
            raise _odd(file, path, "has values of several types")
        return _type(file, path, kinds[0] if kinds else "null", named, depth)
    told: Mapping[str, object] = schema if isinstance(schema, dict) else {"type": schema}
    if isinstance(told.get("name"), str):
        named[str(told["name"])] = schema
    return _of(file, path, told, named, depth)


def _of(file: str, path: str, told: Mapping[str, object], named: dict[str, object], depth: int) -> pa.DataType:
    logical, kind = told.get("logicalType"), told["type"]
    if logical == "decimal":
        return pa.decimal128(int(str(told["precision"])), int(str(told.get("scale", 0))))
    if isinstance(logical, str) and logical in _LOGICAL:
        return _LOGICAL[logical]
    match kind:
        case "record":
            fields = told["fields"]
            assert isinstance(fields, list)
            return pa.struct(
                [
                    (each["name"], _type(file, f"{path}.{each['name']}".strip("."), each["type"], named, depth + 1))
                    for each in fields
                ]
            )
        case "array":
            return pa.list_(_type(file, path, told["items"], named, depth + 1))
        case "map":
            return pa.map_(pa.string(), _type(file, path, told["values"], named, depth + 1))
        case str() if kind in _PLAIN:
            return _PLAIN[kind]
    return _type(file, path, kind, named, depth + 1)


def _row(row: object, schema: pa.Schema) -> dict[str, object]:
    assert isinstance(row, dict)
    return {field.name: _value(row.get(field.name), field.type) for field in schema}


def _value(value: object, type_: pa.DataType) -> object:
    """A value as Arrow takes it."""
    if value is None:
        return None
    if isinstance(value, UUID):
        return str(value)
    if pa.types.is_struct(type_) and isinstance(value, dict):
        return {field.name: _value(value.get(field.name), field.type) for field in type_}
    if pa.types.is_list(type_) and isinstance(value, list):
        return [_value(each, type_.value_type) for each in value]
    if pa.types.is_map(type_) and isinstance(value, dict):
        return [(key, _value(each, type_.item_type)) for key, each in value.items()]
    return value


def _odd(file: str, path: str, why: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"field `{path}` of `{file}` {why}, which no column can", hint="write it as one type, or as text"
    )
