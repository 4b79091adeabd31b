"""Views of a server that run what somebody has made there, or read what it keeps for itself, show nothing hidden."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from catalog.errors import VeilError
from crawler.crawl import crawl
from crawler.report import CrawlReport
from tests.databases import Server
from tests.proxy.world import ANALYST, World, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {secret.note: {level: restricted}}
datasets: {shop.t: {source: data, relation: TABLE, columns: {note: {tags: [secret.note]}}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
"""
TABLES = """
CREATE TABLE t (id int, note text); INSERT INTO t SELECT 1, 'HIDDEN-7' FROM generate_series(1, 50); ANALYZE t;
CREATE TABLE r (id int, name text, at timestamptz); INSERT INTO r VALUES (1, 'pub', '2026-01-02');
CREATE FUNCTION note_of(i int) RETURNS text LANGUAGE sql STABLE AS 'select note from public.t where id = i limit 1';
CREATE FUNCTION notes() RETURNS SETOF t LANGUAGE sql STABLE AS 'select * from public.t';
CREATE FUNCTION told() RETURNS TABLE (i int, n text) LANGUAGE plpgsql STABLE AS
  'begin return query select * from public.t; end';
CREATE FUNCTION lying(i int) RETURNS text LANGUAGE sql IMMUTABLE AS 'select note from public.t where id = i limit 1';
CREATE FUNCTION beside(a int, b int) RETURNS text LANGUAGE sql STABLE AS 'select public.note_of(a)';
CREATE OPERATOR ### (leftarg = int, rightarg = int, function = beside);
CREATE FUNCTION step(a text, b int) RETURNS text LANGUAGE sql STABLE AS 'select public.note_of(b)';
CREATE AGGREGATE noted(int) (sfunc = step, stype = text, initcond = '');
CREATE TYPE kind AS ENUM ('a');
CREATE FUNCTION written(k kind) RETURNS text LANGUAGE sql STABLE AS 'select public.note_of(1)';
CREATE CAST (kind AS text) WITH FUNCTION written(kind);
CREATE FUNCTION knows(i int) RETURNS bool LANGUAGE sql STABLE AS 'select exists (select from public.t where id = i)';
CREATE DOMAIN sly AS int CHECK (knows(VALUE)); CREATE DOMAIN slyer AS sly;
CREATE DOMAIN slyest AS int CHECK (VALUE::sly IS NOT NULL);
CREATE TYPE slyr AS RANGE (subtype = sly); CREATE TYPE holding AS (n slyer);
CREATE DOMAIN at_once AS int CHECK (VALUE < 7 OR VALUE > pg_size_bytes(current_setting('work_mem')));
CREATE DOMAIN word AS text CHECK (VALUE ~ '^[a-z]+$' AND length(VALUE) < 9);
CREATE SEQUENCE numbers; CREATE EXTENSION citext; CREATE TABLE e (id int, name citext); INSERT INTO e VALUES (1, 'A')
"""
CALLING = {
    "a function": "SELECT r.id, note_of(r.id) AS n FROM r",
    "a function of nothing": "SELECT note_of(1) AS n",
    "a function that is said to be immutable": "SELECT lying(r.id) AS n FROM r",
    "a function in a condition": "SELECT r.id FROM r WHERE note_of(r.id) LIKE 'H%'",
    "a function in a query within": "SELECT (SELECT max(note_of(r.id)) FROM r) AS n",
    "rows of a function": "SELECT f.id, f.note AS n FROM notes() f",
    "rows of a program": "SELECT * FROM told()",
    "rows beside a table": "SELECT r.id, x.n FROM r, told() x WHERE r.id = x.i",
    "an operator": "SELECT r.id ### 1 AS n FROM r",
    "an aggregate": "SELECT noted(r.id) AS n FROM r",
    "an aggregate over a window": "SELECT noted(r.id) OVER (ORDER BY r.at) AS n FROM r",
    "a cast": "SELECT ('a'::kind)::text AS n",
    "a domain": "SELECT r.id::sly AS n FROM r",
    "a domain of a domain, in a list": "SELECT ('{' || r.id || '}')::slyer[] AS n FROM r",
    "a domain that casts to another one": "SELECT r.id::slyest AS n FROM r",
    "a domain of ranges": "SELECT ('{[' || r.id || ',' || r.id || ']}')::slyr_multirange::text AS n FROM r",
    "a domain within a row": "SELECT (json_populate_record(NULL::holding, json_build_object('n', r.id))).n AS n FROM r",
    "a domain that reads settings": "SELECT r.id::at_once AS n FROM r",
    "a table by its name": "SELECT (xpath('//note', table_to_xml('t'::regclass, true, false, '')))[1]::text AS n",
    "a query by its text": "SELECT query_to_xml('select note from public.t', true, true, '')::text AS n",
    "the words of a query": "SELECT word FROM ts_stat('select to_tsvector(note) from public.t')",
    "a setting that it makes": "SELECT current_setting('a.b') AS n FROM t WHERE set_config('a.b', note, false) <> ''",
    "a view that calls": "SELECT loud.n || '!' AS n FROM loud",
}
SEQUENCE = "a sequence"
KEPT = {
    "statistics": "SELECT attname::text AS col, most_common_vals::text AS vals FROM pg_stats WHERE tablename = 't'",
    "statistics, as they lie": "SELECT stavalues1::text AS vals FROM pg_statistic WHERE starelid = 't'::regclass",
    "activity": "SELECT query, state FROM pg_stat_activity",
    "the schema of information": "SELECT table_name::text AS n FROM information_schema.tables",
    SEQUENCE: "SELECT last_value AS n FROM numbers",
    "what is laid aside": "SELECT chunk_seq AS n FROM TOAST",
    "a view of statistics": "SELECT vals AS n FROM statistic",
}
CLEAR = {
    "plain columns": "SELECT id, name FROM r",
    "functions of the server": "SELECT id, upper(name) || '!' AS loud, length(name), to_char(at, 'YYYY') AS y FROM r",
    "what is stable": "SELECT id, concat(name, id), date_trunc('day', at), at::date, now() FROM r",
    "aggregates": "SELECT name, count(*) AS n, string_agg(name, ',' ORDER BY id), max(at) FROM r GROUP BY 1",
    "a window": "SELECT id, row_number() OVER (ORDER BY at) AS n, lag(name) OVER (ORDER BY at) AS before FROM r",
    "an extension's operators in C": "SELECT id, name FROM e WHERE name = 'a'",
    "a domain that looks at its text": "SELECT id, name::word AS name, ARRAY[name::word]::text AS l FROM r",
    "a view of a view": 'SELECT id AS "at :funcid 9" FROM plain',
}


