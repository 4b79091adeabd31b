"""A table of PostgreSQL that is emptied, altered or made anew during a query is never read as if it were empty."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import pytest
from adbc_driver_postgresql.dbapi import Connection

from catalog.errors import SourceUnavailable, VeilError
from catalog.registry import connect
from catalog.sources.connector import Expected
from catalog.sources.remote.opened import OpenedRemotes
from tests.catalog.sources.postgres.refreshes import (
    EMPTIED,
    FILL,
    LABELLED,
    LEVELS,
    LOOKED_UP,
    REFILL,
    REFRESHES,
    SWAPPED,
    TABLE,
    VIEWED,
)
from tests.databases import Server
from tests.remote_tables import Database

CHANGED = "a table or view of source `data` was emptied, altered or made anew while it was read"


@pytest.fixture
def database(postgres: Server, tmp_path: Path) -> Database:
    return Database("postgres", postgres, tmp_path)


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def opened(
    database: Database, seconds: float = 60, columns: Sequence[tuple[str, str]] = (("id", "INTEGER"),)
) -> OpenedRemotes:
    expected = Expected(relation="public.blocked", columns=tuple(columns))
    remote = connect(database.source).scan(expected).remote
    assert remote is not None
    return OpenedRemotes({"v_1": (remote, expected)}, seconds)


@pytest.mark.parametrize("how", REFRESHES)
def test_a_refresh_in_between_is_noticed(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection, how: str
) -> None:
    made, refresh = REFRESHES[how]
    database.run(made)
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        postgres.run(f"BEGIN; {refresh}; COMMIT", database.name)
        with pytest.raises(duckdb.Error):
            engine.execute("FROM v_1").fetchall()
        assert isinstance(remotes.failure, SourceUnavailable)
        assert str(remotes.failure) == CHANGED


@pytest.mark.parametrize("how", REFRESHES)
def test_a_refresh_before_is_read(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection, how: str
) -> None:
    made, refresh = REFRESHES[how]
    database.run(made)
    postgres.run(f"BEGIN; {refresh}; COMMIT", database.name)
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        assert len(engine.execute("FROM v_1").fetchall()) == (0 if how in EMPTIED else 10)


@pytest.mark.parametrize(
    "write",
    [
        f"DELETE FROM blocked; {FILL}",
        "ANALYZE blocked",
        "GRANT SELECT ON blocked TO PUBLIC",
        "VACUUM blocked",
        "CREATE INDEX ON blocked (id)",
        "CREATE TABLE other (id integer)",
    ],
)
def test_whatever_a_snapshot_keeps_is_read_on(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection, write: str
) -> None:
    database.run(TABLE)
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        postgres.run(write, database.name)
        assert len(engine.execute("FROM v_1").fetchall()) == 10


NO_CALL = f"{LOOKED_UP}; CREATE OR REPLACE VIEW blocked AS SELECT id FROM list"
LABELS = f"{LABELLED} CREATE TABLE blocked AS SELECT {LEVELS}; CREATE TABLE blocked_new (id integer)"


@pytest.mark.parametrize(
    ("made", "write"),
    [
        *((LOOKED_UP, write) for write in (f"DELETE FROM list; {REFILL}", "ANALYZE list", "VACUUM list")),
        (LOOKED_UP, "CREATE TEMP TABLE a ()"),
        *((made, write) for made in (NO_CALL, LABELS) for write in ("CREATE TABLE other ()", "TRUNCATE blocked_new")),
    ],
)
def test_what_does_not_matter_to_what_is_called_is_read_on(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection, made: str, write: str
) -> None:
    database.run(made)
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        postgres.run(write, database.name)
        assert len(engine.execute("FROM v_1").fetchall()) == 10


def test_what_others_may_does_not_matter_to_a_view(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection
) -> None:
    database.run(VIEWED)
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        role = f"{database.name}_other"
        postgres.run(f'CREATE ROLE "{role}"; GRANT pg_monitor TO "{role}"; ALTER ROLE "{role}" SET veil.a = 1')
        assert len(engine.execute("FROM v_1").fetchall()) == 10


def test_settings_of_the_server_that_are_read_anew_are_noticed(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection
) -> None:
    """They hold in transactions under way as well."""
    database.run(VIEWED)
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        before = postgres.run("SELECT pg_conf_load_time()", database.name)
        postgres.run("SELECT pg_reload_conf()", database.name)
        while postgres.run("SELECT pg_conf_load_time()", database.name) == before:
            time.sleep(0.01)
        with pytest.raises(duckdb.Error):
            engine.execute("FROM v_1").fetchall()
        assert str(remotes.failure) == CHANGED


def test_a_view_of_a_sequence_is_of_no_moment(database: Database, engine: duckdb.DuckDBPyConnection) -> None:
    """Every snapshot has the number of now."""
    database.run(
        f"{VIEWED}; CREATE SEQUENCE last; CREATE OR REPLACE VIEW blocked AS"
        " SELECT id FROM list WHERE id <= (SELECT last_value FROM last) + 100"
    )
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        with pytest.raises(duckdb.Error):
            engine.execute("FROM v_1").fetchall()
        assert str(remotes.failure) == "a view of source `data` reads a sequence, whose number is of no moment"


def test_labels_that_change_places_during_a_scan_are_noticed_before_their_rows_come(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection
) -> None:
    """No lock keeps them, as locks keep a table."""
    database.run(
        f"{LABELLED} CREATE TABLE blocked AS SELECT i AS id, 'open'::level AS state FROM generate_series(1, 3000000) i"
    )
    with closing(opened(database, columns=(("state", "VARCHAR"),))) as remotes:
        remotes.register(engine, "FROM v_1")
        reader = engine.sql("SELECT state FROM v_1").to_arrow_reader(1000)
        shown = set(reader.read_next_batch().column(0).to_pylist())
        postgres.run(f"BEGIN; {SWAPPED}; COMMIT", database.name)

        def read_on() -> None:
            for batch in reader:
                shown.update(batch.column(0).to_pylist())

        with pytest.raises((duckdb.Error, OSError)):
            read_on()
        assert str(remotes.failure) == CHANGED
    assert shown == {"open"}


def test_a_refresh_waits_for_a_scan_that_has_begun(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection
) -> None:
    database.run("CREATE TABLE blocked AS SELECT generate_series(1, 3000000) AS id")
    refused = "DO $$ BEGIN SET LOCAL lock_timeout = 100; TRUNCATE blocked; RAISE 'not locked';"
    refused += " EXCEPTION WHEN lock_not_available THEN NULL; END $$"
    with closing(opened(database)) as remotes:
        remotes.register(engine, "FROM v_1")
        reader = engine.sql("FROM v_1").to_arrow_reader(1000)
        first = reader.read_next_batch().num_rows
        postgres.run(refused, database.name)
        assert first + sum(batch.num_rows for batch in reader) == 3_000_000


def test_a_scan_waits_for_a_refresh_no_longer_than_it_may(
    database: Database, postgres: Server, engine: duckdb.DuckDBPyConnection
) -> None:
    database.run(TABLE)
    with closing(opened(database, seconds=0.5)) as remotes, closing(connected(database, postgres)) as writer:
        remotes.register(engine, "FROM v_1")
        with closing(writer.cursor()) as cursor:
            cursor.execute("TRUNCATE blocked")
        with pytest.raises(duckdb.Error):
            engine.execute("FROM v_1").fetchall()
        assert isinstance(remotes.failure, VeilError)
        assert str(remotes.failure) == "source `data` was stopped after 0.5 seconds"


def connected(database: Database, postgres: Server) -> Connection:
    return adbc.connect(postgres.url(database.name, "postgres"))
