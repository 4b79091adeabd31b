"""`veil request` and `veil access`: ask for access, and decide on what others ask for."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

import click

from catalog import names
from catalog.access_requests import RequestState
from catalog.errors import SettingsInvalid
from policy_engine.model import Subject
from policy_engine.requests.access_requests import approve as do_approve
from policy_engine.requests.access_requests import deny as do_deny
from policy_engine.subjects import subject_of
from proxy.asking import Asked
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.people import account
from veil.cli.places import Place, asked, opened, operator, place_options
from veil.cli.printing import echo
from web_ui.apis.requests import as_json, story_as_json
from web_ui.parts import Parts
from web_ui.request_deeds import asking
from web_ui.request_stories import Reader, end_of, terms_of

_COLUMNS = ("id", "user", "dataset", "columns", "state", "why", "ends_at", "decided_by", "words")


@click.command()
@click.argument("things", metavar="DATASET[.COLUMN]...", nargs=-1, required=True)
@click.option("--why", required=True, help="What you need it for; whoever decides reads it.")
@click.option("--purpose", default="", help="The purpose, in a word or two.")
@click.option("--until", help="The last day, as 2026-01-31; 30 days from now unless told.")
@click.option("--rows", is_flag=True, help="Every row, with the columns as you see them now.")
@click.option("--as", "user", help="As which user (in a home; at a server the token says who asks).")
@format_option("table", "json")
@place_options
def request(
    things: tuple[str, ...],
    why: str,
    purpose: str,
    until: str | None,
    rows: bool,
    user: str | None,
    form: str,
    place: Place,
) -> None:
    """Ask for access to a dataset, or to columns of one; whoever may write policies there decides.

    \b
    Example:
        veil request medical_charges.medical_costs.phone --why "patients must be called back" --purpose recall
        veil request medical_charges.medical_costs --rows --why "the yearly count needs everybody"
    """
    dataset, columns = _parted(things)
    if place.home is None:
        _refuse_as(user)
        said = {"dataset": dataset, "columns": columns, "all_rows": rows, "why": why, "purpose": purpose}
        told = asked(place.url, "POST", "/access-requests", {**said, **({"until": until} if until else {})})
    else:
        with opened(place.home) as parts:
            if user is None:
                raise SettingsInvalid("nobody is named to ask as", hint="add --as USER")
            wish = Asked(
                dataset=dataset,
                columns=tuple(columns),
                all_rows=rows,
                why=why,
                purpose=purpose,
                until=end_of(until) if until else None,
            )
            kept = asking(parts).ask(subject_of(account(parts, user)), wish, client=operator())
            told = as_json(kept, kept.user)
    if form == "json":
        show_json(told)
    else:
        echo(f"request {told['id']} waits for a decision; `veil access show {told['id']}` tells what becomes of it")


@click.group()
def access() -> None:
    """Requests for access: yours, and those you may decide on.

    \b
    Example:
        veil access list --state open
        veil access show 482109
        veil access approve 482109 --plan 8f2c41aa --words "for the recall"
    """


@access.command("list")
@click.option("--state", type=click.Choice([state.value for state in RequestState]), help="In this state.")
@click.option("--search", default="", help="Words that stand in number, names, reason or words.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=100, show_default=True)
@format_option()
@place_options
def listed(state: str | None, search: str, limit: int, form: str, place: Place) -> None:
    """List requests: your own, and those on which you may decide; in a home, all of them.

    \b
    Example:
        veil access list --state open --search recall
    """
    if place.home is None:
        query = urlencode(
            {key: value for key, value in (("state", state), ("search", search), ("limit", limit)) if value}
        )
        found = cast("list[dict[str, object]]", asked(place.url, "GET", f"/access-requests?{query}")["requests"])
    else:
        with opened(place.home) as parts:
            reader = _operator(parts)
            choice = reader.choice(state=RequestState(state) if state else None, search=search)
            found = [as_json(each, reader.subject.user) for each in reader.listed(choice, limit=limit)[0]]
    if form == "json":
        show_json(found)
        return
    rows = tuple(tuple(_cell(each, column) for column in _COLUMNS) for each in found)
    show(Table(columns=_COLUMNS, rows=rows), form, empty="no requests")


@access.command("show")
@click.argument("number", metavar="N")
@click.option("--column", "columns", multiple=True, help="Only this of what is asked for; may be repeated.")
@click.option("--mask", default="", help="Through this transform, as `tokenize()`.")
@click.option("--until", default="", help="No longer than this day.")
@click.option("--bound", is_flag=True, help="Only for queries that state the purpose.")
@format_option("table", "json")
@place_options
def show_one(
    number: str, columns: tuple[str, ...], mask: str, until: str, bound: bool, form: str, place: Place
) -> None:
    """Tell one request, and what approving it on these terms would do.

    \b
    Example:
        veil access show 482109 --mask "tokenize()" --until 2026-01-31
    """
    if place.home is None:
        given = [("column", column) for column in columns]
        given += [(key, value) for key, value in (("mask", mask), ("until", until)) if value]
        given += [("bound", "true")] if bound else []
        told = asked(place.url, "GET", f"/access-requests/{number}?{urlencode(given)}")
    else:
        with opened(place.home) as parts:
            reader = _operator(parts)
            story = reader.story(number, columns=columns, mask=mask, until=until, bound=bound)
            told = story_as_json(story, reader.subject.user)
    if form == "json":
        show_json(told)
    else:
        echo("\n".join(_lines(told)))


@access.command()
@click.argument("number", metavar="N")
@click.option("--plan", required=True, help="The plan that `veil access show` told, on the same terms.")
@click.option("--words", default="", help="For whoever asked.")
@click.option("--column", "columns", multiple=True, help="Only this of what is asked for; may be repeated.")
@click.option("--mask", default="", help="Through this transform, as `tokenize()`.")
@click.option("--until", default="", help="No longer than this day.")
@click.option("--bound", is_flag=True, help="Only for queries that state the purpose.")
@place_options
def approve(
    number: str,
    plan: str,
    words: str,
    columns: tuple[str, ...],
    mask: str,
    until: str,
    bound: bool,
    place: Place,
) -> None:
    """Approve a request: carry out the very plan that was looked at.

    \b
    Example:
        veil access approve 482109 --plan 8f2c41aa --words "for the recall"
    """
    if place.home is None:
        said = {"columns": list(columns), "mask": mask, "until": until, "bound": bound, "words": words}
        told = asked(
            place.url, "POST", f"/access-requests/{number}/decide", {"verdict": "approve", "plan": plan, **said}
        )
    else:
        with opened(place.home) as parts:
            found = _operator(parts).request(number)
            terms = terms_of(found, columns=columns, mask=mask, until=until, bound=bound)
            by = operator()
            done = do_approve(
                parts.catalog, found.id, terms, plan=plan, by=by, rights=None, at=parts.clock(), words=words
            )
            told = as_json(done, by)
    echo(f"request {told['id']} is approved until {_end(told)}; revision {told['revision']} is in force")


@access.command()
@click.argument("number", metavar="N")
@click.option("--words", required=True, help="Why, and what to do instead; whoever asked reads it.")
@place_options
def deny(number: str, words: str, place: Place) -> None:
    """Deny a request, with words.

    \b
    Example:
        veil access deny 482109 --words "the tokens are enough for counting"
    """
    if place.home is None:
        asked(place.url, "POST", f"/access-requests/{number}/decide", {"verdict": "deny", "words": words})
    else:
        with opened(place.home) as parts:
            found = _operator(parts).request(number)
            do_deny(parts.catalog, found.id, by=operator(), rights=None, at=parts.clock(), words=words)
    echo(f"request {number} is denied")


def _parted(things: tuple[str, ...]) -> tuple[str, list[str]]:
    """The dataset and the columns that are named; raises SettingsInvalid for things of several datasets."""
    parts = [names.split(thing) for thing in things]
    wrong = next((thing for thing, found in zip(things, parts, strict=True) if len(found) < 2), None)
    if wrong is not None:
        raise SettingsInvalid(f"`{wrong}` is no dataset", hint="write it like `shop.orders` or `shop.orders.phone`")
    datasets = {tuple(map(names.fold, found[:2])) for found in parts}
    columns = [names.join(*found[2:]) for found in parts if len(found) > 2]
    if len(datasets) > 1 or (columns and len(columns) < len(parts)):
        raise SettingsInvalid("one request is about one dataset", hint="ask for each by itself")
    return names.join(*parts[0][:2]), columns


def _refuse_as(user: str | None) -> None:
    if user is not None:
        raise SettingsInvalid("`--as` works in a home only", hint="at a server, the token in VEIL_TOKEN says who asks")


def _operator(parts: Parts) -> Reader:
    """Whoever works on this machine, who has the home's files in hand."""
    return Reader(parts, Subject(user=operator(), groups=frozenset()), None, client=operator())


