"""What a macro of a DuckDB file reads counts as anything, in a view and in a generated column."""

from pathlib import Path

import duckdb
import pytest

from catalog.errors import VeilError
from catalog.sources.duckdb_file import DuckDbFileConnector
from catalog.sources.file_reach import FileReach
from catalog.sources.world import Resources, World
from tests.proxy.world import ANALYST, governed

TAGGED = """
veil: 1
sources: {data: {connector: duckdb, path: ./t.duckdb}}
databases: {shop: {}}
tags: {secret.note: {level: restricted}}
datasets:
  shop.t: {source: data, relation: main.t, columns: {note: {tags: [secret.note]}}}
  shop.u: {source: data, relation: main.u}
  shop.v: {source: data, relation: main.v}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
"""


@pytest.mark.parametrize(("macro", "call"), [("s2(x) AS upper(x)", "s2(town)"), ("S2() AS 'a'", "town || s2()")])
def test_a_generated_column_calls_no_macro_that_may_be_another_by_now(tmp_path: Path, macro: str, call: str) -> None:
    """The engine lets another macro take the place of the one that the table was made with."""
    with duckdb.connect(str(tmp_path / "t.duckdb")) as engine:
        engine.execute("CREATE TABLE t AS SELECT 1 AS id, 'SECRET' AS note; CREATE SCHEMA s")
        engine.execute(f"CREATE MACRO {macro}")
        engine.execute(f"CREATE TABLE s.g (town VARCHAR, n VARCHAR AS ({call})); INSERT INTO s.g VALUES ('Bonn')")
        engine.execute(f"CREATE MACRO s.{macro.split(' AS ')[0]} AS (SELECT max(note) FROM main.t)")
        engine.execute("CREATE VIEW s.v AS SELECT n FROM s.g")
        assert "SECRET" in str(engine.execute("FROM s.v").fetchall())
    world = World(Resources(), databases=[tmp_path / "t.duckdb"])
    reach = FileReach(world, world.alias(tmp_path / "t.duckdb"))
    world.close()
    assert reach.beyond("s", "g") == "a column that it works out calls a macro of the file"
    assert reach.beyond("s", "v") == "what it reads does: a column that it works out calls a macro of the file"


@pytest.mark.parametrize(
    ("macro", "call", "is_read"),
    [
        ("note_of(i) AS (SELECT note FROM t WHERE t.id = i)", "note_of(u.id)", True),
        ("twice(i) AS (SELECT first_note(i))", "twice(u.id)", True),
        ("twice(i) AS first_note(i) || i", "twice(u.id)", True),
        ("own(i) AS coalesce(nullif(i, i), id)", "own(u.id)", True),
        ("own(i) AS coalesce(nullif(i, i), id.greatest(i))", "own(u.id)", True),
        ("own(i) AS coalesce(nullif(i, i), u.id.abs().greatest(i))", "own(u.id)", True),
        ("rows_of(i) AS TABLE SELECT i AS z", "(SELECT z FROM rows_of(1))", True),
        ("plus(i) AS i + 1", "plus(u.id)", False),
    ],
)
def test_what_a_view_reads_by_a_macro_counts_as_anything(tmp_path: Path, macro: str, call: str, is_read: bool) -> None:
    with duckdb.connect(str(tmp_path / "t.duckdb")) as engine:
        engine.execute("CREATE TABLE t AS SELECT 1 AS id, 'SECRET' AS note; CREATE TABLE u AS SELECT 1 AS id")
        engine.execute("CREATE MACRO first_note(i) AS (SELECT note FROM t LIMIT 1)")
        engine.execute(f"CREATE MACRO {macro}")
        engine.execute(f"CREATE VIEW v AS SELECT u.id, {call} AS g FROM u")
    source = DuckDbFileConnector("data", {"path": str(tmp_path / "t.duckdb")})
    assert (source.views()["main.v"].text == "") is is_read
    assert (source.description("main.v").reads is None) is is_read
    with governed(tmp_path, TAGGED) as world:
        try:
            told = str(world.ask("select * from shop.v", ANALYST).to_pylist())
        except VeilError as error:
            told = error.code
        assert "SECRET" not in told
        assert is_read or "'g': 2" in told
