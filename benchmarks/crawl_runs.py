"""What a crawl of many relations costs: looking at all, passing by what has not changed, and the wait of a writer.

CSV files of six columns and twenty rows, in one database. `VEIL_CRAWL_FILES` says how many; 1,000 unless told. The
writer is another connection to the same catalog that writes every few milliseconds while the crawl goes on. Then the
same of as many tables in one SQLite file.
"""

import os
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from benchmarks.ground.figures import figure
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database, Source
from crawler.crawl import Conduct, crawl

FILES = int(os.environ.get("VEIL_CRAWL_FILES", "1000"))
ROWS = "".join(f"{n},person{n}@example.org,Oslo,{n * 3},note {n},2026-01-{n + 1:02}\n" for n in range(20))


def main() -> None:
    """Prints one JSON line per figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        for number in range(FILES):
            (folder / "data" / f"t{number}.csv").write_text(f"id,email,city,amount,note{number},day\n{ROWS}")
        with Catalog(folder / "catalog.sqlite") as catalog:
            datasets = Datasets(catalog)
            datasets.put_source(Source(name="lake", connector="files", options={"path": str(folder / "data")}))
            datasets.put_database(Database(name="d"))
            _measure(catalog, "lake", "first", folder)
            _measure(catalog, "lake", "unchanged", folder)
            _write_tables(folder / "data" / "tables.sqlite")
            datasets.put_source(
                Source(name="tables", connector="sqlite", options={"path": str(folder / "data" / "tables.sqlite")})
            )
            _measure(catalog, "tables", "tables_first", folder)
            _measure(catalog, "tables", "tables_unchanged", folder)


def _write_tables(file: Path) -> None:
    rows = [tuple(line.split(",")) for line in ROWS.splitlines()]
    with closing(sqlite3.connect(file)) as connection, connection:
        for number in range(FILES):
            connection.execute(
                f"CREATE TABLE t{number} (id int, email text, city text, amount int, note text, day date)"
            )
            connection.executemany(f"INSERT INTO t{number} VALUES (?, ?, ?, ?, ?, ?)", rows)


def _measure(catalog: Catalog, source: str, what: str, folder: Path) -> None:
    is_over, waits = threading.Event(), [0.0]
    writer = threading.Thread(target=_write, args=(folder / "catalog.sqlite", is_over, waits))
    writer.start()
    began = time.process_time()
    try:
        report = crawl(catalog, source, into="d", by="bench", conduct=Conduct(tells_all=False))
    finally:
        spent = time.process_time() - began
        is_over.set()
        writer.join()
    assert not report.failed
    figure("crawl_runs", f"{what}_cpu_s_per_1000", spent * 1_000 / FILES, "s")
    figure("crawl_runs", f"{what}_longest_write_ms", 1e3 * max(waits), "ms")


def _write(file: Path, is_over: threading.Event, waits: list[float]) -> None:
    with Catalog(file) as other:
        while not is_over.wait(0.005):
            began = time.perf_counter()
            Datasets(other).put_database(Database(name="busy", comment=str(len(waits))))
            waits.append(time.perf_counter() - began)


if __name__ == "__main__":
    main()
