"""What judging needs of a dataset, worked out once: its fields by name and their tags with the inherited ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.model import Column, Dataset
from catalog.names import fold
from policy_engine.by_identity import ByIdentity

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tags:
    """Effective tags: own, the parents', the dataset's and the database's; confirmed ones and suggested ones."""

    confirmed: frozenset[str]
    suggested: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every tag that may be true of the column."""
        return self.confirmed | self.suggested


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProfile:
    """A column or nested field with its folded path, its effective tags and the fields nested in it."""

    column: Column
    path: Path
    tags: Tags
    shown_tags: tuple[str, ...]
    nested: tuple["FieldProfile", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A dataset's top-level columns in order, and what a filter can name, by folded path.

    A field inside a list is no single value, so no filter can name it.
    """

    columns: tuple[FieldProfile, ...]
    fields: Mapping[Path, Column]
    paths: frozenset[Path]
    database: str
    name: str


def _profile(dataset: Dataset) -> Profile:
    by_path = {_folded(column.path): column for column in dataset.columns}
    base = Tags(_lower(dataset.confirmed | dataset.database_tags), _lower(dataset.suggested))
    tags: dict[Path, Tags] = {}
    interned: dict[Tags, Tags] = {}
    for path, column in sorted(by_path.items()):
        above = tags.get(path[:-1], base)
        own = Tags(above.confirmed | _lower(column.confirmed), above.suggested | _lower(column.suggested))
        tags[path] = interned.setdefault(own, own)
    profiles: dict[Path, FieldProfile] = {}
    for path in sorted(by_path, key=len, reverse=True):
        profiles[path] = FieldProfile(
            column=by_path[path],
            path=path,
            tags=tags[path],
            shown_tags=tuple(sorted(tags[path].all)),
            nested=tuple(
                inner for below, inner in profiles.items() if len(below) > len(path) and below[: len(path)] == path
            )
            if _has_fields(by_path[path])
            else (),
        )
    return Profile(
        columns=tuple(profiles[path] for path in by_path if len(path) == 1),
        fields={path: column for path, column in by_path.items() if _is_single(path, by_path)},
        paths=frozenset(by_path),
        database=fold(dataset.database),
        name=fold(dataset.name),
    )


def _has_fields(column: Column) -> bool:
    return "(" in column.type


def _is_single(path: Path, by_path: Mapping[Path, Column]) -> bool:
    parents = (by_path.get(path[:length]) for length in range(1, len(path)))
    return all(
        parent is not None and parent.type.upper().startswith("STRUCT(") and parent.type.endswith(")")
        for parent in parents
    )


def _folded(path: Path) -> Path:
    return tuple(fold(name) for name in path)


def _lower(tags: frozenset[str]) -> frozenset[str]:
    return frozenset(tag.lower() for tag in tags)


profile = ByIdentity(_profile, capacity=20_000)
"""The profile of a dataset."""
