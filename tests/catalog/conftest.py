"""A catalog of its own for each test, with its stores and a clock that stands still until it is moved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.journal.journal import Journal
from catalog.model import Database, Field, Source, Tag
from catalog.people.accounts import Accounts
from catalog.people.api_tokens import ApiTokens
from catalog.people.web_sessions import WebSessions
from catalog.revisions import Revisions
from catalog.tags import Tags


@dataclass(slots=True)
class Clock:
    """A clock that a test moves by hand."""

    now: datetime = field(default=datetime(2026, 11, 22, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, step: timedelta) -> None:
        self.now += step


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog_file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def catalog(catalog_file: Path) -> Iterator[Catalog]:
    with Catalog(catalog_file, busy_seconds=5.0) as catalog:
        yield catalog


@pytest.fixture
def datasets(catalog: Catalog) -> Datasets:
    return Datasets(catalog)


@pytest.fixture
def tags(catalog: Catalog, clock: Clock) -> Tags:
    return Tags(catalog, clock=clock)


@pytest.fixture
def accounts(catalog: Catalog) -> Accounts:
    return Accounts(catalog, hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def tokens(catalog: Catalog) -> ApiTokens:
    return ApiTokens(catalog)


@pytest.fixture
def revisions(catalog: Catalog, clock: Clock) -> Revisions:
    return Revisions(catalog, clock=clock)


@pytest.fixture
def journal(catalog: Catalog, clock: Clock) -> Journal:
    return Journal(catalog, clock=clock)


def abandon(catalog: Catalog, *acts: Callable[[], object]) -> None:
    """Does everything in one transaction that then fails."""
    with catalog.transaction():
        for act in acts:
            act()
        raise ZeroDivisionError


PATIENT_FIELDS = (
    Field(name="mrn", type="VARCHAR"),
    Field(
        name="contact",
        type="STRUCT(phone VARCHAR, email VARCHAR)",
        fields=(Field(name="phone", type="VARCHAR"), Field(name="email", type="VARCHAR")),
    ),
    Field(name="age", type="BIGINT"),
)


@pytest.fixture
def patients(datasets: Datasets, tags: Tags) -> str:
    """A registered dataset with a nested column, and two declared tags."""
    datasets.put_source(Source(name="lake", connector="files", options={"path": "/data"}))
    datasets.put_database(Database(name="clinic", comment="what care costs"))
    tags.put_tag(Tag(name="phi.mrn"))
    tags.put_tag(Tag(name="phi.phone_number"))
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    return "clinic.patients"


@pytest.fixture
def web_sessions(catalog: Catalog) -> WebSessions:
    return WebSessions(catalog)
