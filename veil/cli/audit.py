"""`veil audit`: reads the journal, exports it, and seals it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import click

from catalog.errors import SettingsInvalid
from catalog.journal.chain import line_of
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.names import nearest
from veil.cli.audit_record import archive, moment, verify
from veil.cli.files import write_private
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import Place, asked, home_option, opened, operator, place_options
from veil.cli.printing import echo, send

_COLUMNS = ("seq", "at", "kind", "user", "verdict", "datasets", "policies", "revision", "decision_id")
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def audit() -> None:
    """The journal: who asked what, what was decided and why.

    \b
    Example:
        veil audit search --dataset medical_charges.medical_costs --from 2026-03-01
    """


@audit.command()
@click.option("--user", help="Who did it.")
@click.option("--dataset", help="On which dataset, as database.name.")
@click.option("--column", help="On which column, as database.name.column, however it was shown.")
@click.option("--tag", help="On a column with which tag.")
@click.option("--policy", help="Decided by which policy.")
@click.option("--kind", help="What kind of event, such as query:begin.")
@click.option("--verdict", type=click.Choice(list(Verdict)), help="How it ended for the person.")
@click.option("--from", "start", help="Not before this day or time (UTC).")
@click.option("--to", "end", help="Before this day or time (UTC).")
@click.option("--text", help="With this text anywhere in it.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@format_option()
@place_options
def search(
    user: str | None,
    dataset: str | None,
    column: str | None,
    tag: str | None,
    policy: str | None,
    kind: str | None,
    verdict: str | None,
    start: str | None,
    end: str | None,
    text: str | None,
    limit: int,
    form: str,
    place: Place,
) -> None:
    """Find events, newest first; at a server, your own, or all of them for auditors.

    \b
    Example:
        veil audit search --user demo_user2 --kind query:begin -f json
    """
    wanted = {"user": user, "dataset": dataset, "column": column, "tag": tag, "policy": policy, "verdict": verdict}
    wanted |= {
        "kind": kind and _kind(kind),
        "from": start and moment(start).isoformat(),
        "to": end and moment(end).isoformat(),
        "text": text,
    }
    given = {name: value for name, value in wanted.items() if value}
    if place.home is None:
        answer = asked(place.url, "GET", f"/audit/events?{urlencode({**given, 'limit': limit})}")
        records = cast("list[dict[str, object]]", answer["events"])
        if answer.get("archived_until"):
            echo(f"events up to {answer['archived_until']} are archived, and not searched", err=True)
    else:
        records = _found(place.home, given, limit)
    if form == "json":
        show_json(records)
        return
    rows = tuple(tuple(record[column] for column in _COLUMNS) for record in records)
    show(Table(columns=_COLUMNS, rows=rows), form, empty="no such events")


def _found(home: Path, given: dict[str, str], limit: int) -> list[dict[str, object]]:
    with _journal(home) as journal:
        for archived in journal.archives():
            if "from" not in given or moment(given["from"]) <= archived.ended_at:
                echo(f"events {archived.first} to {archived.last} are in {archived.file}, not searched", err=True)
        journal.file()
        found = journal.search(
            user=given.get("user"),
            dataset=given.get("dataset"),
            column=given.get("column"),
            tag=given.get("tag"),
            policy=given.get("policy"),
            kind=EventKind(given["kind"]) if "kind" in given else None,
            verdict=Verdict(given["verdict"]) if "verdict" in given else None,
            start=moment(given["from"]) if "from" in given else None,
            end=moment(given["to"]) if "to" in given else None,
            text=given.get("text"),
            limit=limit,
        )
        _note(journal, EventKind.AUDIT_READ, {"asked": given, "count": len(found)})
    return [_record(event) for event in found]


@audit.command("show")
@click.argument("seq", type=int)
@format_option("table", "json")
@home_option
def show_event(seq: int, form: str, home: Path) -> None:
    """Show one event whole; SEQ is its number.

    \b
    Example:
        veil audit show 42
    """
    with _journal(home) as journal:
        event = journal.event(seq)
        if event is None:
            raise SettingsInvalid(f"there is no event {seq}", hint="veil audit search")
        _note(journal, EventKind.AUDIT_READ, {"event": seq})
    record = _record(event)
    if form == "json":
        show_json(record)
        return
    rows = {**{name: value for name, value in record.items() if name != "details"}, **dict(event.details)}
    show(Table(columns=("what", "is"), rows=tuple(rows.items())), form)


@audit.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@home_option
def export(file: Path | None, home: Path) -> None:
    """Write every event, oldest first, one JSON object a line, hashes included: to FILE, or to stdout.

    You alone can read FILE then, even if others could read what was there. Events that were archived stay where they
    are, which is told.

    \b
    Example:
        veil audit export journal.jsonl && veil audit verify journal.jsonl
    """
    with _journal(home) as journal:
        _note(journal, EventKind.AUDIT_EXPORT, {})
        for archived in journal.archives():
            echo(f"events {archived.first} to {archived.last} are in {archived.file}", err=True)
        lines = (line_of(event) + "\n" for event in journal.export())
        if file is None:
            for line in lines:
                send(line)
            return
        write_private(file, lines)


@audit.command()
@format_option("table", "json")
@home_option
def seal(form: str, home: Path) -> None:
    """Sign the journal as it stands and write that to the file of seals.

    A running server makes a seal every day; keep the file, or copies of it, where the home's owner cannot write.

    \b
    Example:
        veil audit seal
    """
    with opened(home) as parts:
        made = parts.keeper.seal(operator())
        file = parts.keeper.book.file
    if form == "json":
        show_json(json.loads(made.line))
        return
    echo(f"{made.count:,} events are sealed in {file}")
    echo(f"note the public key elsewhere: {made.key}")


audit.add_command(verify)
audit.add_command(archive)


@contextmanager
def _journal(home: Path) -> Iterator[Journal]:
    with opened(home) as parts:
        yield parts.journal


def _note(journal: Journal, kind: EventKind, details: dict[str, object]) -> None:
    """Reading the journal is journalled, once for each command."""
    journal.append(Event(kind=kind, user=operator(), details=details))


def _kind(text: str) -> EventKind:
    try:
        return EventKind(text)
    except ValueError:
        near = nearest(text, list(EventKind))
        hint = f"did you mean `{near}`?" if near else "known kinds: " + ", ".join(EventKind)
        raise SettingsInvalid(f"there is no kind of event `{text}`", hint=hint) from None


def _record(event: Event) -> dict[str, object]:
    """An event as JSON, with the same keys as in an export."""
    return cast("dict[str, object]", json.loads(line_of(event)))
