"""How a running server is: sources, sinks, the journal, plug-ins and settings, as they stand at this moment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.crawl_runs import CrawlRun
from catalog.journal.seals import Seal
from web_ui.behind_proxies import networks_without_clients
from web_ui.effective import Setting, effective, is_stale
from web_ui.parts import Parts
from web_ui.sources import Known, Sources
from web_ui.unguarded_files import files_without_landlock

_LATE_EVENTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkState:
    """How far a sink has come; `behind` are events that it has not been sent, and `problem` why not."""

    name: str
    form: str
    passed_on: int
    behind: int
    problem: str

    @property
    def is_well(self) -> bool:
        """Whether it is not away, and not far behind."""
        return not self.problem and self.behind <= _LATE_EVENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """How long the journal is, how much of it waits to be filed for searches, and what was sealed last.

    `is_sealed_late` is whether a seal is overdue; a server that makes none by itself is never late.
    """

    events: int
    unfiled: int
    archives: int
    seal: Seal | None
    unsealed: int
    is_sealed_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Everything that is told without looking further: no source is asked, and no chain is read.

    `warnings` tell of settings, and of folders, that let something go wrong unseen.
    """

    at: datetime
    revision: int
    sources: tuple[Known, ...]
    sinks: tuple[SinkState, ...]
    journal: JournalState
    plugins: tuple[str, ...]
    settings: tuple[Setting, ...]
    is_stale: bool
    warnings: tuple[str, ...]


def health(parts: Parts, sources: Sources) -> Health:
    """The state of the server; raises NotAllowed where `sources` may not be looked at.

    Example:
        >>> health(parts, sources).journal.unfiled
        0
    """
    listed = sources.listed()
    with parts.policies.moment() as policies:
        unseen = networks_without_clients(parts.settings.server, policies)
    events, _ = parts.journal.head()
    return Health(
        at=parts.clock(),
        revision=parts.revisions.current_number(),
        sources=listed,
        sinks=tuple(_sink(parts, sink.name, sink.problem, events) for sink in parts.keeper.sinks),
        journal=_journal(parts, events),
        plugins=tuple(sorted(parts.plugins)),
        settings=effective(parts.settings, parts.home.settings_file, os.environ),
        is_stale=is_stale(parts.settings, parts.home.settings_file, os.environ),
        warnings=(*filter(None, [unseen]), *files_without_landlock(each.source for each in listed)),
    )


def _sink(parts: Parts, name: str, problem: str, events: int) -> SinkState:
    passed_on = parts.journal.passed_on(name)
    form = parts.settings.sinks[name].form
    return SinkState(name=name, form=form, passed_on=passed_on, behind=max(events - passed_on, 0), problem=problem)


def _journal(parts: Parts, events: int) -> JournalState:
    seal, hours = parts.keeper.book.newest(), parts.keeper.hours
    unsealed = events - (seal.count if seal else 0)
    age = (parts.clock() - seal.at).total_seconds() / 3600 if seal else float("inf")
    return JournalState(
        events=events,
        unfiled=max(events - parts.journal.filed(), 0),
        archives=len(parts.journal.archives()),
        seal=seal,
        unsealed=unsealed,
        # an event that tells of a seal is no reason for the next one
        is_sealed_late=hours > 0 and unsealed > 1 and age > 2 * hours,
    )


def crawl_words(run: CrawlRun | None) -> str:
    """How the newest crawl of a source ended, in a few words."""
    if run is None:
        return "never crawled"
    return f"{run.state.value}{f': {run.problem}' if run.problem else ''}"


def health_json(found: Health, crawls: Mapping[str, object]) -> dict[str, object]:
    """The state as JSON values; `crawls` are the newest crawls as the API tells them, by source."""
    journal = found.journal
    return {
        "at": found.at.isoformat(),
        "revision": found.revision,
        "sources": [
            {
                "source": each.source.name,
                "connector": each.source.connector,
                "datasets": each.datasets,
                "crawl": crawls.get(each.source.name),
            }
            for each in found.sources
        ],
        "sinks": [
            {
                "sink": each.name,
                "form": each.form,
                "passed_on": each.passed_on,
                "behind": each.behind,
                "problem": each.problem,
            }
            for each in found.sinks
        ],
        "journal": {
            "events": journal.events,
            "unfiled": journal.unfiled,
            "archives": journal.archives,
            "sealed": journal.seal.count if journal.seal else 0,
            "sealed_at": journal.seal.at.isoformat() if journal.seal else None,
            "seal_is_late": journal.is_sealed_late,
        },
        "plugins": list(found.plugins),
        "settings": [
            {"section": each.section, "key": each.key, "value": each.value, "origin": each.origin}
            for each in found.settings
        ],
        "needs_restart": found.is_stale,
        "warnings": list(found.warnings),
    }
