"""A query that blows up in its worker harms nobody else, and workers come and go without a trace."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from catalog.errors import LimitExceeded, SettingsInvalid, SourceTimeout, SourceUnavailable, SqlInvalid, SqlUnsupported
from catalog.registry import connect
from catalog.sources.connector import Limits
from catalog.sources.engine import EngineSession
from catalog.sources.sessions import SessionCache
from catalog.sources.world import Resources
from tests.catalog.sources.workers.ground import (
    ENDLESS,
    PATIENT,
    ask,
    cache,
    eventually,
    is_gone,
    kill,
    probed,
    resident_bytes,
)

HUNGRY = (
    "SELECT list_sum(range(2000000000))",
    "SELECT length(repeat('x', 4000000000))",
    "SELECT length(repeat(repeat('x', 1000000), 3000))",
    "SELECT list(range::VARCHAR || repeat('x', 1000)) FROM range(100000000)",
)


class Stop(Exception):
    """The reason that a test gives for a cancel."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[EngineSession]:
    with cache(tmp_path) as made:
        yield made.open([])


@pytest.mark.parametrize("sql", HUNGRY)
def test_what_needs_too_much_memory_harms_nobody_else(session: EngineSession, sql: str) -> None:
    other = iter(session.run(ENDLESS, {}, PATIENT))
    next(other)
    with pytest.raises(LimitExceeded, match="more memory"):
        ask(session, sql)
    assert next(other).num_rows
    other.close()  # type: ignore[attr-defined]
    assert ask(session, "SELECT 1") == [1]


def test_crash_of_the_engine_is_told_and_harms_nobody_else(session: EngineSession) -> None:
    other = iter(session.run(ENDLESS, {}, PATIENT))
    next(other)
    with pytest.raises(SqlUnsupported, match="the engine crashed on this statement"):
        ask(session, "SELECT probe('crash()')")
    assert next(other).num_rows
    other.close()  # type: ignore[attr-defined]
    assert ask(session, "SELECT 1") == [1]


@pytest.mark.parametrize(
    "sql", ["SELECT " + "(" * 900 + "1" + ")" * 900, "SELECT " + "[" * 900 + "1" + "]" * 900, "WITH " * 900]
)
def test_deep_nesting_ends_in_an_error_or_an_answer(session: EngineSession, sql: str) -> None:
    with contextlib.suppress(SqlInvalid, SqlUnsupported, LimitExceeded, SourceTimeout):
        assert len(ask(session, sql, Limits(seconds=2))) == 1
    assert ask(session, "SELECT 1") == [1]


def test_endless_recursion_is_stopped_in_time(session: EngineSession) -> None:
    sql = "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
    with pytest.raises(SourceTimeout):
        ask(session, sql, Limits(seconds=0.3))
    with pytest.raises(SourceTimeout, match="after 60 seconds"):
        ask(session, sql, Limits(seconds=60, spent=59.7))


def test_what_cannot_be_interrupted_is_killed_when_its_time_is_over(session: EngineSession) -> None:
    pid = int(probed(session, "os.getpid()"))
    with pytest.raises(SourceTimeout, match="was stopped"):
        ask(session, "SELECT probe('be_deaf()')", Limits(seconds=0.2))
    assert eventually(lambda: is_gone(pid))
    assert ask(session, "SELECT 1") == [1]


def test_what_cannot_be_interrupted_is_killed_when_it_is_cancelled(session: EngineSession) -> None:
    run = session.run("SELECT probe('be_deaf()')", {}, PATIENT)
    threading.Timer(0.2, lambda: run.cancel(Stop())).start()
    with pytest.raises(Stop):
        list(run)
    assert ask(session, "SELECT 1") == [1]


def test_cancelled_run_leaves_its_worker_fit_for_the_next(session: EngineSession) -> None:
    pid = probed(session, "os.getpid()")
    batches = iter(session.run(ENDLESS, {}, PATIENT))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert probed(session, "os.getpid()") == pid


def test_worker_killed_in_the_middle_never_looks_like_an_end(session: EngineSession) -> None:
    pid = int(probed(session, "os.getpid()"))
    batches = iter(session.run(ENDLESS, {}, PATIENT))
    next(batches)
    kill(pid)
    with pytest.raises(LimitExceeded, match="ended by the system"):
        for _ in batches:
            pass
    assert eventually(lambda: is_gone(pid))
    assert ask(session, "SELECT 1") == [1]


