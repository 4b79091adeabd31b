"""What it costs that a query runs in a worker process, against the same engine in this process."""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.ground import orders
from benchmarks.ground.figures import figure, median_micros, minima
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.opening import open_world
from catalog.sources.run import EngineRun
from catalog.sources.sessions import SessionCache
from catalog.sources.workers.run import WorkerRun
from catalog.sources.world import Resources

ROWS = 1_000_000
ROUNDS = 7
REPEATS = 500
RELATION = "orders.parquet"

_Ways = dict[str, tuple[Callable[[str, dict[str, object], Limits], WorkerRun | EngineRun], str]]


def main(rows: int = ROWS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        orders.write(Path(folder) / RELATION, rows)
        source = Source(name="lake", connector="files", options={"path": folder})
        fields = connect(source).describe(RELATION)
        expected = Expected(relation=RELATION, columns=tuple((field.name, field.type) for field in fields))
        cache = SessionCache(connect)
        figure("workers", "first_session_ms", 1000 * _seconds(lambda: cache.open([])), "ms")  # with the fork server
        session = cache.open([(source, expected)])
        figure("workers", "further_worker_ms", 1000 * _seconds(_further_worker), "ms")
        world = open_world(session.parts, ["v"], Resources())
        ways: _Ways = {
            "worker": (session.run, session.physical_name("lake", RELATION)),
            "in_process": (partial(EngineRun, world), "v"),
        }
        try:
            _compare(ways)
        finally:
            world.close()
            cache.close()


def _compare(ways: _Ways) -> None:
    def read(way: str, sql: str) -> int:
        run, name = ways[way]
        return sum(batch.num_rows for batch in run(sql.format(name), {}, Limits(seconds=60)))

    for size, sql in (("scan", "SELECT * FROM {}"), ("aggregate", "SELECT region, sum(price) FROM {} GROUP BY ALL")):
        best = minima({way: partial(read, way, sql) for way in ways}, ROUNDS)
        ratio = best["worker"] / best["in_process"]
        figure("workers", f"{size}_ms", 1000 * best["worker"], "ms", against="in process", ratio=ratio)
    small = {way: median_micros(partial(read, way, "SELECT 1 AS one"), REPEATS) for way in ways}
    added = small["worker"] - small["in_process"]
    figure(
        "workers", "small_query_us", small["worker"], "us", against="in process", ratio=added / small["in_process"] + 1
    )
    figure("workers", "added_to_a_small_query_us", added, "us")


def _further_worker() -> None:
    """A worker of another pool, forked by the same fork server, with an empty world."""
    cache = SessionCache(connect)
    cache.open([])
    cache.close()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
