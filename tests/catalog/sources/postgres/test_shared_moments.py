"""Two sources that are one database of PostgreSQL, by two accounts, are read of one moment in a query."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected
from catalog.sources.remote.opened import OpenedRemotes
from catalog.sources.remote.openers import open_snapshot
from catalog.sources.remote.postgres import PostgresSnapshot
from tests.databases import Server, postgres_standby
from tests.remote_tables import Database

PEOPLE = "CREATE TABLE people AS SELECT generate_series(1, 3) AS id; GRANT SELECT ON people TO PUBLIC"
REMOVED = "DELETE FROM people"


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def by_another_account(server: Server, base: Database, account: str, folder: Path) -> Source:
    server.run(f"GRANT CONNECT ON DATABASE {base.name} TO {account}")
    (folder / "other.url").write_text(server.url(base.name, account))
    return replace(base.source, name="other", options={"url_file": str(folder / "other.url")})


def opened(*sources: Source) -> OpenedRemotes:
    expected = Expected(relation="public.people", columns=(("id", "INTEGER"),))
    remotes = {}
    for source in sources:
        remote = connect(source).scan(expected).remote
        assert remote is not None
        remotes[f"v_{source.name}"] = (remote, expected)
    return OpenedRemotes(remotes, 60)


def read_around(
    engine: duckdb.DuckDBPyConnection, base: Database, first: Source, second: Source
) -> tuple[int, int, int]:
    """How many people the first source shows, the second one after they are gone, and the first once more."""
    with closing(opened(first, second)) as remotes:
        remotes.register(engine, f"FROM v_{first.name}")
        before = len(engine.execute(f"FROM v_{first.name}").fetchall())
        base.run(REMOVED)
        remotes.register(engine, f"FROM v_{second.name}")
        after = len(engine.execute(f"FROM v_{second.name}").fetchall())
        return before, after, len(engine.execute(f"FROM v_{first.name}").fetchall())


@pytest.mark.parametrize("is_turned", [False, True])
def test_another_account_reads_the_same_moment(
    postgres: Server, engine: duckdb.DuckDBPyConnection, tmp_path: Path, is_turned: bool
) -> None:
    base, stranger = Database("postgres", postgres, tmp_path), Database("postgres", postgres, tmp_path)
    base.run(PEOPLE)
    sources = [base.source, by_another_account(postgres, base, stranger.name, tmp_path)]
    assert read_around(engine, base, *(reversed(sources) if is_turned else sources)) == (3, 3, 3)


def test_another_database_of_the_server_has_a_moment_of_its_own(
    postgres: Server, engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    base, other = Database("postgres", postgres, tmp_path), Database("postgres", postgres, tmp_path)
    base.run(PEOPLE)
    other.run(PEOPLE.replace("3", "5"))
    assert read_around(engine, base, base.source, replace(other.source, name="other")) == (3, 5, 3)


def test_a_database_that_tells_no_name_is_taken_for_another(
    postgres: Server, engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    base, stranger = Database("postgres", postgres, tmp_path), Database("postgres", postgres, tmp_path)
    base.run(f"{PEOPLE}; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    other = by_another_account(postgres, base, stranger.name, tmp_path)
    assert read_around(engine, base, base.source, other) == (3, 0, 3)


def test_a_moment_of_a_replica_is_not_taken_for_one_of_the_same_name(
    primary: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each server numbers its moments anew, so that a replica may have one of any name."""
    base = Database("postgres", primary, tmp_path)
    base.run(PEOPLE)
    with (
        postgres_standby(primary) as standby,
        closing(open_snapshot("postgres", "data", {"url": base.url}, 60)) as first,
        closing(open_snapshot("postgres", "replica", {"url": standby.url(base.name, base.name)}, 60)) as second,
        closing(open_snapshot("postgres", "replica", {"url": standby.url(base.name, base.name)}, 60)) as third,
    ):
        assert isinstance(first, PostgresSnapshot)
        assert isinstance(second, PostgresSnapshot)
        assert isinstance(third, PostgresSnapshot)
        assert first.identity() == second.identity()
        monkeypatch.setattr(first, "_exported", third._exported)
        assert not second.share(first)
        assert second.share(third)


def test_a_replica_has_a_moment_of_its_own(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It bears the name of the server that it follows, and knows none of that one's moments."""
    base = Database("postgres", postgres, tmp_path)
    base.run(PEOPLE)
    options = {"url": base.url}
    with (
        closing(open_snapshot("postgres", "data", options, 60)) as first,
        closing(open_snapshot("postgres", "replica", options, 60)) as second,
    ):
        assert isinstance(first, PostgresSnapshot)
        assert isinstance(second, PostgresSnapshot)
        monkeypatch.setattr(first, "_exported", "7FFFFFFF-7FFFFFFF-1")
        base.run(REMOVED)
        assert not second.share(first)
        [people] = second.tables("public", "people")
        assert sum(len(batch) for batch in second.read(people, second.columns(people), ())) == 0
