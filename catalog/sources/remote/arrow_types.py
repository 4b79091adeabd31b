"""The Arrow type in which a source's column of a DuckDB type comes; the engine reads UUID and JSON out of text."""

import re

import pyarrow as pa

_PLAIN: dict[str, pa.DataType] = {
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(),
    "USMALLINT": pa.uint16(),
    "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "BLOB": pa.binary(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    "INTERVAL": pa.month_day_nano_interval(),
    "UUID": pa.string(),
    "JSON": pa.string(),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def arrow_type(type_name: str) -> pa.DataType | None:
    """The Arrow type for a type as DuckDB writes it; None for a type in which no source's column comes.

    Example:
        >>> str(arrow_type("DECIMAL(8,2)")), str(arrow_type("INTEGER[]")), arrow_type("UNION(a INTEGER)")
        ('decimal128(8, 2)', 'list<item: int32>', None)
    """
    if type_name.endswith("[]"):
        item = arrow_type(type_name[:-2])
        return None if item is None else pa.list_(item)
    if found := _DECIMAL.fullmatch(type_name):
        return pa.decimal128(int(found[1]), int(found[2]))
    return _PLAIN.get(type_name)
