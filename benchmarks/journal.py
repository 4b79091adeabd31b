"""What it costs to write down each query: one durable event, against SQLite keeping the same text without a journal."""

import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from benchmarks.ground.figures import figure
from catalog.database import Catalog
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal

EVENTS = 1_000
THREADS = 8
EVENT = Event(
    kind=EventKind.QUERY_BEGIN,
    user="demo_user2",
    groups=("general_analyst_group", "demo_user2"),
    datasets=("medical_charges.medical_costs",),
    columns=tuple(f"medical_charges.medical_costs.column_{number}" for number in range(10)),
    policies=("analysts-medical",),
    revision=3,
    decision_id="0123456789abcdef",
    details={"sql": "select " * 20, "governed": "select " * 60},
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Catalog(Path(folder) / "catalog.sqlite") as catalog:
        journal = Journal(catalog)
        seconds = _append_and_insert(journal, Path(folder) / "plain.sqlite")
        appended, plain = (sorted(each) for each in zip(*seconds, strict=True))
        for name, rank in (("p50", EVENTS // 2), ("p99", EVENTS * 99 // 100)):
            against = "one durable INSERT of the same text"
            ratio = appended[rank] / plain[rank]
            figure("journal", f"append_us_{name}", 1e6 * appended[rank], "us", against=against, ratio=ratio)
        figure("journal", f"appends_per_second_{THREADS}_threads", _from_many_threads(journal), "1/s")
        started = time.perf_counter()
        count = journal.verify().count
        figure("journal", "verify_events_per_second", count / (time.perf_counter() - started), "1/s")


def _append_and_insert(journal: Journal, plain: Path) -> list[tuple[float, float]]:
    """The seconds of both ways, which take turns."""
    seconds = []
    with closing(sqlite3.connect(plain, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE event (body TEXT)")
        text = str(EVENT)
        for _ in range(EVENTS):
            started = time.perf_counter()
            journal.append(EVENT)
            between = time.perf_counter()
            connection.execute("INSERT INTO event VALUES (?)", [text])
            seconds.append((between - started, time.perf_counter() - between))
    return seconds


def _from_many_threads(journal: Journal) -> float:
    def write() -> None:
        for _ in range(EVENTS // THREADS):
            journal.append(EVENT)

    threads = [threading.Thread(target=write) for _ in range(THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return EVENTS / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
