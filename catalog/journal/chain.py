"""How events of the journal become canonical text, and how each is bound to the one before it by a hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from catalog.clock import read_time, written_time
from catalog.errors import ArchiveInvalid
from catalog.journal.event import Event, EventKind, Verdict

BEFORE_THE_FIRST = ""
"""What stands as the previous hash of event 1."""

_LISTS = ("groups", "datasets", "columns", "tags", "policies")
_LINKS = ("previous_hash", "hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An event as it lies in the journal: its canonical text and the hashes that hold it in place."""

    seq: int
    body: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What reading the whole chain showed; `first_break` is the number of the first event that is not as written.

    `head` is the last good hash: whoever noted it elsewhere can tell that nothing before it was changed since.
    """

    count: int
    ok: bool
    first_break: int | None = None
    what: str = ""
    head: str = BEFORE_THE_FIRST


def canonical(value: Mapping[str, object]) -> str:
    """JSON with sorted keys and no spaces: the one text of a value.

    Half of a surrogate pair, which UTF-8 cannot hold, is written as JSON's own escape.

    Example:
        >>> canonical({"b": 1, "a": "é"})
        '{"a":"é","b":1}'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def link(event: Event, previous_hash: str) -> Link:
    """Binds an event, which has its number and time, to the one before it."""
    body = canonical(_values(event))
    return Link(seq=event.seq, body=body, previous_hash=previous_hash, hash=hash_of(body, previous_hash))


def hash_of(body: str, previous_hash: str) -> str:
    """SHA-256 over the canonical text followed by the previous hash, in hex."""
    # No event's text holds half of a surrogate pair; that of a line that is no event at all may.
    return hashlib.sha256((body + previous_hash).encode("utf-8", "surrogatepass")).hexdigest()


def event_of(link: Link) -> Event:
    """The event that a link holds."""
    values = json.loads(link.body)
    return Event(
        **values
        | {name: tuple(values[name]) for name in _LISTS}
        | {"kind": EventKind(values["kind"]), "verdict": Verdict(values["verdict"]), "at": read_time(values["at"])},
        previous_hash=link.previous_hash,
        hash=link.hash,
    )


def line_of(event: Event) -> str:
    """An event as one line of an export (without the line's end), hashes included."""
    return canonical(_values(event) | {"previous_hash": event.previous_hash, "hash": event.hash})


def verify_links(
    links: Iterable[Link],
    sealed: Mapping[int, str] = MappingProxyType({}),
    *,
    after: int = 0,
    previous: str = BEFORE_THE_FIRST,
) -> Verification:
    """Follows the chain from its first event, or from the one after event `after`, and stops at the first break.

    `sealed` are hashes that were noted elsewhere, by the number of their event: a chain that was worked out anew
    breaks at the first of them, and one whose end was cut off does not reach the last. That of event `after` tells
    whether events are missing at the start.
    """
    count = after
    if sealed.get(after, previous) != previous:
        what = f"event {after + 1} does not follow from event {after} as it was sealed"
        return Verification(count=count, ok=False, first_break=after + 1, what=what, head=previous)
    try:
        for found in links:
            what = _fault(found, count + 1, previous)
            if not what and sealed.get(found.seq, found.hash) != found.hash:
                what = f"event {found.seq} is not the one that was sealed: it, or one before it, was written anew"
            if what:
                return Verification(count=count, ok=False, first_break=count + 1, what=what, head=previous)
            count, previous = count + 1, found.hash
    except ArchiveInvalid as error:
        return Verification(count=count, ok=False, first_break=count + 1, what=error.detail, head=previous)
    last = max(sealed, default=0)
    if last > count:
        what = f"event {count + 1} and all after it were cut off: a seal tells of {last:,} events"
        return Verification(count=count, ok=False, first_break=count + 1, what=what, head=previous)
    return Verification(count=count, ok=True, head=previous)


def verify_export(lines: Iterable[str], sealed: Mapping[int, str] = MappingProxyType({})) -> Verification:
    """Follows the chain through the lines of a whole export.

    Example:
        >>> verify_export([]).ok
        True
    """
    links = (link_of(line, number) for number, line in enumerate(lines, start=1) if line.strip())
    return verify_links(links, sealed)


def _fault(found: Link, expected: int, previous: str) -> str:
    if found.seq != expected:
        return f"event {expected} is missing: the next one that is there says it is number {found.seq}"
    if found.previous_hash != previous:
        return f"event {expected} does not follow from the event before it"
    if found.hash != hash_of(found.body, found.previous_hash):
        return f"event {expected} is not as it was written"
    if not _says_number(found.body, expected):
        return f"event {expected} was written as another number"
    return ""


def _says_number(body: str, expected: int) -> bool:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("seq") == expected


def link_of(line: str, number: int) -> Link:
    """The link that a line holds; a line that no export would write becomes a link that cannot hold."""
    text = line.rstrip("\r\n")
    try:
        value = json.loads(text)
        links = {name: value.pop(name) for name in _LINKS}
        if canonical(value | links) == text:
            return Link(
                seq=value["seq"], body=canonical(value), previous_hash=links["previous_hash"], hash=links["hash"]
            )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return Link(seq=number, body=text, previous_hash="", hash="not an exported event")


def _values(event: Event) -> dict[str, object]:
    """The event's own values, without its hashes, as JSON holds them."""
    values: dict[str, object] = {
        field.name: getattr(event, field.name) for field in fields(event) if field.name not in _LINKS
    }
    assert event.at is not None
    return values | {"at": written_time(event.at), "details": dict(event.details)}
