"""A crawl: look at every relation of a source, register it, suggest tags for its columns, and journal it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from catalog.clock import utc_now
from catalog.database import Catalog
from catalog.journal import Journal
from catalog.model import Event, EventKind, Source, Verdict
from catalog.registry import connect
from crawler.builtin import BUILTIN_RULES
from crawler.look import Look
from crawler.registrar import Registrar
from crawler.report import CrawlReport, CrawlState, Progress


def _nobody(progress: Progress) -> None:
    """Nobody watches."""


def _never() -> bool:
    return False


def crawl_folder(
    path: str, *, on_progress: Callable[[Progress], None] = _nobody, should_stop: Callable[[], bool] = _never
) -> CrawlReport:
    """What a bare folder or file holds, with the tags that the detectors suggest; nothing is kept.

    Example:
        >>> columns_found(crawl_folder("data").crawled)
        {'datasets': {'orders': {'columns': {...}}}}
    """
    source = Source(name=Path(path).name, connector="files", options={"path": str(Path(path).absolute())})
    look = Look(
        source=source.name,
        connector=connect(source),
        rules=BUILTIN_RULES,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return look.report(list(look.at(look.connector.relations())))


def crawl(
    catalog: Catalog,
    source: str,
    *,
    path: str | None = None,
    into: str | None = None,
    by: str,
    on_progress: Callable[[Progress], None] = _nobody,
    should_stop: Callable[[], bool] = _never,
    clock: Callable[[], datetime] = utc_now,
) -> CrawlReport:
    """Crawls a source, or the part under `path`: datasets that are registered are refreshed where they are,
    others are registered in the database `into`, or only told when there is none.

    Each dataset is one transaction; one that cannot be read is told and the others go on. Begin and end
    are in the journal.
    """
    registrar = Registrar(catalog, source, into, by, clock)
    journal = Journal(catalog, clock=clock)
    details: dict[str, object] = {"source": registrar.source.name, "path": path or "", "into": into or ""}
    begun = journal.append(Event(kind=EventKind.CRAWL_BEGIN, user=by, details=details))
    end = replace(begun, kind=EventKind.CRAWL_END, verdict=Verdict.ERROR)
    try:
        look = Look(
            source=registrar.source.name,
            connector=connect(registrar.source),
            rules=registrar.rules(),
            on_progress=on_progress,
            should_stop=should_stop,
        )
        report = registrar.crawl(look, path)
        counts = {state.value: len(report.names(state)) for state in CrawlState}
        end = replace(
            end,
            verdict=Verdict.CANCEL if report.is_stopped else Verdict.ALLOW,
            datasets=report.new + report.changed + report.gone,
            details=details | counts | {"gone": len(report.gone), "failed": len(report.failed)},
        )
        return report
    finally:
        journal.append(end)
