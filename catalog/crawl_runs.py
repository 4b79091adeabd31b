"""The store of crawls: each run with what is left of it, so that one that was broken off can go on."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from catalog.clock import read_time, utc_now, written_time
from catalog.database import Catalog, Transaction, Value
from catalog.errors import SettingsInvalid
from catalog.leases import Leases
from catalog.names import fold

_AT_ONCE = 500
_KEPT_RUNS = 20
PASSED = "passed"
"""The outcome of what is no relation: it is told of, and nothing is done about it."""


class RunState(StrEnum):
    """Where a run stands; `interrupted` is one whose process ended, `paused` one that reached its limits."""

    WAITING = "waiting"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlRun:
    """One crawl of a source: who asked for what, where it stands, and what became of how many relations."""

    id: int
    source: str
    path: str
    into: str
    is_full: bool
    by: str
    state: RunState
    requested_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    problem: str = ""
    is_listed: bool = False
    wants_stop: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_at_limit(self) -> bool:
        """Whether it reached a limit, so that it goes on only when it is asked for again."""
        return self.state is RunState.PAUSED and bool(self.problem)

    @property
    def total(self) -> int:
        """How many relations there are to look at; 0 until they are listed."""
        return sum(self.counts.values()) - self.counts.get(PASSED, 0)

    @property
    def done(self) -> int:
        """How many of them are done."""
        return self.total - self.counts.get("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlItem:
    """One relation of a run; `outcome` is empty while it waits, else new, changed, unchanged, found, gone or failed.

    What is no relation at all, and only told of, has passed.

    `is_listed` is False for what is registered but was not listed by the source. What was passed by, as nothing has
    changed, is unchanged and names no datasets.
    """

    position: int
    relation: str
    name: str
    fingerprint: str = ""
    is_listed: bool = True
    outcome: str = ""
    datasets: tuple[str, ...] = ()
    suggestions: int = 0
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """The run that was the last to see a relation as it is registered, and when that ended, or else began."""

    run: int
    at: datetime


class CrawlRuns:
    """The runs of a catalog; whoever works on a source holds its lease.

    Example:
        >>> runs.add("lake", into="shop", by="ada").state.value
        'waiting'
    """

    def __init__(self, catalog: Catalog, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._catalog = catalog
        self._clock = clock
        self.leases = Leases(catalog.path.parent / "crawls")

    def add(self, source: str, *, path: str = "", into: str = "", is_full: bool = False, by: str) -> CrawlRun:
        """A new run that waits for somebody to work on it; details of the oldest ones are let go."""
        with self._catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO crawl_run (source, path, into_database, is_full, by, state, requested_at)"
                " VALUES (?, ?, ?, ?, ?, 'waiting', ?)",
                [source, path, into, int(is_full), by, written_time(self._clock())],
            )
            [row] = tx.rows("SELECT max(id) AS id FROM crawl_run")
            tx.execute(
                "DELETE FROM crawl_item WHERE run_id IN (SELECT id FROM crawl_run WHERE source = ?"
                " ORDER BY id DESC LIMIT -1 OFFSET ?)",
                [source, _KEPT_RUNS],
            )
            return self._run(tx, int(row["id"]))

    def run(self, number: int) -> CrawlRun:
        """The run of that number; raises SettingsInvalid."""
        with self._catalog.snapshot() as tx:
            return self._run(tx, number)

    def find(self, number: int) -> CrawlRun | None:
        """The run of that number, or None."""
        row = self._catalog.row("SELECT * FROM crawl_run WHERE id = ?", [number])
        return None if row is None else self._read(row)

    def last_by(self, source: str, by: str) -> CrawlRun | None:
        """The newest run of a source that somebody asked for, or None."""
        row = self._catalog.row(
            "SELECT * FROM crawl_run WHERE source = ? AND by = ? ORDER BY id DESC LIMIT 1", [source, by]
        )
        return None if row is None else self._read(row)

    def runs(self, *, source: str | None = None, limit: int = 100) -> tuple[CrawlRun, ...]:
        """Runs, newest first."""
        chosen, given = ("WHERE source = ?", [source]) if source is not None else ("", [])
        with self._catalog.snapshot() as tx:
            rows = tx.rows(f"SELECT * FROM crawl_run {chosen} ORDER BY id DESC LIMIT ?", [*given, limit])
            return tuple(self._read(row) for row in rows)

    def unfinished(self, source: str | None = None) -> tuple[CrawlRun, ...]:
        """Runs that somebody could work on now, oldest first: those that wait, are paused or were broken off."""
        with self._catalog.snapshot() as tx:
            rows = tx.rows("SELECT * FROM crawl_run WHERE state IN ('waiting', 'running', 'paused') ORDER BY id")
        found = (self._read(row) for row in rows if source is None or fold(row["source"]) == fold(source))
        return tuple(run for run in found if run.state is not RunState.RUNNING)

    def begin(self, number: int) -> None:
        """Somebody with the source's lease works on the run."""
        self._set(number, "state = 'running', started_at = coalesce(started_at, ?), problem = ''", self._now())

    def end(self, number: int, state: RunState, problem: str = "") -> None:
        """The run stands like this now; its numbers are kept with it when it is over."""
        with self._catalog.transaction() as tx:
            counts = json.dumps(_counted(tx, number)) if state.is_over else "{}"
            tx.execute(
                "UPDATE crawl_run SET state = ?, problem = ?, counts = ?, ended_at = ? WHERE id = ?",
                [state, problem, counts, self._now() if state.is_over else None, number],
            )

    def requeue(self, number: int) -> None:
        """A run that reached its limits is asked for again, and waits to go on."""
        self._set(number, "state = 'waiting', problem = '', requested_at = ?", self._now())

    def cancel(self, number: int) -> CrawlRun:
        """Asks a run to stop: at once when nobody works on it, else after the relation that it is at."""
        with self._catalog.transaction() as tx:
            run = self._run(tx, number)
            if not run.state.is_over:
                tx.execute("UPDATE crawl_run SET wants_stop = 1 WHERE id = ?", [number])
                if run.state is not RunState.RUNNING:
                    self.end(number, RunState.CANCELLED)
        return self.run(number)

    def wants_stop(self, number: int) -> bool:
        """Whether somebody asked the run to stop."""
        row = self._catalog.row("SELECT wants_stop FROM crawl_run WHERE id = ?", [number])
        return row is None or bool(row["wants_stop"])

    def list_items(self, number: int, items: Iterable[CrawlItem]) -> None:
        """Writes down what a run has to look at, some at a time; nothing counts as listed until all is."""
        with self._catalog.transaction() as tx:
            tx.execute("DELETE FROM crawl_item WHERE run_id = ?", [number])
        for some in _batches(items):
            rows = [
                (
                    *(number, item.position, item.relation, item.name, item.fingerprint, item.is_listed),
                    *(item.outcome, item.reason, item.hint),
                )
                for item in some
            ]
            with self._catalog.transaction() as tx:
                tx.execute_many(
                    "INSERT INTO crawl_item"
                    " (run_id, position, relation, name, fingerprint, is_listed, outcome, reason, hint)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    rows,
                )
        self._set(number, "is_listed = 1")

    def items(
        self, number: int, *, after: int = -1, limit: int = 1_000, outcome: str | None = None, is_left: bool = False
    ) -> tuple[CrawlItem, ...]:
        """The relations of a run in order, from one position on; those with an outcome, or those that wait."""
        wanted = "" if is_left else outcome
        chosen, given = ("", list[Value]()) if wanted is None else (" AND outcome = ?", list[Value]([wanted]))
        rows = self._catalog.rows(
            f"SELECT * FROM crawl_item WHERE run_id = ? AND position > ?{chosen} ORDER BY position LIMIT ?",
            [number, after, *given, limit],
        )
        return tuple(_item(row) for row in rows)

    def unlisted(self, number: int) -> tuple[str, ...]:
        """The relations of datasets that the source did not list when the run began."""
        rows = self._catalog.rows(
            "SELECT relation FROM crawl_item WHERE run_id = ? AND NOT is_listed AND outcome <> ? ORDER BY position",
            [number, PASSED],
        )
        return tuple(row["relation"] for row in rows)

    def suggested(self, number: int) -> int:
        """How many tags a run suggested so far."""
        row = self._catalog.row("SELECT sum(suggestions) AS number FROM crawl_item WHERE run_id = ?", [number])
        return int(row["number"] or 0) if row else 0

    def before(self, run: CrawlRun) -> CrawlRun | None:
        """The newest run before one that looked at the same part of the source and came to its end."""
        row = self._catalog.row(
            "SELECT * FROM crawl_run r WHERE source = ? AND path = ? AND id < ? AND state = 'done'"
            " AND EXISTS (SELECT 1 FROM crawl_item i WHERE i.run_id = r.id) ORDER BY id DESC LIMIT 1",
            [run.source, run.path, run.id],
        )
        return None if row is None else self._read(row)

    def last_look(self, source: str, relation: str) -> LastLook | None:
        """The last time that a relation was read, or found to be as it was; None if no run that is kept did so.

        Example: `runs.last_look("lake", "orders.csv").at`; a run that failed at the relation is none.
        """
        row = self._catalog.row(
            "SELECT r.id, coalesce(r.ended_at, r.started_at) AS at"
            " FROM crawl_item i JOIN crawl_run r ON r.id = i.run_id"
            " WHERE i.relation = ? AND r.source = ? AND i.outcome IN ('new', 'changed', 'unchanged')"
            " AND r.started_at IS NOT NULL ORDER BY r.id DESC LIMIT 1",
            [relation, source],
        )
        return None if row is None else LastLook(run=row["id"], at=read_time(row["at"]))

    def settle(self, number: int, items: Iterable[CrawlItem]) -> None:
        """Writes what became of relations, within the transaction of the change that it tells if one is open."""
        rows = [
            (
                item.outcome,
                json.dumps(item.datasets, ensure_ascii=False),
                item.suggestions,
                item.reason,
                item.hint,
                number,
                item.position,
            )
            for item in items
        ]
        if rows:
            with self._catalog.transaction() as tx:
                tx.execute_many(
                    "UPDATE crawl_item SET (outcome, datasets, suggestions, reason, hint) = (?, ?, ?, ?, ?)"
                    " WHERE run_id = ? AND position = ?",
                    rows,
                )

    def marks(self, source: str) -> dict[str, tuple[str, ...]]:
        """By relation, the mark that each dataset made of it was left with when it was last looked at."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self._catalog.rows(
            "SELECT d.relation, coalesce(m.mark, '') AS mark FROM dataset d JOIN source s ON s.id = d.source_id"
            " LEFT JOIN crawl_mark m ON m.dataset_id = d.id WHERE s.name = ? AND NOT d.is_gone",
            [source],
        ):
            found[row["relation"]] = (*found.get(row["relation"], ()), row["mark"])
        return found

    def mark(self, source: str, relation: str, mark: str) -> None:
        """Leaves a mark with every dataset that is made of a relation."""
        with self._catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO crawl_mark (dataset_id, mark) SELECT d.id, ? FROM dataset d JOIN source s"
                " ON s.id = d.source_id WHERE s.name = ? AND d.relation = ? AND NOT d.is_gone"
                " ON CONFLICT (dataset_id) DO UPDATE SET mark = excluded.mark WHERE mark IS NOT excluded.mark",
                [mark, source, relation],
            )

    def _set(self, number: int, assignment: str, *values: Value) -> None:
        with self._catalog.transaction() as tx:
            tx.execute(f"UPDATE crawl_run SET {assignment} WHERE id = ?", [*values, number])

    def _now(self) -> str:
        return written_time(self._clock())

    def _run(self, tx: Transaction, number: int) -> CrawlRun:
        row = tx.row("SELECT * FROM crawl_run WHERE id = ?", [number])
        if row is None:
            raise SettingsInvalid(f"there is no crawl {number}", hint="list the crawls and take a number from there")
        return self._read(row)

    def _read(self, row: sqlite3.Row) -> CrawlRun:
        """INVARIANT: a run of which nobody holds the source's lease is not running, whatever was written last."""
        state = RunState(row["state"])
        if state is RunState.RUNNING and not self.leases.is_taken(fold(row["source"])):
            state = RunState.INTERRUPTED
        kept = json.loads(row["counts"])
        return CrawlRun(
            id=row["id"],
            source=row["source"],
            path=row["path"],
            into=row["into_database"],
            is_full=bool(row["is_full"]),
            by=row["by"],
            state=state,
            requested_at=read_time(row["requested_at"]),
            started_at=read_time(row["started_at"]) if row["started_at"] else None,
            ended_at=read_time(row["ended_at"]) if row["ended_at"] else None,
            problem=row["problem"],
            is_listed=bool(row["is_listed"]),
            wants_stop=bool(row["wants_stop"]),
            counts=kept or _counts(self._catalog.rows(_COUNT, [row["id"]])),
        )


_COUNT = "SELECT outcome, count(*) AS number FROM crawl_item WHERE run_id = ? GROUP BY outcome"


def _counted(tx: Transaction, number: int) -> dict[str, int]:
    return _counts(tx.rows(_COUNT, [number]))


def _counts(rows: Sequence[sqlite3.Row]) -> dict[str, int]:
    return dict(sorted(Counter({row["outcome"]: row["number"] for row in rows}).items()))


def _item(row: sqlite3.Row) -> CrawlItem:
    return CrawlItem(
        position=row["position"],
        relation=row["relation"],
        name=row["name"],
        fingerprint=row["fingerprint"],
        is_listed=bool(row["is_listed"]),
        outcome=row["outcome"],
        datasets=tuple(json.loads(row["datasets"])),
        suggestions=row["suggestions"],
        reason=row["reason"],
        hint=row["hint"],
    )


def _batches(items: Iterable[CrawlItem]) -> Iterator[list[CrawlItem]]:
    some: list[CrawlItem] = []
    for item in items:
        some.append(item)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
