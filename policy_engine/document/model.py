"""What a document says; a value of None was not said, so what is live stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from catalog.model import Level, Source, TagRule
from catalog.people.model import Attribute
from policy_engine.document.places import Place, Stated
from policy_engine.model import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseEntry:
    """A database with what is said of it."""

    name: str
    comment: str | None = None
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEntry:
    """A column or nested field, by path, with the tags it is to carry."""

    path: tuple[str, ...]
    tags: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry:
    """A dataset, where its rows come from, and the tags on it and on its columns."""

    database: str
    name: str
    source: str | None = None
    relation: str | None = None
    comment: str | None = None
    tags: tuple[str, ...] | None = None
    columns: tuple[ColumnEntry, ...] = ()

    @property
    def full_name(self) -> str:
        """`database.name`, as people write it (without quotes)."""
        return f"{self.database}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagEntry:
    """A tag with what is said of it."""

    name: str
    comment: str | None = None
    level: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """A role, the groups that hold it, and what it may do besides reading data."""

    name: str
    groups: frozenset[str] | None = None
    capabilities: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEntry:
    """A local account; `password_env` names the variable that holds its password when the document is applied."""

    name: str
    groups: frozenset[str] | None = None
    attributes: Mapping[str, Attribute] | None = None
    password_env: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """How a column is to be seen: `clear`, `hidden`, `masked`, a transform's name, or a call with its arguments."""

    path: tuple[str, ...]
    seen: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest:
    """What somebody is to see of a dataset; `rows` is `all`, `filtered`, `none` or empty, `because` names policies."""

    dataset: tuple[str, str]
    name: str = ""
    user: str = ""
    groups: frozenset[str] = frozenset()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    at: datetime | None = None
    sees: tuple[Expectation, ...] = ()
    rows: str = ""
    because: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The columns that the test names."""
        return tuple(expectation.path for expectation in self.sees)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """That a place names a tag, role or source, which must exist once the document is applied."""

    kind: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What reading one file needs beside its text: its folder, and where references are noted."""

    folder: Path
    references: list[Reference] = field(default_factory=list)

    def refer(self, kind: str, name: str, place: Place) -> str:
        """Note that a place names something; the name is handed back."""
        self.references.append(Reference(kind=kind, name=name, place=place))
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that one or many files say, each statement with its place."""

    sources: tuple[Stated[Source], ...] = ()
    databases: tuple[Stated[DatabaseEntry], ...] = ()
    datasets: tuple[Stated[DatasetEntry], ...] = ()
    tags: tuple[Stated[TagEntry], ...] = ()
    rules: tuple[Stated[TagRule], ...] = ()
    roles: tuple[Stated[RoleEntry], ...] = ()
    users: tuple[Stated[UserEntry], ...] = ()
    policies: tuple[Stated[Policy], ...] = ()
    tests: tuple[Stated[PolicyTest], ...] = ()
    references: tuple[Reference, ...] = ()
