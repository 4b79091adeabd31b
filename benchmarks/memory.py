"""How much the server grows while ten million rows stream through it; the answer must not depend on their number."""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import veil
from benchmarks.ground import orders
from benchmarks.ground.figures import figure
from tests.serving import serve

ROWS = 10_000_000


def main(rows: int = ROWS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = orders.govern(Path(folder), rows)
        with serve(home) as server, veil.connect(server.url, token=home.token("tom")) as connection:
            connection.query(f"select * from {orders.DATASET} limit 1000").to_arrow()
            before = resident_bytes(server.pid)
            with peak(server.pid) as held:
                streamed = sum(
                    batch.num_rows for batch in connection.query(f"select * from {orders.DATASET}").batches()
                )
            assert streamed == rows - (rows + 9) // 10, streamed
            figure("memory", "server_growth_mb", (held[0] - before) / 1e6, "MB")
            figure("memory", "server_before_mb", before / 1e6, "MB")
            figure("memory", "rows_streamed", streamed, "rows")


def resident_bytes(pid: int) -> int:
    """The memory that a process and its children hold just now."""
    return sum(resident(process) for process in _family(pid))


@contextmanager
def peak(pid: int) -> Iterator[list[int]]:
    """Watches a process family; the list's only entry is the most it held."""
    seen, is_over = [resident_bytes(pid)], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            seen[0] = max(seen[0], resident_bytes(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in children(pid):
        yield from _family(child)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended."""
    try:
        lists = [listed.read_text() for listed in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # a worker ends when it likes
        return []
    return [int(child) for listed in lists for child in listed.split()]


def resident(pid: int) -> int:
    """The memory that one process holds just now, what it shares with others included."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 if "VmRSS:" in status else 0


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
