"""Sessions are shared while nothing changes, bounded, and never taken away from a run under way."""

import gc
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from catalog.errors import Internal, LimitExceeded, SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits, Scan
from catalog.sources.files.connector import FilesConnector
from catalog.sources.sessions import SessionCache
from catalog.sources.states import Watched, state
from catalog.sources.world import Resources

NUMBERS = Expected(relation="n.csv", columns=(("n", "BIGINT"),))


@pytest.fixture
def lake(tmp_path: Path) -> Source:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake/n.csv").write_text("n,m\n1,2\n2,3\n")
    (tmp_path / "lake/o.csv").write_text("n\n7\n")
    return Source(name="lake", connector="files", options={"path": str(tmp_path / "lake")})


@pytest.fixture
def base(tmp_path: Path) -> Source:
    with duckdb.connect(str(tmp_path / "base.db")) as connection:
        connection.execute("CREATE TABLE names AS SELECT 2 AS n, 'two' AS name")
    return Source(name="base", connector="duckdb", options={"path": str(tmp_path / "base.db")})


def eventually(is_so: Callable[[], bool]) -> bool:
    for _ in range(100):
        if is_so():
            return True
        time.sleep(0.02)
    return False


def test_same_relations_share_a_session_in_any_order(lake: Source) -> None:
    cache = SessionCache(connect)
    other = Expected(relation="o.csv", columns=(("n", "BIGINT"),))
    first = cache.open([(lake, NUMBERS), (lake, other)])
    assert cache.open([(lake, other), (lake, NUMBERS)]) is first
    assert cache.open([(lake, NUMBERS)]) is not first