def names(ways: dict[str, str], prefix: str) -> dict[str, str]:
    return {way: f"{prefix}{number}" for number, way in enumerate(ways)}


CALLING_NAMES, KEPT_NAMES, CLEAR_NAMES = names(CALLING, "calling"), names(KEPT, "kept"), names(CLEAR, "clear")


@pytest.fixture(scope="module")
def crawled(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, CrawlReport]]:
    """A database of all of these views, crawled; its owner may read all, and the account what is in its schema."""
    folder = tmp_path_factory.mktemp("anything")
    database = Database("postgres", postgres, folder)
    database.run(TABLES)
    toast = postgres.run("SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 't'::regclass", database.name)
    made = [
        "CREATE VIEW loud AS SELECT note_of(1) AS n",
        "CREATE VIEW statistic AS SELECT most_common_vals::text AS vals FROM pg_stats",
        "CREATE VIEW plain AS SELECT * FROM r",
        f"CREATE MATERIALIZED VIEW kept AS {KEPT['statistics']}",
    ]
    for ways, called in ((CALLING, CALLING_NAMES), (KEPT, KEPT_NAMES), (CLEAR, CLEAR_NAMES)):
        made += [f"CREATE VIEW {called[way]} AS {sql.replace('TOAST', toast.strip())}" for way, sql in ways.items()]
    database.run("; ".join(made))
    document = DOCUMENT.replace("SOURCE", database.shown).replace("TABLE", database.relation("t"))
    with governed(folder, document) as world:
        yield world, crawl(world.catalog, "data", into="shop", by="max")


