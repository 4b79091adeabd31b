"""What became of the tags of one column: what stands there now, on what evidence, and who said what of it when."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from catalog.journal.event import Event, EventKind
from catalog.journal.journal import wanted
from catalog.names import fold
from catalog.tag_assignments import Choice, Listed, TagAssignments
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.reach import namespace
from policy_engine.tag_review import namespaces_of
from proxy.refusals import RequestInvalid
from web_ui.parts import Parts

_SAID = re.compile(r"~ tag (?P<tag>\S+) on (?P<place>.+): (?P<before>\w+) -> (?P<after>\w+)\Z")
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that was said of a column's tags: by whom and when, in which revision, and why."""

    at: datetime | None
    by: str
    what: str
    why: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagHistory:
    """The assignments of a column as they stand, and what was said of them, the newest first."""

    dataset: str
    column: str
    standing: tuple[Listed, ...]
    told: tuple[Told, ...]


def tag_history(parts: Parts, rights: Rights, dataset: str, column: str) -> TagHistory:
    """The history of a column, or of a dataset itself where `column` is empty, within somebody's namespaces.

    Raises RequestInvalid where no dataset is named.

    INVARIANT: verdicts on tags of other namespaces are not told, and documents only to who administers.
    """
    namespaces = namespaces_of(rights)
    if not dataset:
        raise RequestInvalid("no dataset is named", hint="as `?dataset=shop.orders&column=email`")
    store = TagAssignments(parts.catalog)
    chosen = store.listed(Choice(dataset=dataset, namespaces=namespaces), limit=10_000) if "." in dataset else ()
    standing = tuple(each for each in chosen if fold(each.column) == fold(column))
    name = standing[0].assignment.dataset if standing else dataset
    place = ".".join(part for part in (name, column) if part)
    is_known = chosen or namespaces is None
    told = list(islice(_verdicts(parts, name, place, namespaces), _MOST)) if is_known else []
    if rights.may(Action.HOME_ADMINISTER):
        told += _documents(parts, name)
    return TagHistory(
        dataset=name,
        column=column,
        standing=standing,
        told=tuple(sorted(told, key=lambda each: each.revision, reverse=True)),
    )


def _verdicts(parts: Parts, dataset: str, place: str, namespaces: Collection[str] | None) -> Iterator[Told]:
    """What reviews said of a column; why, where all that they said is of the reader's namespaces."""
    for event in _reviews(parts, dataset):
        said = [_SAID.match(line) for line in _lines(event)]
        mine = [match for match in said if match and _is_of(match["tag"], namespaces)]
        for match in mine:
            if fold(match["place"]) == fold(place):
                what = f"`{match['tag']}` from {match['before']} to {match['after']}"
                yield _told(event, what, is_all=namespaces is None or len(mine) == len(said))


def _is_of(tag: str, namespaces: Collection[str] | None) -> bool:
    return namespaces is None or fold(namespace(tag)) in namespaces


def _reviews(parts: Parts, dataset: str) -> Iterator[Event]:
    """All reviews of a dataset, newest first, whatever namespaces they were of: many of others push out no own one."""
    found = parts.journal.find(wanted(kind=EventKind.TAG_REVIEW, dataset=dataset))
    before: int | None = None
    while some := parts.journal.page(found, limit=_MOST, before_seq=before):
        yield from some
        before = some[-1].seq


def _documents(parts: Parts, dataset: str) -> Iterator[Told]:
    for event in parts.journal.search(kind=EventKind.DOCUMENT_APPLY, dataset=dataset, limit=_MOST):
        statement = event.details.get("statement")
        what = f"the statement `{statement}`" if statement else f"a document that says something of `{dataset}`"
        yield _told(event, what)


def _told(event: Event, what: str, *, is_all: bool = True) -> Told:
    why = str(event.details.get("why", "")) if is_all else ""
    return Told(at=event.at, by=event.user, what=what, why=why, revision=event.revision)


def _lines(event: Event) -> list[str]:
    difference = event.details.get("difference")
    return [line for line in difference if isinstance(line, str)] if isinstance(difference, list) else []
