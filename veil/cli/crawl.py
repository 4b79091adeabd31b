"""`veil crawl`: finds datasets in a source, registers them, and suggests tags for their columns."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from catalog.crawl_runs import CrawlRuns
from catalog.errors import SettingsInvalid
from catalog.home import Home
from catalog.model import Source
from catalog.sources.private_copies import PrivateCopies
from crawler.classify import Suggestion
from crawler.crawl import Conduct, carry_on, crawl_folder
from crawler.crawl import crawl as crawl_source
from crawler.report import CrawlReport, Progress, columns_found
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import home_option, opened, operator
from veil.cli.printing import echo
from veil.terminal import visible
from web_ui.parts import Parts


@click.command()
@click.argument("source", required=False)
@click.option("--path", help="Only what lies under this path of the source.")
@click.option("--into", metavar="DB", help="Register new datasets in this database.")
@click.option("--full", is_flag=True, help="Look again at what has not changed.")
@click.option("--resume", is_flag=True, help="Go on with crawls that were broken off or reached their limits.")
@click.option("--json", "as_json", is_flag=True, help="The same as -f json: every column with its tags.")
@format_option()
@home_option
def crawl(
    source: str | None,
    path: str | None,
    into: str | None,
    full: bool,
    resume: bool,
    as_json: bool,
    form: str,
    home: Path,
) -> int:
    """Crawl SOURCE, or a bare folder or file (then no home is needed and nothing is kept).

    What has not changed since the last crawl is not read again. Ctrl-C stops after the relation that is being read.
    Exits with 2 when something could not be read or is left; the rest is crawled all the same.

    \b
    Example:
        veil crawl clinic --into medical_charges
        veil crawl ./data --json
        veil crawl --resume
    """
    form = "json" if as_json else form
    with _stoppable() as should_stop:
        if resume:
            if path or into or full:
                raise SettingsInvalid("what is resumed goes on as it began", hint="leave out --path, --into and --full")
            return _resumed(source, form, home, should_stop)
        if source is None:
            raise SettingsInvalid("no source is named", hint="veil crawl SOURCE, or veil crawl --resume")
        if _is_bare(source, home):
            if path or into or full:
                raise SettingsInvalid("a bare folder is only looked at", hint="name a source to use --path and --into")
            with _progress() as tell:
                report = crawl_folder(source, on_progress=tell, should_stop=should_stop)
        else:
            with opened(home) as parts, _progress() as tell:
                conduct = _conduct(parts, source, tell, should_stop)
                report = crawl_source(
                    parts.catalog, source, path=path, into=into, is_full=full, by=operator(), conduct=conduct
                )
    _show(report, form)
    return _code(report)


def _resumed(source: str | None, form: str, home: Path, should_stop: Callable[[], bool]) -> int:
    """Carries on everything that is left, one run after the other."""
    code = 0
    with opened(home) as parts:
        left = CrawlRuns(parts.catalog).unfinished(source)
        for run in left:
            with _progress() as tell:
                report = carry_on(parts.catalog, run, conduct=_conduct(parts, run.source, tell, should_stop))
            _show(report, form)
            code = max(code, _code(report))
    if not left:
        echo("no crawl is left to go on with", err=form != "table")
    return code


def _conduct(parts: Parts, source: str, tell: Callable[[Progress], None], should_stop: Callable[[], bool]) -> Conduct:
    return Conduct(
        plugins=parts.plugins,
        politeness=parts.settings.politeness(parts.datasets.source(source) or Source(name=source, connector="")),
        on_progress=tell,
        should_stop=should_stop,
        copies=PrivateCopies(parts.home.copies),
    )


def _code(report: CrawlReport) -> int:
    return 2 if report.failed or report.unclear or report.timed_out or report.is_stopped else 0


def _is_bare(source: str, home: Path) -> bool:
    """Whether the name is of something on this machine's disk and of no source in the home."""
    if not Path(source).exists():
        return False
    if not Home(home).catalog_file.is_file():
        return True
    with opened(home) as parts:
        return parts.datasets.source(source) is None


def _show(report: CrawlReport, form: str) -> None:
    if form == "json":
        show_json(columns_found(report.crawled))
    else:
        rows: list[tuple[object, ...]] = [
            (each.name, each.state.value, len(each.fields), _tags(each.suggestions)) for each in report.crawled
        ]
        rows += [(name, "gone", "", "") for name in report.gone]
        show(
            Table(columns=("dataset", "state", "columns", "suggested tags"), rows=tuple(rows)),
            form,
            empty="no datasets",
        )
    is_aside = form != "table"
    for failure in report.failed:
        hint = f" ({failure.hint})" if failure.hint else ""
        echo(f"not read: {failure.relation}: {failure.reason}{hint}", err=is_aside)
    for other in report.passed:
        hint = f" ({other.hint})" if other.hint else ""
        echo(f"passed over: {other.relation}: {other.reason}{hint}", err=is_aside)
    for each in report.crawled:
        for defect in each.defects:
            echo(f"defect: {each.name}: {defect.what} ({defect.where})", err=is_aside)
    for view in report.unclear:
        echo(f"not clear: {view.relation}: {view.reason} ({view.hint})", err=is_aside)
    for rule in report.timed_out:
        echo(
            f"rule `{rule}` took too long or failed, and suggested nothing for some column; the next crawl looks again",
            err=is_aside,
        )
    if report.is_stopped:
        echo("stopped before the end; crawl again to go on with what is left", err=True)


def _tags(suggestions: Iterable[Suggestion]) -> tuple[str, ...]:
    return tuple(f"{'.'.join(suggestion.path)}: {suggestion.tag}" for suggestion in suggestions)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """One line on a terminal that says how far the crawl is, and is gone at the end."""
    shown = Console(stderr=True)
    if not shown.is_terminal:
        yield lambda progress: None
        return
    with shown.status("crawling") as status:
        yield lambda each: status.update(
            Text(visible(f"crawling {each.done + 1:,} of {each.total:,}: {each.relation} (Ctrl-C stops after it)"))
        )


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the crawl after the dataset it is at, so that the journal says how it ended."""
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, before)
