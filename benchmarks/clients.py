"""Sixty-four clients at once, some of whom leave in the middle: errors, times, memory, and what is left running."""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import veil
from benchmarks.ground import orders
from benchmarks.ground.figures import figure
from benchmarks.memory import children, peak, resident, resident_bytes
from tests.serving import Home, Server, serve

CLIENTS = 64
SECONDS = float(os.environ.get("VEIL_BENCH_SECONDS", "60"))
ROWS = 100_000
KILLED = 6
QUESTIONS = (
    f"select count(*) as n from {orders.DATASET}",
    f"select region, sum(price) as paid from {orders.DATASET} group by region",
    f"select id, amount from {orders.DATASET} where region = 'region 3' and quantity = 5",
    f"select * from {orders.DATASET} limit 5000",
)
_THREE = ", ".join(f"{orders.DATASET} {alias}" for alias in "abc")
ENDLESS = f"select count(*) as n from {_THREE} where a.price < b.price + c.price"
_ASKS = "import sys, veil; veil.connect(sys.argv[1], token=sys.argv[2]).query(sys.argv[3]).to_arrow()"


@dataclass(slots=True)
class Seen:
    """What the clients saw, together."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def main(seconds: float = SECONDS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = orders.govern(Path(folder), ROWS)
        (home.path / "veil.toml").write_text("[server]\nthreads = 64\n[query]\nat_once = 0\nmemory = '200MB'\n")
        with serve(home) as server:
            tokens = [home.token(person) for person in ("paula", "fred", "tom")]
            _clients(server, tokens, min(5.0, seconds))  # until caches and pools have their size
            before = resident_bytes(server.pid)
            with peak(server.pid) as held:
                seen = _clients(server, tokens, seconds)
            after = _server_bytes(server.pid)
            figure("clients", "clients", CLIENTS, "clients")
            figure("clients", "queries", len(seen.seconds), "queries")
            figure("clients", "errors", len(seen.errors), "errors")
            figure("clients", "p50_ms", 1000 * statistics.median(seen.seconds), "ms")
            figure("clients", "p99_ms", 1000 * statistics.quantiles(seen.seconds, n=100)[98], "ms")
            figure("clients", "most_held_mb", held[0] / 1e6, "MB")
            figure("clients", "held_before_mb", before / 1e6, "MB")
            _clients(server, tokens, min(5.0, seconds))
            figure("clients", "server_growth_mb", (_server_bytes(server.pid) - after) / 1e6, "MB")
            figure("clients", "left_running_after_kills", _killed(server, home, tokens[-1]), "queries")
            assert not seen.errors, seen.errors[:3]


def _clients(server: Server, tokens: list[str], seconds: float) -> Seen:
    seen, over_at = Seen(), time.monotonic() + seconds

    def ask(number: int) -> None:
        with veil.connect(server.url, token=tokens[number % len(tokens)]) as connection:
            while time.monotonic() < over_at:
                number += 1
                started = time.monotonic()
                try:
                    connection.query(QUESTIONS[number % len(QUESTIONS)]).to_arrow()
                except veil.Error as error:
                    seen.errors.append(repr(error))
                seen.seconds.append(time.monotonic() - started)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def _killed(server: Server, home: Home, token: str) -> int:
    """Kills clients in the middle of a long query; how many then still run after twenty seconds."""
    command = [sys.executable, "-c", _ASKS, server.url, token, ENDLESS]
    leaving = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(KILLED)]
    over_at = time.monotonic() + 60
    while running(home) < KILLED:
        assert time.monotonic() < over_at
        time.sleep(0.5)
    for client in leaving:
        client.send_signal(signal.SIGKILL)
        client.communicate()
    return _least(lambda: running(home), 20)


def running(home: Home) -> int:
    """How many queries have begun and not ended, as the journal has it."""
    events = json.loads(home.veil("audit", "search", "--user", "tom", "--limit", "100", "-f", "json"))
    begun = {event["decision_id"] for event in events if event["kind"] == "query:begin"}
    return len(begun - {event["decision_id"] for event in events if event["kind"] == "query:end"})


def _least(count: Callable[[], int], seconds: float) -> int:
    over_at = time.monotonic() + seconds
    while (left := count()) and time.monotonic() < over_at:
        time.sleep(0.5)
    return left


def _server_bytes(pid: int) -> int:
    """What the server holds without its workers and what forks them."""
    return sum(map(resident, (pid, *children(pid))))


if __name__ == "__main__":
    main()
