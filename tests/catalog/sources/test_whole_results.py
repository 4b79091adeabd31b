"""Of a run that is whole nothing is given before it has come to its end, and what is given is all of it."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from catalog.errors import LimitExceeded, SqlInvalid
from catalog.model import Source
from catalog.registry import connect
from catalog.sources import whole_result
from catalog.sources.connector import Expected, Limits
from catalog.sources.engine import EngineSession
from catalog.sources.sessions import SessionCache
from catalog.sources.whole_result import WholeResult
from catalog.sources.world import Resources

ROWS = 400_000
FAILING = "SELECT range, CAST(CASE WHEN range = 2999999 THEN 'x' ELSE '1' END AS INTEGER) AS q FROM range(3000000)"


@pytest.fixture
def session(tmp_path: Path) -> EngineSession:
    duckdb.sql(f"COPY (SELECT i AS n FROM range({ROWS}) t(i)) TO '{tmp_path}/t.parquet'")
    source = Source(name="lake", connector="files", options={"path": str(tmp_path)})
    return SessionCache(connect).open([(source, Expected(relation="t.parquet", columns=(("n", "BIGINT"),)))])


@pytest.mark.parametrize("is_whole", [False, True])
def test_an_error_half_way_leaves_alone(session: EngineSession, is_whole: bool) -> None:
    given: list[int] = []
    run = session.run(FAILING, {}, Limits(batch_rows=1000, is_whole=is_whole))
    with pytest.raises(SqlInvalid):
        given.extend(batch.num_rows for batch in run)
    assert bool(given) is not is_whole


def test_a_whole_result_is_the_same(session: EngineSession) -> None:
    sql = f"SELECT n, 'text' || n AS s, [n] AS l FROM {session.physical_name('lake', 't.parquet')} ORDER BY n"
    runs = [session.run(sql, {}, Limits(is_whole=is_whole)) for is_whole in (False, True)]
    streamed, whole = (list(run) for run in runs)
    assert [batch.num_rows for batch in whole] == [batch.num_rows for batch in streamed]
    assert pa.Table.from_batches(whole).equals(pa.Table.from_batches(streamed))


def test_a_whole_run_is_cancelled_while_it_gathers(session: EngineSession) -> None:
    name = session.physical_name("lake", "t.parquet")
    run = session.run(f"SELECT a.n FROM {name} a, {name} b", {}, Limits(seconds=0.5, is_whole=True))
    with pytest.raises(Exception, match="stopped after"):
        list(run)


@pytest.mark.parametrize("in_memory", [0, 20_000, 10**9])
def test_what_is_kept_comes_back_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(whole_result, "MOST_BYTES", in_memory)
    batches = [pa.record_batch({"n": list(range(n, n + 500)), "s": ["x" * (n % 7)] * 500}) for n in range(30)]
    whole = WholeResult(tmp_path, 10**9)
    for batch in batches:
        whole.add(batch)
    assert list(tmp_path.iterdir()) == []  # a file there has no name
    assert list(whole.batches()) == batches
    whole.close()
    whole.close()


def test_where_there_is_no_room_the_result_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_result, "MOST_BYTES", 0)
    whole = WholeResult(tmp_path / "gone", 10**9)
    with pytest.raises(LimitExceeded, match="no room"):
        whole.add(pa.record_batch({"n": [1]}))


@pytest.mark.parametrize(("spilled", "kept"), [(0, 10), (500_000, 5), (1_000_000, 0), (2_000_000, 0)])
def test_what_is_kept_counts_with_what_is_spilled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spilled: int, kept: int
) -> None:
    monkeypatch.setattr(whole_result, "MOST_BYTES", 0)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "spilled").write_bytes(b"x" * spilled)
    whole = WholeResult(tmp_path, 1_040_000)
    batch = pa.record_batch({"n": list(range(12_000))})
    for _ in range(kept):
        whole.add(batch)
    with pytest.raises(LimitExceeded, match="no room"):
        whole.add(batch)
    whole.close()


@pytest.mark.parametrize(("is_whole", "rows"), [(False, 800_000), (True, 0)])
def test_a_held_back_answer_has_what_its_sort_left_of_the_disk(tmp_path: Path, is_whole: bool, rows: int) -> None:
    texts = " || ".join(f"md5('{letter}' || range)" for letter in "abcd")  # 112 MB, which no engine makes smaller
    resources = Resources(memory="60MB", spill="140MB", threads=1, folder=tmp_path)
    cache = SessionCache(connect, resources, workers=1)
    given = 0
    try:
        sql = f"SELECT hash(range) AS h, {texts} AS t FROM range(800000) ORDER BY h"
        for batch in cache.open([]).run(sql, {}, Limits(is_whole=is_whole)):
            given += batch.num_rows
    except LimitExceeded as error:
        assert "no room" in error.detail  # noqa: PT017 - what was given before it is looked at, too
    finally:
        cache.close()
    assert given == rows
