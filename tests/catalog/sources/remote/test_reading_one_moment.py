"""Where a policy looks something up in MariaDB, all of that source is read of one moment, whatever is done then."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pymysql
import pytest

from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.remote.address import resolved
from catalog.sources.remote.in_turn import Room, Turns
from catalog.sources.remote.mariadb import MariaDbSnapshot
from catalog.sources.remote.mariadb_connections import hold
from catalog.sources.remote.openers import columns_of, located, open_snapshot
from catalog.sources.remote.snapshot import RemoteTable
from catalog.sources.run import EngineRun
from catalog.sources.source_work import SourceWork
from catalog.sources.world import Resources, World
from tests.databases import Server
from tests.remote_tables import Database

TABLES = """
CREATE TABLE people (id BIGINT PRIMARY KEY); CREATE TABLE blocked (id BIGINT PRIMARY KEY);
CREATE TABLE big (id BIGINT PRIMARY KEY); CREATE TABLE blocked_b LIKE blocked;
INSERT INTO people SELECT seq FROM seq_1_to_99; INSERT INTO blocked SELECT id FROM people WHERE id >= 90;
INSERT INTO big SELECT seq FROM seq_1_to_100000; CREATE VIEW seen AS SELECT id FROM people;
CREATE VIEW seen_again AS SELECT id FROM seen;
DELIMITER //
CREATE FUNCTION same(n BIGINT) RETURNS BIGINT READS SQL DATA RETURN n //
DELIMITER ;
CREATE VIEW called AS SELECT same(id) AS id FROM people;
"""
PART = "SELECT id FROM v_big LIMIT 5"
ALLOWED = "FROM v_{0} AS p WHERE id >= 89 AND id NOT IN (SELECT id FROM v_blocked)"
SWAP = """SET lock_wait_timeout = 1; DELETE FROM blocked_b; INSERT INTO blocked_b SELECT id FROM people WHERE id >= 90;
RENAME TABLE blocked TO c, blocked_b TO blocked, c TO blocked_b"""


@pytest.fixture
def base(mariadb: Server, tmp_path: Path) -> Database:
    made = Database("mariadb", mariadb, tmp_path)
    made.run(TABLES)
    mariadb.run(f"GRANT SHOW VIEW, EXECUTE ON {made.name}.* TO {made.name}@'127.0.0.1'")
    return made


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Resources(threads=1))
    yield made
    made.close()


def ids(world: World, base: Database, sql: str) -> set[int]:
    """The ids that a query gives in this process, where the policy of what it reads looks into `blocked`."""
    remotes = {}
    for name in ("people", "blocked", "big", "seen", "seen_again", "called", *(("free",) if "v_free" in sql else ())):
        expected = Expected(relation=base.relation(name), columns=(("id", "BIGINT"),))
        remote = connect(base.source).scan(expected).remote
        assert remote is not None
        remotes[f"v_{name}"] = (remote, expected)
    work = {"v_blocked": SourceWork(is_looked_up=True)}
    run = EngineRun(world, sql, {}, Limits(seconds=60), remotes, work)
    try:
        return {row["id"] for batch in run for row in batch.to_pylist()}
    finally:
        run.close()


def before_reading(monkeypatch: pytest.MonkeyPatch, name: str, write: Callable[[], object]) -> list[str]:
    """Has something done right before a table is read; tells what was begun to be read, and what came to its end."""
    told: list[str] = []
    read = MariaDbSnapshot.read

    def noted(self: MariaDbSnapshot, table: RemoteTable, *rest: Any, **named: Any) -> Iterator[pa.RecordBatch]:
        told.append(table.name)
        if table.name == name:
            write()
        yield from read(self, table, *rest, **named)
        told.append(f"{table.name} ended")

    monkeypatch.setattr(MariaDbSnapshot, "read", noted)
    return told


def add(base: Database, number: int) -> None:
    """One transaction that adds a person and their block."""
    base.run(f"BEGIN; INSERT INTO blocked VALUES ({number}); INSERT INTO people VALUES ({number}); COMMIT")


@pytest.mark.parametrize("people", ["people", "seen", "seen_again"])
def test_scans_that_overlap_read_the_moment_of_the_lookup(
    world: World, base: Database, monkeypatch: pytest.MonkeyPatch, people: str
) -> None:
    """A part of `big` stays open, so that what comes after would have connections of its own."""
    told = before_reading(monkeypatch, people, lambda: add(base, 242))
    with_answers = f"(SELECT id, id IN (SELECT id FROM v_blocked) AS is_blocked FROM v_{people})"
    sql = f"SELECT DISTINCT p.id FROM {with_answers} AS p, ({PART}) AS k, ({PART}) AS l WHERE p.id >= 89"
    assert ids(world, base, f"{sql} AND is_blocked IS NOT TRUE") == {89}
    assert told.index("blocked ended") < told.index(people)
    assert told.count("big") == 2
    assert told.index("big") < told.index(people)
    assert not list(world.spill.iterdir())


def test_a_view_is_read_at_the_moment_of_the_lookup(
    world: World, base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bytes | str] = []
    query = pymysql.connections.Connection.query

    def noted(self: Any, sql: bytes | str, **named: Any) -> object:
        if "START TRANSACTION" in str(sql):
            begun.append(sql)
            add(base, 300 + len(begun))
        return query(self, sql, **named)

    monkeypatch.setattr(pymysql.connections.Connection, "query", noted)
    assert ids(world, base, f"SELECT id {ALLOWED}".format("seen")) == {89}
    assert begun


LOCKED = {
    "a table": ("people", "SELECT id FROM v_people WHERE id >= 99"),
    "a table after another one": ("people", "SELECT id FROM v_people WHERE id >= (SELECT max(id) - 99901 FROM v_big)"),
    "two scans at once": (
        "people",
        "SELECT DISTINCT p.id FROM v_people AS p, (SELECT id FROM v_people LIMIT 5) AS l WHERE p.id >= 99",
    ),
    "a view": ("people", "SELECT id FROM v_seen WHERE id >= 99"),
    "a view that calls": ("people", "SELECT id FROM v_called WHERE id >= 99"),
    "a view that leaves out": ("blocked", "SELECT id FROM v_free WHERE id >= 89"),
}


@pytest.mark.parametrize("how", LOCKED)
def test_what_is_written_in_the_shelter_of_a_lock_is_not_read_in_between(
    world: World, base: Database, mariadb: Server, how: str
) -> None:
    """The query comes when a row was added, or a list emptied, that is to be otherwise before anybody may see it."""
    base.run("CREATE VIEW free AS SELECT id FROM people WHERE id NOT IN (SELECT id FROM blocked)")
    table, sql = LOCKED[how]
    given: set[int] = set()
    host, port, _, _, name = base.address
    mariadb.run(f"CREATE USER IF NOT EXISTS keeper@'127.0.0.1'; GRANT ALL ON {name}.* TO keeper@'127.0.0.1'")
    with (
        closing(pymysql.connect(host=host, port=port, user="keeper", database=name, autocommit=True)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"LOCK TABLES {table} WRITE, big READ")
        cursor.execute("INSERT INTO people VALUES (500)" if table == "people" else "DELETE FROM blocked")
        query = threading.Thread(target=lambda: given.update(ids(world, base, sql)))
        query.start()
        time.sleep(1)
        refill = "INSERT INTO blocked SELECT id FROM big WHERE id BETWEEN 90 AND 99"
        cursor.execute("DELETE FROM people WHERE id = 500" if table == "people" else refill)
        cursor.execute("UNLOCK TABLES")
        query.join(timeout=60)
    assert given == ({99} if table == "people" else {89})


@pytest.mark.parametrize("name", ["blocked", "people"])
def test_what_is_looked_up_keeps_its_name_until_all_is_read(
    world: World, base: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    outcomes = []

    def swap() -> None:
        with pytest.raises(AssertionError) as caught:
            base.run(SWAP)
        outcomes.append(str(caught.value))

    before_reading(monkeypatch, name, swap)
    assert ids(world, base, f"SELECT id {ALLOWED}".format("people")) == {89}
    assert outcomes
    assert all("Lock wait timeout" in each for each in outcomes)


def test_a_swap_before_names_are_held_is_read_as_it_is_then(
    world: World, base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, swapped = hold, list[bool]()

    def late(*given: Any) -> None:
        base.run(SWAP)
        swapped.append(True)
        held(*given)

    monkeypatch.setattr("catalog.sources.remote.mariadb.hold", late)
    assert ids(world, base, f"SELECT id {ALLOWED}".format("people")) == {89}
    assert swapped


def test_a_view_made_anew_before_names_are_held_is_not_read(
    world: World, base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold

    def late(*given: Any) -> None:
        base.run("CREATE OR REPLACE VIEW seen AS SELECT same(id) AS id FROM people")
        held(*given)

    monkeypatch.setattr("catalog.sources.remote.mariadb.hold", late)
    with pytest.raises(SourceUnavailable, match="a view in it has just changed"):
        ids(world, base, f"SELECT id {ALLOWED}".format("seen"))


def test_a_view_that_calls_a_function_is_not_read_beside_a_lookup(world: World, base: Database) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read at one moment") as caught:
        ids(world, base, f"SELECT id {ALLOWED}".format("called"))
    assert "blocked" not in str(caught.value)
    assert ids(world, base, "SELECT id FROM v_called JOIN v_people USING (id)") == set(range(1, 100))


def test_a_view_of_which_nothing_is_known_can_be_looked_into_alone_and_once(
    world: World, base: Database, mariadb: Server
) -> None:
    base.run("DROP TABLE blocked; CREATE VIEW blocked AS SELECT same(id) AS id FROM people WHERE id >= 90")
    look = "SELECT x AS id FROM range(88, 95) AS r(x) WHERE x NOT IN (SELECT id FROM v_blocked)"
    assert ids(world, base, look) == {88, 89}
    with pytest.raises(SourceUnavailable, match="cannot be read at one moment"):
        ids(world, base, f"{look} UNION ALL SELECT id + 1 AS id FROM v_blocked WHERE id < 93")


@pytest.mark.parametrize("seconds", [2, 60])
def test_a_scan_that_is_read_before_its_time_can_be_stopped(base: Database, tmp_path: Path, seconds: int) -> None:
    """By the limit of the run, or when it is cancelled."""
    base.run("CREATE VIEW slow AS SELECT id FROM big WHERE id < 50000 OR sleep(1) = 0")
    options = resolved("data", base.source.options)
    turns = Turns(Room(folder=tmp_path, most_bytes=10**7))
    with closing(open_snapshot("mariadb", "data", options, seconds)) as look, closing(turns):
        assert isinstance(look, MariaDbSnapshot)
        tables = [located(look, base.relation(name)) for name in ("slow", "blocked")]
        look.one_moment(tables)
        slow, blocked = (turns.scan(look.read(table, columns_of(look, table), ())) for table in tables)
        assert next(slow).num_rows
        if seconds == 60:
            threading.Timer(1, look.cancel).start()
        begun = time.monotonic()
        for scan in (blocked, slow):
            with pytest.raises(SourceTimeout):
                next(scan)
        assert time.monotonic() - begun < 15
    del scan, slow, blocked, turns
    gc.collect()  # the driver must not go on with what was ended, which would be told here


def batch(*numbers: int) -> pa.RecordBatch:
    return pa.record_batch({"n": list(numbers)})


def numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [row["n"] for each in batches for row in each.to_pylist()]


def test_a_scan_under_way_is_kept_in_a_file_until_it_is_read(tmp_path: Path) -> None:
    turns = Turns(Room(folder=tmp_path, most_bytes=10**6))
    first = turns.scan(iter([batch(1), batch(2), batch(3)]))
    seen = next(first).to_pydict()["n"]
    assert numbers(turns.scan(iter([batch(7)]))) == [7]
    assert len(list(tmp_path.iterdir())) == 1
    assert seen + numbers(first) == [1, 2, 3]
    assert not list(tmp_path.iterdir())


def test_of_a_scan_that_was_left_the_rest_is_read_and_not_kept(tmp_path: Path) -> None:
    turns, given = Turns(Room(folder=tmp_path, most_bytes=0)), []

    def source() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            given.append(number)
            yield batch(number)

    left = turns.scan(source())
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert given == [0]
    assert numbers(turns.scan(iter([batch(7)]))) == [7]
    assert given == [0, 1, 2]


@pytest.mark.parametrize("room", [0, None])
def test_without_room_neither_scan_is_read(tmp_path: Path, room: int | None) -> None:
    turns = Turns(None if room is None else Room(folder=tmp_path, most_bytes=room))
    first = turns.scan(iter([batch(1), batch(2)]))
    next(first)
    with pytest.raises(LimitExceeded):
        numbers(turns.scan(iter([batch(7)])))
    with pytest.raises(LimitExceeded):
        next(first)
    turns.close()
    assert not list(tmp_path.iterdir())