def _cell(told: Mapping[str, Any], column: str) -> object:
    if column == "columns":
        return told["columns"] or ("every row" if told["wanted"] == "rows" else "all of it")
    return _end(told) if column == "ends_at" else told[column]


def _end(told: Mapping[str, object]) -> str:
    return str(told["ends_at"])[:16].replace("T", " ")


def _lines(told: Mapping[str, Any]) -> list[str]:
    """A request and its story for people."""
    lines = [
        f"request {told['id']}: {told['user']} asks for {told['dataset']} ({_plain(_cell(told, 'columns'))})",
        f"  why      {told['why']}",
        *([f"  purpose  {told['purpose']}"] if told["purpose"] else []),
        f"  until    {_end(told)}",
        f"  state    {told['state']}" + (f" by {told['decided_by']}: {told['words']}" if told["decided_by"] else ""),
        *(f"  policy   {statement}" for statement in told["in_force"].values()),
    ]
    if told.get("problem"):
        lines.append(f"  problem  {told['problem']}")
    proposal = told.get("proposal")
    if proposal:
        lines += ["", f"Plan {proposal['plan']} against revision {proposal['against_revision']} (live)"]
        lines += [f"  {line}" for line in _changes(proposal)]
        lines += [f"  against: policy {each['policy'] or 'of others'}, {each['owner']}" for each in told["against"]]
        lines += [f"  from {each['at'][:16].replace('T', ' ')}: {_moved(each)}" for each in proposal["later"]]
        lines += [f"  missing: {name}" for name in proposal["missing"]]
        lines += [f"  all keys, also later ones: {name}" for name in proposal["keyed"]]
        if proposal["refused_because"]:
            lines.append(f"  cannot be approved: {proposal['refused_because']}")
    return lines


def _changes(proposal: Mapping[str, Any]) -> list[str]:
    """The columns that are asked for or move, and the rows."""
    told = [each for each in proposal["columns"] if each["asked"] or each["before"] != each["after"]]
    lines = [f"{each['column']}  {each['before']} -> {each['after']}  {each['reason']}" for each in told]
    rows = proposal["rows"]
    return [*lines, f"rows  {rows['before']} -> {rows['after']}" if rows["before"] != rows["after"] else rows["before"]]


def _moved(later: Mapping[str, Any]) -> str:
    return f"{later['column'] or 'rows'}  {later['before']} -> {later['after']}"


def _plain(cell: object) -> str:
    return ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)
