"""Carries crawls on in the background of a server: those that were asked for, scheduled or broken off."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from catalog.crawl_runs import CrawlRun, CrawlRuns
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import VeilError
from catalog.model import Source
from catalog.names import fold
from catalog.schedule import Every, Schedule, read_hours, read_schedule
from catalog.sources.private_copies import PrivateCopies
from crawler.crawl import Conduct, ask_for, carry_on
from crawler.plugins import Plugins
from crawler.politeness import Politeness
from web_ui.settings import Settings, SourceCrawlSettings

SCHEDULE = "schedule"
"""Who asked for a run that the settings, or a source itself, schedule."""

_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0
_PATIENCE = timedelta(minutes=5)
"""How long a schedule rests whose source or database is not there."""

_log = logging.getLogger("veil.crawls")


@dataclass(slots=True, kw_only=True)
class CrawlRunner:
    """One thread that looks for work, and one more for each source that is being crawled.

    What it was doing when it is stopped goes on when the next server starts.
    """

    catalog: Catalog
    settings: Settings
    plugins: Plugins
    copies: Path
    clock: Callable[[], datetime]
    _leave: threading.Event = field(default_factory=threading.Event)
    _news: threading.Event = field(default_factory=threading.Event)
    _busy: dict[str, threading.Thread] = field(default_factory=dict)
    _patient: dict[str, datetime] = field(default_factory=dict)
    _looker: threading.Thread | None = None
    _began: datetime | None = None

    def __post_init__(self) -> None:
        for own in self.settings.crawls.values():
            read_schedule(own.every, own.cron)
            read_hours(own.hours)

    def start(self) -> None:
        """Begins to look for work."""
        self._began = self.clock()
        self._looker = threading.Thread(target=self._look, name="crawls", daemon=True)
        self._looker.start()

    def wake(self) -> None:
        """There is news, so that nobody waits for the next look."""
        self._news.set()

    def close(self) -> None:
        """Leaves off after the relations that are being read, or without them when they take long."""
        self._leave.set()
        self._news.set()
        for thread in (*self._busy.values(), *([self._looker] if self._looker else [])):
            thread.join(_PATIENCE_SECONDS)

    def _look(self) -> None:
        while not self._leave.is_set():
            self._news.clear()
            try:
                self._ask_for_scheduled()
                self._begin()
            except VeilError as error:
                _log.warning("crawls have to wait: %s", error.detail)
            self._news.wait(_LOOK_SECONDS)

    def _ask_for_scheduled(self) -> None:
        runs = CrawlRuns(self.catalog, clock=self.clock)
        for source, own, schedule in self._scheduled():
            unfinished = runs.unfinished(source)
            if any(not run.is_at_limit for run in unfinished):
                continue
            due = self._due(schedule, runs.last_by(source, SCHEDULE))
            if self.clock() < max(due, self._patient.get(source, due)) or not self._may(own):
                continue
            try:
                self._ask_for(source, own, unfinished, runs)
            except VeilError as error:
                self._patient[source] = self.clock() + _PATIENCE
                _log.warning("`%s` is scheduled and cannot be crawled: %s", source, error.detail)

    def _scheduled(self) -> Iterator[tuple[str, SourceCrawlSettings, Schedule]]:
        """The sources that are crawled by the clock, as settings and their own options say now."""
        known = {fold(source.name): source for source in Datasets(self.catalog).sources()}
        lost = {name: Source(name=name, connector="") for name in self.settings.crawls if fold(name) not in known}
        for source in (*known.values(), *lost.values()):
            own = self.settings.crawl_of(source)
            schedule = read_schedule(own.every, own.cron)
            if schedule is not None:
                yield source.name, own, schedule

    def _due(self, schedule: Schedule, last: CrawlRun | None) -> datetime:
        """When the next run is due; one that nobody was there for is made up for once."""
        assert self._began is not None
        if last is not None:
            return schedule.next_after(last.requested_at)
        return self._began if isinstance(schedule, Every) else schedule.next_after(self._began)

    def _ask_for(
        self, source: str, own: SourceCrawlSettings, unfinished: tuple[CrawlRun, ...], runs: CrawlRuns
    ) -> None:
        """What reached its limits goes on; a new run is asked for unless one of these is the clock's own already."""
        for run in unfinished:
            runs.requeue(run.id)
        if not any(run.by == SCHEDULE for run in unfinished) and not runs.leases.is_taken(fold(source)):
            ask_for(self.catalog, source, path=own.path or None, into=own.into or None, by=SCHEDULE, clock=self.clock)

    def _begin(self) -> None:
        """A thread for each source with work, oldest run first, as many as may be at once."""
        self._busy = {source: thread for source, thread in self._busy.items() if thread.is_alive()}
        runs = CrawlRuns(self.catalog, clock=self.clock)
        for run in runs.unfinished():
            source = fold(run.source)
            if source in self._busy or run.is_at_limit or runs.leases.is_taken(source) or self._rests(run):
                continue
            if len(self._busy) >= max(1, self.settings.crawl.at_once):
                return
            thread = threading.Thread(target=self._carry_on, args=(run,), name=f"crawl {run.id}", daemon=True)
            self._busy[source] = thread
            thread.start()

    def _may(self, own: SourceCrawlSettings) -> bool:
        """Whether it is in the hours in which a source may be crawled by the clock."""
        hours = read_hours(own.hours)
        return hours is None or hours.hold(self.clock())

    def _rests(self, run: CrawlRun) -> bool:
        """Whether a run of the clock has to wait for its source's hours; what a person asks for never has."""
        source = Datasets(self.catalog).source(run.source)
        return run.by == SCHEDULE and source is not None and not self._may(self.settings.crawl_of(source))

    def _politeness(self, name: str) -> Politeness:
        return self.settings.politeness(Datasets(self.catalog).source(name) or Source(name=name, connector=""))

    def _carry_on(self, run: CrawlRun) -> None:
        conduct = Conduct(
            plugins=self.plugins,
            politeness=self._politeness(run.source),
            should_leave=lambda: self._leave.is_set() or self._rests(run),
            tells_all=False,
            copies=PrivateCopies(self.copies),
        )
        try:
            carry_on(self.catalog, run, conduct=conduct, clock=self.clock)
        except VeilError as error:
            _log.warning("crawl %d of `%s` did not end well: %s", run.id, run.source, error.detail)
        except Exception as error:
            _log.error("crawl %d of `%s` failed: %s", run.id, run.source, type(error).__name__)
        finally:
            self._news.set()
