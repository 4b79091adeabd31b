"""What an event of the journal mentions: the terms under which it is filed, and found again."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.journal.event import EventKind
from catalog.names import fold

OUTCOMES = ("clear", "masked", "hidden")

TEXTS = (
    "user",
    "kind",
    "verdict",
    "dataset",
    "tag",
    "policy",
    "showing",
    "shown",
    "hidden",
    "brief",
    "governed",
    "stated",
    "word",
)
"""As what a term is mentioned whose text is searched.

`governed` is SQL as it ran, with words of policies in it; `showing` is a policy that decided more than what is hidden;
`brief` is a column as it is told where nobody is told of hidden fields, if it is told otherwise else; `stated` is what
statements, reviews and decisions on requests say, which name columns by whatever they are called.
"""

GOVERNED = "sql"
"""The detail of an event that holds SQL as it ran."""

HIDING = "hiding"
"""The detail of an event that names the policies which decided about nothing but hidden columns."""

BRIEFLY = "briefly"
"""The detail of an event that holds its columns as they are told where nobody is told of hidden fields in them."""

STATED = ("difference", "statement", "columns")
"""The details of an event that name columns, hidden or not from who reads it."""

_HIDDEN = "=hidden"

BEYOND = "beyond"
"""The detail of an event that says whether its policies are of more databases than its datasets."""

MOST_NAMED = 100
"""An event of a list of datasets names so many of them at most."""

_OF_A_PART = frozenset(
    {
        *(EventKind.QUERY_BEGIN, EventKind.QUERY_END, EventKind.QUERY_DENY),
        *(EventKind.METADATA_READ, EventKind.EXPLAIN_READ, EventKind.TAG_REVIEW),
        *(EventKind.DOCUMENT_APPLY, EventKind.POLICY_ROLLBACK),
        *(EventKind.REQUEST_CREATE, EventKind.REQUEST_READ, EventKind.REQUEST_APPROVE),
        *(EventKind.REQUEST_DENY, EventKind.REQUEST_WITHDRAW),
    }
)
"""The kinds of events that may be about nothing but the datasets that they name."""

_CHANGES = (EventKind.DOCUMENT_APPLY.value, EventKind.POLICY_ROLLBACK.value)
_OF_DATA = " dataset "

_DAY, _HOUR = len("2026-11-22"), len("2026-11-22T12")

Term = tuple[str, str]
"""As what something is mentioned, and its name."""


def terms_of(event: Mapping[str, Any]) -> tuple[Term, ...]:
    """The terms of an event as the journal holds it, each once.

    Example:
        >>> [name for what, name in terms_of(json.loads(link.body)) if what == "column"]
        ['shop.orders.card']
    """
    return tuple(dict.fromkeys(_mentions(event)))


def person(user: str) -> str:
    """A user's name as the term `person` has it: to the letter, while to the term `user` `Ada` is `ada`."""
    return user.encode("utf-8", "surrogatepass").hex()


def storable(text: str) -> str:
    """The text as the journal holds it: half of a surrogate pair as JSON's own escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def showing(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The policies of an event that decided about more than hidden columns; none where it is not said which did.

    Example: of `{"columns": ["a.t.x=hidden"], "policies": ["p", "q"], "details": {"hiding": ["q"]}, ..}` it is `p`.
    """
    hiding = event["details"].get(HIDING)
    if hiding is None and any(column.endswith(_HIDDEN) for column in event["columns"]):
        return ()
    return tuple(name for name in event["policies"] if name not in (hiding or ()))


def is_of_more(kind: str, details: Mapping[str, Any]) -> bool:
    """Whether an event tells of more than the datasets that it names: of policies, roles, accounts or further datasets.

    So does every event of a kind that is not listed: a trial of a rule, say, and a crawl, which tell of cells and
    sources to who judges tags or may know of every crawl.

    Example: of `["~ dataset shop.orders", "+ policy clerks"]` the second is nothing of `shop` alone.
    """
    if kind not in _OF_A_PART:
        return True
    if kind == EventKind.METADATA_READ and "statement" not in details:
        count = details.get("count")
        return isinstance(count, int) and count > MOST_NAMED
    if kind == EventKind.EXPLAIN_READ:
        return bool(details.get(BEYOND))
    lines = details.get("difference")
    return kind in _CHANGES and not (
        isinstance(lines, list) and all(str(line)[1:].startswith(_OF_DATA) for line in lines)
    )


def _mentions(event: Mapping[str, Any]) -> Iterator[Term]:
    yield from (("day", event["at"][:_DAY]), ("hour", event["at"][:_HOUR]), ("person", person(event["user"])))
    yield from ((what, storable(event[what])) for what in ("user", "kind", "verdict"))
    for what, named in (("dataset", "datasets"), ("tag", "tags"), ("policy", "policies")):
        yield from ((what, storable(name)) for name in event[named])
    yield from (("showing", storable(name)) for name in showing(event))
    yield from (("database", fold(storable(name.split(".", 1)[0]))) for name in event["datasets"])
    if is_of_more(event["kind"], event["details"]):
        yield "database", ""  # which nobody's part of the journal covers
    brief = event["details"].get(BRIEFLY)
    for told in map(storable, event["columns"]):
        name, _, outcome = told.rpartition("=")
        yield "column", name if outcome in OUTCOMES else told
        yield "hidden" if outcome == "hidden" or (brief is not None and told not in brief) else "shown", told
    yield from (("brief", storable(told)) for told in brief or () if told not in event["columns"])
    details = {name: told for name, told in event["details"].items() if name not in (HIDING, BRIEFLY)}
    yield from (("governed", storable(text)) for text in _texts(details.pop(GOVERNED, "")) if text)
    for stated in [details.pop(name) for name in STATED if name in details]:
        yield from (("stated", storable(text)) for text in _texts(stated) if text)
    yield from (("word", storable(text)) for text in (*event["groups"], *_texts(details), event["client"]) if text)


def _texts(value: object) -> Iterator[str]:
    """Every text inside a JSON value but the names of its parts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def read_body(stored: bytes) -> tuple[Term, ...]:
    """The terms of an event's canonical text; none for one that is not as it was written, as `verify` tells."""
    try:
        return terms_of(json.loads(stored.decode("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()
