"""The section `tests`: what somebody is to see of a dataset, as a document states it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from catalog import names
from catalog.errors import VeilError
from catalog.people.model import Attribute
from policy_engine.circumstances import LAST_YEAR
from policy_engine.document.entries import Entry, items, pairs, text, wrong
from policy_engine.document.model import Expectation, PolicyTest
from policy_engine.document.places import Stated, invalid, pointed
from policy_engine.document.sections import read_attributes
from policy_engine.document.tree import Node
from policy_engine.transforms import calls
from policy_engine.transforms.known import TRANSFORMS, find

KEYS = ("name", "as", "at", "dataset", "sees", "rows", "because")
ROWS = ("all", "filtered", "none")
PLAIN = ("clear", "hidden", "masked")


def read_tests(node: Node) -> Iterator[Stated[PolicyTest]]:
    """Policy tests, in order.

    Example:
        - {as: {groups: [analysts]}, dataset: clinic.patients, sees: {mrn: tokenize, phone: hidden}, rows: filtered}
    """
    for item in items(node, "a list of tests"):
        entry = Entry.of(item, "a test", KEYS)
        subject = Entry.of(entry.needs("as"), "`as`", ("user", "groups", "attributes"))
        if not subject.nodes:
            raise invalid(subject.place, "names nobody", hint="as `{groups: [analysts]}` or `{user: kim}`")
        test = PolicyTest(
            name=_said(entry, "name"),
            user=_said(subject, "user"),
            groups=frozenset(stated.value for stated in subject.texts("groups") or ()),
            attributes=dict(_attributes(subject)),
            at=_at(entry),
            dataset=_dataset(entry),
            sees=tuple(_expectations(entry)),
            rows=_rows(entry),
            because=tuple(stated.value for stated in entry.texts("because") or ()),
        )
        if not test.sees and not test.rows:
            raise invalid(
                item.place, "expects nothing", hint="say what is seen: `sees: {column: clear}` or `rows: all`"
            )
        yield Stated(value=test, place=item.place)


def _said(entry: Entry, key: str) -> str:
    stated = entry.text(key)
    return "" if stated is None else stated.value


def _attributes(subject: Entry) -> Iterator[tuple[str, Attribute]]:
    node = subject.nodes.get("attributes")
    if node is not None:
        yield from read_attributes(node)


def _at(entry: Entry) -> datetime | None:
    """The day or moment on which the test looks; without a zone it is UTC."""
    stated = entry.text("at")
    if stated is None:
        return None
    try:
        moment = datetime.fromisoformat(stated.value.strip())
    except ValueError:
        raise invalid(stated.place, "is no date that exists, as `2026-01-31` or `2026-01-31T08:00:00Z`") from None
    if not 1 < moment.year <= LAST_YEAR:
        raise invalid(stated.place, "is a moment at the end of all time", hint="look at another day")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _dataset(entry: Entry) -> tuple[str, str]:
    node = entry.needs("dataset")
    parts = names.split(text(node).value)
    if len(parts) != 2:
        raise invalid(node.place, "is no dataset's name", hint="write `database.dataset`; odd names in double quotes")
    return parts[0], parts[1]


def _expectations(entry: Entry) -> Iterator[Expectation]:
    node = entry.nodes.get("sees")
    if node is None:
        return
    for key, value in pairs(node, "a mapping from a column to how it is seen"):
        path = names.split(key.text)
        if not path:
            raise invalid(key.place, "is no column's name", hint="quote odd names twice: '\"Lab Results\"'")
        yield Expectation(path=path, seen=_seen(text(value)), place=key.place)


def _seen(stated: Stated[str]) -> str:
    """One of the plain words, a transform's name, or a call with its arguments, in the one way it is printed."""
    word = stated.value.strip()
    if word.lower() in PLAIN:
        return word.lower()
    try:
        return calls.print_call(calls.parse_call(word)) if "(" in word else find(word).name
    except VeilError as error:
        near = names.nearest(word, (*PLAIN, *(transform.name for transform in TRANSFORMS)))
        if near is None:
            raise pointed(error, stated.place) from None
        raise invalid(stated.place, f"says `{word}`", hint=f"did you mean `{near}`?") from None


def _rows(entry: Entry) -> str:
    node = entry.nodes.get("rows")
    if node is None:
        return ""
    stated = text(node)
    if stated.value not in ROWS:
        raise wrong(node, f"one of {', '.join(f'`{word}`' for word in ROWS)}")
    return stated.value
