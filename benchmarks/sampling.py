"""What a crawl's look at large and at many files costs: 50 million rows of Parquet, and folders of 10,000 files."""

import tempfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from benchmarks.ground.figures import figure, minima
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import SourceConnector

ROWS = 50_000_000
FILES = 10_000
SAMPLE_ROWS = 1_000
ROUNDS = 3

_PEOPLE = """
SELECT range AS id, 'name ' || (range % 1000003) AS name, (range * 7919) % 100000 / 100.0 AS paid,
       DATE '1950-01-01' + (range % 20000)::INTEGER AS born, md5(range::VARCHAR)[:12] AS code FROM range({rows})
"""


def main(rows: int = ROWS, files: int = FILES) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _large(Path(folder), rows)
        _many(Path(folder), files)


def _large(folder: Path, rows: int) -> None:
    """A fresh connector each time, as a crawl has; against the first rows of the file, which tell less."""
    file = folder / "people.parquet"
    with duckdb.connect(config={"memory_limit": "1GB"}) as engine:
        engine.execute(f"COPY ({_PEOPLE.format(rows=rows)}) TO '{file}'")
    best = minima(
        {"veil": lambda: _look(folder, file.name), "first_rows": lambda: _first_rows(file)},
        ROUNDS,
    )
    ratio = best["veil"] / best["first_rows"]
    figure("sampling", "parquet_50m_rows_s", best["veil"], "s", against="the first rows by pyarrow", ratio=ratio)


def _many(folder: Path, files: int) -> None:
    flat = folder / "flat"
    flat.mkdir()
    for number in range(files):
        (flat / f"{number:05}.csv").write_bytes(b"a,b\n%d,x\n" % number)
    listed = minima({"series": lambda: len(_names(folder)), "files": lambda: len(_names(flat))}, ROUNDS)
    figure("sampling", "listing_10k_files_as_one_s", listed["series"], "s")
    figure("sampling", "listing_10k_files_each_s", listed["files"], "s")
    described = minima({"series": lambda: _connected(folder).describe("flat")}, 1)
    figure("sampling", "describing_10k_files_as_one_s", described["series"], "s")


def _look(folder: Path, relation: str) -> int:
    connector = _connected(folder)
    connector.describe(relation)
    count: int = connector.sample(relation, SAMPLE_ROWS).num_rows
    return count


def _first_rows(file: Path) -> int:
    count: int = next(pq.ParquetFile(file).iter_batches(SAMPLE_ROWS)).num_rows
    return count


def _names(folder: Path) -> list[str]:
    return [relation.name for relation in _connected(folder).relations()]


def _connected(folder: Path) -> SourceConnector:
    return connect(Source(name="lake", connector="files", options={"path": str(folder)}))


if __name__ == "__main__":
    main()
