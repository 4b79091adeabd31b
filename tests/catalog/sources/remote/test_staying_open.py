"""A source that stays open is opened anew after a while or a failure, and meanwhile keeps nobody from writing."""

from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from catalog.registry import connect
from catalog.sources.connector import SourceConnector, StaysOpen
from tests.remote_tables import KINDS, Database


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    kind = str(request.param)
    made = Database(kind, None if kind == "sqlite" else request.getfixturevalue(kind), tmp_path)
    made.write("t0", [("a", "INTEGER")], [(0,)])
    return made


def rows(connector: SourceConnector, database: Database) -> int:
    return int(connector.sample(database.relation("t0"), 9).num_rows)


def test_others_may_write_between_looks(database: Database) -> None:
    connector = connect(database.source)
    assert isinstance(connector, StaysOpen)
    with connector.stay_open(60):
        assert rows(connector, database) == 1
        database.run("INSERT INTO t0 VALUES (1)")
        assert rows(connector, database) == (2 if database.kind == "sqlite" else 1)  # a server keeps one state
    assert rows(connector, database) == 2


def test_a_source_that_has_been_open_for_long_is_opened_anew(database: Database) -> None:
    connector = connect(database.source)
    assert isinstance(connector, StaysOpen)
    with connector.stay_open(0):
        assert rows(connector, database) == 1
        database.run("INSERT INTO t0 VALUES (1)")
        assert rows(connector, database) == 2


def test_what_failed_is_not_looked_through_again(database: Database) -> None:
    connector = connect(database.source)
    assert isinstance(connector, StaysOpen)
    with connector.stay_open(60):
        assert rows(connector, database) == 1
        database.run("INSERT INTO t0 VALUES (1)")
        with pytest.raises(SourceUnavailable):
            connector.describe(database.relation("nobody"))
        assert rows(connector, database) == 2