def tags_of(world: World, name: str) -> set[frozenset[str]]:
    """The sets of tags that columns of a dataset have."""
    dataset = world.datasets.dataset("shop", name)
    assert dataset is not None
    assert dataset.columns
    return {(column.confirmed | column.suggested) & {"secret.note"} for column in dataset.columns}


READ = [way for way in KEPT if way != SEQUENCE]


def test_a_view_of_a_sequence_is_no_dataset(crawled: tuple[World, CrawlReport]) -> None:
    """Its number is of no moment."""
    world, report = crawled
    name = KEPT_NAMES[SEQUENCE]
    told = [each.reason for each in report.failed if each.relation == f"public.{name}"]
    assert told == ["a view of source `data` reads a sequence, whose number is of no moment"]
    with pytest.raises(VeilError, match=f"no dataset `shop.{name}`"):
        world.ask(f"select * from shop.{name}")


@pytest.mark.parametrize(
    "name",
    [*CALLING_NAMES.values(), *(KEPT_NAMES[way] for way in READ), "kept"],
    ids=[*CALLING, *READ, "statistics that are kept"],
)
def test_a_view_that_may_show_anything_has_every_tag_and_shows_nothing_of_it(
    crawled: tuple[World, CrawlReport], name: str
) -> None:
    world, report = crawled
    assert tags_of(world, name) == {frozenset({"secret.note"})}
    assert [each for each in report.unclear if each.relation == f"shop.{name}" and "from anything" in each.reason]
    with pytest.raises(VeilError, match=f"no dataset `shop.{name}`"):
        world.ask(f"select * from shop.{name}")


@pytest.mark.parametrize("name", CLEAR_NAMES.values(), ids=CLEAR)
def test_a_view_of_tables_and_the_servers_own_functions_is_shown(crawled: tuple[World, CrawlReport], name: str) -> None:
    world, _ = crawled
    assert tags_of(world, name) == {frozenset()}
    assert world.ask(f"select * from shop.{name}", ANALYST).num_rows == 1


JSON = """
CREATE TABLE t (id int, note text); INSERT INTO t VALUES (1, 'HIDDEN-7'); CREATE TYPE one AS ENUM ('1');
CREATE TABLE r (id int, e one); INSERT INTO r VALUES (1, '1');
CREATE FUNCTION noted(i one) RETURNS json LANGUAGE sql STABLE
  AS 'SELECT to_json(note) FROM public.t WHERE id = i::text::int';
CREATE CAST (one AS json) WITH FUNCTION noted(one)
"""
MADE = (
    "to_json(e)::text",
    "row_to_json(r)::text",
    "jsonb_build_object('a', e)::text",
    "json_agg(e)::text",
    "array_to_json(ARRAY[e])::text",
)


@pytest.mark.parametrize("made", MADE)
def test_what_makes_json_may_call_a_cast_that_no_view_names(tmp_path: Path, postgres: Server, made: str) -> None:
    database = Database("postgres", postgres, tmp_path)
    group = "GROUP BY id" if "agg" in made else ""
    database.run(f"{JSON}; CREATE VIEW v AS SELECT id, {made} AS n FROM r {group}")
    assert "HIDDEN-7" in postgres.run("SELECT n FROM v", database.name)
    document = DOCUMENT.replace("SOURCE", database.shown).replace("TABLE", database.relation("t"))
    with governed(tmp_path, document) as world:
        crawl(world.catalog, "data", into="shop", by="max")
        assert tags_of(world, "v") == {frozenset({"secret.note"})}
        assert tags_of(world, "r") == {frozenset()}


