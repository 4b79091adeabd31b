"""`veil lint` and `veil test`: what is odd about documents, and whether they do what their tests say."""

from pathlib import Path

import click

from catalog.clock import utc_now
from catalog.tags import Tags
from policy_engine.changing.draft import Draft, draft
from policy_engine.changing.policy_tests import Check, TestResult, run_tests
from policy_engine.document.model import Document
from policy_engine.document.reading import load
from policy_engine.lint.findings import Finding
from policy_engine.lint.run import lint as find_oddities
from policy_engine.live import dataset_key, read_live
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import opened
from veil.cli.printing import echo

_DOCUMENTS = click.argument("paths", metavar="FILE|DIR", nargs=-1, required=True, type=click.Path(path_type=Path))
_HOME = click.option(
    "--home",
    envvar="VEIL_HOME",
    type=click.Path(path_type=Path, file_okay=False),
    show_envvar=True,
    help="Over what is live in this home; else the documents stand alone.",
)
_FINDING = ("code", "severity", "file", "line", "path", "finding", "try")


@click.command()
@_DOCUMENTS
@_HOME
@format_option()
def lint(paths: tuple[Path, ...], home: Path | None, form: str) -> int:
    """Look for what is odd in documents: what gives nothing, opens too much or contradicts itself; exit 2 if anything.

    docs/reference/lint.md explains each finding.

    \b
    Example:
        veil lint policies/
        veil lint policies/ --home /srv/veil -f json
    """
    made = _draft(load(paths), home)
    findings = find_oddities(made, utc_now())
    if form == "table":
        _print_findings(findings)
        _print_notes(made)
    else:
        show(Table(columns=_FINDING, rows=tuple(_row(finding) for finding in findings)), form)
    return 2 if findings else 0


@click.command()
@_DOCUMENTS
@_HOME
@format_option()
def test(paths: tuple[Path, ...], home: Path | None, form: str) -> int:
    """Run the tests that documents state about their policies; exit 2 if one of them fails.

    \b
    Example:
        veil test policies/
    """
    made = _draft(load(paths), home)
    results = run_tests(made, utc_now())
    match form:
        case "json":
            show_json([_told(result) for result in results])
        case "csv":
            columns = ("test", "file", "line", "what", "expected", "seen", "passed", "policies", "why")
            rows = tuple(_checked(result, check) for result in results for check in result.checks)
            show(Table(columns=columns, rows=rows), form)
        case _:
            _print_results(results)
            _print_notes(made)
    return 0 if all(result.is_passed for result in results) else 2


def _draft(document: Document, home: Path | None) -> Draft:
    """The state that the documents lead to, over what is live in a home where one is named."""
    if home is None:
        return draft(document)
    with opened(home) as parts:
        live, tags = read_live(parts.catalog), Tags(parts.catalog)
        named = {dataset_key(stated.value.database, stated.value.name) for stated in document.datasets}
        known = {key: live.datasets[key].full_name for key in named if key in live.datasets}
        return draft(document, live, assignments={key: tags.assignments(name) for key, name in known.items()})


def _print_findings(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        place = finding.place
        where = f"{place.file}, line {place.line}: " if place else ""
        echo(f"{finding.severity.value:<8} {where}{finding.sentence}  [{finding.code}]")
        echo(f"  try      {finding.advice}")
    count = len(findings)
    echo(f"{count} finding{'' if count == 1 else 's'}" if count else "Nothing found")


def _row(finding: Finding) -> tuple[object, ...]:
    place = finding.place
    spot = (place.file, place.line, place.path) if place else (None, None, None)
    return (finding.code, finding.severity.value, *spot, finding.sentence, finding.advice)


def _print_results(results: tuple[TestResult, ...]) -> None:
    for result in results:
        where = "" if result.is_passed else f"  ({result.place.file}, line {result.place.line})"
        echo(f"{'ok  ' if result.is_passed else 'FAIL'}  {result.name}{where}")
        for check in result.checks:
            if not check.is_met:
                echo(f"        {check.what}: expected {check.expected}, seen {check.seen}")
                echo(f"            {check.why}")
    failed = sum(not result.is_passed for result in results)
    count = f"{len(results)} test{'' if len(results) == 1 else 's'}"
    echo(f"{failed} of {count} failed" if failed else f"{count} passed" if results else "No document has a test")


def _print_notes(made: Draft) -> None:
    for note in made.notes:
        echo(f"note: {note}", err=True)


def _told(result: TestResult) -> dict[str, object]:
    return {
        "test": result.name,
        "file": result.place.file,
        "line": result.place.line,
        "passed": result.is_passed,
        "checks": [
            {
                "what": check.what,
                "expected": check.expected,
                "seen": check.seen,
                "passed": check.is_met,
                "policies": [*check.policies],
                "why": check.why,
            }
            for check in result.checks
        ],
    }


def _checked(result: TestResult, check: Check) -> tuple[object, ...]:
    place = check.place
    seen = (check.what, check.expected, check.seen, check.is_met)
    return (result.name, place.file, place.line, *seen, check.policies, check.why)
