"""What a name may stand for in a view's SQL: columns of what a query reads, their fields, and names of its own columns.

Engines differ in which of several they take, so that a name stands for all of them, and what it may stand for besides
raises Unclear.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from catalog.sources.view_sql import Unclear

Path = tuple[str, ...]

_NUMBERED = re.compile(r"(.+)[_:][0-9]+\Z", re.DOTALL)
NOT_LISTED = frozenset({"rowid", "_rowid_", "oid", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
"""Columns that a relation has beside its own: of some databases these are others of it, by other names."""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A column or nested field of a relation (schema and name, folded); `is_whole` when it is passed on as it is."""

    relation: tuple[str, str]
    path: Path
    is_whole: bool = False


Origins = frozenset[Origin]


@dataclass(frozen=True, slots=True)
class Made:
    """A column of a query or relation, with its name if SQL gives it one, and what it is made of."""

    name: str | None
    origins: Origins


@dataclass(slots=True)
class Source:
    """What a query reads under a name; with `is_whole` these are all of its columns, in order."""

    name: str
    columns: tuple[Made, ...]
    schema: str = ""
    is_whole: bool = True
    _places: dict[str | None, list[Origins]] = field(init=False)

    def __post_init__(self) -> None:
        self._places = {}
        for each in self.columns:
            self._places.setdefault(each.name, []).append(each.origins)

    def find(self, name: str) -> list[Origins]:
        """What the columns of a name are made of; engines number those that are called alike: `n`, `n_1` or `n:1`."""
        found = self._places.get(name, [])
        numbered = _NUMBERED.match(name)
        alike = self._places.get(numbered[1], []) if numbered else []
        return found + alike if len(alike) > 1 else found

    def may_have(self, name: str) -> bool:
        """Whether a name that is none of its columns' may still be one that the engine has given."""
        return not self.is_whole or None in self._places or name in NOT_LISTED


@dataclass(slots=True, kw_only=True)
class Scope:
    """The names of one query; `outer` is the query around it.

    Without `is_sure` the engine may look past the outer one, and find a name further out that stands there as well.
    """

    outer: "Scope | None" = None
    is_sure: bool = True
    has_aliases: bool = False
    """Whether names of the query's own columns may be used where its columns are made."""
    parts: Mapping[str, tuple[str, tuple[Made, ...]] | None] = field(default_factory=dict)
    """The queries in a WITH, by folded name: the name as the engine reads it, and columns; None for one of several."""
    windows: Sequence[exp.Expr] = ()
    sources: list[Source] = field(default_factory=list)
    aliases: dict[str, Origins] = field(default_factory=dict)

    def levels(self) -> Iterator[tuple["Scope", bool]]:
        """This query and those around it, and whether a name that is found there is looked for no further."""
        scope, is_sure = self, True
        yield scope, is_sure
        while scope.outer is not None:
            scope, is_sure = scope.outer, scope.is_sure
            yield scope, is_sure


def resolved(scope: Scope, parts: Path) -> Origins | None:
    """What a name may be made of, None where it is none; raises Unclear for what may be something else as well."""
    found: list[Origins] = []
    is_found = False
    for level, is_sure in scope.levels():
        columns = list(_columns(level, parts))
        fields = list(_fields(level, parts))
        own = [deeper(level.aliases[parts[0]], parts[1:])] if parts[0] in level.aliases else []
        if not columns:
            _check_other(level, parts)
        found += [*columns, *fields, *own]
        is_found = is_found or bool(columns or fields or (own and level.has_aliases))
        if columns and is_sure:
            break
    if not is_found:
        if found:
            raise Unclear("it names a column of its own where engines differ")
        return None
    return frozenset().union(*found)


def _columns(level: Scope, parts: Path) -> Iterator[Origins]:
    """What the columns are made of which a name is for certain, if the engine looks at this query at all."""
    if len(parts) == 1:
        for source in level.sources:
            yield from source.find(parts[0])
    for source, rest in _named(level, parts):
        if rest:
            yield from (deeper(origins, rest[1:]) for origins in source.find(rest[0]))


def _fields(level: Scope, parts: Path) -> Iterator[Origins]:
    """What fields are made of which a name may be."""
    if len(parts) > 1:
        for source in level.sources:
            yield from (deeper(origins, parts[1:]) for origins in source.find(parts[0]))


def _check_other(level: Scope, parts: Path) -> None:
    """Raises Unclear where a name that is no column's may be a whole row, or a column by a name that is not written."""
    for source, rest in _named(level, parts):
        if not rest:
            raise Unclear("it takes columns without naming them")
        raise Unclear(
            "it names a column that is not there" if source.is_whole else "it takes columns of something unknown"
        )
    if any(source.may_have(parts[0]) for source in level.sources):
        raise Unclear("it names a column that is not there")


def _named(level: Scope, parts: Path) -> Iterator[tuple[Source, Path]]:
    """The sources that the first parts of a name are a name of, and the parts behind: `t.c`, `s.t.c`, `x.s.t.c`."""
    for source in level.sources:
        if source.name == parts[0]:
            yield source, parts[1:]
        for place in (1, 2):
            if len(parts) > place and parts[place - 1 : place + 1] == (source.schema, source.name) and source.schema:
                yield source, parts[place + 1 :]


def deeper(origins: Iterable[Origin], path: Path) -> Origins:
    """Fields of what is passed on as it is; of anything else a field is made of all of it."""
    if not path:
        return frozenset(origins)
    return frozenset(
        Origin(each.relation, (*each.path, *path), each.is_whole) if each.is_whole else each for each in origins
    )


def in_part(origins: Iterable[Origin]) -> Origins:
    """What an expression is made of in which these stand."""
    return frozenset(Origin(each.relation, each.path) for each in origins)


def renamed(columns: Iterable[Made], names: Iterable[str]) -> tuple[Made, ...]:
    """Columns under other names, by place; raises Unclear for more names than columns."""
    given = list(columns)
    names = list(names)
    if len(names) > len(given):
        raise Unclear("it gives more names than there are columns")
    return tuple(Made(names[place], each.origins) if place < len(names) else each for place, each in enumerate(given))
