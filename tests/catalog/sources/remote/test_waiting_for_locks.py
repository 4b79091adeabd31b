"""A scan waits for a lock as long as its query may take while that holds no table, and briefly from then on."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pymysql
import pytest

from catalog.errors import SourceUnavailable
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.remote.address import resolved
from catalog.sources.remote.locks import Locked, Locks
from catalog.sources.remote.mariadb import MariaDbSnapshot
from catalog.sources.remote.openers import located, open_snapshot
from catalog.sources.remote.postgres import PostgresSnapshot
from catalog.sources.remote.snapshot import Snapshot
from catalog.sources.run import EngineRun
from catalog.sources.world import Resources, World
from tests.databases import Server
from tests.remote_tables import Database

SECONDS = 60
LOCKED = "a table in it is locked"
NUMBERS = {"postgres": "SELECT generate_series(1, {}) AS id", "mariadb": "SELECT seq AS id FROM seq_1_to_{}"}
KINDS = pytest.mark.parametrize("kind", ["postgres", "mariadb"])
PARTS = "(SELECT id FROM v_people LIMIT 5) AS k, (SELECT id FROM v_big LIMIT 5) AS l"
OVERLAPPING = f"SELECT DISTINCT p.id FROM v_big AS p, {PARTS} WHERE p.id < 10"
"""A scan of `big` is not read on while `people` is read."""


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(kind)
    return found


@pytest.fixture
def base(server: Server, tmp_path: Path) -> Database:
    return made(server, tmp_path)


@pytest.fixture
def world() -> Iterator[World]:
    opened = World(Resources(threads=1))
    yield opened
    opened.close()


def made(server: Server, folder: Path) -> Database:
    base = Database(server.kind, server, folder)
    numbers = NUMBERS[server.kind]
    base.run(f"CREATE TABLE people AS {numbers.format(99)}; CREATE TABLE big AS {numbers.format(600_000)}")
    return base


@contextmanager
def locked(base: Database, server: Server, table: str = "people") -> Iterator[None]:
    """Within it the table is somebody else's."""
    if server.kind == "postgres":
        with closing(adbc.connect(server.url(base.name, "postgres"))) as connection, closing(connection.cursor()) as at:
            at.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    else:
        host, port, _, _, name = base.address
        server.run(
            f"CREATE USER IF NOT EXISTS locker@'127.0.0.1'; GRANT SELECT, LOCK TABLES ON {name}.* TO locker@'127.0.0.1'"
        )
        with closing(pymysql.connect(host=host, port=port, user="locker", database=name)) as connection:
            connection.query(f"LOCK TABLES {table} WRITE")
            yield


def look_at(base: Database, locks: Locks | None = None, seconds: float = SECONDS) -> Snapshot:
    return open_snapshot(base.kind, "data", resolved("data", base.source.options), seconds, None, locks)


def ids(look: Snapshot, base: Database, table: str = "people") -> Iterator[pa.RecordBatch]:
    found = located(look, base.relation(table))
    return look.read(found, look.columns(found), ())


def begin_locked(monkeypatch: pytest.MonkeyPatch, stack: list[Any], kind: str, base: Database, server: Server) -> None:
    """Has somebody lock `people` right before it is read."""
    of = PostgresSnapshot if kind == "postgres" else MariaDbSnapshot
    read = of.read

    def noted(self: Any, table: Any, *rest: Any, **named: Any) -> Iterator[pa.RecordBatch]:
        if table.name == "people" and not stack:
            stack.append(locked(base, server))
            asking = threading.Thread(target=stack[0].__enter__)  # it may wait for the query, and the query for it
            asking.start()
            asking.join(timeout=1)
            if asking.is_alive():
                stack.append(asking)
        yield from read(self, table, *rest, **named)

    monkeypatch.setattr(of, "read", noted)


@KINDS
@pytest.mark.parametrize("are_two", [False, True])
def test_a_query_that_holds_a_table_waits_briefly_for_another_one(
    kind: str,
    world: World,
    base: Database,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    are_two: bool,
) -> None:
    """Also where that is in another source."""
    other = made(server, tmp_path) if are_two else base
    sources = {"v_big": (base, base.source), "v_people": (other, replace(other.source, name="other"))}
    remotes = {}
    for physical, (of, source) in sources.items():
        connector = connect(source if are_two else base.source)
        relation = of.relation(physical.removeprefix("v_"))
        [field] = connector.describe(relation)
        expected = Expected(relation=relation, columns=(("id", field.type),))
        remote = connector.scan(expected).remote
        assert remote is not None
        remotes[physical] = (remote, expected)
    stack: list[Any] = []
    begin_locked(monkeypatch, stack, kind, other, server)
    run = EngineRun(world, OVERLAPPING, {}, Limits(seconds=SECONDS), remotes)
    begun = time.monotonic()
    try:
        with pytest.raises(SourceUnavailable, match=LOCKED):
            list(run)
        assert stack
        assert time.monotonic() - begun < SECONDS / 3
    finally:
        run.close()
        for asking in stack[1:]:
            asking.join(timeout=SECONDS)
        for lock in stack[:1]:
            lock.__exit__(None, None, None)