def test_idle_worker_that_was_killed_is_not_used_again(session: EngineSession) -> None:
    pid = int(probed(session, "os.getpid()"))
    kill(pid)
    assert ask(session, "SELECT 1") == [1]
    assert eventually(lambda: is_gone(pid))


def test_fork_server_that_dies_is_started_again(session: EngineSession) -> None:
    batches = iter(session.run(ENDLESS, {}, PATIENT))
    next(batches)
    server = int(probed(session, "os.getppid()"))
    kill(server)
    with pytest.raises(SourceUnavailable, match="the engine was stopped"):
        for _ in batches:
            pass
    assert ask(session, "SELECT 1") == [1]
    assert int(probed(session, "os.getppid()")) != server


def test_worker_of_a_fork_server_that_died_does_not_harm_the_next(tmp_path: Path) -> None:
    with cache(tmp_path) as one, cache(tmp_path) as other:
        kill(int(probed(one.open([]), "os.getppid()")))
        session = other.open([])
        pid = probed(session, "os.getpid()")
        one.close()
        assert probed(session, "os.getpid()") == pid


def test_worker_is_used_again_and_keeps_its_world(tmp_path: Path) -> None:
    with cache(tmp_path) as made:
        session = made.open([])
        before = {str(path) for path in tmp_path.rglob("veil-*")}
        assert len({probed(session, "os.getpid()") for _ in range(5)}) == 1
        assert {str(path) for path in tmp_path.rglob("veil-*")} == before


def test_a_slow_reader_holds_a_worker_and_no_more_than_a_batch_of_memory(session: EngineSession) -> None:
    pid = int(probed(session, "os.getpid()"))
    batches = iter(session.run(ENDLESS, {}, PATIENT))
    next(batches)
    before = resident_bytes(pid)
    time.sleep(0.5)
    assert resident_bytes(pid) - before < 50e6
    assert probed(session, "os.getpid()") != str(pid)
    batches.close()  # type: ignore[attr-defined]


def test_statements_wait_for_a_worker_and_not_for_ever(tmp_path: Path) -> None:
    with cache(tmp_path, workers=2) as made:
        session = made.open([])
        slow = [iter(session.run(ENDLESS, {}, PATIENT)) for _ in range(2)]
        for each in slow:
            next(each)
        with pytest.raises(SourceTimeout):
            ask(session, "SELECT 1", Limits(seconds=0.2))
        threading.Timer(0.3, slow[0].close).start()  # type: ignore[attr-defined]
        assert ask(session, "SELECT 1") == [1]
        slow[1].close()  # type: ignore[attr-defined]


def test_many_statements_run_at_once(tmp_path: Path) -> None:
    with cache(tmp_path, workers=6) as made, ThreadPoolExecutor(16) as clients:
        session = made.open([])
        found = clients.map(lambda number: ask(session, f"SELECT {number}"), range(64))
        assert list(found) == [[number] for number in range(64)]


def test_idle_workers_end_and_leave_nothing(tmp_path: Path) -> None:
    with cache(tmp_path, idle_seconds=0.1) as made:
        pid = int(probed(made.open([]), "os.getpid()"))
        assert eventually(lambda: is_gone(pid))
        assert eventually(lambda: list(tmp_path.iterdir()) == [])


def left_after_tidying(made: SessionCache, folder: Path) -> list[Path]:
    """What lies in the folder after tidying."""
    made.tidy()
    return list(folder.iterdir())


def test_killed_workers_leave_no_spilled_data(tmp_path: Path) -> None:
    with cache(tmp_path) as made:
        session = made.open([])
        pid = int(probed(session, "os.getpid()"))
        assert len(list(tmp_path.iterdir())) == 1
        kill(pid)
        assert eventually(lambda: not left_after_tidying(made, tmp_path))


_SERVER = """
import sys, time
from pathlib import Path
from tests.catalog.sources.workers.ground import ENDLESS, PATIENT, cache, probed
with cache(Path(sys.argv[1])) as made:
    session = made.open([])
    print(probed(session, "os.getpid()"), probed(session, "os.getppid()"), flush=True)
    batches = iter(session.run(ENDLESS, {}, PATIENT))
    next(batches)
    print("streaming", flush=True)
    time.sleep(60)
"""


def test_server_that_is_killed_takes_everything_with_it(tmp_path: Path) -> None:
    house = Path(__file__).parents[4]
    spill = tmp_path / "spill"
    spill.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, spill], cwd=house, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        pids = [int(pid) for pid in server.stdout.readline().split()]
        assert server.stdout.readline() == "streaming\n"
        assert len(pids) == 2
        assert len(list(spill.iterdir())) == 1
        server.kill()
    assert eventually(lambda: all(map(is_gone, pids)))
    assert eventually(lambda: list(spill.iterdir()) == [])


