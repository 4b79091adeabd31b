"""What a database makes of a value is what the engine and the reference make of it, to the letter."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from policy_engine.transforms import registry
from policy_engine.transforms.at_source.forms import DATABASES
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.known import TRANSFORMS
from tests.databases import Server
from tests.policy_engine.transforms.at_source.drawn import drawn
from tests.policy_engine.transforms.at_source.worked_out import (
    NATIVE,
    as_texts,
    in_the_engine,
    referred,
    values_of,
    worked_out,
)
from tests.policy_engine.transforms.samples import CALLS, SAMPLES
from tests.policy_engine.transforms.test_vectors import VECTORS
from tests.remote_tables import Database

TYPES: registry.Types = {("who",): "VARCHAR"}
MORE = (
    *("hash()", "tokenize()", "mask()", "mask(keep_first=>2, keep_last=>3)", "mask('*', keep_last=>1)", "redact()"),
    *("redact('it''s é')", "null()", "round(1)", "bucket(0.5)", "bucket(1000)", 'generalize(\'{"é":"«0»"}\')'),
    *("date_trunc('month')", "date_trunc('day')", "date_trunc('minute')", "perturb(40)", "date_shift(36500, by=>who)"),
)
EVERY = tuple(dict.fromkeys((*CALLS, *MORE, *(known.example.split(" | ")[0] for known in TRANSFORMS))))
PAIRS = [(database, kind) for database in DATABASES for kind in NATIVE[database]]
RANDOM = 150


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    server: Server | None = None if request.param == "sqlite" else request.getfixturevalue(request.param)
    return Database(request.param, server, tmp_path)


def calls_for(kind: str) -> list[str]:
    named = [
        call for call in EVERY if not {name.path for name in registry.columns_named(parse_call(call))} - {("who",)}
    ]
    return [call for call in named if registry.accepts(parse_call(call), kind, TYPES)]


def storable(database: str, values: list[object]) -> list[object]:
    """Values that a database can store: PostgreSQL's texts hold no zero byte, others have no NaN.

    SQLite keeps decimals in floating point.
    """
    if database == "postgres":
        return [value for value in values if not (isinstance(value, str) and "\0" in value)]
    if database == "sqlite":
        values = [value for value in values if not isinstance(value, Decimal) or abs(value) < 10**12]
    return [value for value in values if not isinstance(value, float) or abs(value) < float("inf")]


@pytest.mark.slow
@pytest.mark.parametrize(("database", "kind"), PAIRS, indirect=["database"])
def test_a_database_works_out_what_the_engine_does(database: Database, kind: str) -> None:
    values = storable(database.kind, [*SAMPLES.get(kind, []), *drawn(kind, RANDOM, database.kind)])
    if kind == "TIMESTAMP WITH TIME ZONE" and database.kind == "mariadb":  # which holds the years 1970 to 2037
        values = [value.replace(year=1971 + value.year % 66, day=28) for value in values if isinstance(value, datetime)]
    worked = worked_out(database, kind, [*values, None], calls_for(kind))
    assert worked.raw.num_rows == len(values) + 1
    assert set(worked.cells) | set(worked.reasons) == set(calls_for(kind))
    for call in worked.cells:
        assert as_texts(worked, call, kind) == in_the_engine(worked, call, kind), call
        seen, said = values_of(worked, call, kind), referred(worked, call, kind)
        assert list(map(_comparable, seen)) == list(map(_comparable, said)), call


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_golden_vectors_hold_in_databases(database: Database) -> None:
    held = 0
    for kind in NATIVE[database.kind]:
        vectors = [row for row in VECTORS if row["type"] == kind and _is_for(database.kind, row)]
        given = [_value(row) for row in vectors]
        if vectors:
            calls = sorted({row["call"] for row in vectors})
            worked = worked_out(database, kind, given, calls, who=["p17"])
            for place, row in enumerate(vectors):
                if row["call"] in worked.cells:
                    held += 1
                    assert str(values_of(worked, row["call"], kind)[place]) == row["result"], row
    assert held >= {"postgres": 60, "mariadb": 50, "sqlite": 50}[database.kind]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("DATE", ["0044-03-15 BC", "4713-01-01 BC", "infinity", "-infinity", "12345-06-07"]),
        ("TIMESTAMP", ["0044-03-15 01:02:03.4 BC", "infinity", "-infinity", "12345-06-07 08:09:10"]),
        ("TIMESTAMP WITH TIME ZONE", ["0044-03-15 01:02:03.4+00 BC", "infinity", "-infinity", "12345-06-07 08:09+00"]),
        ("TIME", ["24:00:00", "00:00:00.000001"]),
    ],
)
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_what_only_postgres_and_the_engine_can_hold(database: Database, kind: str, values: list[str]) -> None:
    worked = worked_out(database, kind, values, calls_for(kind))
    for call in worked.cells:
        assert as_texts(worked, call, kind) == in_the_engine(worked, call, kind), call


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_number_that_is_none_is_null(database: Database) -> None:
    worked = worked_out(database, "DECIMAL(18,3)", ["NaN"], calls_for("DECIMAL(18,3)"), reads_raw=False)
    assert worked.cells
    for cell in worked.cells.values():
        assert cell.to_pylist() in ([None], [0])


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize(("kind", "declared"), [("DATE", "date"), ("TIMESTAMP", "datetime(3)")])
def test_days_that_are_none_are_null(database: Database, kind: str, declared: str) -> None:
    values = ["0000-00-00", "2020-00-01", "2020-02-00", "2020-02-31"]
    worked = worked_out(database, kind, values, calls_for(kind), declared=declared, reads_raw=False)
    assert worked.cells
    for call, cell in worked.cells.items():
        assert cell.null_count == len(values), call


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize("declared", ["varchar(50) character set latin1", "char(20) collate utf8mb4_general_ci"])
def test_texts_of_any_encoding_and_collation_are_masked_alike(database: Database, declared: str) -> None:
    values: list[object] = ["Ann", "ANN", "ann ", "é-1", "x@Mail.Example", "12 34 56", "É"]
    worked = worked_out(database, "VARCHAR", values, calls_for("VARCHAR"), declared=declared)
    for call in worked.cells:
        assert as_texts(worked, call, "VARCHAR") == in_the_engine(worked, call, "VARCHAR"), call


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_collation_that_knows_no_patterns_has_no_say(database: Database) -> None:
    database.run("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);")
    values: list[object] = ["Ann", "ANN", "Änn", "x@Mail.Example", "12 34 56"]
    worked = worked_out(database, "VARCHAR", values, calls_for("VARCHAR"), declared="text COLLATE loose")
    for call in worked.cells:
        assert as_texts(worked, call, "VARCHAR") == in_the_engine(worked, call, "VARCHAR"), call


def _is_for(database: str, row: dict[str, str]) -> bool:
    return not (database == "mariadb" and row["value"] in ("nan", "inf", "-inf", "Infinity"))


def _value(row: dict[str, str]) -> object:
    with duckdb.connect() as engine:
        [(value,)] = engine.execute(f"SELECT CAST($v AS {row['type']})", {"v": row["value"]}).fetchall()
    return value


def _comparable(value: object) -> object:
    return "NaN" if value != value else value