@KINDS
def test_the_first_scan_of_a_query_waits_as_long_as_that_may_take(kind: str, base: Database, server: Server) -> None:
    given: list[int] = []
    with closing(look_at(base)) as look:
        scan = threading.Thread(target=lambda: given.extend(batch.num_rows for batch in ids(look, base)))
        with locked(base, server):
            scan.start()
            scan.join(timeout=5)
            assert scan.is_alive()
        scan.join(timeout=SECONDS)
        assert sum(given) == 99


@KINDS
def test_after_its_scans_a_query_waits_again_as_long_as_it_may_take(kind: str, base: Database, server: Server) -> None:
    locks = Locks()
    with closing(look_at(base, locks)) as look:
        scan = ids(look, base, "big")
        assert next(scan).num_rows
        assert locks.are_held()
        with locked(base, server), pytest.raises(Locked):
            next(ids(look, base))
        for _ in scan:
            pass
        assert not locks.are_held()


@KINDS
def test_a_scan_that_is_left_holds_nothing(kind: str, base: Database) -> None:
    locks = Locks()
    with closing(look_at(base, locks)) as look:
        scan = ids(look, base, "big")
        next(scan)
        scan.close()  # type: ignore[attr-defined]
        assert not locks.are_held()


@pytest.mark.parametrize("kind", ["mariadb"])
def test_names_are_held_for_a_lookup_as_soon_as_all_are_free(kind: str, base: Database, server: Server) -> None:
    locks = Locks()
    with closing(look_at(base, locks)) as look:
        assert isinstance(look, MariaDbSnapshot)
        tables = [located(look, base.relation(name)) for name in ("big", "people")]
        with locked(base, server):
            held = threading.Thread(target=look.one_moment, args=(tables,))
            held.start()
            time.sleep(1)
            server.run("SET lock_wait_timeout = 10; ALTER TABLE big ADD COLUMN z INT", base.name)
            assert held.is_alive()
            assert not locks.are_held()
        held.join(timeout=SECONDS)
        assert locks.are_held()
        assert sum(batch.num_rows for batch in ids(look, base)) == 99


@pytest.mark.parametrize("kind", ["mariadb"])
def test_a_scan_that_has_ended_keeps_no_table_from_being_changed(kind: str, base: Database, server: Server) -> None:
    """What the query reads after it is of the same moment, or not read at all."""
    change = "SET lock_wait_timeout = 1; "
    with closing(look_at(base)) as look:
        scan = ids(look, base, "big")
        next(scan)
        with pytest.raises(AssertionError, match="Lock wait timeout"):
            server.run(f"{change} ALTER TABLE big ADD COLUMN z INT", base.name)
        assert sum(batch.num_rows for batch in scan)
        server.run(f"{change} ALTER TABLE big ADD COLUMN z INT; DELETE FROM big", base.name)
        assert sum(batch.num_rows for batch in ids(look, base, "big")) == 600_000
        server.run(f"{change} TRUNCATE big", base.name)
        with pytest.raises(SourceUnavailable, match="has changed"):
            list(ids(look, base, "big"))


@pytest.mark.parametrize("kind", ["postgres"])
def test_what_a_view_locks_while_it_is_read_is_waited_for_as_well(kind: str, base: Database, server: Server) -> None:
    base.run("""
      CREATE FUNCTION ids() RETURNS SETOF integer STABLE LANGUAGE plpgsql SECURITY DEFINER
      AS 'BEGIN RETURN QUERY SELECT p.id FROM public.people AS p; END'; CREATE VIEW called AS SELECT ids() AS id""")
    locks = Locks()
    with closing(look_at(base, locks)) as look:
        with locked(base, server):
            given: list[int] = []
            scan = threading.Thread(target=lambda: given.extend(b.num_rows for b in ids(look, base, "called")))
            scan.start()
            scan.join(timeout=4)
            assert scan.is_alive()
        scan.join(timeout=SECONDS)
        assert sum(given) == 99
        with closing(ids(look, base, "big")) as other, locked(base, server):  # type: ignore[type-var]
            next(other)
            with pytest.raises(Locked, match=LOCKED):
                list(ids(look, base, "called"))


def test_what_is_refused_at_once_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tries(monkeypatch, takes=0) == 1


def test_no_attempt_begins_after_the_time_of_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tries(monkeypatch, takes=2) == 5


def tries(monkeypatch: pytest.MonkeyPatch, takes: float) -> int:
    """How often a scan of a query of nine seconds is tried that is refused each time, after so many seconds."""
    now, tried = [0.0], 0
    monkeypatch.setattr("catalog.sources.remote.locks.time.monotonic", lambda: now[0])
    try:
        for attempt in Locks().attempts(9):
            with attempt:
                tried += 1
                now[0] += takes
                raise Locked("no")
    except Locked:
        return tried
    return 0
