"""Carries crawls on in the background of a server: those that were asked for, scheduled or broken off."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from catalog.crawl_runs import CrawlRun, CrawlRuns, RunState
from catalog.database import Catalog
from catalog.errors import VeilError
from catalog.names import fold
from catalog.sources.private_copies import PrivateCopies
from crawler.crawl import Conduct, ask_for, carry_on
from crawler.plugins import Plugins
from crawler.schedule import Every, Schedule, read_schedule
from web_ui.settings import Settings

SCHEDULE = "schedule"
"""Who asked for a run that the settings schedule."""

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
    _schedules: Mapping[str, Schedule] = field(init=False)
    _leave: threading.Event = field(default_factory=threading.Event)
    _news: threading.Event = field(default_factory=threading.Event)
    _busy: dict[str, threading.Thread] = field(default_factory=dict)
    _patient: dict[str, datetime] = field(default_factory=dict)
    _looker: threading.Thread | None = None
    _began: datetime | None = None

    def __post_init__(self) -> None:
        read = {name: read_schedule(own.every, own.cron) for name, own in self.settings.crawls.items()}
        self._schedules = {name: schedule for name, schedule in read.items() if schedule is not None}

    def start(self) -> None:
        """Begins to look for work."""
        self._began = self.clock()
        self._patient = dict.fromkeys(self._schedules, self._began)
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
        for source, schedule in self._schedules.items():
            unfinished = runs.unfinished(source)
            if unfinished and not any(run.state is RunState.PAUSED for run in unfinished):
                continue
            if self.clock() < max(self._due(schedule, runs.last_by(source, SCHEDULE)), self._patient[source]):
                continue
            try:
                self._ask_for(source, unfinished, runs)
            except VeilError as error:
                self._patient[source] = self.clock() + _PATIENCE
                _log.warning("`%s` is scheduled and cannot be crawled: %s", source, error.detail)

    def _due(self, schedule: Schedule, last: CrawlRun | None) -> datetime:
        """When the next run is due; one that nobody was there for is made up for once."""
        assert self._began is not None
        if last is not None:
            return schedule.next_after(last.requested_at)
        return self._began if isinstance(schedule, Every) else schedule.next_after(self._began)

    def _ask_for(self, source: str, unfinished: tuple[CrawlRun, ...], runs: CrawlRuns) -> None:
        """A new run, and what its last one left off at its limits goes on first."""
        own = self.settings.crawls[source]
        for run in unfinished:
            runs.requeue(run.id)
        if not runs.leases.is_taken(fold(source)):
            ask_for(self.catalog, source, path=own.path or None, into=own.into or None, by=SCHEDULE, clock=self.clock)

    def _begin(self) -> None:
        """A thread for each source with work, oldest run first, as many as may be at once."""
        self._busy = {source: thread for source, thread in self._busy.items() if thread.is_alive()}
        runs = CrawlRuns(self.catalog, clock=self.clock)
        for run in runs.unfinished():
            source = fold(run.source)
            is_paused_by_limit = run.state is RunState.PAUSED and bool(run.problem)
            if source in self._busy or is_paused_by_limit or runs.leases.is_taken(source):
                continue
            if len(self._busy) >= max(1, self.settings.crawl.at_once):
                return
            thread = threading.Thread(target=self._carry_on, args=(run,), name=f"crawl {run.id}", daemon=True)
            self._busy[source] = thread
            thread.start()

    def _carry_on(self, run: CrawlRun) -> None:
        conduct = Conduct(
            plugins=self.plugins,
            politeness=self.settings.politeness(run.source),
            should_leave=self._leave.is_set,
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
