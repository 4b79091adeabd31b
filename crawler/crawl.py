"""A crawl: look at every relation of a source, register it, suggest tags for its columns, and journal it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from catalog.clock import utc_now
from catalog.crawl_runs import CrawlRun, CrawlRuns, RunState
from catalog.database import Catalog
from catalog.descent import Descent
from catalog.errors import SettingsInvalid, VeilError
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.model import Source
from catalog.names import fold
from catalog.registry import connect
from catalog.sources.connector import CanBeStopped
from catalog.sources.private_copies import PrivateCopies
from crawler.builtin import BUILTIN_RULES
from crawler.fingerprints import rules_digest
from crawler.look import Look
from crawler.plugins import Plugins
from crawler.politeness import Patience, Politeness
from crawler.registrar import Registrar
from crawler.report import Crawled, CrawlReport, CrawlState, Progress
from crawler.run import Running

_MOST_NAMED = 1_000
_TRIES, _TRY_SECONDS = 5, 0.1


def _nobody(progress: Progress) -> None:
    """Nobody watches."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How runs are carried out: by which detectors, how politely, who watches, who may stop them.

    What `should_stop` stops is cancelled, and what `should_leave` stops goes on another time. Without
    `tells_all` a report names only what was looked at. `copies` is where a connector keeps private copies
    that queries will need as well.
    """

    plugins: Plugins = field(default_factory=dict)
    politeness: Politeness = field(default_factory=Politeness)
    on_progress: Callable[[Progress], None] = _nobody
    should_stop: Callable[[], bool] = _never
    should_leave: Callable[[], bool] = _never
    tells_all: bool = True
    copies: PrivateCopies | None = None


def crawl_folder(
    path: str, *, on_progress: Callable[[Progress], None] = _nobody, should_stop: Callable[[], bool] = _never
) -> CrawlReport:
    """What a bare folder or file holds, with the tags that the detectors suggest; nothing is kept.

    Example:
        >>> columns_found(crawl_folder("data").crawled)
        {'datasets': {'orders': {'columns': {...}}}}
    """
    source = Source(name=Path(path).name, connector="files", options={"path": str(Path(path).absolute())})
    look = Look(connector=connect(source), rules=BUILTIN_RULES)
    relations = tuple(look.connector.relations())
    crawled: list[Crawled] = []
    is_stopped = False
    for done, relation in enumerate(relations):
        if is_stopped := should_stop():
            break
        on_progress(Progress(done=done, total=len(relations), relation=relation.name))
        try:
            crawled.append(look.at(relation))
        except VeilError as error:
            look.note(relation.name, error)
    return CrawlReport(
        source=source.name,
        crawled=tuple(crawled),
        failed=tuple(look.failed),
        timed_out=tuple(sorted(look.timed_out)),
        passed=tuple(look.passed_over()),
        is_stopped=is_stopped,
    )


def crawl(
    catalog: Catalog,
    source: str,
    *,
    path: str | None = None,
    into: str | None = None,
    is_full: bool = False,
    by: str,
    conduct: Conduct | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> CrawlReport:
    """Crawls a source, or the part under `path`: datasets that are registered are refreshed where they are,
    others are registered in the database `into`, or only told when there is none.

    Relations that are as they were are not looked at again, unless `is_full`. Each dataset is one transaction; one
    that cannot be read is told and the others go on. Begin and end are in the journal.
    """
    runs = CrawlRuns(catalog, clock=clock)
    with _alone(runs, source):  # a server that looks for work finds none here
        run = ask_for(catalog, source, path=path, into=into, is_full=is_full, by=by, clock=clock)
        return _carried(catalog, runs, run, conduct or Conduct(), clock)


def ask_for(
    catalog: Catalog,
    source: str,
    *,
    path: str | None = None,
    into: str | None = None,
    is_full: bool = False,
    by: str,
    clock: Callable[[], datetime] = utc_now,
) -> CrawlRun:
    """A run that waits for somebody to carry it on; raises SettingsInvalid for names that are not there."""
    known = Registrar(catalog, source, into, by, clock)
    return CrawlRuns(catalog, clock=clock).add(
        known.source.name, path=path or "", into=known.into or "", is_full=is_full, by=by
    )


def carry_on(
    catalog: Catalog, run: CrawlRun, *, conduct: Conduct | None = None, clock: Callable[[], datetime] = utc_now
) -> CrawlReport:
    """Carries a run on from where it stands to its end, or until it is stopped or reaches its limits.

    Raises SettingsInvalid when somebody else is crawling the source.
    """
    runs = CrawlRuns(catalog, clock=clock)
    with _alone(runs, run.source):
        run = runs.run(run.id)
        if run.state.is_over:
            raise SettingsInvalid(f"crawl {run.id} is over: it is {run.state}", hint="start a new one")
        return _carried(catalog, runs, run, conduct or Conduct(), clock)


def _carried(
    catalog: Catalog, runs: CrawlRuns, run: CrawlRun, conduct: Conduct, clock: Callable[[], datetime]
) -> CrawlReport:
    """Carries on a run whose source's lease is held, between two events of the journal."""
    details: dict[str, object] = {"run": run.id, "source": run.source, "path": run.path, "into": run.into}
    is_resumed = run.started_at is not None
    begin = Event(kind=EventKind.CRAWL_BEGIN, user=run.by, details={**details, "resumed": is_resumed})
    with catalog.transaction():
        runs.begin(run.id)
        Journal(catalog, clock=clock).append(begin)
    ended = _Ended(state=RunState.FAILED, problem="it could not be carried on")
    try:
        report = _running(catalog, runs, run, conduct, clock, ended).go()
        ended.close(report, runs.wants_stop(run.id) or conduct.should_stop())
        return report
    except VeilError as error:
        ended.problem = error.detail
        raise
    except (KeyboardInterrupt, SystemExit):
        ended.state, ended.problem = RunState.PAUSED, ""
        raise
    finally:
        with catalog.transaction():
            runs.end(run.id, ended.state, ended.problem)
            Journal(catalog, clock=clock).append(ended.event(begin, details, runs.run(run.id).counts))


