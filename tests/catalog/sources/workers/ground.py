"""Sessions over nothing whose workers can be probed, and what the system says of processes."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.registry import connect
from catalog.sources.connector import Limits
from catalog.sources.engine import EngineSession
from catalog.sources.sessions import SessionCache
from catalog.sources.world import Resources
from tests.catalog.sources.workers.probe import PLACE

ENDLESS = "SELECT range AS n FROM range(10000000000)"
PATIENT = Limits(seconds=60, batch_rows=10_000)


@contextmanager
def cache(folder: Path, *, workers: int = 8, idle_seconds: float = 60.0) -> Iterator[SessionCache]:
    """A cache whose workers spill into the folder."""
    resources = Resources(memory="200MB", threads=2, folder=folder, functions=PLACE)
    made = SessionCache(connect, resources, workers=workers, idle_seconds=idle_seconds)
    try:
        yield made
    finally:
        made.close()


def ask(session: EngineSession, sql: str, limits: Limits = PATIENT) -> list[object]:
    """The first cell of every row."""
    run = session.run(sql, {}, limits)
    return [cell for batch in run for cell in batch.column(0).to_pylist()]


def probed(session: EngineSession, expression: str) -> str:
    """What an expression over the probe's module is worth inside a worker."""
    run = session.run("SELECT probe($expression)", {"expression": expression}, PATIENT)
    [told] = [cell for batch in run for cell in batch.column(0).to_pylist()]
    return str(told)


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so within ten seconds."""
    over_at = time.monotonic() + 10
    while time.monotonic() < over_at:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def kill(pid: int) -> None:
    """Kills a process, and waits until all its threads are dead, if not buried."""
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: is_gone(pid) or _states(pid) <= {"Z", "X"})


def _states(pid: int) -> set[str]:
    states = set()
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):
            states.add(stat.read_text().rpartition(")")[2].split()[0])
    return states


def is_gone(pid: int) -> bool:
    """Whether a process is no more, not even as a zombie."""
    return not Path(f"/proc/{pid}").exists()


def resident_bytes(pid: int) -> int:
    """The memory that a process holds."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) * 1024
