"""`veil report`: the questions that auditors ask, answered by the same reports as on the pages."""

from typing import cast
from urllib.parse import urlencode

import click

from catalog.journal.event import Event, EventKind
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import Place, asked, opened, operator, place_options
from veil.cli.printing import echo
from web_ui.home.estate import Estates
from web_ui.reports.kinds import answer, kind_of

_ALL = 999_999_999
"""Of a limit, more rows than any report has."""


@click.group()
def report() -> None:
    """Reports: who sees what, what is open or unused, what changed.

    \b
    Example:
        veil report who-can-see medical_charges.medical_costs.phone
    """


@report.command("who-can-see")
@click.argument("thing", metavar="DATASET[.COLUMN]")
@click.option("--limit", type=click.IntRange(1), help="At most so many rows; 500 unless told, but all as CSV.")
@format_option()
@place_options
def who_can_see(thing: str, limit: int | None, form: str, place: Place) -> None:
    """Roles and accounts who see a dataset or column, how, and since which revision.

    \b
    Example:
        veil report who-can-see medical_charges.medical_costs.phone
    """
    _show("who-can-see", {"thing": thing}, form, place, limit)


@report.command("what-can")
@click.argument("subject", metavar="ACCOUNT|role:NAME")
@format_option()
@place_options
def what_can(subject: str, form: str, place: Place) -> None:
    """Every column that an account or a role sees, and why.

    \b
    Example:
        veil report what-can role:healthcare_analyst_role -f csv
    """
    _show("what-can", {"subject": subject}, form, place)


@report.command()
@format_option()
@place_options
def coverage(form: str, place: Place) -> None:
    """How many columns are clear, masked and hidden, for each role.

    \b
    Example:
        veil report coverage
    """
    _show("coverage", {}, form, place)


@report.command()
@format_option()
@place_options
def unrestricted(form: str, place: Place) -> None:
    """Columns of a confidential or restricted tag that some role sees as they are.

    \b
    Example:
        veil report unrestricted -f csv
    """
    _show("unrestricted", {}, form, place)


@report.command()
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 36_500), help="In so many days.")
@format_option()
@place_options
def unused(days: int, form: str, place: Place) -> None:
    """Grants by which no query was answered for long.

    \b
    Example:
        veil report unused --days 30
    """
    _show("unused", {"days": str(days)}, form, place)


@report.command()
@click.option("--since", metavar="DAYS|DAY", help="Since so many days (30d) or a day; 30d unless told.")
@click.option("--from", "old", type=click.IntRange(1), help="From this revision.")
@click.option("--to", "new", type=click.IntRange(1), help="To this revision, the newest unless told.")
@click.option("--who", metavar="'role NAME'", help="What differs for one role, group or account.")
@click.option(
    "--limit", type=click.IntRange(1), help="At most so many rows; 500 unless told, but all as CSV or of one."
)
@format_option()
@place_options
def changes(
    since: str | None, old: int | None, new: int | None, who: str | None, limit: int | None, form: str, place: Place
) -> None:
    """Who gained and who lost which columns in a period, or from one revision to another.

    \b
    Example:
        veil report changes --since 90d
        veil report changes --from 12 --who 'role clerk'
    """
    wanted = {"since": since, "from": old and str(old), "to": new and str(new), "who": who}
    _show("changes", {name: value for name, value in wanted.items() if value}, form, place, limit)


@report.command()
@format_option()
@place_options
def warnings(form: str, place: Place) -> None:
    """What lint finds in the policies in force.

    \b
    Example:
        veil report warnings
    """
    _show("warnings", {}, form, place)


def _show(name: str, words: dict[str, str], form: str, place: Place, limit: int | None = None) -> None:
    limit = limit or (_ALL if form == "csv" else None)
    if place.home is None:
        query = urlencode({**words, **({"limit": limit} if limit else {})})
        made = asked(place.url, "GET", f"/reports/{name}{f'?{query}' if query else ''}")
    else:
        made = _made(name, words, place, limit)
    if form == "json":
        show_json(made)
        return
    columns = tuple(cast("list[str]", made["columns"]))
    rows = tuple(tuple(row[column] for column in columns) for row in cast("list[dict[str, object]]", made["rows"]))
    if form == "table":
        echo(str(made["answer"]))
    show(Table(columns=columns, rows=rows), form, empty=kind_of(name).empty)
    if form == "table":
        for note in cast("list[str]", made["notes"]):
            echo(f"note: {note}", err=True)


def _made(name: str, words: dict[str, str], place: Place, limit: int | None) -> dict[str, object]:
    """The report of the home, made here; reading it is journalled."""
    assert place.home is not None
    with opened(place.home) as parts:
        made = answer(parts, Estates(parts), kind_of(name), words, subject=None)
        details = {"report": name, "asked": dict(made.asked), "count": len(made.report.rows)}
        parts.journal.append(
            Event(kind=EventKind.REPORT_READ, user=operator(), revision=made.standing.revision, details=details)
        )
        return made.as_json(limit)
