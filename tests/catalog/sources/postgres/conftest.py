"""A database in a real PostgreSQL, an account that may read some of it, and tables made for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.model import Source
from tests.catalog.sources.postgres.people import NUMBERS, given
from tests.contracts.connectors import PEOPLE_SQL
from tests.databases import PASSWORD, Server, postgres_server


@pytest.fixture(scope="session")
def database(postgres: Server) -> str:
    """A database with an account `reader`, who may read what is in the schema `public`."""
    postgres.run(f"CREATE DATABASE clinic; CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    postgres.run(
        f"""
        CREATE TABLE people AS {PEOPLE_SQL};
        CREATE SCHEMA lab; CREATE TABLE lab."Lab Results" (n int, kind text);
        CREATE VIEW lab.names AS SELECT name FROM people;
        CREATE TABLE hidden (a int);
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;
        GRANT USAGE ON SCHEMA lab TO reader;
        GRANT SELECT ON people, lab."Lab Results", lab.names TO reader;
        """,
        "clinic",
    )
    return "clinic"


@pytest.fixture
def source(postgres: Server, database: str, tmp_path: Path) -> Source:
    return given(tmp_path, postgres.url(database, "reader"))


@pytest.fixture
def made(postgres: Server, database: str) -> Iterator[Callable[[str], str]]:
    """Makes a table out of its columns and values, and gives its name; it is dropped in the end."""
    names: list[str] = []

    def make(sql: str) -> str:
        names.append(f"public.t{next(NUMBERS)}")
        postgres.run(sql.replace("$t", names[-1]), database)
        return names[-1]

    yield make
    postgres.run("".join(f"DROP TABLE IF EXISTS {name} CASCADE;" for name in names), database)


@pytest.fixture
def primary() -> Iterator[Server]:
    """A server of one test alone: a standby is a copy of all that is in it, which of the others' is a lot."""
    with postgres_server() as server:
        yield server
