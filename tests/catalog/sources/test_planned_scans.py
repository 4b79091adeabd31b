"""The engine's own plan shows where a relation of a DuckDB file is read from, whatever its SQL looks like."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from catalog.errors import SourceUnavailable
from catalog.sources.planned_scans import refuse_foreign_scans
from catalog.sources.world import Resources, World

OWN = (
    "SELECT * FROM t",
    "SELECT * FROM t JOIN t AS u USING (a) WHERE t.a NOT IN (SELECT a FROM s.u)",
    "SELECT a, (SELECT max(a) FROM s.u WHERE u.a < t.a) AS m FROM t",
    "WITH c AS MATERIALIZED (SELECT a FROM t) SELECT * FROM c AS x, c AS y",
    "WITH RECURSIVE c AS (SELECT 1 AS z UNION ALL SELECT z + 1 FROM c WHERE z < 3) FROM c",
    "FROM range(3) UNION ALL FROM generate_series(1, 2)",
    "SELECT unnest(l) FROM (SELECT [a, 2] AS l FROM t)",
    "SELECT x FROM t, LATERAL (SELECT unnest([t.a, 1]) AS x)",
    "VALUES (1), (2)",
    "SELECT count(*) OVER (), 5 FROM t WHERE false",
    "FROM t PIVOT (count(*) FOR a IN (1, 2))",
    "SELECT * FROM t ORDER BY a LIMIT 3",
    "SELECT a FROM t GROUP BY GROUPING SETS ((a), ())",
    "SELECT DISTINCT ON (a) a FROM t EXCEPT SELECT a FROM s.u",
    "SELECT * FROM t ASOF JOIN s.u ON t.a >= u.a",
    "SELECT a FROM t WHERE a = 500",
)
OTHER = (
    "SELECT * FROM read_parquet('{folder}/x.parquet')",
    "SELECT * FROM '{folder}/x.csv'",
    "FROM read_text('{folder}/x.csv')",
    "FROM duckdb_settings()",
    "FROM duckdb_views",
    "SELECT a, (SELECT count(*) FROM read_blob('{folder}/x.csv')) FROM t",
    "SELECT * FROM t WHERE a IN (SELECT a FROM read_parquet('{folder}/x.parquet'))",
    "FROM glob('{folder}/*')",
    "FROM query('FROM duckdb_tables()')",
    "FROM information_schema.columns",
    "FROM t UNION ALL SELECT a FROM '{folder}/x.csv'",
    "FROM duckdb_views() WHERE txid_current() < 0",
    "FROM duckdb_views() WHERE now() > TIMESTAMPTZ '2100-01-01'",
    "SELECT a FROM t WHERE false AND a IN (SELECT a FROM read_parquet('{folder}/x.parquet'))",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    folder: Path = tmp_path_factory.mktemp("plans")
    (folder / "x.csv").write_text("a\n1\n")
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{folder}/x.parquet'")
    file = folder / "team.duckdb"
    with duckdb.connect(str(file)) as engine:
        engine.execute(
            "CREATE TABLE t AS SELECT i::INT AS a FROM range(1000) AS r(i); ALTER TABLE t ADD PRIMARY KEY (a)"
        )
        engine.execute("CREATE SCHEMA s; CREATE TABLE s.u AS SELECT 5 AS a")
        for number, sql in enumerate((*OWN, *OTHER)):
            engine.execute(f"CREATE VIEW v{number} AS {sql.format(folder=folder)}")
    made = World(Resources(), databases=[file], folders=[folder])
    yield made, made.alias(file)
    made.close()


@pytest.mark.parametrize("sql", OWN)
def test_relations_of_the_file_are_read(world: tuple[World, str], sql: str) -> None:
    engine, alias = world
    refuse_foreign_scans(engine, f"{alias}.main.v{OWN.index(sql)}", alias)


@pytest.mark.parametrize("sql", OTHER)
def test_nothing_else_is(world: tuple[World, str], sql: str) -> None:
    engine, alias = world
    with pytest.raises(SourceUnavailable, match="outside of its database file"):
        refuse_foreign_scans(engine, f"{alias}.main.v{len(OWN) + OTHER.index(sql)}", alias)


def test_a_table_of_another_database_is_foreign(world: tuple[World, str]) -> None:
    engine, alias = world
    with pytest.raises(SourceUnavailable, match="outside of its database file"):
        refuse_foreign_scans(engine, f"{alias}.main.t", "d_0")
