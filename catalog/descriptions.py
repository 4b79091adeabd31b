"""What sources say of their relations, as the catalog keeps it: JSON, or nothing where a source says nothing."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from catalog.model import NOT_DESCRIBED, Description, Key, KeyKind
from catalog.names import join

_LONGEST = 1_000
_ORDER = list(KeyKind)


class KeyPart(NamedTuple):
    """One column of a key as a database system lists it, and for a foreign key where it refers to."""

    kind: str
    name: str
    column: str
    schema: str = ""
    table: str = ""
    at: str = ""


def description(
    comments: Iterable[tuple[str, str]], parts: Iterable[KeyPart], reads: tuple[str, ...] | None = ()
) -> Description:
    """A description from comments, by column and empty for the relation, from the parts of keys in order, and from
    the relations that a view reads.

    Example:
        >>> description([("", "people"), ("id", "")], [KeyPart("primary", "p", "id")])
        Description(comment='people', columns=(), keys=(Key(kind=<KeyKind.PRIMARY: 'primary'>, columns=('id',), ...
    """
    said = [(column, comment.strip()[:_LONGEST]) for column, comment in comments if comment.strip()]
    return Description(
        comment=next((comment for column, comment in said if not column), ""),
        columns=tuple((column, comment) for column, comment in said if column),
        keys=tuple(sorted(_keys(parts), key=lambda key: _ORDER.index(key.kind))),
        reads=reads,
    )


def references(parts: Iterable[tuple[str, KeyPart]]) -> dict[str, tuple[Key, ...]]:
    """Keys by relation, from their parts in order, each with the relation that has it.

    Example:
        >>> [key.at for key in references([("s.t", KeyPart("foreign", "k", "u", "s", "u", "id"))])["s.t"]]
        [('id',)]
    """
    return {
        relation: tuple(_keys(part for _, part in some))
        for relation, some in groupby(sorted(parts, key=itemgetter(0)), key=itemgetter(0))
    }


def _keys(parts: Iterable[KeyPart]) -> Iterator[Key]:
    for (kind, _), some in groupby(parts, key=lambda part: (part.kind, part.name)):
        found = tuple(some)
        first = found[0]
        yield Key(
            kind=KeyKind(kind),
            columns=tuple(part.column for part in found),
            refers_to=join(first.schema, first.table) if first.table else "",
            at=tuple(part.at for part in found if part.at),
        )


def stored_description(described: Description) -> str:
    """The description as it is kept; empty when there is nothing in it."""
    if described == NOT_DESCRIBED:
        return ""
    keys = [(key.kind.value, key.columns, key.refers_to, key.at) for key in described.keys]
    told = [described.comment, described.columns, keys, described.reads]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read_description(stored: str) -> Description:
    """The description that `stored_description` wrote; an older one says nothing of what a view reads."""
    if not stored:
        return NOT_DESCRIBED
    comment, columns, keys, reads = (*json.loads(stored), [])[:4]
    return Description(
        comment=comment,
        columns=tuple((name, said) for name, said in columns),
        keys=tuple(
            Key(kind=KeyKind(kind), columns=tuple(names), refers_to=refers_to, at=tuple(at))
            for kind, names, refers_to, at in keys
        ),
        reads=None if reads is None else tuple(reads),
    )
