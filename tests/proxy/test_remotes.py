"""Whatever a person asks, a database answers as files of the same rows do: tokens, masks, filters, errors and all.

An engine knows more of files beforehand than of a database, so it may plan a query otherwise, and whether an expression
that raises is run at all may hang on the plan (docs/explanation/threat-model.md). Such answers are counted and few.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.databases import Server
from tests.proxy.estates import Estate, Table, estate
from tests.proxy.questions import Questioner
from tests.proxy.test_noninterference import outcome
from tests.proxy.world import World, governed
from tests.remote_tables import KINDS, Database, rows_of

QUESTIONS = 40


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    server: Server | None = None if request.param == "sqlite" else request.getfixturevalue(request.param)
    return Database(request.param, server, tmp_path)


@pytest.fixture
def twins(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[World, World, Estate]]:
    """The same estate in a database and in files."""
    made = estate(int(request.param), is_plain=True)
    (tmp_path / "files" / "data").mkdir(parents=True)
    (tmp_path / "remote").mkdir()
    tables = {table.name: ([(c.name, c.type) for c in table.columns], _rows(table)) for table in made.tables}
    tables["secret"] = [("s", "VARCHAR")], [("none",)]
    document = made.document.replace("{connector: files, path: ./data}", database.shown)
    for name, (columns, rows) in tables.items():
        database.write(name, columns, rows)
        table = rows_of(database.source, database.relation(name))
        pq.write_table(table, tmp_path / "files" / "data" / f"{name}.parquet")
        document = document.replace(f"relation: {name}.parquet", f"relation: {database.relation(name)}")
    with ExitStack() as stack:
        files = stack.enter_context(governed(tmp_path / "files", made.document))
        remote = stack.enter_context(governed(tmp_path / "remote", document))
        yield files, remote, made


def _rows(table: Table) -> list[tuple[object, ...]]:
    return [tuple(row[column.name] for column in table.columns) for row in table.worlds[0]]


@pytest.mark.slow
@pytest.mark.parametrize("twins", range(1, 7), indirect=True)
def test_a_database_answers_as_files_do(twins: tuple[World, World, Estate]) -> None:
    files, remote, made = twins
    questioner = Questioner(made, random.Random(f"remote {made.document}"))
    kinds: Counter[object] = Counter()
    for _ in range(QUESTIONS):
        sql = questioner.ask()
        if "EXPLAIN" in sql:  # which tells the SQL, not what it gives: a database judges a filter that stands bare
            continue
        first, second = outcome(files, sql), outcome(remote, sql)
        kinds[first[0]] += 1
        if first[0] == second[0]:
            assert first == second, sql
        else:
            kinds["by plan"] += 1
    assert kinds["rows"] >= QUESTIONS / 8
    assert kinds["by plan"] <= 2