def test_files_that_are_written_all_the_while_are_refused(lake: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    other, scan, scans = Expected(relation="o.csv", columns=(("n", "BIGINT"),)), FilesConnector.scan, list[str]()

    def scanned(self: FilesConnector, expected: Expected) -> Scan:
        found = scan(self, expected)
        scans.append(expected.relation)
        Path(lake.options["path"], expected.relation).write_text("n,m\n" + "1,2\n" * len(scans))
        return found

    cache = SessionCache(connect)
    with monkeypatch.context() as patch:
        patch.setattr(FilesConnector, "scan", scanned)
        with pytest.raises(SourceUnavailable, match="written while they were looked at"):
            cache.open([(lake, NUMBERS), (lake, other)])
    assert len(scans) == 10
    assert cache.open([(lake, NUMBERS), (lake, other)])


def test_changed_file_is_read_anew(lake: Source) -> None:
    cache = SessionCache(connect)
    first = cache.open([(lake, NUMBERS)])
    file = Path(lake.options["path"]) / "n.csv"
    file.write_text("n,m\n9,9\n")
    os.utime(file, (1, 1))
    second = cache.open([(lake, NUMBERS)])
    assert second is not first
    assert [
        batch.to_pylist() for batch in second.run(f"FROM {second.physical_name('lake', 'n.csv')}", {}, Limits())
    ] == [[{"n": 9}]]


def test_session_is_current_for_as_long_as_its_files_stay_and_it_is_kept(lake: Source) -> None:
    cache = SessionCache(connect, capacity=1)
    session = cache.open([(lake, NUMBERS)])
    assert cache.is_current(session)
    file = Path(lake.options["path"]) / "n.csv"
    file.write_text("n,m\n9,9\n")
    os.utime(file, (1, 1))
    assert not cache.is_current(session)
    again = cache.open([(lake, NUMBERS)])
    assert cache.is_current(again)
    cache.open([(lake, Expected(relation="o.csv", columns=(("n", "BIGINT"),)))])
    assert not cache.is_current(again), "it was let go for another"


def test_session_of_a_file_that_is_gone_is_told_like_opening_it(lake: Source) -> None:
    cache = SessionCache(connect)
    session = cache.open([(lake, NUMBERS)])
    (Path(lake.options["path"]) / "n.csv").unlink()
    with pytest.raises(SourceUnavailable):
        cache.is_current(session)


def test_files_and_databases_join_in_one_session(lake: Source, base: Source) -> None:
    names = Expected(relation="main.names", columns=(("n", "INTEGER"), ("name", "VARCHAR")))
    session = SessionCache(connect).open([(lake, NUMBERS), (base, names)])
    left, right = session.physical_name("lake", "n.csv"), session.physical_name("base", "main.names")
    run = session.run(f"SELECT name FROM {left} JOIN {right} USING (n)", {}, Limits())
    assert [batch.to_pylist() for batch in run] == [[{"name": "two"}]]


def test_two_datasets_on_one_relation_are_opened_once(lake: Source) -> None:
    more = Expected(relation="n.csv", columns=(("n", "BIGINT"), ("m", "BIGINT")))
    session = SessionCache(connect).open([(lake, NUMBERS), (lake, more)])
    assert session.run(f"FROM {session.physical_name('lake', 'n.csv')}", {}, Limits()).schema.names == ["n", "m"]
    with pytest.raises(SourceUnavailable, match="different types"):
        SessionCache(connect).open([(lake, NUMBERS), (lake, Expected(relation="n.csv", columns=(("n", "VARCHAR"),)))])


def test_relation_that_is_not_open_has_no_name(lake: Source) -> None:
    with pytest.raises(Internal):
        SessionCache(connect).open([(lake, NUMBERS)]).physical_name("lake", "o.csv")


def test_session_over_nothing_runs_plain_sql() -> None:
    run = SessionCache(connect).open([]).run("SELECT 1 AS one", {}, Limits())
    assert [batch.to_pylist() for batch in run] == [[{"one": 1}]]


def test_run_outlives_its_session_leaving_the_cache(lake: Source) -> None:
    cache = SessionCache(connect, capacity=1)
    session = cache.open([(lake, NUMBERS)])
    name = session.physical_name("lake", "n.csv")
    batches = iter(session.run(f"SELECT range FROM range(1000000), {name}", {}, Limits(batch_rows=1000)))
    next(batches)
    cache.open([])
    del session
    cache.close()
    gc.collect()
    assert sum(batch.num_rows for batch in batches) > 1_000_000


def test_idle_session_lets_its_database_file_go(base: Source) -> None:
    cache = SessionCache(connect, idle_seconds=0.1)
    cache.open([(base, Expected(relation="main.names", columns=(("n", "INTEGER"),)))])

    def can_be_written() -> bool:
        try:
            with duckdb.connect(base.options["path"]):
                return True
        except duckdb.Error:
            return False

    assert not can_be_written()
    assert eventually(can_be_written)


def test_query_that_needs_too_much_is_stopped_by_its_limits(tmp_path: Path) -> None:
    resources = Resources(memory="40MB", spill="1MB", threads=1, folder=tmp_path)
    run = (
        SessionCache(connect, resources)
        .open([])
        .run("SELECT list(md5(range::VARCHAR)) AS t FROM range(5000000)", {}, Limits())
    )
    with pytest.raises(LimitExceeded):
        list(run)


def test_spilled_data_is_closed_to_others_and_leaves_nothing(tmp_path: Path) -> None:
    cache = SessionCache(connect, Resources(folder=tmp_path))
    cache.open([])
    [spill] = tmp_path.iterdir()
    assert spill.stat().st_mode & 0o077 == 0
    cache.close()
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_sessions_serve_many_threads_at_once(lake: Source) -> None:
    cache = SessionCache(connect)
    counts: list[int] = []

    def read() -> None:
        for _ in range(5):
            session = cache.open([(lake, NUMBERS)])
            run = session.run(f"FROM {session.physical_name('lake', 'n.csv')}", {}, Limits(seconds=20))
            counts.append(pa.Table.from_batches(run, schema=run.schema).num_rows)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2] * 30


