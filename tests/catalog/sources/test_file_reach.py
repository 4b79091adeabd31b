"""What a DuckDB file brings along reads nothing but the file: no other dataset's files, no settings, no query."""

import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import SourceUnavailable, VeilError
from catalog.sources.connector import Expected
from catalog.sources.duckdb_file import DuckDbFileConnector
from catalog.sources.file_reach import OF_TIME_AND_CHANCE, FileReach, is_pure
from catalog.sources.world import Resources, World
from proxy.pipeline import Request
from proxy.reading.functions import CALLABLE
from tests.proxy.world import ANALYST, governed

SETUP = """
CREATE TABLE t (a INT, b VARCHAR AS (upper('x' || a)));
CREATE SCHEMA s2;
CREATE TABLE s2.u (a INT, q VARCHAR AS (current_setting('threads')));
CREATE MACRO f(x) AS (SELECT max(a) FROM t) + x;
CREATE MACRO tm(k) AS TABLE SELECT * FROM t WHERE a = k;
CREATE MACRO bad(x) AS (SELECT count(*) FROM duckdb_views()) + x;
CREATE MACRO worse(x) AS bad(x);
CREATE MACRO told(x, y := getvariable('a')) AS x;
CREATE MACRO table_told(x := getvariable('a')) AS TABLE SELECT x AS y;
CREATE TABLE "odd name.csv" (a INT);
CREATE MACRO query(x) AS 1;
CREATE MACRO s2.read_text(x) AS TABLE SELECT 1 AS x;
CREATE MACRO sniff_csv(x) AS TABLE SELECT 1 AS x;
CREATE MACRO tb() AS TABLE SELECT * FROM duckdb_settings();
"""
WITHIN = (
    "SELECT a, f(a) AS m FROM t",
    "FROM tm(3)",
    "SELECT told(1, y := 2)",
    "FROM table_told(5)",
    "WITH c AS (SELECT 1 AS z) SELECT * FROM c, range(3) AS r(i), t",
    "SELECT * FROM t PIVOT (count(*) FOR a IN (1, 2))",
    "UNPIVOT t ON a",
    "SELECT current_user, current_date, [x FOR x IN [1, 2] IF x > 1] AS l, a::DECIMAL(3, 1) FROM t TABLESAMPLE 10%",
    "FROM t UNION ALL BY NAME SELECT 1 AS a",
    "SELECT * FROM (SELECT 1 AS k) SEMI JOIN t ON true",
    "VALUES (1), (2)",
    'FROM "odd name.csv"',
    "SELECT unnest([1, 2]), {'a': 1}.a, COLUMNS(*) FROM t",
    "SELECT split_part(b, 'x', 1), now(), random(), string_agg(b, ',') OVER (ORDER BY a) FROM t",
    "SELECT extract(year FROM current_date), a IN (SELECT a FROM t), list_sum([1]), json_extract('{}', '$.a') FROM t",
    "WITH RECURSIVE c AS (SELECT 1 AS z UNION ALL SELECT z + 1 FROM c WHERE z < 3) FROM c",
    'SELECT 1 AS "a AS b", (SELECT 2 AS c)',
)
BEYOND = {
    "FROM duckdb_settings()": "duckdb_settings",
    "FROM duckdb_views": "duckdb_views",
    "FROM information_schema.tables": "tables",
    "FROM pg_catalog.pg_class": "pg_class",
    "SELECT bad(1)": "duckdb_views",
    "SELECT worse(1)": "duckdb_views",
    "FROM tb()": "duckdb_settings",
    "SELECT told(1)": "not told",
    "FROM table_told()": "not told",
    "FROM s2.u": "what it reads does: it calls `current_setting`",
    "SELECT current_query()": "current_query",
    "SELECT getvariable('x')": "getvariable",
    "SELECT current_setting('allowed_paths')": "current_setting",
    "SELECT pg_get_viewdef(1)": "duckdb_views",
    "FROM query('SELECT 1')": "query",
    "FROM glob('*')": "glob",
    "FROM sniff_csv('x')": "sniff_csv",
    "SELECT json_serialize_plan('SELECT 1')": "json_serialize_plan",
    "SELECT json_serialize_sql('SELECT 1')": "json_serialize_sql",
    "FROM read_text('/etc/hostname')": "read_text",
    "SELECT a FROM t WHERE (WITH duckdb_views AS (SELECT 1) SELECT true)": "engine's own",
    "WITH duckdb_views AS (FROM duckdb_views) FROM duckdb_views": "engine's own",
    "WITH pragma_database_list AS (SELECT 1) SELECT 1": "engine's own",
    "SELECT (SELECT max(size) FROM read_blob('x')) FROM t": "read_blob",
    'WITH "/x.parquet" AS (SELECT 1) FROM t': "no plain name",
    "WITH RECURSIVE told_by AS (FROM told_by UNION (FROM told_by LIMIT 0)) FROM told_by": "current_query",
    "SELECT n FROM told_by WHERE EXISTS (WITH told_by AS (SELECT 1 AS i) FROM told_by)": "current_query",
    "WITH RECURSIVE told_by AS (SELECT 'x' EXCEPT SELECT n FROM told_by) FROM told_by": "current_query",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reach") / "team.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute(SETUP)
        engine.execute("CREATE VIEW told_by AS SELECT current_query() AS n")
        for number, sql in enumerate((*WITHIN, *BEYOND)):
            engine.execute(f'CREATE VIEW "v{number} AS x" AS {sql}')
        path.with_name("x.csv").write_text("a\n1\n")
        engine.execute(f'CREATE TABLE s2."{path.parent}/x.csv" (a INT)')
        engine.execute(f'CREATE VIEW by_path AS FROM "{path.parent}/x.csv"')
        engine.execute(f'CREATE VIEW "over" AS FROM "v{len(WITHIN) + 1} AS x"')
    return path


@pytest.fixture(scope="module")
def reasons(file: Path) -> dict[str, str]:
    world = World(Resources(), databases=[file])
    reach = FileReach(world, world.alias(file))
    world.close()
    with duckdb.connect(str(file), read_only=True) as engine:
        places = engine.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() UNION ALL"
            " SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
    found = {f"{schema}.{name}".lower(): reach.beyond(schema, name) for schema, name in places}
    return {place: reason for place, reason in found.items() if reason is not None}


@pytest.mark.parametrize("sql", WITHIN)
def test_what_reads_the_file_alone_is_within(reasons: dict[str, str], sql: str) -> None:
    assert f"main.v{WITHIN.index(sql)} as x" not in reasons


@pytest.mark.parametrize("sql", BEYOND)
def test_what_reads_anything_else_is_beyond(reasons: dict[str, str], sql: str) -> None:
    assert BEYOND[sql] in reasons[f"main.v{len(WITHIN) + list(BEYOND).index(sql)} as x"]


def test_so_is_what_reads_that(reasons: dict[str, str]) -> None:
    assert reasons["main.over"].startswith("what it reads does: it reads from `duckdb_views`")
    assert "current_setting" in reasons["s2.u"]
    assert "not in the file" in reasons["main.by_path"]
    assert not reasons.keys() & {"main.t", "s2.t", "main.odd name.csv"}


@pytest.mark.parametrize("macro", ["struct_pack(n := '')", "List_Filter(a, b)", "s2.upper(x)", "nullif(a, b)"])
def test_no_view_stands_beside_a_macro_that_is_called_like_a_function_of_the_engine(tmp_path: Path, macro: str) -> None:
    path = tmp_path / "macros.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute(
            "CREATE SCHEMA s2; CREATE TABLE b AS SELECT 'x' AS n; CREATE VIEW v AS SELECT b::VARCHAR AS n FROM b"
        )
        engine.execute(f"CREATE MACRO {macro} AS current_query()")
    world = World(Resources(), databases=[path])
    reach = FileReach(world, world.alias(path))
    world.close()
    assert "called like a function of the engine" in str(reach.beyond("main", "v"))
    assert reach.beyond("main", "b") is None
    assert reach.reads_by_macros("main", "v")


