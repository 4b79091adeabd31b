"""`veil crawl`: finds datasets in a source, registers them, and suggests tags for their columns."""

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from catalog.errors import SettingsInvalid
from catalog.home import Home
from crawler.classify import Suggestion
from crawler.crawl import crawl as crawl_source
from crawler.crawl import crawl_folder
from crawler.report import CrawlReport, Progress, columns_found
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import home_option, opened, operator


@click.command()
@click.argument("source")
@click.option("--path", help="Only what lies under this path of the source.")
@click.option("--into", metavar="DB", help="Register new datasets in this database.")
@click.option("--json", "as_json", is_flag=True, help="The same as -f json: every column with its tags.")
@format_option()
@home_option
def crawl(source: str, path: str | None, into: str | None, as_json: bool, form: str, home: Path) -> int:
    """Crawl SOURCE, or a bare folder or file (then no home is needed and nothing is kept).

    Exits with 2 when something could not be read; the rest is crawled all the same.

    \b
    Example:
        veil crawl clinic --into medical_charges
        veil crawl ./data --json
    """
    with _stoppable() as should_stop:
        if _is_bare(source, home):
            if path or into:
                raise SettingsInvalid("a bare folder is only looked at", hint="name a source to use --path and --into")
            report = crawl_folder(source, on_progress=_tell, should_stop=should_stop)
        else:
            with opened(home) as parts:
                report = crawl_source(
                    parts.catalog,
                    source,
                    path=path,
                    into=into,
                    by=operator(),
                    on_progress=_tell,
                    should_stop=should_stop,
                )
    _show(report, "json" if as_json else form)
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
        click.echo(f"not read: {failure.relation}: {failure.reason}{hint}", err=is_aside)
    for view in report.unclear:
        click.echo(f"not clear: {view.relation}: {view.reason} ({view.hint})", err=is_aside)
    for rule in report.timed_out:
        click.echo(f"rule `{rule}` took too long and suggested nothing for some dataset", err=is_aside)
    if report.is_stopped:
        click.echo("stopped before the end; crawl again to go on", err=True)


def _tags(suggestions: Iterable[Suggestion]) -> tuple[str, ...]:
    return tuple(f"{'.'.join(suggestion.path)}: {suggestion.tag}" for suggestion in suggestions)


def _tell(progress: Progress) -> None:
    if sys.stderr.isatty():
        click.echo(f"crawling {progress.done + 1} of {progress.total}: {progress.relation}", err=True)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the crawl after the dataset it is at, so that the journal says how it ended."""
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, before)
