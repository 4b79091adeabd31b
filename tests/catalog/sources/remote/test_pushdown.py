"""What a source judges beforehand never changes an answer: every condition finds what the engine finds by itself."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.remote import dataset
from catalog.sources.remote.conditions import Condition, conditions
from catalog.sources.remote.snapshot import RemoteColumn
from catalog.sources.run import EngineRun
from catalog.sources.world import Resources, World
from tests.databases import Server
from tests.remote_tables import KINDS, Database, rows_of

ROUNDS = 100
COLUMNS = {
    "i": "INTEGER",
    "b": "BIGINT",
    "n": "DECIMAL(18,4)",
    "f": "DOUBLE",
    "t": "VARCHAR",
    "d": "DATE",
    "m": "TIMESTAMP",
    "o": "BOOLEAN",
}
TEXTS = (
    "a",
    "A",
    "ä",
    "Ä",
    "a ",
    " a",
    "",
    " ",
    "ab",
    "aB",
    "ß",
    "ss",
    "é",
    "e\u0301",
    "😀",
    "0",
    "a'b",
    "a\\b",
    'a"b',
    "%",
    "a\tb",
)
VALUES: dict[str, tuple[object, ...]] = {
    "i": (0, 1, -1, 2**31 - 1, -(2**31)),
    "b": (0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1),
    "n": tuple(map(Decimal, ("0", "0.0001", "-0.0001", "99999999.9999", "-99999999.9999", "1.5"))),
    "f": (0.0, -0.0, 0.1, 1e300, -1e-300, 1.5, float("inf"), float("-inf"), float("nan")),
    "t": TEXTS,
    "d": (date(1000, 1, 1), date(1970, 1, 1), date(2020, 2, 29), date(9999, 12, 31)),
    "m": (
        datetime(1000, 1, 1),
        datetime(2020, 2, 29, 23, 59, 59, 999_999),
        datetime(2020, 3, 1),
        datetime(9999, 12, 31),
    ),
    "o": (True, False),
}


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    server: Server | None = None if request.param == "sqlite" else request.getfixturevalue(request.param)
    made = Database(request.param, server, tmp_path_factory.mktemp("pushdown"))
    chance = random.Random(7)
    rows = [
        tuple(None if chance.random() < 0.15 else chance.choice(VALUES[name]) for name in COLUMNS) for _ in range(400)
    ]
    made.write("facts", [(name, kind) for name, kind in COLUMNS.items()], rows)
    return made


@pytest.fixture(scope="module")
def local(database: Database) -> duckdb.DuckDBPyConnection:
    """The same rows, read without any condition and held by the engine itself."""
    connection = duckdb.connect()
    connection.register("given", rows_of(database.source, database.relation("facts")))
    connection.execute("CREATE TABLE facts AS FROM given")
    return connection


def literal(value: object, kind: str) -> str:
    if isinstance(value, date):
        return f"{'TIMESTAMP' if isinstance(value, datetime) else 'DATE'} '{value}'"
    text = str(value).replace("'", "''")
    return f"'{text}'::{kind}"


def condition(chance: random.Random, depth: int = 0) -> str:
    """A random condition; half of them are made of others."""
    if depth < 3 and chance.random() < 0.55:
        parts = [condition(chance, depth + 1) for _ in range(chance.choice((1, 2, 2, 3)))]
        joined = chance.choice((" AND ", " AND ", " OR ")).join(f"({part})" for part in parts)
        return f"NOT ({joined})" if chance.random() < 0.15 else joined
    name = chance.choice(list(COLUMNS))
    value, other = (literal(chance.choice(VALUES[name]), COLUMNS[name]) for _ in range(2))
    return chance.choice(
        (
            *(f"{name} {operator} {value}" for operator in ("=", "=", "<>", "<", "<=", ">", ">=")),
            *(f"{name} IN ({value}, {other})", f"{name} NOT IN ({value}, {other})"),
            *(f"{name} BETWEEN {value} AND {other}", f"{name} IS NULL", f"{name} IS NOT NULL"),
            *(f"{name} IS DISTINCT FROM {value}", f"upper(t) = {literal(chance.choice(TEXTS), 'VARCHAR')}"),
        )
    )


def test_a_scan_reads_no_column_for_what_a_text_says() -> None:
    """The names of columns stand in a filter's text beside texts that a person has written."""
    columns = [RemoteColumn(name=f"n{place}", type="VARCHAR", expression="") for place in range(12)]
    asked: list[list[str]] = []

    def read(wanted: Sequence[RemoteColumn], _: object) -> Iterator[pa.RecordBatch]:
        asked.append([column.name for column in wanted])
        return iter(())

    made = dataset.RemoteDataset(columns, read)
    names = made.schema.names
    for field, text in ((names[10], "x"), (names[10], "c7"), (names[1], "(c2 == c3)"), (names[11], "c1_")):
        made.scanner([names[0]], pc.field(field) == text).to_reader().read_all()
    assert asked == [["n0", "n10"], ["n0", "n10"], ["n0", "n1"], ["n0", "n11"]]


@pytest.mark.slow
def test_every_condition_finds_what_the_engine_finds(
    database: Database, local: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run in this process and not in a worker, so that one can see what is asked of the source."""
    connector, world = connect(database.source), World(Resources())
    relation = database.relation("facts")
    expected = Expected(
        relation=relation, columns=tuple((field.name, field.type) for field in connector.describe(relation))
    )
    remote = connector.scan(expected).remote
    assert remote is not None
    pushed: list[Condition] = []

    def noted(wanted: object, schema: pa.Schema) -> tuple[Condition, ...]:
        found = conditions(wanted, schema)
        pushed.extend(found)
        return found

    monkeypatch.setattr(dataset, "conditions", noted)
    chance = random.Random(database.kind)
    for _ in range(ROUNDS):
        where = condition(chance)
        wanted = local.sql(f"SELECT CAST(facts AS VARCHAR) FROM facts WHERE {where}").fetchall()
        sql = f"SELECT CAST(x AS VARCHAR) AS x FROM v_1 x WHERE {where}"
        run = EngineRun(world, sql, {}, Limits(), {"v_1": (remote, expected)})
        found = [(text,) for batch in run for text in batch["x"].to_pylist()]
        assert sorted(found) == sorted(wanted), where
    assert {each.operator for each in pushed} >= {"=", "<", ">", "IN", "IS NULL", "IS NOT NULL"}
