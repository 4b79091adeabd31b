"""However often and however deep a query reads a remote relation, every scan reads all of it, and of one state."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from catalog.errors import SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits, Masks
from catalog.sources.engine import EngineSession
from catalog.sources.remote.opened import OpenedRemotes
from catalog.sources.remote.sqlite import SqliteSnapshot
from catalog.sources.run import EngineRun
from catalog.sources.sessions import SessionCache
from catalog.sources.world import Resources, World

ROWS = 40_000  # several batches
EXPECTED = Expected(
    relation="main.visits", columns=(("id", "BIGINT"), ("ward", "VARCHAR"), ("day", "DATE"), ("cost", "DOUBLE"))
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scans") / "visits.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, ward TEXT, day DATE, cost REAL)")
        connection.executemany(
            "INSERT INTO visits VALUES (?, ?, date('2020-01-01', ? || ' days'), ?)",
            ((n, None if n % 7 == 0 else f"w{n % 5}", n % 900, n * 0.5) for n in range(ROWS)),
        )
    connection.close()
    return path


@pytest.fixture
def session(file: Path) -> Iterator[EngineSession]:
    cache = SessionCache(connect)
    yield cache.open([(Source(name="s", connector="sqlite", options={"path": str(file)}), EXPECTED)])
    cache.close()


@pytest.fixture(scope="module")
def local(file: Path) -> duckdb.DuckDBPyConnection:
    """The same rows, held by the engine itself."""
    with sqlite3.connect(file) as source:
        rows = source.execute("SELECT id, ward, day, cost FROM visits").fetchall()
    source.close()
    ids, wards, days, costs = zip(*rows, strict=True)
    table = pa.table({"id": ids, "ward": wards, "day": pa.array(days).cast(pa.date32()), "cost": costs})
    connection = duckdb.connect()
    connection.register("given", table)
    connection.execute("CREATE TABLE visits AS FROM given")
    return connection


QUERIES = (
    "SELECT count(*) FROM v",
    "SELECT ward, count(*), sum(cost) FROM v GROUP BY ward",
    "SELECT * FROM v WHERE id > 39000 AND ward = 'w1'",
    "SELECT a.id, b.ward FROM v a JOIN v b ON a.id = b.id + 1 WHERE a.day = DATE '2020-03-01'",
    "SELECT a.id, b.id FROM v a, v b WHERE a.id < 20 AND b.id < 20 AND a.id < b.id",
    "WITH t AS (SELECT * FROM v WHERE ward IN ('w1', 'w2')) SELECT (SELECT count(*) FROM t), (SELECT max(id) FROM t)",
    "WITH t AS MATERIALIZED (FROM v) SELECT count(*) FROM t x JOIN t y USING (id)",
    "WITH t AS NOT MATERIALIZED (FROM v) SELECT count(*) FROM t x JOIN t y USING (id)",
    "SELECT id, (SELECT count(*) FROM v w WHERE w.id = v.id AND w.ward = v.ward) FROM v WHERE id < 500",
    "SELECT id FROM v WHERE EXISTS (SELECT 1 FROM v w WHERE w.id = v.id + 1 AND w.ward IS NULL)",
    "SELECT count(*) FROM v WHERE id NOT IN (SELECT id FROM v WHERE ward IS NOT NULL)",
    "SELECT id FROM v WHERE ward = 'w3' UNION ALL SELECT id FROM v WHERE ward IS NULL",
    "SELECT id FROM v EXCEPT SELECT id FROM v WHERE day >= DATE '2020-02-01'",
    "SELECT x.ward, n FROM v x, LATERAL (SELECT count(*) AS n FROM v y WHERE y.ward = x.ward) WHERE x.id < 50",
    "SELECT v FROM v WHERE id = 7",
    "SELECT struct_extract(v, 'ward') FROM v WHERE id = 8",
    "SELECT COLUMNS('.*d') FROM v WHERE id BETWEEN 5 AND 9",
    "SELECT id, row_number() OVER (PARTITION BY ward ORDER BY id) FROM v QUALIFY row_number() OVER (ORDER BY id) < 99",
    "SELECT count(*) FROM v WHERE cost > 'nan'::DOUBLE OR cost IS NULL OR ward = 'w1 ' OR ward = 'W1'",
    "WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r JOIN v ON v.id = n WHERE n < 5) SELECT * FROM r",
    "SELECT count(*) FROM v TABLESAMPLE reservoir(500 ROWS)",
    "PIVOT (SELECT ward, id % 2 AS odd FROM v) ON odd IN (0, 1) USING count(*)",
)


@pytest.mark.parametrize("query", QUERIES)
def test_every_scan_reads_everything(session: EngineSession, local: duckdb.DuckDBPyConnection, query: str) -> None:
    physical = session.physical_name("s", EXPECTED.relation)
    wanted = local.sql(f"WITH v AS (FROM visits) FROM ({query})").fetchall()
    run = session.run(f"WITH v AS (FROM {physical}) FROM ({query})", {}, Limits())
    found = [tuple(row.values()) for batch in run for row in _renamed(batch).to_pylist()]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))
    assert wanted


def _renamed(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.rename_columns([f"{place}" for place in range(batch.num_columns)])


def test_two_scans_of_one_run_read_one_state(session: EngineSession, file: Path) -> None:
    physical = session.physical_name("s", EXPECTED.relation)
    begun = f"SELECT count(*) AS n FROM {physical} a"
    batches = iter(session.run(f"FROM {physical} UNION ALL FROM {physical}", {}, Limits(batch_rows=1000)))
    seen = next(batches).num_rows
    with sqlite3.connect(file) as writer:
        writer.execute("INSERT INTO visits SELECT id + 1000000, ward, day, cost FROM visits WHERE id < 10")
        writer.commit()
    try:
        assert seen + sum(batch.num_rows for batch in batches) == 2 * ROWS
        assert [batch.to_pylist() for batch in session.run(begun, {}, Limits())] == [[{"n": ROWS + 10}]]
    finally:
        writer.execute("DELETE FROM visits WHERE id >= 1000000")
        writer.commit()
        writer.close()


@pytest.mark.parametrize("change", [{"order": ("id",)}, {"order": ()}, {"masks": Masks.SOURCE}])
def test_relations_of_one_source_share_a_state_however_they_are_read(file: Path, change: dict[str, Any]) -> None:
    remote = connect(Source(name="s", connector="sqlite", options={"path": str(file)})).scan(EXPECTED).remote
    assert remote is not None
    other = replace(remote, **change)
    assert other != remote
    opened = OpenedRemotes({"v_1": (remote, EXPECTED), "v_2": (other, EXPECTED)}, None)
    try:
        with duckdb.connect() as engine:
            opened.register(engine, "FROM v_1")
            with closing(sqlite3.connect(file)) as writer, writer:
                writer.execute("INSERT INTO visits (id) VALUES (-1)")
            opened.register(engine, "FROM v_2")
            rows = [engine.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("v_1", "v_2")]
        assert rows == [(ROWS,), (ROWS,)]
    finally:
        opened.close()
        with closing(sqlite3.connect(file)) as writer, writer:
            writer.execute("DELETE FROM visits WHERE id = -1")


def run_here(file: Path, columns: str, rest: str = "") -> EngineRun:
    """A run in this process and not in a worker, so that one can see what it asks of the source."""
    remote = connect(Source(name="s", connector="sqlite", options={"path": str(file)})).scan(EXPECTED).remote
    assert remote is not None
    return EngineRun(World(Resources()), f"SELECT {columns} FROM v_1 {rest}", {}, Limits(), {"v_1": (remote, EXPECTED)})


def test_only_what_is_needed_is_asked_of_the_source(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    batches = SqliteSnapshot._batches

    def noted(self: SqliteSnapshot, sql: str, *rest: object) -> Iterator[pa.RecordBatch]:
        asked.append(sql)
        return batches(self, sql, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteSnapshot, "_batches", noted)
    run = run_here(file, "cost", "WHERE ward = 'w1' AND id > 100 AND cost > 5")
    assert sum(batch.num_rows for batch in run) == sum(1 for n in range(101, ROWS) if n % 5 == 1 and n % 7)
    assert asked == ['SELECT "id", "ward", "cost" FROM "visits" WHERE "ward" = ? AND "id" > ?']


def test_a_scan_ends_when_nobody_reads_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    batches = SqliteSnapshot._batches

    def counted(self: SqliteSnapshot, *rest: object) -> Iterator[pa.RecordBatch]:
        for batch in batches(self, *rest):  # type: ignore[arg-type]
            read.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(SqliteSnapshot, "_batches", counted)
    run = run_here(file, "id", "LIMIT 5")
    assert sum(batch.num_rows for batch in run) == 5
    assert sum(read) < ROWS


def test_a_changed_type_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        connection.execute("CREATE TABLE visits (id TEXT)")
    connection.close()
    source = Source(name="s", connector="sqlite", options={"path": str(tmp_path / "s.sqlite")})
    session = SessionCache(connect).open([(source, Expected(relation="visits", columns=(("id", "BIGINT"),)))])
    with pytest.raises(SourceUnavailable, match="column `id` is no longer BIGINT"):
        list(session.run(f"FROM {session.physical_name('s', 'visits')}", {}, Limits()))