GENERATED = """
CREATE TABLE t (id int, note text); INSERT INTO t VALUES (1, 'HIDDEN-7');
CREATE FUNCTION lying(i int) RETURNS text LANGUAGE sql IMMUTABLE AS 'select note from public.t where id = i limit 1';
CREATE FUNCTION beside(a int, b int) RETURNS text LANGUAGE sql IMMUTABLE AS 'select public.lying(a)';
CREATE OPERATOR ### (leftarg = int, rightarg = int, function = beside);
CREATE TABLE calling (id int, loud text GENERATED ALWAYS AS (upper('a' || id)) STORED,
  n text GENERATED ALWAYS AS (lying(id)) STORED); INSERT INTO calling VALUES (1);
CREATE TABLE operating (id int, loud int GENERATED ALWAYS AS (abs(id)) STORED,
  n text GENERATED ALWAYS AS (id ### 1) STORED); INSERT INTO operating VALUES (1);
CREATE TABLE above (id int, loud text, n text); CREATE TABLE below (n text GENERATED ALWAYS AS (lying(id)) STORED)
  INHERITS (above); INSERT INTO below VALUES (1);
CREATE VIEW reading AS SELECT id, n AS m FROM calling; CREATE VIEW passing AS SELECT id, loud FROM calling;
CREATE VIEW unclear AS SELECT id, loud FROM calling, LATERAL (SELECT lying(1)) x
"""


def test_a_generated_column_that_calls_what_may_read_anything_has_every_tag(tmp_path: Path, postgres: Server) -> None:
    database = Database("postgres", postgres, tmp_path)
    database.run(GENERATED)
    document = DOCUMENT.replace("SOURCE", database.shown).replace("TABLE", database.relation("t"))
    with governed(tmp_path, document) as world:
        report = crawl(world.catalog, "data", into="shop", by="max")
        shown = {}
        for name in ("calling", "operating", "passing", "reading", "above", "unclear"):
            try:
                shown[name] = world.ask(f"select * from shop.{name}", ANALYST).column_names
            except VeilError as error:
                shown[name] = [error.detail[:10]]
    plain = ["id", "loud"]
    refused = ["no dataset"]
    assert shown["calling"] == shown["operating"] == shown["passing"] == plain
    assert (shown["reading"], shown["unclear"], shown["above"]) == (refused, refused, plain)
    told = {each.relation for each in report.unclear if "it may read from anything" in each.reason}
    assert told >= {"shop.calling", "shop.operating", "shop.reading", "shop.unclear"}


MARIADB_KEPT = {
    "statistics of columns": "SELECT column_name AS n, max_value AS most FROM mysql.column_stats WHERE db_name = '{0}'",
    "statistics of tables": "SELECT table_name AS n FROM mysql.innodb_table_stats",
    "what is run": "SELECT info AS n FROM information_schema.processlist",
    "what is measured": "SELECT sql_text AS n FROM performance_schema.events_statements_current",
    "what is told of all that": "SELECT current_statement AS n FROM sys.processlist",
    "a view of statistics": "SELECT most AS n FROM statistic",
    "a file": "SELECT load_file('/var/lib/mysql/t.MYD') AS n",
    "a sequence": "SELECT NEXT VALUE FOR numbers AS n",
    "what another part of it leaves": "SELECT last_insert_id() AS n FROM t WHERE last_insert_id(id)",
}
MARIADB_UNREAD = {"what is told of all that", "a sequence"}
"""What the account may not read, or no transaction that only reads."""
MARIADB_CLEAR = {
    "plain columns": "SELECT id, name FROM r",
    "functions of the server": "SELECT id, upper(name) AS loud, elt(1, name), date_format(now(), '%Y') FROM r",
    "aggregates": "SELECT name, count(*) AS n, group_concat(name) FROM r GROUP BY 1",
}
MARIADB_NAMES = {**names(MARIADB_KEPT, "kept"), **names(MARIADB_CLEAR, "clear")}


