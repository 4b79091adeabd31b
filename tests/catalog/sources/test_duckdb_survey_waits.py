"""A DuckDB file that is hard to look at is not looked at by each query anew, and nobody waits for long in line."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable
from catalog.sources import duckdb_file
from catalog.sources.allowed_time import allowed
from catalog.sources.connector import Expected, LookStopped
from catalog.sources.duckdb_file import DuckDbFileConnector
from catalog.sources.workers.apart import Asking

Asked = Callable[..., pa.Table]


@pytest.fixture
def connector(tmp_path: Path) -> DuckDbFileConnector:
    path = tmp_path / "team.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute("CREATE TABLE t AS SELECT 1 AS a")
    return DuckDbFileConnector("team", {"path": str(path)})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of each look that fails, the function."""
    noted: list[str] = []

    def fail(_: Asking, seconds: float, look: Asked, *rest: object) -> pa.Table:
        noted.append(look.__name__)
        raise LimitExceeded("it takes more memory or time than it may")

    monkeypatch.setattr(Asking, "ask", fail)
    return noted


def look(connector: DuckDbFileConnector) -> None:
    with pytest.raises(
        SourceUnavailable, match=r"`team\.duckdb` takes more memory or time to be looked at than it may"
    ):
        list(connector.relations())


def test_a_query_whose_time_is_over_is_not_remembered_against_the_file(connector: DuckDbFileConnector) -> None:
    expected = Expected(relation="main.t", columns=(("a", "INTEGER"),))
    with allowed(0.0), pytest.raises(SourceTimeout, match="the query was stopped after 0 seconds"):
        connector.scan(expected)
    assert connector.scan(expected).safe == frozenset({"a"})


def test_a_look_that_took_too_much_is_remembered_for_its_state_and_a_while(
    connector: DuckDbFileConnector, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(connector)
    look(connector)
    assert asked == ["survey"]
    os.utime(tmp_path / "team.duckdb")
    look(connector)
    assert asked == ["survey"] * 2
    monkeypatch.setattr(duckdb_file, "_FAILED_SECONDS", 0.0)
    os.utime(tmp_path / "team.duckdb")
    look(connector)
    look(connector)
    assert asked == ["survey"] * 4


def test_a_look_that_was_not_wanted_any_more_is_not_remembered(
    connector: DuckDbFileConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> pa.Table:
        raise LookStopped

    with monkeypatch.context() as patched:
        patched.setattr(Asking, "ask", stop)
        with pytest.raises(LookStopped):
            list(connector.relations())
    assert [each.name for each in connector.relations()] == ["main.t"]


def test_nobody_waits_for_long_while_others_look(
    connector: DuckDbFileConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_looking, is_over = threading.Event(), threading.Event()
    ask = Asking.ask

    def slow(asking: Asking, seconds: float, look: Asked, *rest: object) -> pa.Table:
        is_looking.set()
        is_over.wait(60)
        return ask(asking, seconds, look, *rest)

    monkeypatch.setattr(Asking, "ask", slow)
    monkeypatch.setattr(duckdb_file, "_WAIT_SECONDS", 0.1)
    looking = threading.Thread(target=lambda: list(connector.relations()))
    looking.start()
    is_looking.wait(60)
    with pytest.raises(SourceUnavailable, match=r"`team\.duckdb` is being looked at, which takes long"):
        list(connector.relations())
    is_over.set()
    looking.join()
    assert [each.name for each in connector.relations()] == ["main.t"]
