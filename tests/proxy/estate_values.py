"""Random values of each type, and others in their place that a person must not be able to tell apart."""

import random
import string
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa

PLAIN = {
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DECIMAL(9,2)": pa.decimal128(9, 2),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "BOOLEAN": pa.bool_(),
}
"""Types that every database has."""

_PLACE = pa.struct({"city": pa.string(), "n": pa.int32()})
TYPES = {
    **PLAIN,
    "TINYINT": pa.int8(),
    "UBIGINT": pa.uint64(),
    "FLOAT": pa.float32(),
    "DECIMAL(38,6)": pa.decimal128(38, 6),
    "TIME": pa.time64("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    "TIMESTAMP_NS": pa.timestamp("ns"),
    "BLOB": pa.binary(),
    "INTEGER[]": pa.list_(pa.int32()),
    "VARCHAR[]": pa.list_(pa.string()),
    'STRUCT("city" VARCHAR, "n" INTEGER)': _PLACE,
    'STRUCT("city" VARCHAR, "n" INTEGER)[]': pa.list_(_PLACE),
    "MAP(VARCHAR, INTEGER)": pa.map_(pa.string(), pa.int32()),
}
"""The types of columns, with how Arrow has them."""

MOODS = ("mixed", "tame", "wild", "null", "same")
"""How values are drawn: of every sort, harmless and never NULL, at their limits, none, or one for all."""

_WILD = {
    "TINYINT": (-128, 127, 0),
    "INTEGER": (2**31 - 1, -(2**31), 0, 10**6),
    "BIGINT": (2**63 - 1, -(2**63), 0),
    "UBIGINT": (2**64 - 1, 0, 2**63),
    "FLOAT": (float("nan"), float("inf"), float("-inf"), 3.4e38, -0.0, 1e-45),
    "DOUBLE": (float("nan"), float("inf"), float("-inf"), 1.7e308, -1.7e308, -0.0, 5e-324),
    "DECIMAL(9,2)": (Decimal("9999999.99"), Decimal("-9999999.99"), Decimal("0.01")),
    "DECIMAL(38,6)": (Decimal("9" * 32 + ".999999"), Decimal("-" + "9" * 32 + ".999999"), Decimal("0.000001")),
    "VARCHAR": (
        *("abc", "(", "%", "\\", "", "NaN", "-inf", "1e400", "[1", '{"a": ', "2020-02-30", "infinity", "é", "İßſ"),
        *(
            "👩\u200d👩\u200d👧",
            "e\u0301",
            "\u200b",
            "\ufeff",
            "\u202e12",
            "x" * 300,
            "99999999999999999999",
            "a\0b",
            "NULL",
        ),
    ),
    "DATE": (2**31 - 2, -(2**31) + 2, 2**31 - 1, -(2**31) + 1, 2_932_896, -719_528),
    "TIMESTAMP": (2**63 - 2, -(2**63) + 2, 2**63 - 1, -(2**63) + 1, 0),
    "TIME": (time(23, 59, 59, 999_999), time()),
    "TIMESTAMP WITH TIME ZONE": (2**63 - 2, -(2**63) + 2, 0),
    "TIMESTAMP_NS": (2**63 - 2, -(2**63) + 2, 8 * 10**18, 0),
    "BLOB": (b"\xff\xfe", b"", b"\0", b"abc"),
    "BOOLEAN": (True, False),
}
"""Values at the limits of each type, and those that break what reads them."""

_TAME_TEXTS = ("1", "2", "3")


def varied(chance: random.Random, kind: str, value: object, freedom: str, mood: str = "mixed") -> object:
    """Another value in place of one, as far as `freedom` lets it differ: fixed, shape, presence or free."""
    if freedom == "free":
        return value_of(chance, kind, mood)
    if value is None or freedom == "fixed":
        return value
    if freedom == "shape":
        letters = string.ascii_letters + string.digits
        return "".join(chance.choice(letters) if letter.isalnum() else letter for letter in str(value))
    if mood == "null":
        mood = "mixed"
    return next(new for new in iter(lambda: value_of(chance, kind, mood), object()) if new is not None)


def value_of(chance: random.Random, kind: str, mood: str = "mixed") -> object:
    """A value of a type in a mood."""
    match mood:
        case "null":
            return None
        case "same":
            return _value(random.Random(kind), kind)
        case "tame":
            return _tame(chance, kind)
        case "wild" if kind in _WILD:
            return None if chance.random() < 0.1 else chance.choice(_WILD[kind])
    return None if chance.random() < 0.15 else _value(chance, kind)


def _tame(chance: random.Random, kind: str) -> object:
    """A value that little raises on."""
    number, text = chance.randint(1, 5), chance.choice(_TAME_TEXTS)
    match kind:
        case "VARCHAR":
            return text
        case "DATE":
            return date(2020, 1, number)
        case "TIMESTAMP" | "TIMESTAMP_NS" | "TIMESTAMP WITH TIME ZONE":
            return datetime(2020, 1, number, tzinfo=UTC if "ZONE" in kind else None)
        case "TIME":
            return time(number)
        case "BLOB":
            return text.encode()
        case "BOOLEAN":
            return chance.random() < 0.5
        case "DECIMAL(9,2)" | "DECIMAL(38,6)":
            return Decimal(number)
        case "FLOAT" | "DOUBLE":
            return float(number)
        case _ if kind in _NESTED:
            return _NESTED[kind](text, number)
        case _:
            return number


_NESTED: dict[str, Callable[[str | None, int], object]] = {
    "VARCHAR[]": lambda text, number: [text] * (number % 3),
    "INTEGER[]": lambda text, number: [number] * (number % 3),
    'STRUCT("city" VARCHAR, "n" INTEGER)': lambda text, number: {"city": text, "n": number},
    'STRUCT("city" VARCHAR, "n" INTEGER)[]': lambda text, number: [{"city": text, "n": number}] * (number % 3),
    "MAP(VARCHAR, INTEGER)": lambda text, number: [("a", number), (text or "b", None)][: number % 3],
}


def _value(chance: random.Random, kind: str) -> object:
    """A value of a type, often one that trips something."""
    number = chance.choice((0, 1, 2, 7, -1, chance.randint(-100, 100), 2**31 - 1, -(2**31)))
    text = chance.choice(("abc", "12", "", "(", "%", "a,b", '{"a": 1}', "2020-01-31", "NaN", f"x{number}", "[1]", "é"))
    moment = timedelta(seconds=chance.choice((0, 86_400 * 400, number % 10**6)))
    match kind:
        case "INTEGER":
            return number
        case "TINYINT":
            return number % 256 - 128
        case "BIGINT":
            return chance.choice((number, 2**63 - 1, -(2**63), 10**12))
        case "UBIGINT":
            return chance.choice((abs(number), 2**64 - 1))
        case "DOUBLE" | "FLOAT":
            return chance.choice((float(number), 1e30, -0.0, 0.1, float("inf"), float("nan")))
        case "DECIMAL(9,2)":
            return Decimal(chance.randint(-(10**4), 10**9 - 1)) / 100
        case "DECIMAL(38,6)":
            return Decimal(chance.choice((number, 10**20, -(10**31))))
        case "VARCHAR":
            return text
        case "DATE":
            return date(2020, 1, 1) + timedelta(days=chance.choice((0, 31, -400_000, 2_000_000, number % 900)))
        case "TIMESTAMP" | "TIMESTAMP_NS":
            return datetime(2020, 1, 1) + moment
        case "TIMESTAMP WITH TIME ZONE":
            return datetime(2020, 1, 1, tzinfo=UTC) + moment
        case "TIME":
            return time(abs(number) % 24, abs(number) % 60)
        case "BLOB":
            return text.encode()
        case "BOOLEAN":
            return chance.random() < 0.5
        case "VARCHAR[]":
            return [chance.choice((text, None)) for _ in range(chance.randrange(3))]
        case _:
            return _NESTED[kind](chance.choice((text, None)), number)