@pytest.fixture(scope="module")
def of_mariadb(mariadb: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A database of MariaDB with all of these views, which the server's owner has made, crawled."""
    folder = tmp_path_factory.mktemp("mariadb")
    database = Database("mariadb", mariadb, folder)
    database.run(
        "CREATE TABLE t (id int, note varchar(20)); INSERT INTO t SELECT seq, 'HIDDEN-7' FROM seq_1_to_50;"
        " ANALYZE TABLE t PERSISTENT FOR ALL; CREATE SEQUENCE numbers; CREATE TABLE r (id int, name varchar(9));"
        " INSERT INTO r VALUES (1, 'pub'); CREATE VIEW statistic AS SELECT max_value AS most FROM mysql.column_stats;"
        f" GRANT SHOW VIEW ON {database.name}.* TO {database.name}@'127.0.0.1'"
    )
    for way, sql in (MARIADB_KEPT | MARIADB_CLEAR).items():
        database.run(f"CREATE VIEW {MARIADB_NAMES[way]} AS {sql.format(database.name)}")
    document = DOCUMENT.replace("SOURCE", database.shown).replace("TABLE", database.relation("t"))
    with governed(folder, document) as world:
        crawl(world.catalog, "data", into="shop", by="max")
        yield world


@pytest.mark.parametrize("way", MARIADB_KEPT)
def test_of_mariadb_too_a_view_of_what_the_server_keeps_has_every_tag(of_mariadb: World, way: str) -> None:
    if way not in MARIADB_UNREAD:
        assert tags_of(of_mariadb, MARIADB_NAMES[way]) == {frozenset({"secret.note"})}
    with pytest.raises(VeilError, match="no dataset"):
        of_mariadb.ask(f"select * from shop.{MARIADB_NAMES[way]}")


@pytest.mark.parametrize("way", MARIADB_CLEAR)
def test_of_mariadb_too_a_view_of_tables_is_shown(of_mariadb: World, way: str) -> None:
    assert tags_of(of_mariadb, MARIADB_NAMES[way]) == {frozenset()}
    assert of_mariadb.ask(f"select * from shop.{MARIADB_NAMES[way]}").num_rows == 1


FILES_KEPT = {
    "sqlite": (
        "SELECT stat AS n FROM sqlite_stat1",
        "SELECT sql AS n FROM sqlite_schema",
        "SELECT name AS n FROM sqlite_master",
    ),
    "duckdb": (
        "SELECT table_name AS n FROM information_schema.tables",
        "SELECT sql AS n FROM duckdb_tables",
        "SELECT relname AS n FROM pg_catalog.pg_class",
        "SELECT sql AS n FROM sqlite_master",
        "SELECT stats AS n FROM pragma_storage_info('t')",
    ),
}


@pytest.mark.parametrize(("kind", "sql"), [(kind, sql) for kind, some in FILES_KEPT.items() for sql in some])
def test_of_files_too_a_view_of_what_the_engine_keeps_shows_nothing(tmp_path: Path, kind: str, sql: str) -> None:
    script = (
        "CREATE TABLE t (id int, note text); INSERT INTO t VALUES (1, 'HIDDEN-7'); CREATE INDEX i ON t (note); ANALYZE;"
        f" CREATE VIEW u AS {sql}"
    )
    file = tmp_path / f"t.{kind}"
    if kind == "sqlite":
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(script)
    else:
        with duckdb.connect(str(file)) as engine:
            engine.execute(script)
    document = DOCUMENT.replace("SOURCE", f"{{connector: {kind}, path: {file}}}").replace("TABLE", "main.t")
    with governed(tmp_path, document) as world:
        crawl(world.catalog, "data", into="shop", by="max")
        if kind == "sqlite":  # the engine of the other would look beyond the file, and such a view is not registered
            assert tags_of(world, "u") == {frozenset({"secret.note"})}
        with pytest.raises(VeilError, match="no dataset"):
            world.ask("select * from shop.u")
