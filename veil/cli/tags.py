"""`veil tags`: goes through the tags that crawls suggest, and says which are right and which are wrong."""

from collections.abc import Mapping
from urllib.parse import urlencode

import click

from catalog.errors import SettingsInvalid
from catalog.model import TagState
from catalog.tag_assignments import Choice, TagAssignments
from policy_engine.tag_review import MOST_AT_ONCE
from policy_engine.tag_review import review as judge
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import Place, asked, opened, operator, place_options
from veil.cli.printing import echo
from web_ui.apis.tags import as_json

_COLUMNS = ("id", "dataset", "column", "tag", "level", "state", "confidence", "rule", "evidence", "by", "at")
_MOST = 1_000


@click.group()
def tags() -> None:
    """Tags on columns: what crawls suggest, and what people say of it.

    \b
    Example:
        veil tags review --tag pii
        veil tags confirm 12 13 14
    """


@tags.command()
@click.option("--state", type=click.Choice([state.value for state in TagState]), default="suggested", show_default=True)
@click.option("--tag", default="", help="This tag, or all of a namespace.")
@click.option("--dataset", default="", help="On this dataset, or in this database.")
@click.option("--search", default="", help="Words that stand in dataset, column, tag, rule or evidence.")
@click.option("--rule", default="", help="Suggested by this rule.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=100, show_default=True)
@format_option()
@place_options
def review(state: str, tag: str, dataset: str, search: str, rule: str, limit: int, form: str, place: Place) -> None:
    """List tags by state, with the number by which each is confirmed or rejected.

    A suggested tag already protects: it counts wherever counting it hides more.

    \b
    Example:
        veil tags review --dataset medical_charges --search phone
    """
    chosen = {"state": state, "tag": tag, "dataset": dataset, "search": search, "rule": rule}
    if place.home is None:
        query = urlencode({name: value for name, value in {**chosen, "limit": limit}.items() if value})
        answer = asked(place.url, "GET", f"/tags/assignments?{query}")
        found, total = answer["assignments"], answer["total"]
    else:
        choice = Choice(state=TagState(state), tag=tag, dataset=dataset, search=search, rule=rule)
        with opened(place.home) as parts:
            store = TagAssignments(parts.catalog)
            found, total = [as_json(each) for each in store.listed(choice, limit=limit)], store.count(choice)
    assert isinstance(found, list)
    _show(found, form)
    if isinstance(total, int) and total > len(found) and form == "table":
        echo(f"{len(found):,} of {total:,} are shown; ask for some with --tag, --dataset or --search")


def _choosing(verb: str, state: TagState) -> click.Command:
    """The command that confirms or rejects."""

    @tags.command(verb)
    @click.argument("ids", metavar="[ID]...", nargs=-1, type=click.IntRange(min=1))
    @click.option("--tag", default="", help="All that is suggested of this tag, or of a namespace.")
    @click.option("--dataset", default="", help="All that is suggested on this dataset, or in this database.")
    @click.option("--why", default="", help="Why; the revision and the journal keep it.")
    @format_option()
    @place_options
    def command(ids: tuple[int, ...], tag: str, dataset: str, why: str, form: str, place: Place) -> None:
        if bool(ids) == bool(tag or dataset):
            raise SettingsInvalid(
                "say which tags: by their numbers, or by --tag and --dataset", hint="veil tags review lists them"
            )
        chosen = ids or _suggested(place, tag, dataset)
        _show(_judged(place, dict.fromkeys(chosen, state), why) if chosen else [], form)

    return command


def _suggested(place: Place, tag: str, dataset: str) -> tuple[int, ...]:
    """The numbers of everything that is suggested there."""
    if place.home is not None:
        choice = Choice(state=TagState.SUGGESTED, tag=tag, dataset=dataset)
        with opened(place.home) as parts:
            return tuple(each.id for each in TagAssignments(parts.catalog).listed(choice, limit=MOST_AT_ONCE))
    found: list[int] = []
    chosen = {"state": "suggested", "tag": tag, "dataset": dataset, "limit": str(_MOST)}
    while len(found) < MOST_AT_ONCE:
        given = {**chosen, **({"offset": str(len(found))} if found else {})}
        query = urlencode({name: value for name, value in given.items() if value})
        answer = asked(place.url, "GET", f"/tags/assignments?{query}")
        page = answer["assignments"]
        assert isinstance(page, list)
        found += [each["id"] for each in page]
        if answer["offset"] is None:
            break
    return tuple(found)


def _judged(place: Place, verdicts: Mapping[int, TagState], why: str) -> list[dict[str, object]]:
    """The assignments whose state is another now."""
    if place.home is not None:
        with opened(place.home) as parts:
            done = judge(parts.catalog, verdicts, rights=None, by=operator(), why=why)
        return [as_json(each) for each in done.changed]
    said = {
        key: [number for number, verdict in verdicts.items() if verdict is state]
        for key, state in (("confirm", TagState.CONFIRMED), ("reject", TagState.REJECTED))
    }
    changed = asked(place.url, "POST", "/tags/assignments/review", {**said, "why": why})["changed"]
    assert isinstance(changed, list)
    return changed


def _show(found: list[dict[str, object]], form: str) -> None:
    if form == "json":
        show_json(found)
        return
    for each in found:
        each["state"] = f"{each['state']}{', no longer found' if each['missing_since'] else ''}"
    rows = tuple(tuple(each[column] for column in _COLUMNS) for each in found)
    show(Table(columns=_COLUMNS, rows=rows), form, empty="no tags")


confirm = _choosing("confirm", TagState.CONFIRMED)
confirm.help = """Say that tags are right: they stand until a person says otherwise.

\b
Example:
    veil tags confirm 12 13
    veil tags confirm --tag pii.email_address --dataset medical_charges
"""
reject = _choosing("reject", TagState.REJECTED)
reject.help = """Say that tags are wrong: they no longer protect, and their rule is not heard there again.

\b
Example:
    veil tags reject 14 --why "ward numbers, not people"
"""
