"""How one cell is written as text: the rules shared by the JSON and CSV forms of a result.

Numbers      JSON numbers; whole numbers beyond ±(2^53 - 1), which JavaScript would round, as strings
Decimals     strings with all their digits in JSON (whole ones as numbers); plain digits in CSV
Not finite   the strings NaN, Infinity, -Infinity in JSON; nan, inf, -inf in CSV
Time         ISO 8601: 2026-01-31, 12:30:00, 2026-01-31T12:30:00.000000 and with Z where a zone is known
Intervals    ISO 8601 durations: P1M2DT3.5S
Bytes        base64
Nested       JSON objects and arrays, in CSV as JSON text; a map is an array of [key, value]
NULL         null in JSON, nothing in CSV, where an empty text is written "" (so is NULL in a result of one
             column, since many readers skip empty lines)

Text is never altered: a cell that a spreadsheet would take for a formula is left as it is.
"""

import base64
import json
import math
from collections.abc import Iterable
from datetime import time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from proxy.answering.moments import as_texts

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_EXACT_IN_JAVASCRIPT = 2**53 - 1
_DIRECT = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
_NEEDS_QUOTES = r'[",\r\n]'


def json_rows(batch: pa.RecordBatch) -> Iterable[bytes]:
    """Each row as a JSON array.

    Example:
        >>> list(json_rows(pa.record_batch({"n": [1, 2**60], "s": ["é", None]})))
        [b'[1,"\\xc3\\xa9"]', b'["1152921504606846976",null]']
    """
    columns = [_json_column(column) for column in batch.columns]
    dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    return (dump(row).encode("utf-8", "replace") for row in zip(*columns, strict=True))


def csv_rows(batch: pa.RecordBatch) -> bytes:
    """All rows as RFC 4180 lines, quoted only where needed.

    Example:
        >>> csv_rows(pa.record_batch({"a": ["x,y", None, ""], "b": [1, 2, 3]}))
        b'"x,y",1\\r\\n,2\\r\\n"",3\\r\\n'
    """
    cells = [_csv_column(column) for column in batch.columns]
    if len(cells) == 1:  # an empty line is no row to many readers
        cells = [pc.if_else(pc.equal(cells[0], ""), '""', cells[0])]
    lines = pc.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
    ended = pc.binary_join_element_wise(lines, pa.scalar("\r\n", pa.large_string()), pa.scalar("", pa.large_string()))
    return _values(ended)


def is_light(kind: pa.DataType) -> bool:
    """Whether CSV makes no objects of a column's values, which Arrow has as texts at once.

    Example:
        >>> is_light(pa.string()), is_light(pa.date32())
        (True, False)
    """
    return any(is_kind(kind) for is_kind in (*_DIRECT, pa.types.is_string, pa.types.is_large_string))


def texts(column: pa.Array) -> list[str | None]:
    """Each cell as a person reads it, None for NULL.

    Example:
        >>> texts(pa.array([1.5, None]))
        ['1.5', None]
    """
    direct = any(is_direct(column.type) for is_direct in _DIRECT)
    read: list[str | None] = (column.cast(pa.string()) if direct else _text(column)).to_pylist()
    return read


def _values(strings: pa.Array) -> bytes:
    """The texts of an array one after the other, as they already lie in its buffer."""
    buffer = strings.buffers()[2]
    if buffer is None or not len(strings):
        return b""
    offsets = np.frombuffer(strings.buffers()[1], dtype=np.int64)
    return bytes(memoryview(buffer)[offsets[strings.offset] : offsets[strings.offset + len(strings)]])


def _csv_column(column: pa.Array) -> pa.Array:
    """Texts ready to stand between commas, NULL as nothing."""
    if any(is_direct(column.type) for is_direct in _DIRECT):
        return pc.fill_null(column.cast(pa.large_string()), "")
    text = _text(column).cast(pa.large_string())
    doubled = pc.replace_substring(text, '"', '""')
    quote, nothing = pa.scalar('"', pa.large_string()), pa.scalar("", pa.large_string())
    quoted = pc.binary_join_element_wise(quote, doubled, quote, nothing)
    needed = pc.or_(pc.match_substring_regex(text, _NEEDS_QUOTES), pc.equal(text, nothing))
    return pc.fill_null(pc.if_else(needed, quoted, text), "")


def _text(column: pa.Array) -> pa.Array:
    """A column as texts, without CSV's quotes."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return as_texts(column)
    if pa.types.is_null(kind) or pa.types.is_time(kind):
        return column.cast(pa.string())
    values = (_json_value(value) for value in as_texts(column).to_pylist())
    return pa.array(
        [value if value is None or isinstance(value, str) else _dumped(value) for value in values], pa.string()
    )


def _dumped(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json_column(column: pa.Array) -> list[Json]:
    column = as_texts(column)
    values: list[object] = column.to_pylist()
    if pa.types.is_string(column.type) or pa.types.is_boolean(column.type):
        return values  # type: ignore[return-value]
    return [_json_value(value) for value in values]


def _json_value(value: object) -> Json:
    """One value as JSON has it; the module's docstring lists the rules."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= _EXACT_IN_JAVASCRIPT else str(value)
        case float():
            return value if math.isfinite(value) else _not_finite(value)
        case Decimal():
            whole = value.as_tuple().exponent == 0
            return _json_value(int(value)) if whole else f"{value:f}"
        case time():
            return value.isoformat()
        case timedelta():
            return f"PT{value / timedelta(seconds=1):f}".rstrip("0").rstrip(".") + "S"
        case bytes():
            return base64.b64encode(value).decode()
        case pa.MonthDayNano():
            return _duration(value)
        case dict():
            return {str(key): _json_value(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_json_value(inner) for inner in value]
        case _:
            return str(value)


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _duration(interval: "pa.MonthDayNano") -> str:
    seconds = f"{Decimal(interval.nanoseconds) / 10**9:f}"
    if "." in seconds:
        seconds = seconds.rstrip("0").rstrip(".")
    return f"P{interval.months}M{interval.days}DT{seconds}S"
