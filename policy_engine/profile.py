"""What judging needs of a dataset, worked out once: its fields by name and their tags with the inherited ones."""

import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from catalog.model import Column, Dataset
from catalog.names import fold
from policy_engine.by_identity import ByIdentity

Path = tuple[str, ...]


class Tags(NamedTuple):  # compared and hashed a million times for an estate, which a tuple does quickest
    """Effective tags: own, the parents', the dataset's and the database's; confirmed ones and suggested ones."""

    confirmed: frozenset[str]
    suggested: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every tag that may be true of the column."""
        return self.confirmed | self.suggested


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProfile:
    """A column or nested field with its folded path, its effective tags and the fields directly in it.

    Fields of one `kind` have equal tags and one type, and fields in them or none, whatever dataset they are in.
    """

    column: Column
    path: Path
    tags: Tags
    kind: int
    shown_tags: tuple[str, ...]
    parts: tuple["FieldProfile", ...] = ()

    @property
    def nested(self) -> Iterator["FieldProfile"]:
        """Every field in it, however deep, each after its parent."""
        for part in self.parts:
            yield part
            yield from part.nested


class Profile:
    """A dataset's top-level columns in order, and what a filter can name, by folded path.

    A field inside a list is no single value, so no filter can name it. `alike` has one of each kind of columns,
    which stands for all of them and has no name; a column with fields in it stands for itself. All columns
    are made when they are first asked for, since most datasets of an estate are never looked at one by one.
    """

    __slots__ = (
        *("_alike_tags", "_base", "_by_path", "_columns", "_inside", "_likes", "_tally"),
        *("alike", "database", "fields", "name"),
    )

    def __init__(self, dataset: Dataset) -> None:
        self.database = fold(dataset.database)
        self.name = fold(dataset.name)
        self._base = Tags(_lower(dataset.confirmed | dataset.database_tags), _lower(dataset.suggested))
        self._by_path = {_folded(column.path): column for column in dataset.columns}
        self._inside = _inside(self._by_path)
        self._columns: tuple[FieldProfile, ...] | None = None
        self._tally: Mapping[int, int] | None = None
        self._alike_tags: tuple[tuple[str, ...], ...] | None = None
        self._likes = self._find_likes()
        self.alike = tuple({field.path if field.parts else field.kind: field for field in self._likes}.values())
        self.fields: Mapping[Path, Column] = self._by_path
        """What a filter can name."""
        if self._inside is not None:
            self.fields = {path: column for path, column in self._by_path.items() if _is_single(path, self._by_path)}

    @property
    def has_nested(self) -> bool:
        """Whether any column has fields in it."""
        return self._inside is not None

    @property
    def columns(self) -> tuple[FieldProfile, ...]:
        """Every top-level column, in order."""
        if self._columns is None:
            tops = self._by_path if self._inside is None else self._inside[()]
            self._columns = tuple([self._field(path, self._base) for path in tops])
        return self._columns

    @property
    def likes(self) -> Iterator[tuple[Column, FieldProfile]]:
        """Every top-level column, in order, with what stands for its kind."""
        tops = self._by_path.values() if self._inside is None else (field.column for field in self._likes)
        return zip(tops, self._likes, strict=True)

    def like(self, name: str) -> tuple[Column, FieldProfile] | None:
        """One top-level column by its name, with what stands for its kind."""
        tops, path = self._by_path if self._inside is None else self._inside[()], (fold(name),)
        place = next((place for place, each in enumerate(tops) if each == path), None)
        return None if place is None else (self._by_path[path], self._likes[place])

    @property
    def tally(self) -> Mapping[int, int]:
        """How many top-level columns there are of each kind, in the order of `alike` where none has fields in it."""
        if self._tally is None:
            self._tally = Counter([like.kind for like in self._likes])
        return self._tally

    @property
    def alike_tags(self) -> tuple[tuple[str, ...], ...]:
        """The tags of each in `alike`."""
        if self._alike_tags is None:
            self._alike_tags = tuple([field.shown_tags for field in self.alike])
        return self._alike_tags

    @property
    def paths(self) -> AbstractSet[Path]:
        """Every column and nested field by its folded path."""
        return self._by_path.keys()

    def _find_likes(self) -> tuple[FieldProfile, ...]:
        if self._inside is not None:
            return self.columns
        base, columns = self._base, self._by_path.values()
        return tuple([_like(base, column.confirmed, column.suggested, column.type) for column in columns])

    def _field(self, path: Path, above: Tags) -> FieldProfile:
        column = self._by_path[path]
        tags = _inherited(above, column.confirmed, column.suggested)
        below = self._inside.get(path, ()) if self._inside else ()
        parts = tuple([self._field(inner, tags) for inner in below])
        kind, shown_tags = _kind(tags, column.type, bool(parts))
        return FieldProfile(column=column, path=path, tags=tags, kind=kind, shown_tags=shown_tags, parts=parts)


def _inside(by_path: Mapping[Path, Column]) -> dict[Path, list[Path]] | None:
    """The paths directly inside each path, None for a dataset without nested fields."""
    if all(len(path) == 1 for path in by_path):
        return None
    inside: dict[Path, list[Path]] = {(): []}
    for path in by_path:
        inside.setdefault(path[:-1], []).append(path)
    return inside


@functools.lru_cache(maxsize=65_536)
def _inherited(above: Tags, confirmed: frozenset[str], suggested: frozenset[str]) -> Tags:
    if not confirmed and not suggested:
        return above
    return Tags(above.confirmed | _lower(confirmed), above.suggested | _lower(suggested))


@functools.lru_cache(maxsize=65_536)
def _like(above: Tags, confirmed: frozenset[str], suggested: frozenset[str], type_name: str) -> FieldProfile:
    """What stands for all columns of one kind, in whichever datasets they are."""
    tags = _inherited(above, confirmed, suggested)
    kind, shown_tags = _kind(tags, type_name, False)
    column = Column(path=(), type=type_name, position=0, confirmed=confirmed, suggested=suggested)
    return FieldProfile(column=column, path=(), tags=tags, kind=kind, shown_tags=shown_tags)


@functools.lru_cache(maxsize=65_536)
def _kind(tags: Tags, type_name: str, has_parts: bool) -> tuple[int, tuple[str, ...]]:
    """The kind of a field, and its tags as they are shown.

    INVARIANT: no number is given twice, so what is forgotten here is worked out again and never mistaken.
    """
    return next(_numbers), tuple(sorted(tags.all))


def _is_single(path: Path, by_path: Mapping[Path, Column]) -> bool:
    parents = (by_path.get(path[:length]) for length in range(1, len(path)))
    return all(
        parent is not None and parent.type.upper().startswith("STRUCT(") and parent.type.endswith(")")
        for parent in parents
    )


@functools.lru_cache(maxsize=65_536)
def _folded(path: Path) -> Path:
    return tuple(fold(name) for name in path)


def _lower(tags: frozenset[str]) -> frozenset[str]:
    return frozenset(tag.lower() for tag in tags)


_numbers = itertools.count()

profile = ByIdentity(Profile, capacity=20_000)
"""The profile of a dataset."""
