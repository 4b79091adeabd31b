"""Random values of each type, and others in their place that a person must not be able to tell apart."""

import random
import string
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

TYPES = {
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DECIMAL(9,2)": pa.decimal128(9, 2),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "BOOLEAN": pa.bool_(),
    "VARCHAR[]": pa.list_(pa.string()),
    'STRUCT("city" VARCHAR, "n" INTEGER)': pa.struct({"city": pa.string(), "n": pa.int32()}),
}


def varied(chance: random.Random, kind: str, value: object, freedom: str) -> object:
    """Another value in place of one, as far as `freedom` lets it differ: fixed, shape, presence or free."""
    if freedom == "free":
        return value_of(chance, kind)
    if value is None or freedom == "fixed":
        return value
    if freedom == "shape":
        letters = string.ascii_letters + string.digits
        return "".join(chance.choice(letters) if letter.isalnum() else letter for letter in str(value))
    return next(new for new in iter(lambda: value_of(chance, kind), object()) if new is not None)


def value_of(chance: random.Random, kind: str) -> object:
    """A value of a type, often one that trips something."""
    if chance.random() < 0.15:
        return None
    number = chance.choice((0, 1, 2, 7, -1, chance.randint(-100, 100), 2**31 - 1, -(2**31)))
    text = chance.choice(("abc", "12", "", "(", "%", "a,b", '{"a": 1}', "2020-01-31", "NaN", f"x{number}", "[1]", "é"))
    match kind:
        case "INTEGER":
            return number
        case "BIGINT":
            return chance.choice((number, 2**63 - 1, -(2**63), 10**12))
        case "DOUBLE":
            return chance.choice((float(number), 1e300, -0.0, 0.1, float("inf"), float("nan")))
        case "DECIMAL(9,2)":
            return Decimal(chance.randint(-(10**4), 10**9 - 1)) / 100
        case "VARCHAR":
            return text
        case "DATE":
            return date(2020, 1, 1) + timedelta(days=chance.choice((0, 31, -400_000, 2_000_000, number % 900)))
        case "TIMESTAMP":
            return datetime(2020, 1, 1) + timedelta(seconds=chance.choice((0, 86_400 * 400, number % 10**6)))
        case "BOOLEAN":
            return chance.random() < 0.5
        case "VARCHAR[]":
            return [chance.choice((text, None)) for _ in range(chance.randrange(3))]
        case _:
            return {"city": chance.choice((text, None)), "n": number}