@pytest.mark.parametrize("resources", [Resources(memory="much"), Resources(spill="0"), Resources(memory="50%")])
def test_impossible_sizes_are_refused_at_once(resources: Resources) -> None:
    with pytest.raises(SettingsInvalid, match="is no size"):
        SessionCache(connect, resources)


WIDE = "repeat('x', 4000) || range"
ODD = (
    "['a', NULL, repeat('y', 200)]",
    "{'a': range, 'b': repeat('z', 150)}",
    "MAP {range: repeat('k', 90)}",
    "union_value(a := range)::UNION(a BIGINT, b VARCHAR)",
    "[]::UNION(a INTEGER)[]",
    "CASE WHEN range % 3 = 0 THEN NULL ELSE {'a': [{'z': repeat('d', 77)}]} END",
    "[range::DOUBLE, 1]::DOUBLE[2]",
    "(range % 2)::VARCHAR::ENUM('0', '1')",
    "range % 2 = 0",
    "NULL",
)


def test_wide_rows_come_a_few_at_a_time(session: EngineSession) -> None:
    limits = Limits(seconds=60, batch_rows=65_536)
    batches = list(session.run(f"SELECT {WIDE} AS a FROM range(20000)", {}, limits))
    assert max(batch.nbytes for batch in batches) <= 8 * 2**20
    assert pa.Table.from_batches(batches)["a"].to_pylist() == ["x" * 4000 + str(number) for number in range(20_000)]


def test_wide_rows_of_every_type_come_as_they_are(session: EngineSession) -> None:
    columns = ", ".join(f"{sql} AS c{place}" for place, sql in enumerate(ODD))
    limits = Limits(seconds=60, batch_rows=65_536)

    def told(more: str) -> list[dict[str, object]]:
        run = session.run(f"SELECT {columns}{more} FROM range(6000)", {}, limits)
        batches = list(run)
        for batch in batches:
            batch.validate(full=True)
        found = pa.Table.from_batches(batches).select([f"c{place}" for place in range(len(ODD))])
        return [dict(row) for row in found.to_pylist()]

    assert told(f", {WIDE} AS wide") == told("")


def test_a_row_that_is_too_wide_is_refused_and_the_worker_goes_on(session: EngineSession) -> None:
    with pytest.raises(LimitExceeded, match="a row of the result has more than 64 MiB"):
        ask(session, "SELECT repeat('x', 80000000)")
    assert ask(session, "SELECT length(repeat('x', 80000000))") == [80_000_000]
    assert ask(session, "SELECT length(a) FROM (SELECT repeat('x', 60000000) AS a)") == [60_000_000]
    assert len(str(ask(session, "SELECT repeat('x', 60000000)")[0])) == 60_000_000


def test_names_and_types_that_are_too_large_are_refused(session: EngineSession) -> None:
    """A type holds the names of a struct's fields, and a short query may repeat it for each of thousands of columns."""

    def repeated(columns: int) -> str:
        struct = "{'" + "a" * 60_000 + "': 1}"
        return f"WITH t AS (SELECT {struct} AS s) SELECT {', '.join(f's AS c{n}' for n in range(columns))} FROM t"

    for columns in (80, 400):
        with pytest.raises(LimitExceeded, match="names and types of the result's columns have more than 4 MiB") as told:
            ask(session, repeated(columns))
        assert "fewer columns" in told.value.hint
    assert ask(session, repeated(60)) == [{"a" * 60_000: 1}]
    assert ask(session, f"SELECT {', '.join(f'{n} AS column_with_a_name_{n}' for n in range(5_000))}") == [0]


def test_enumerations_that_are_too_large_are_refused(session: EngineSession) -> None:
    """The words of an enumeration come once for each of its columns, however few rows there are."""

    def repeated(columns: int) -> str:
        enumeration = f"ENUM ('{'a' * 60_000}', 'b')"
        shown = ", ".join(f"s AS c{n}" for n in range(columns))
        return f"WITH t AS (SELECT 'b'::{enumeration} AS s) SELECT {shown} FROM t"

    for columns in (400, 1_500):
        with pytest.raises(
            LimitExceeded, match="words of the enumerations in the result have more than 16 MiB"
        ) as told:
            ask(session, repeated(columns))
        assert "cast them to VARCHAR" in told.value.hint
    assert ask(session, repeated(200)) == ["b"]