@pytest.mark.parametrize("how", ["written", "replaced", "linked", "gone"])
def test_session_over_one_file_is_current_until_that_is_another(lake: Source, how: str) -> None:
    cache = SessionCache(connect)
    session = cache.open([(lake, NUMBERS)])
    file = Path(lake.options["path"]) / "n.csv"
    (file.parent / "p.csv").write_text("n,m\n1,2\n2,3\n")
    assert cache.is_current(session), "another file makes no difference"
    if how == "written":
        file.write_text("n,m\n1,2\n2,4\n")
        os.utime(file, (1, 1))
    elif how == "replaced":
        os.utime(file.parent / "p.csv", ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
        (file.parent / "p.csv").rename(file)
    else:
        file.unlink()
        if how == "linked":
            file.symlink_to(file.parent / "o.csv")
    if how == "gone":
        with pytest.raises(SourceUnavailable):
            cache.is_current(session)
    else:
        assert not cache.is_current(session)


def _swap(file: Path) -> None:
    """Puts a file in another's place whose columns stand in another order, as careful writers do."""
    other = file.with_name("other")
    duckdb.sql(f"COPY (SELECT m AS n, n AS m FROM '{file}') TO '{other}' (FORMAT {file.suffix[1:]})")
    other.rename(file)


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.json"])
@pytest.mark.parametrize("when", ["before", "within"])
def test_a_file_that_is_replaced_while_it_is_read_gives_nothing_more(tmp_path: Path, name: str, when: str) -> None:
    rows = "SELECT i AS n, -i AS m FROM range(500_000) t(i)"
    duckdb.sql(f"COPY ({rows}) TO '{tmp_path / name}'")
    source = Source(name="lake", connector="files", options={"path": str(tmp_path)})
    session = SessionCache(connect).open([(source, Expected(relation=name, columns=(("n", "BIGINT"),)))])
    run = session.run(f"FROM {session.physical_name('lake', name)}", {}, Limits(batch_rows=1000))
    batches = iter(run)
    if when == "within":
        assert min(next(batches)["n"].to_pylist()) >= 0
    _swap(tmp_path / name)
    with pytest.raises(SourceUnavailable, match="was written while it was read"):
        list(batches)


def _later(file: Path, deed: Callable[[], object]) -> None:
    """Does something to a file when its file system's clock has gone on."""
    mark = file.with_name("clock")

    def has_gone_on() -> bool:
        mark.touch()
        return mark.stat().st_ctime_ns > file.stat().st_ctime_ns

    assert eventually(has_gone_on)
    deed()


@pytest.mark.parametrize("how", ["put back", "copied with its times"])
def test_a_file_that_looks_as_before_is_another_all_the_same(tmp_path: Path, how: str) -> None:
    file, aside = tmp_path / "t.parquet", tmp_path / "aside"
    duckdb.sql(f"COPY (SELECT i AS n, -i AS m FROM range(9) t(i)) TO '{file}'")
    seen = Watched([state(file, file.stat())])
    assert not seen.have_moved()
    if how == "put back":
        _later(file, lambda: file.rename(aside))
        assert seen.have_moved()
        aside.rename(file)
    else:
        times = file.stat().st_atime_ns, file.stat().st_mtime_ns
        _later(file, lambda: file.write_bytes(file.read_bytes()[::-1]))
        os.utime(file, ns=times)
    assert seen.have_moved()


def test_a_query_of_many_files_gives_all_their_rows_and_nothing_of_one_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    for place in range(40):
        rows = f"SELECT {place} * 10 + i AS n, -1 AS m FROM range(10) t(i)"
        duckdb.sql(f"COPY ({rows}) TO '{tmp_path}/m/part-{place}.parquet'")
    source = Source(name="lake", connector="files", options={"path": str(tmp_path)})
    session = SessionCache(connect).open([(source, Expected(relation="m", columns=(("n", "BIGINT"),)))])
    sql = f"FROM {session.physical_name('lake', 'm')}"
    read = [batch["n"].to_pylist() for batch in session.run(sql, {}, Limits(batch_rows=50))]
    assert sorted(number for numbers in read for number in numbers) == list(range(400))
    assert [len(numbers) for numbers in read] == [50] * 8
    batches = iter(session.run(sql, {}, Limits(batch_rows=50)))
    assert min(next(batches)["n"].to_pylist()) >= 0
    _swap(tmp_path / "m/part-39.parquet")
    with pytest.raises(SourceUnavailable, match="was written while it was read"):
        list(batches)


def test_a_column_is_never_read_in_another_ones_place(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    duckdb.sql(f"COPY (SELECT i AS n, -i AS m FROM range(1, 1000) t(i)) TO '{file}'")
    source = Source(name="lake", connector="files", options={"path": str(tmp_path)})
    session = SessionCache(connect).open([(source, Expected(relation=file.name, columns=(("n", "BIGINT"),)))])
    slow = "(SELECT count(*) FROM range(30_000) a(i), range(3_000) b(j) WHERE (i * j) % 7 = 1) > 0"
    run = session.run(f"SELECT min(n) AS n FROM {session.physical_name('lake', file.name)} WHERE {slow}", {}, Limits())
    swapping = threading.Timer(0.3, _swap, [file])
    swapping.start()
    try:
        told = [value for batch in run for value in batch["n"].to_pylist()]
    except SourceUnavailable:
        told = []
    swapping.join()
    assert told in ([], [1])
