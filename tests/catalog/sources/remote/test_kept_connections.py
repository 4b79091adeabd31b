"""Connections to PostgreSQL are used again, and nobody finds anything of whoever used them before."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable
from catalog.registry import connect
from catalog.sources import kept as keeping
from catalog.sources.connector import Expected, Limits
from catalog.sources.kept import Kept
from catalog.sources.remote.address import resolved
from catalog.sources.remote.opened import cell_column
from catalog.sources.remote.openers import located, open_snapshot
from catalog.sources.remote.postgres import PostgresSnapshot
from catalog.sources.remote.snapshot import RemoteColumn, Snapshot
from catalog.sources.sessions import SessionCache
from catalog.sources.source_work import SourceCell
from tests.databases import Server
from tests.remote_tables import Database

SECONDS = 30
BACKENDS = "SELECT pid || ' ' || state FROM pg_stat_activity WHERE application_name = 'veil' AND datname = '{}'"


@pytest.fixture
def database(postgres: Server, tmp_path: Path) -> Database:
    made = Database("postgres", postgres, tmp_path)
    made.write("people", [("id", "BIGINT"), ("name", "VARCHAR")], [(1, "Ann"), (2, "Bob")])
    return made


@pytest.fixture
def kept() -> Iterator[Kept]:
    with closing(Kept()) as made:
        yield made


def opened(database: Database, kept: Kept, seconds: float = 60) -> Snapshot:
    return open_snapshot("postgres", "data", resolved("data", database.source.options), seconds, kept)


def read(snapshot: Snapshot, database: Database, *more: RemoteColumn) -> list[tuple[object, ...]]:
    table = located(snapshot, database.relation("people"))
    columns = [*snapshot.columns(table), *more]
    return [tuple(row.values()) for batch in snapshot.read(table, columns, []) for row in batch.to_pylist()]


def backends(postgres: Server, database: Database) -> dict[str, str]:
    rows = postgres.run(BACKENDS.format(database.name)).splitlines()
    return {pid: state for pid, _, state in (row.partition(" ") for row in rows)}


def asked(connection: Any, sql: str) -> object:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_a_look_takes_the_connections_that_the_one_before_has_left(
    database: Database, kept: Kept, postgres: Server
) -> None:
    found = []
    for _ in range(3):
        with closing(opened(database, kept)) as snapshot:
            assert read(snapshot, database) == [(1, "Ann"), (2, "Bob")]
        found.append(backends(postgres, database))
    assert len(found[0]) == 3
    assert set(found[0].values()) == {"idle"}
    assert found == [found[0]] * 3


def test_what_may_ask_for_settings_of_the_account_is_read_by_those_of_now(database: Database, kept: Kept) -> None:
    """A connection that was left has those with which it began, so that two scans of one query would go by two."""
    own = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I SET veil.tenant = {}', current_database()); END $$"
    database.run(own.format(1))
    with closing(opened(database, kept)) as snapshot:
        assert len(read(snapshot, database)) == 2
    database.run(
        "ALTER TABLE people ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON people USING (id = current_setting('veil.tenant', true)::bigint)"
    )
    database.run(own.format(2))
    with closing(opened(database, kept)) as snapshot:
        assert read(snapshot, database) == [(2, "Bob")]
        assert read(snapshot, database) == [(2, "Bob")]


def test_each_look_sees_what_there_is_when_it_begins(database: Database, kept: Kept) -> None:
    with closing(opened(database, kept)) as snapshot:
        read(snapshot, database)
    database.run("INSERT INTO people VALUES (3, 'Cid');")
    with closing(opened(database, kept)) as snapshot:
        assert len(read(snapshot, database)) == 3


def test_nothing_of_a_look_stays_in_its_connections(database: Database, kept: Kept) -> None:
    key = {"k_test_i": bytes(range(64))}
    cell = SourceCell(
        name="cell",
        type="VARCHAR",
        columns=("name",),
        sql="encode((SELECT decode(current_setting('veil.k_test_i'), 'hex')), 'hex')",
        keys=key,
    )
    with closing(opened(database, kept, seconds=7)) as snapshot:
        columns = snapshot.columns(located(snapshot, database.relation("people")))
        assert {row[-1] for row in read(snapshot, database, cell_column(cell, columns))} == {key["k_test_i"].hex()}
    left = [connection for _ in range(4) if (connection := kept.take(database.url)) is not None]
    assert len(left) == 3
    for connection in left:
        with closing(connection):
            assert not asked(connection, "SELECT current_setting('veil.k_test_i', true)")
            assert not asked(connection, "SELECT current_setting('veil.pad', true)")
            assert asked(connection, "SELECT current_setting('statement_timeout')") == "0"
            assert asked(connection, "SELECT current_setting('transaction_read_only')") == "off"


def test_a_connection_that_the_server_has_ended_is_not_missed(database: Database, kept: Kept, postgres: Server) -> None:
    with closing(opened(database, kept)) as snapshot:
        read(snapshot, database)
    before = backends(postgres, database)
    for pid in before:
        postgres.run(f"SELECT pg_terminate_backend({pid})")
    with closing(opened(database, kept)) as snapshot:
        assert len(read(snapshot, database)) == 2
    assert not set(before) & set(backends(postgres, database))


def test_each_look_has_its_own_limit_of_time(database: Database, kept: Kept) -> None:
    slow = RemoteColumn(name="slow", type="VARCHAR", expression="pg_sleep(1.2)::text")
    with closing(opened(database, kept, seconds=60)) as snapshot:
        read(snapshot, database)
    with closing(opened(database, kept, seconds=1)) as snapshot, pytest.raises(SourceTimeout):
        read(snapshot, database, slow)
    with closing(opened(database, kept, seconds=60)) as snapshot:
        assert len(read(snapshot, database, slow)) == 2


def test_a_look_that_was_cancelled_leaves_nothing(database: Database, kept: Kept, postgres: Server) -> None:
    with closing(opened(database, kept)) as snapshot:
        snapshot.cancel()
    assert kept.take(database.url) is None
    assert backends(postgres, database) == {}


def test_connections_end_with_the_world_that_keeps_them(database: Database, postgres: Server) -> None:
    sessions = SessionCache(connect)
    expected = Expected(relation=database.relation("people"), columns=(("id", "BIGINT"), ("name", "VARCHAR")))
    session = sessions.open([(database.source, expected)])
    sql = f"FROM {session.physical_name('data', expected.relation)}"
    for _ in range(2):
        assert sum(batch.num_rows for batch in session.run(sql, {}, Limits(seconds=SECONDS))) == 2
    assert backends(postgres, database)
    sessions.close()
    deadline = time.monotonic() + SECONDS
    while backends(postgres, database) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert backends(postgres, database) == {}


def test_old_connections_and_too_many_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Line:
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    lines = [Line() for _ in range(6)]
    kept = Kept()
    for line in lines:
        kept.give("here", line)
    assert [line.is_closed for line in lines] == [False] * 4 + [True] * 2
    assert kept.take("there") is None
    assert kept.take("here") is lines[3]
    monkeypatch.setattr(keeping, "_SECONDS", 0.0)
    assert kept.take("here") is None
    assert [line.is_closed for line in lines[:3]] == [True] * 3
    again = Line()
    monkeypatch.setattr(keeping, "_SECONDS", 0.3)
    begun = time.monotonic()
    kept.give("here", again)
    while kept.take("here") is again:  # however often it is used
        kept.give("here", again)
        time.sleep(0.05)
        assert time.monotonic() - begun < 5
    assert again.is_closed
    kept.close()
    late = Line()
    kept.give("here", late)
    assert late.is_closed


def test_another_server_at_the_address_is_refused(database: Database, kept: Kept) -> None:
    """One that took the place of the first between two connections has other rows, and began at another moment."""
    with closing(opened(database, kept)) as snapshot:
        assert isinstance(snapshot, PostgresSnapshot)
        snapshot._connections._started = "2026-01-01 00:00:00.123456+00"
        with pytest.raises(SourceUnavailable, match="leads to another server than a moment ago"):
            read(snapshot, database)


def test_one_look_has_a_bounded_number_of_connections(
    database: Database, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.sources.remote.connection_limit._MOST", 1)
    with closing(opened(database, kept)) as snapshot, pytest.raises(LimitExceeded, match="at the same time"):
        read(snapshot, database)
