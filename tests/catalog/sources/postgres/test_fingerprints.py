"""When a table of PostgreSQL has a fingerprint, and what changes it: where writes do not show, it has none."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database as CatalogDatabase
from catalog.model import Source
from catalog.registry import connect
from crawler.crawl import crawl
from tests.databases import Server, postgres_standby
from tests.remote_tables import Database


def fingerprint(source: Source, table: str) -> str:
    [found] = connect(source).relations(table)
    return found.fingerprint


def other_than(source: Source, table: str, before: str) -> bool:
    """Whether it changes within the time that the server takes to count."""
    deadline = time.monotonic() + 20
    while (now := fingerprint(source, table)) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    return now != before


@contextmanager
def standing(server: Server, database: str, setting: str, undone: str) -> Iterator[None]:
    server.run(setting, database)
    try:
        yield
    finally:
        server.run(undone, database)


def test_a_plain_table_has_one_that_stays(source: Source, made: Callable[[str], str]) -> None:
    table = made("CREATE TABLE $t (a int); INSERT INTO $t VALUES (1); SELECT pg_stat_force_next_flush()")
    assert fingerprint(source, table)
    assert fingerprint(source, table) == fingerprint(source, table)


@pytest.mark.parametrize("whose", ["DATABASE clinic", "ROLE postgres", "ROLE postgres IN DATABASE clinic"])
def test_there_is_none_where_somebody_may_write_uncounted(
    source: Source, postgres: Server, database: str, made: Callable[[str], str], whose: str
) -> None:
    table = made("CREATE TABLE $t (a int)")
    with standing(postgres, database, f"ALTER {whose} SET track_counts = off", f"ALTER {whose} RESET track_counts"):
        assert fingerprint(source, table) == ""
    assert fingerprint(source, table)


def test_there_is_none_where_the_server_counts_nothing(
    source: Source, postgres: Server, database: str, made: Callable[[str], str]
) -> None:
    table = made("CREATE TABLE $t (a int)")
    reload = "; SELECT pg_reload_conf()"
    with standing(
        postgres, database, "ALTER SYSTEM SET track_counts = off" + reload, "ALTER SYSTEM RESET track_counts" + reload
    ):
        deadline = time.monotonic() + 20
        while fingerprint(source, table) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert fingerprint(source, table) == ""
    assert other_than(source, table, "")


def test_counts_that_began_anew_are_others(
    source: Source, postgres: Server, database: str, made: Callable[[str], str]
) -> None:
    table = made("CREATE TABLE $t (a int)")
    before = fingerprint(source, table)
    postgres.run("SELECT pg_stat_reset()", database)
    assert other_than(source, table, before)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TYPE $t_kind AS ENUM ('x'); CREATE TABLE $t (a $t_kind)",
        "CREATE TABLE $t (a int); ALTER TABLE $t ENABLE ROW LEVEL SECURITY",
        "CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER $s FOREIGN DATA WRAPPER file_fdw;"
        " CREATE FOREIGN TABLE $t (a text) SERVER $s OPTIONS (filename '/dev/null')",
        "CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER $s FOREIGN DATA WRAPPER file_fdw;"
        " CREATE TABLE $t (a text) PARTITION BY LIST (a);"
        " CREATE FOREIGN TABLE $t_part PARTITION OF $t DEFAULT SERVER $s OPTIONS (filename '/dev/null')",
    ],
    ids=["enum", "policy", "foreign", "foreign part"],
)
def test_there_is_none_where_cells_may_change_without_a_write(
    source: Source, postgres: Server, database: str, made: Callable[[str], str], sql: str
) -> None:
    server = f"s{time.monotonic_ns()}"
    try:
        assert fingerprint(source, made(sql.replace("$s", server))) == ""
    finally:
        postgres.run(f"DROP SERVER IF EXISTS {server} CASCADE", database)


def test_there_is_none_of_a_view(source: Source) -> None:
    assert fingerprint(source, "lab.names") == ""


def test_there_is_none_of_tables_that_others_than_the_server_keep(
    source: Source, postgres: Server, database: str, made: Callable[[str], str]
) -> None:
    making = "CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler"
    with standing(postgres, database, making, "DROP ACCESS METHOD other CASCADE"):
        assert fingerprint(source, made("CREATE TABLE $t (a int) USING other")) == ""


@pytest.mark.parametrize(
    ("sql", "then"),
    [
        ("CREATE TABLE $t_kid () INHERITS ($t)", "INSERT INTO $t_kid VALUES (1)"),
        ("CREATE TABLE $t_kid (LIKE $t); INSERT INTO $t_kid VALUES (1)", "ALTER TABLE $t_kid INHERIT $t"),
        ("CREATE TABLE $t_kid () INHERITS ($t); INSERT INTO $t_kid VALUES (1)", "TRUNCATE $t_kid"),
        (
            "CREATE TABLE $t_kid () INHERITS ($t); CREATE TABLE $t_grandkid () INHERITS ($t_kid)",
            "INSERT INTO $t_grandkid VALUES (1)",
        ),
    ],
    ids=["insert", "inherit", "truncate", "insert below"],
)
def test_rows_of_children_are_rows_of_their_table(
    source: Source, postgres: Server, database: str, made: Callable[[str], str], sql: str, then: str
) -> None:
    table = made(f"CREATE TABLE $t (a int); {sql}; SELECT pg_stat_force_next_flush()")
    before = fingerprint(source, table)
    assert before
    postgres.run(f"{then}; SELECT pg_stat_force_next_flush()".replace("$t", table), database)
    assert other_than(source, table, before)


@pytest.mark.parametrize("way", ["", "CONCURRENTLY"])
def test_a_materialized_view_has_one_that_tells_of_each_refresh(
    source: Source, postgres: Server, database: str, made: Callable[[str], str], way: str
) -> None:
    of = made("CREATE TABLE $t (a int); INSERT INTO $t VALUES (1)")
    table = made(f"CREATE MATERIALIZED VIEW $t AS SELECT a FROM {of}; CREATE UNIQUE INDEX ON $t (a)")
    try:
        before = fingerprint(source, table)
        assert before
        sql = f"UPDATE {of} SET a = 2; REFRESH MATERIALIZED VIEW {way} {table}; SELECT pg_stat_force_next_flush()"
        postgres.run(sql, database)
        assert other_than(source, table, before)
    finally:
        postgres.run(f"DROP MATERIALIZED VIEW {table}", database)


def test_a_standby_is_looked_at_again_each_time(primary: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("standby")
    database = Database("postgres", primary, folder)
    database.run(
        "CREATE TABLE people (id int, note text); INSERT INTO people SELECT i, 'n' || i FROM generate_series(1, 60) i"
    )
    with postgres_standby(primary) as standby, Catalog(folder / "catalog.db") as catalog:
        file = folder / "standby.url"
        file.write_text(standby.url(database.name, database.name))
        Datasets(catalog).put_source(Source(name="data", connector="postgres", options={"url_file": str(file)}))
        Datasets(catalog).put_database(CatalogDatabase(name="d"))

        def found() -> set[str]:
            told = crawl(catalog, "data", into="d", by="ada")
            assert told.failed == ()
            return {each.tag for one in told.crawled for each in one.suggestions}

        assert found() == set()
        at = primary.run(
            "UPDATE people SET note = 'kim' || id || '@example.com'; SELECT pg_current_wal_lsn()", database.name
        ).strip()
        deadline = time.monotonic() + 20
        while standby.run(f"SELECT pg_last_wal_replay_lsn() >= '{at}'").strip() != "t":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert found() == {"pii.email_address"}