@dataclass(slots=True, kw_only=True)
class _Ended:
    """How a run ended, found out on the way."""

    state: RunState
    problem: str = ""
    datasets: tuple[str, ...] = ()
    running: Running | None = None

    def close(self, report: CrawlReport, is_cancelled: bool) -> None:
        self.datasets = (report.new + report.changed + report.gone)[:_MOST_NAMED]
        self.state, self.problem = RunState.DONE, ""
        if report.is_stopped and self.running is not None:
            self.problem = self.running.limit
            self.state = RunState.CANCELLED if is_cancelled else RunState.PAUSED

    def event(self, begin: Event, details: Mapping[str, object], counts: Mapping[str, int]) -> Event:
        verdicts = {RunState.DONE: Verdict.ALLOW, RunState.FAILED: Verdict.ERROR}
        numbers = {state.value: counts.get(state.value, 0) for state in CrawlState}
        told = {**details, **numbers, "left": counts.get("", 0), **({"why": self.problem} if self.problem else {})}
        return replace(
            begin,
            kind=EventKind.CRAWL_END,
            verdict=verdicts.get(self.state, Verdict.CANCEL),
            datasets=self.datasets,
            details=told,
        )


def _running(
    catalog: Catalog,
    runs: CrawlRuns,
    run: CrawlRun,
    conduct: Conduct,
    clock: Callable[[], datetime],
    ended: _Ended,
) -> Running:
    registrar = Registrar(catalog, run.source, run.into or None, run.by, clock)
    rules, rows = registrar.rules(conduct.plugins), conduct.politeness.rows
    connector = connect(registrar.source, conduct.copies)

    def should_stop() -> bool:
        return conduct.should_stop() or conduct.should_leave() or runs.wants_stop(run.id)

    if isinstance(connector, CanBeStopped):
        connector.stop_when(should_stop)
    ended.running = Running(
        catalog=catalog,
        runs=runs,
        run=run,
        registrar=registrar,
        look=Look(connector=connector, rules=rules, rows=rows),
        descent=Descent(connector=connector),
        digest=rules_digest(rules, rows),
        patience=Patience(limits=conduct.politeness, should_stop=should_stop),
        on_progress=conduct.on_progress,
        tells_all=conduct.tells_all,
    )
    return ended.running


@contextmanager
def _alone(runs: CrawlRuns, source: str) -> Iterator[None]:
    """Holds the source's lease; one who only looks whether it is held has it for a moment, so it is tried again."""
    for _ in range(_TRIES):
        with runs.leases.taken(fold(source)) as is_mine:
            if is_mine:
                yield
                return
        time.sleep(_TRY_SECONDS)
    raise SettingsInvalid(f"`{source}` is being crawled already", hint="wait until that crawl is done, or cancel it")
