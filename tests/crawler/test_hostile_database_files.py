"""A view that takes all there is ends the worker that looks at it: the server goes on, and the crawl says so."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database, Source
from crawler.crawl import Conduct, ask_for, carry_on, crawl
from crawler.report import Progress

HUGE = (
    "SELECT repeat('x', 3000000000) AS a",
    "SELECT list_transform(range(40), lambda x: repeat('x', 300000000)) AS a",
)
ENDLESS = "SELECT sum(a.range * b.range) AS a FROM range(1000000) a, range(10000000) b"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rooms.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute("CREATE TABLE rooms AS SELECT 7 AS id")
    return path


@pytest.fixture
def catalog(tmp_path: Path, file: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        Datasets(catalog).put_source(Source(name="file", connector="duckdb", options={"path": str(file)}))
        Datasets(catalog).put_database(Database(name="d"))
        yield catalog


def put_view(file: Path, sql: str) -> None:
    with duckdb.connect(str(file)) as engine:
        engine.execute(f"CREATE VIEW hostile AS {sql}")


@pytest.mark.parametrize("sql", HUGE)
def test_a_view_that_makes_gigabytes_of_a_cell_is_told_and_the_rest_is_crawled(
    catalog: Catalog, file: Path, sql: str
) -> None:
    put_view(file, sql)
    with growth() as grown:
        report = crawl(catalog, "file", into="d", by="ada")
    assert report.new == ("d.rooms",)
    [failure] = report.failed
    assert (failure.relation, failure.reason) == (
        "main.hostile",
        "`main.hostile` takes more memory or time to be looked at than it may",
    )
    assert grown() < 500 * 2**20


def test_a_sample_holds_as_much_as_one_may(catalog: Catalog, file: Path) -> None:
    put_view(file, "SELECT repeat('x', 1000000) AS a FROM range(1000)")
    with growth() as grown:
        report = crawl(catalog, "file", into="d", by="ada")
    assert sorted(report.new) == ["d.hostile", "d.rooms"]
    assert grown() < 500 * 2**20


def test_a_crawl_that_is_cancelled_ends_what_it_looks_at(catalog: Catalog, file: Path) -> None:
    put_view(file, ENDLESS)
    runs, begun = CrawlRuns(catalog), threading.Event()
    run = ask_for(catalog, "file", into="d", by="ada")

    def look(progress: Progress) -> None:
        if progress.relation == "main.hostile":
            begun.set()

    def cancel() -> None:
        begun.wait(60)
        time.sleep(1)
        runs.cancel(run.id)

    cancelling = threading.Thread(target=cancel)
    cancelling.start()
    began = time.monotonic()
    report = carry_on(catalog, run, conduct=Conduct(on_progress=look))
    cancelling.join()
    assert time.monotonic() - began < 40
    assert report.is_stopped
    assert report.failed == ()
    assert runs.run(run.id).state is RunState.CANCELLED


class growth:
    """How much larger this process became at most."""

    def __enter__(self) -> "growth":
        Path("/proc/self/clear_refs").write_text("5")  # the peak is what it is now
        self._before = _peak()
        return self

    def __exit__(self, *_: object) -> None:
        self._after = _peak()

    def __call__(self) -> int:
        return self._after - self._before


def _peak() -> int:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