def test_every_function_that_does_not_hang_on_its_arguments_alone_was_looked_at() -> None:
    told = duckdb.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE internal AND stability <> 'CONSISTENT'"
        " AND function_type IN ('scalar', 'aggregate', 'window')"
    ).fetchall()
    assert {name for (name,) in told} == OF_TIME_AND_CHANCE | OF_THE_SESSION
    assert not OF_TIME_AND_CHANCE & OF_THE_SESSION
    assert not OF_THE_SESSION & CALLABLE.keys()


OF_THE_SESSION = frozenset(
    """
    current_connection_id current_database current_query current_query_id current_schema current_schemas
    current_setting current_transaction_id currval getvariable in_search_path nextval setseed setval sleep_ms
    stats txid_current vector_type write_log
    """.split()
)
"""Those that tell of the session or the query, or do something."""

CLOSED = frozenset(
    """
    can_cast_implicitly cast_to_type combine combine_aggr finalize get_type hive_partition_component index_key invoke
    json_deserialize_sql json_serialize_plan json_serialize_sql make_type parse_duckdb_log_message path_join
    remap_struct replace_type to_aggregate_state version
    """.split()
)


def test_every_other_function_was_looked_at_too() -> None:
    told = duckdb.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE internal AND stability = 'CONSISTENT'"
        " AND function_type IN ('scalar', 'aggregate', 'window')"
    ).fetchall()
    closed = {name for (name,) in told if not is_pure(name)}
    assert {name for name in closed if not name.startswith("__internal_")} == CLOSED
    assert not closed & CALLABLE.keys()


