"""Types are held to fit each other only where the engine turns every value of the one into the other."""

from collections.abc import Iterator
from itertools import product

import duckdb
import pytest

from catalog.sources.files.widening import always_fits

WHOLE = {
    **{f"{sign}{name}": bits for name, bits in (("TINYINT", 8), ("SMALLINT", 16)) for sign in ("", "U")},
    **{f"{sign}{name}": bits for name, bits in (("INTEGER", 32), ("BIGINT", 64)) for sign in ("", "U")},
    "HUGEINT": 128,
}
DECIMALS = [(4, 0), (4, 4), (9, 2), (18, 0), (18, 10), (20, 10), (29, 10), (38, 0), (38, 10), (38, 30)]
EXTREMES: dict[str, tuple[str, ...]] = {
    **{
        name: ("0", str(2**bits - 1)) if name[0] == "U" else (str(-(2 ** (bits - 1))), str(2 ** (bits - 1) - 1))
        for name, bits in WHOLE.items()
    },
    **{
        f"DECIMAL({width},{scale})": tuple(f"{sign}{'9' * (width - scale)}.{'9' * scale}" for sign in ("", "-"))
        for width, scale in DECIMALS
    },
    "FLOAT": ("inf", "nan", "3.4e38", "-3.4e38"),
    "DOUBLE": ("inf", "nan", "1.79e308", "-1.79e308"),
    "BOOLEAN": ("true", "false"),
    "VARCHAR": ("", "much"),
    "DATE": ("infinity", "5877642-06-25 (BC)"),
    "TIMESTAMP": ("infinity", "290309-12-22 (BC) 00:00:00"),
    "TIMESTAMP_NS": ("2262-04-11 23:47:16.854775", "1677-09-22 00:00:00"),
    "TIMESTAMPTZ": ("infinity", "290309-12-22 (BC) 00:00:00+00"),
}


def extremes(type_: str) -> Iterator[str]:
    yield from (f"'{value}'::{type_}" for value in EXTREMES[type_])


def is_turned(engine: duckdb.DuckDBPyConnection, value: str, type_: str) -> bool:
    try:
        engine.execute(f"SELECT ({value})::{type_} IS NULL").fetchall()
    except duckdb.Error:
        return False
    return True


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def test_what_fits_raises_for_no_value(engine: duckdb.DuckDBPyConnection) -> None:
    held = 0
    for given, common in product(EXTREMES, repeat=2):
        if given != common and always_fits(duckdb.type(given), duckdb.type(common)):
            held += 1
            assert all(is_turned(engine, value, common) for value in extremes(given)), (given, common)
            for form in ("[{}]", "{{'a': {}}}", "array_value({})"):
                nested = {"[": "{}[]", "{": "STRUCT(a {})", "a": "{}[1]"}[form[0]]
                parts = duckdb.type(nested.format(given)), duckdb.type(nested.format(common))
                assert always_fits(*parts)
    assert held > 100


def test_numbers_that_the_engine_can_always_turn_are_held_to_fit(engine: duckdb.DuckDBPyConnection) -> None:
    numbers = [*WHOLE, *(f"DECIMAL({width},{scale})" for width, scale in DECIMALS)]
    for given, other in product(numbers, numbers):
        [common] = engine.execute(f"SELECT typeof(x[1]) FROM (SELECT [NULL::{given}, NULL::{other}] AS x)").fetchall()[
            0
        ]
        is_total = all(is_turned(engine, value, common) for value in extremes(given))
        assert always_fits(duckdb.type(given), duckdb.type(common)) == is_total, (given, common)


@pytest.mark.parametrize(
    ("given", "common"),
    [
        ("TIMESTAMP", "TIMESTAMP_NS"),
        ("DATE", "TIMESTAMP"),
        ("DATE", "TIMESTAMPTZ"),
        ("BIGINT", "DECIMAL(38,30)"),
        ("DOUBLE", "FLOAT"),
        ("BLOB", "GEOMETRY"),
        ("MAP(BIGINT, INTEGER)", "MAP(DOUBLE, INTEGER)"),  # two keys may become one
        ("STRUCT(a DATE)", "STRUCT(a TIMESTAMP)"),
        ("STRUCT(a STRUCT(b DATE)[])", "STRUCT(a STRUCT(b TIMESTAMP)[])"),
        ("STRUCT(a DATE)", "STRUCT(b DATE)"),
        ("INTEGER[2]", "INTEGER[3]"),
        ("INTEGER[]", "INTEGER[3]"),
    ],
)
def test_what_may_not_fit_is_not_held_to(given: str, common: str) -> None:
    assert not always_fits(duckdb.type(given), duckdb.type(common))


def test_a_file_may_lack_fields() -> None:
    assert always_fits(duckdb.type("STRUCT(a TINYINT)"), duckdb.type("STRUCT(A INTEGER, b DATE)"))
    assert always_fits(duckdb.type('"NULL"'), duckdb.type("DATE"))
