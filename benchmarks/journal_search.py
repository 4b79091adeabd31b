"""What an auditor waits for in a large journal: every kind of search, its pages, counts, and one event."""

import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.ground.figures import figure
from catalog.database import Catalog
from catalog.journal.chain import link
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.event_search import Readable
from catalog.journal.journal import Journal, wanted

EVENTS = 100_000
"""Unless told as the first argument; a second one names a folder in which the journal is kept for the next run."""

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 3
_AT_ONCE = 10_000
_WORDS = ("region", "charges", "age", "visits", "amount", "status", "ward", "born", "city", "plan", "dose", "refund")


class Estate:
    """Who asks what, by chance that is the same each time: 200 people, 300 datasets, some thousands of queries."""

    def __init__(self, seed: int = 6) -> None:
        self._chance = random.Random(seed)
        self._people = [f"person_{number:03}" for number in range(200)]
        self._datasets = [f"database_{number // 20:02}.table_{number:03}" for number in range(300)]
        self._queries = [self._query() for _ in range(8_000)]

    def events(self, count: int) -> Iterator[Event]:
        """Events as they come in: looks, queries with their ends, refusals, sign-ins, changes."""
        made = 0
        while made < count:
            for event in self._happening(made):
                made += 1
                yield event

    def _happening(self, number: int) -> tuple[Event, ...]:
        user = self._chance.choices(self._people, range(len(self._people), 0, -1))[0]
        groups, client = (f"group_{len(user) % 7}", user), f"10.0.{hash_of(user) % 250}.7"
        lot = self._chance.random()
        if lot < 0.05:
            kind, verdict = (EventKind.LOGIN_FAIL, Verdict.DENY) if lot < 0.005 else (EventKind.LOGIN_OK, Verdict.ALLOW)
            return (Event(kind=kind, verdict=verdict, user=user, client=client),)
        if lot < 0.2:
            return (Event(kind=EventKind.METADATA_READ, user=user, groups=groups, client=client),)
        if lot < 0.201:
            details = {"why": f"rule {number % 40} of the data protection office"}
            return (Event(kind=EventKind.DOCUMENT_APPLY, user="ada", details=details, revision=number),)
        dataset, request, columns, policies = self._chance.choice(self._queries)
        told: dict[str, Any] = {
            "user": user,
            "groups": groups,
            "client": client,
            "decision_id": f"{self._chance.getrandbits(128):032x}",
        }
        if lot < 0.24:
            refusal = {"code": "unknown_column", "characters": len(request), "request": request}
            return (Event(kind=EventKind.QUERY_DENY, verdict=Verdict.DENY, details=refusal, **told),)
        sql = request.replace(dataset, f"(SELECT {', '.join(_WORDS)} FROM {dataset} WHERE opted_out <> ?) AS t")
        tags = ("phi.mrn", "pii.email") if columns[-1].endswith("masked") else ("pii.postal_code",)
        amounts = {"rows": self._chance.randrange(10**6), "bytes": self._chance.randrange(10**8), "ms": number % 977}
        end = Verdict.CANCEL if lot > 0.998 else Verdict.ALLOW
        return (
            Event(kind=EventKind.QUERY_BEGIN, datasets=(dataset,), columns=columns, tags=tags, policies=policies,
                  revision=number // 5_000, details={"request": request, "sql": sql}, **told),
            Event(kind=EventKind.QUERY_END, verdict=end, datasets=(dataset,), details=amounts, **told),
        )  # fmt: skip

    def _query(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
        dataset = self._chance.choice(self._datasets)
        words = self._chance.sample(_WORDS, 4)
        tables = [f"{word}_{self._chance.randrange(60)}" for word in words]
        request = (
            f"SELECT {', '.join(words)}, count(*) AS {tables[0]} FROM {dataset} AS {tables[1]}"
            f" WHERE {words[0]} > ? AND {words[1]} IN (?, ?, ?) GROUP BY {', '.join(words)} ORDER BY {tables[0]} DESC"
        )
        outcomes = self._chance.choice((("clear", "masked"), ("clear", "hidden"), ("clear", "clear")))
        columns = tuple(f"{dataset}.{word}={outcomes[place > 7]}" for place, word in enumerate(_WORDS))
        return dataset, request, columns, (f"policy-{hash_of(dataset) % 40}", "employees")


def hash_of(name: str) -> int:
    """A number of a name that is the same in every run."""
    return sum(place * ord(letter) for place, letter in enumerate(name, start=1))


def fill(catalog: Catalog, count: int) -> None:
    """Writes events as the journal does, a chain of them at once, and a year between the first and the last."""
    seq, previous = Journal(catalog).head()
    step = timedelta(days=365) / count
    events = Estate().events(count)
    while seq < count:
        with catalog.transaction() as tx:
            rows = []
            for _ in range(_AT_ONCE):
                seq += 1
                event = next(events)
                new = link(_numbered(event, seq, YEAR + seq * step), previous)
                previous = new.hash
                rows.append((new.seq, new.body, new.previous_hash, new.hash))
            tx.execute_many("INSERT INTO event (seq, body, previous_hash, hash) VALUES (?, ?, ?, ?)", rows)
            tx.execute("UPDATE journal_head SET seq = ?, hash = ?", [seq, previous])


def _numbered(event: Event, seq: int, at: datetime) -> Event:
    return Event(**{name: getattr(event, name) for name in event.__slots__} | {"seq": seq, "at": at})


MARCH: dict[str, Any] = {"start": datetime(2026, 3, 1, tzinfo=UTC), "end": datetime(2026, 4, 1, tzinfo=UTC)}
SEARCHES: dict[str, dict[str, Any]] = {
    "all": {},
    "user": {"user": "person_003"},
    "dataset": {"dataset": "database_03.table_061"},
    "column": {"column": "database_03.table_061.age"},
    "tag": {"tag": "phi.mrn"},
    "kind": {"kind": EventKind.QUERY_DENY},
    "verdict": {"verdict": Verdict.ALLOW},
    "policy": {"policy": "policy-7"},
    "month": MARCH,
    "decision": {"decision_id": "f" * 32},
    "user_kind_month": {"user": "person_003", "kind": EventKind.QUERY_BEGIN, **MARCH},
    "column_month": {"column": "database_03.table_061.age", **MARCH},
    "all_filters": {
        "user": "person_003", "dataset": "database_03.table_061", "tag": "phi.mrn", "kind": EventKind.QUERY_BEGIN,
        "verdict": Verdict.ALLOW, "policy": "employees", "text": "charges", **MARCH,
    },
    "never_together": {"kind": EventKind.LOGIN_OK, "dataset": "database_03.table_061"},
    "never_together_frequent": {"kind": EventKind.QUERY_END, "text": "SELECT"},
    "text_2_letters": {"text": "zx"},
    "text_2_frequent_letters": {"text": "se"},
    "text_3_letters": {"text": "dos"},
    "text_rare": {"text": "rule 7 of the data"},
    "text_frequent": {"text": "opted_out"},
    "text_long": {"text": "GROUP BY charges, age, visits, plan ORDER BY"},
    "text_not_there": {"text": "count(*) AS nothing"},
    "text_not_there_of_frequent_pieces": {"text": "employees DESC"},
}  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        file = Path(sys.argv[2] if len(sys.argv) > 2 else folder) / "catalog.sqlite"
        with Catalog(file) as catalog:
            _prepare(catalog, count)
            _search(Journal(catalog))
            _survey(Journal(catalog))
            _write_while_searching(Journal(catalog))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figure("journal_search", "memory_peak_mb", peak, "MB")


def _prepare(catalog: Catalog, count: int) -> None:
    fill(catalog, count)
    journal = Journal(catalog)
    [before] = catalog.rows("SELECT seq FROM event_filed")
    started = time.process_time()
    journal.file()
    filed = journal.head()[0] - before["seq"]
    if filed:
        figure("journal_search", "filing_cpu_us_per_event", 1e6 * (time.process_time() - started) / filed, "us")
    [size] = catalog.rows(
        "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN ('term', 'mention') OR name LIKE '%term_%'"
    )
    figure("journal_search", "index_mb", size["bytes"] / 1e6, "MB")


def _search(journal: Journal) -> None:
    some: dict[str, Any] = {
        "readable": Readable(user="person_009", databases=frozenset({"database_03", "database_04"}))
    }
    for who, limits in (("", {}), ("_in_two_databases", some)):
        for name, asked in SEARCHES.items():
            _timed(f"{name}{who}", partial(journal.search, **asked, **limits, limit=50))
    deep = journal.head()[0] // 3
    _timed("user_deep_page", lambda: journal.search(user="person_003", before_seq=deep, limit=50))
    _timed("text_deep_page", lambda: journal.search(text="opted_out", before_seq=deep, limit=50))
    _timed("one_event", lambda: journal.event(deep))


def _survey(journal: Journal) -> None:
    whats = ("user", "dataset", "tag", "kind", "verdict", "policy")
    for name in ("all", "user", "dataset", "month", "text_frequent"):
        found = journal.find(wanted(**SEARCHES[name]))
        _timed(f"facets_of_{name}", partial(journal.count, found, *whats))
        _timed(f"days_of_{name}", partial(journal.times, found, "day"))


def _timed(name: str, work: Callable[[], object]) -> None:
    """The least of some rounds: wall, and processor time, which a busy machine does not count."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    figure("journal_search", f"{name}_ms", 1e3 * min(walls), "ms", against="processor", ratio=min(walls) / min(cpus))


def _write_while_searching(journal: Journal) -> None:
    seconds = 3.0
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            journal.search(text="opted_out", kind=EventKind.QUERY_BEGIN, limit=50)

    rates: list[float] = []
    for threads in (0, 1):
        searching = [threading.Thread(target=search) for _ in range(threads)]
        stop.clear()
        for thread in searching:
            thread.start()
        began, appended = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            journal.append(Event(kind=EventKind.METADATA_READ, user="person_003", client="10.0.0.1"))
            appended += 1
        stop.set()
        for thread in searching:
            thread.join()
        rates.append(appended / seconds)
    ratio = rates[1] / rates[0]
    figure("journal_search", "appends_per_second_meanwhile", rates[1], "1/s", against="nobody searches", ratio=ratio)


if __name__ == "__main__":
    main()
