"""`veil history`, `veil diff` and `veil rollback`: what stood, what differs, and the way back."""

from pathlib import Path
from typing import cast

import click

from catalog.clock import utc_now
from catalog.model import Revision
from policy_engine.changing.apply import carry_out
from policy_engine.changing.history import back_to, between, said_in
from veil.cli.output import Table, format_option, show_json, show_said
from veil.cli.places import Place, asked, home_option, opened, operator, place_options
from veil.cli.plans import show_answer, show_applied
from veil.cli.printing import echo

_COLUMNS = ("revision", "at", "by", "why", "difference")


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@format_option()
@place_options
def history(limit: int, form: str, place: Place) -> None:
    """List the revisions of policies and roles: who changed what, when and why.

    \b
    Example:
        veil history --limit 5
    """
    if place.home is None:
        told = cast("list[dict[str, object]]", asked(place.url, "GET", f"/policies/history?limit={limit}")["revisions"])
        rows = tuple(tuple(revision[column] for column in _COLUMNS) for revision in told)
        said = [cast("dict[str, str]", revision.get("statements", {})) for revision in told]
    else:
        with opened(place.home) as parts:
            found = parts.revisions.history()[:limit]
            said = [said_in(revision, parts.revisions) for revision in found]
        rows = tuple(_row(revision) for revision in found)
    under = [
        (f"revision {row[0]}, policy `{name}`", statement)
        for row, statements in zip(rows, said, strict=True)
        for name, statement in statements.items()
    ]
    show_said(Table(columns=_COLUMNS, rows=rows), said, form, under=under, empty="no revision yet")


@click.command()
@click.argument("old", metavar="A", type=int)
@click.argument("new", metavar="[B]", type=int, required=False)
@format_option("table", "json")
@home_option
def diff(old: int, new: int | None, form: str, home: Path) -> int:
    """Tell what differs from revision A to revision B, or to what is live, and for whom; exit 2 if anything.

    \b
    Example:
        veil diff 41
        veil diff 41 43
    """
    with opened(home) as parts:
        plan = between(old, new, parts.catalog, at=utc_now())
    if form == "json":
        show_json({**plan.as_json(), "from": old, "to": new or "live"})
    else:
        echo(plan.compared(f"revision {old}", "what is live" if new is None else f"revision {new}"))
    return 2 if plan.has_changes else 0


@click.command()
@click.argument("number", metavar="N", type=int)
@click.option("--why", required=True, help="Why; the revision and the journal keep it.")
@format_option("table", "json")
@place_options
def rollback(number: int, why: str, form: str, place: Place) -> None:
    """Put the policies and roles of revision N in force again, as a new revision; data and accounts stay.

    \b
    Example:
        veil diff 41 && veil rollback 41 --why "the change of Tuesday opened too much"
    """
    if place.home is None:
        show_answer(asked(place.url, "POST", "/policies/rollback", {"revision": number, "why": why}), form)
        return
    with opened(place.home) as parts:
        plan = back_to(number, parts.catalog, at=utc_now())
        applied = carry_out(plan, parts.catalog, by=operator(), why=why, back_to=number)
    show_applied(applied, form)


def _row(revision: Revision) -> tuple[object, ...]:
    return revision.number, revision.at, revision.by, revision.why, tuple(revision.difference.splitlines())
