"""How a figure is measured and printed: side by side in one run, one JSON line each."""

import gc
import json
import statistics
import time
from collections.abc import Callable, Mapping


def figure(bench: str, metric: str, value: float, unit: str, *, against: str = "", ratio: float | None = None) -> None:
    """Prints one figure; `against` says what `ratio` compares with.

    Example:
        >>> figure("scan", "http_s", 1.25, "s", against="hand-written view", ratio=1.1)
        {"bench": "scan", "metric": "http_s", "value": 1.25, "unit": "s", "against": "hand-written view", "ratio": 1.1}
    """
    line: dict[str, object] = {"bench": bench, "metric": metric, "value": round(value, 4), "unit": unit}
    if ratio is not None:
        line |= {"against": against, "ratio": round(ratio, 3)}
    print(json.dumps(line), flush=True)


def minima(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The best seconds of each way; the ways take turns, so that noise meets all of them alike."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            gc.collect()
            best[name] = min(best[name], _seconds(way))
    return best


def median_micros(work: Callable[[], object], repeats: int) -> float:
    """The median microseconds of many repeats, for work that is over quickly."""
    return 1e6 * statistics.median(_seconds(work) for _ in range(repeats))


def median_cpu_micros(work: Callable[[], object], repeats: int) -> float:
    """The same in processor time of the whole process, which a busy machine does not count."""
    return 1e6 * statistics.median(_cpu_seconds(work) for _ in range(repeats))


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