def test_whatever_a_person_may_call_a_view_may_call(tmp_path: Path) -> None:
    path = tmp_path / "calls.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute("CREATE TABLE t (a INT)")
    with duckdb.connect(str(path)) as engine:
        for number, name in enumerate(name for name, function in CALLABLE.items() if function.kind == "scalar"):
            with_any = next(
                (args for args in ("a", "a, a", "a, a, a", "") if _binds(engine, f'"{name}"({args})')), None
            )
            if with_any is not None:
                engine.execute(f'CREATE VIEW v{number} AS SELECT "{name}"({with_any}) AS x FROM t')
        [(count,)] = engine.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall()
    world = World(Resources(), databases=[path])
    reach = FileReach(world, world.alias(path))
    world.close()
    assert [number for number in range(count) if reach.beyond("main", f"v{number}")] == []
    assert count > 100


def _binds(engine: duckdb.DuckDBPyConnection, call: str) -> bool:
    try:
        engine.execute(f"SELECT {call} FROM t LIMIT 0")
    except duckdb.Error:
        return False
    return True


def test_neither_a_crawl_nor_a_query_reads_it(file: Path) -> None:
    source = DuckDbFileConnector("team", {"path": str(file)})
    relation = f'"v{len(WITHIN)} AS x"'
    for read in (
        lambda: source.describe(f"main.{relation}"),
        lambda: source.scan(Expected(relation=f"main.{relation}", columns=())),
    ):
        with pytest.raises(SourceUnavailable, match="reaches beyond its database file: it reads from the function"):
            read()
    assert [field.name for field in source.describe('main."v0 AS x"')] == ["a", "m"]


@pytest.mark.parametrize("form", ["views", "macros", "table macros"])
def test_what_the_engine_would_unfold_without_end_is_never_looked_at(tmp_path: Path, form: str) -> None:
    path = tmp_path / "bomb.duckdb"
    create, first, last = {
        "views": ("VIEW v{n} AS {ten}", "SELECT 1 AS x", "FROM v{n}"),
        "macros": ("MACRO v{n}() AS ({ten})", "1", "SELECT v{n}()"),
        "table macros": ("MACRO v{n}() AS TABLE {ten}", "SELECT 1 AS x", "FROM v{n}()"),
    }[form]
    joint = " + " if form == "macros" else " UNION ALL "
    item = {"views": "SELECT x FROM v{n}", "macros": "v{n}()", "table macros": "SELECT x FROM v{n}()"}[form]
    with duckdb.connect(str(path)) as engine:
        for number in range(10):
            engine.execute("CREATE OR REPLACE " + create.format(n=number, ten=first))
        engine.execute(f"CREATE VIEW whole AS {last.format(n=9)}")
        engine.execute(f"CREATE VIEW fewer AS {last.format(n=3)}")
        for number in range(9, 0, -1):
            ten = joint.join([item.format(n=number - 1)] * 10)
            engine.execute("CREATE OR REPLACE " + create.format(n=number, ten=ten))
    source = DuckDbFileConnector("team", {"path": str(path)})
    with pytest.raises(SourceUnavailable, match="too many"):
        source.describe("main.whole")
    assert len(source.describe("main.fewer")) == 1
    assert len(list(source.relations())) == (12 if form == "views" else 2)


def test_sql_that_is_too_long_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "long.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute(f"CREATE VIEW one AS SELECT 1 IN ({', '.join(['1'] * 30_000)}) AS x")
        for number in range(12):
            before = f"FROM v{number - 1} UNION ALL " if number else ""
            engine.execute(f"CREATE VIEW v{number} AS {before} SELECT 1 IN ({', '.join(['1'] * 16_000)}) AS x")
    source = DuckDbFileConnector("team", {"path": str(path)})
    for relation in ("one", "v11"):
        with pytest.raises(SourceUnavailable, match="too long to be followed"):
            source.describe(f"main.{relation}")
    assert [field.name for field in source.describe("main.v2")] == ["x"]


@pytest.mark.parametrize(
    ("terms", "own", "other"),
    [(100, None, "it calls `current_setting`"), (700, "its SQL cannot be followed", "its SQL cannot be followed")],
)
def test_deep_sql_is_followed_or_refused(tmp_path: Path, terms: int, own: str | None, other: str) -> None:
    path = tmp_path / "deep.duckdb"
    texts = " || ".join(["'a'"] * terms)
    with duckdb.connect(str(path)) as engine:
        engine.execute(f"CREATE VIEW v AS SELECT {texts} AS x")
        engine.execute(f"CREATE VIEW w AS SELECT current_setting('threads') || {texts} AS x")
    world = World(Resources(), databases=[path])
    reach = FileReach(world, world.alias(path))
    world.close()
    assert [reach.beyond("main", name) for name in "vw"] == [own, other]


def test_logs_that_come_to_stand_beside_a_file_are_a_change_of_it(tmp_path: Path) -> None:
    path = tmp_path / "team.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute("CREATE TABLE t (a INT)")
    source = DuckDbFileConnector("team", {"path": str(path)})
    seen = {next(iter(source.relations())).fingerprint}
    for ending in (".wal", ".wal.checkpoint", ".wal.recovery"):
        (tmp_path / f"team.duckdb{ending}").write_bytes(b"")
        seen.add(source._fingerprint())
    assert len(seen) == 4


DOCUMENT = """
veil: 1
sources: {hr: {connector: files, path: ./data}, team: {connector: duckdb, path: ./team/team.duckdb}}
databases: {hr: {}, team: {}}
tags: {pii.ssn: {level: restricted}}
datasets:
  hr.people: {source: hr, relation: people.parquet, columns: {ssn: {tags: [pii.ssn]}}}
  team.notes: {source: team, relation: main.notes}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: hr, having: not pii.ssn, where: "name <> 'Bob'", why: no numbers}
  - {policy: b, grant: select, to: [analyst], scope: team, why: their own notes}
"""


def test_a_view_that_is_swapped_after_the_crawl_reads_no_other_source(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "team").mkdir()
    people = tmp_path / "data" / "people.parquet"
    pq.write_table(pa.table({"name": ["Ann", "Bob"], "ssn": ["SECRET-1", "SECRET-2"]}), people)
    _write(tmp_path / "team", "SELECT 'x' AS a, 'y' AS b")
    sql = "select n.* from team.notes n where exists (select 1 from hr.people)"
    with governed(tmp_path, DOCUMENT) as world:
        assert world.ask(sql, ANALYST).to_pylist() == [{"a": "x", "b": "y"}]
        for view in (
            "SELECT name AS a, value AS b FROM duckdb_settings()",
            "SELECT current_query() AS a, 'y' AS b",
            "SELECT view_name AS a, sql AS b FROM duckdb_views()",
            f"SELECT name AS a, ssn AS b FROM read_parquet('{people}')",
            f"SELECT name AS a, ssn AS b FROM '{people}'",
        ):
            _write(tmp_path / "team", view)
            with pytest.raises(VeilError) as refused:
                world.ask(sql, ANALYST)
            assert refused.value.code == "source_unavailable", view
            assert "SECRET" not in f"{refused.value.detail} {refused.value.hint}"
        _write(tmp_path / "team", "SELECT 'x' AS a, 'z' AS b")
        assert world.ask(sql, ANALYST).to_pylist() == [{"a": "x", "b": "z"}]


def _write(folder: Path, view: str) -> None:
    with duckdb.connect(str(folder / "new.duckdb")) as engine:
        engine.execute(f"CREATE OR REPLACE VIEW notes AS {view}")
    os.replace(folder / "new.duckdb", folder / "team.duckdb")


def test_a_file_that_is_replaced_during_a_query_tells_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "team").mkdir()
    pq.write_table(pa.table({"name": ["Ann"], "ssn": ["1"]}), tmp_path / "data" / "people.parquet")
    rows = "SELECT 'shown' || i AS a, i AS b FROM range(2000000) AS r(i)"
    _write(tmp_path / "team", rows)
    request = Request(sql="select * from team.notes")
    with (
        governed(tmp_path, DOCUMENT) as world,
        world.pipeline.query(ANALYST, request, decision_id="d") as answer,
    ):
        batches = iter(answer.batches())
        next(batches)
        _write(tmp_path / "team", rows)
        with pytest.raises(SourceUnavailable):
            list(batches)
