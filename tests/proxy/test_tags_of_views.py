"""A view shows no value of a hidden column, nor what is worked out from it, in whichever shape its SQL holds it."""

import json
from pathlib import Path

import duckdb
import pytest

from crawler.crawl import crawl
from tests.databases import Server
from tests.proxy.world import ANALYST, OWNER, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {secret.note: {level: restricted}}
datasets:
  shop.t: {source: data, relation: SCHEMA.t, columns: {note: {tags: [secret.note]}}}
VIEWS
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
  - {policy: o, grant: select, to: [everything], scope: shop, why: owners see all}
"""
SECRETS = (("SECRET-1", "SECRET-2"), ("SECRET-3", "SECRET-2"))
"""The hidden notes of two rows, in two worlds: their order differs too."""
IN_ALL = {
    "upper": "SELECT id, upper(note) AS n FROM t",
    "windowed": "SELECT id, rank() OVER (ORDER BY note) AS n FROM t",
    "named_window": "SELECT id, rank() OVER w AS n FROM t WINDOW w AS (ORDER BY note)",
    "counted_case": "SELECT id, count(CASE WHEN note > 'SECRET-2' THEN 1 END) AS n FROM t GROUP BY id",
}
SHAPES = {
    "duckdb": {
        **IN_ALL,
        "method": "SELECT id, note.upper() AS n FROM t",
        "methods": "SELECT id, note.concat('x').lower() AS n FROM t",
        "argument": "SELECT id, town.concat(note) AS n FROM t",
        "by_name": "SELECT id, town AS n FROM t UNION ALL BY NAME SELECT note AS n, id FROM t",
        "renamed": "SELECT id, town AS n FROM t x(id, note, town)",
        "as_a_lambda": "SELECT id, upper(note ->> '$') AS n FROM (SELECT id, to_json(note) AS note FROM t)",
        "whole_row": "SELECT id, to_json(t) AS n FROM t",
        "called_alike": "WITH RECURSIVE t(id, n) AS (SELECT id, note FROM t UNION ALL SELECT id, n FROM t WHERE false)"
        " SELECT id, n FROM t",
        "called_alike_by_name": "WITH RECURSIVE q(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM q WHERE i < 3), t AS"
        " (SELECT 1 AS id, 'x' AS n UNION ALL BY NAME SELECT id, note AS n FROM t) SELECT id, n FROM t",
        "called_alike_by_key": "WITH RECURSIVE t(id, n) USING KEY (id) AS"
        " (SELECT a.id, a.note FROM t AS a UNION SELECT id, n FROM t WHERE false) SELECT id, n FROM t",
    },
    "postgres": {
        **IN_ALL,
        "as_a_unit": "SELECT id, date_part(unit, '2026-02-03'::timestamp) AS n "
        "FROM (SELECT id, CASE WHEN note = 'SECRET-1' THEN 'year' ELSE 'month' END AS unit FROM t) x",
        "whole_row": "SELECT id, t::text AS n FROM t",
        "renamed": "SELECT id, town AS n FROM t x(id, note, town)",
        "renamed_star": "SELECT x.* FROM t x(id, note, town)",
        "base_window": "SELECT id, lag(id) OVER (w ROWS 1 PRECEDING) AS n FROM t WINDOW w AS (ORDER BY note)",
    },
    "sqlite": IN_ALL,
}
PLAIN = "SELECT id, town AS n FROM t WHERE id > 0"


def observed(kind: str, folder: Path, notes: tuple[str, str], server: Server | None) -> dict[str, object]:
    """What the analyst is shown of each view, and the owner of the first."""
    folder.mkdir()
    views = {**SHAPES[kind], "plain": PLAIN}
    rows = ", ".join(f"({number}, 'Bonn', '{note}')" for number, note in enumerate(notes, 1))
    statements = [
        "CREATE TABLE t (id integer, town varchar(20), note varchar(20))",
        f"INSERT INTO t VALUES {rows}",
        *(f"CREATE VIEW {name} AS {sql}" for name, sql in views.items()),
    ]
    if kind == "duckdb":
        with duckdb.connect(folder / "file") as engine:
            for statement in statements:
                engine.execute(statement)
        source, schema = json.dumps({"connector": kind, "path": str(folder / "file")}), "main"
    else:
        database = Database(kind, server, folder)
        granted = [f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {database.name}"] if server else []
        database.run("; ".join([*statements, *granted]))
        source, schema = database.shown, "public" if server else "main"
    registered = "\n".join(f"  shop.{name}: {{source: data, relation: {schema}.{name}}}" for name in views)
    document = DOCUMENT.replace("SOURCE", source).replace("VIEWS", registered).replace("SCHEMA", schema)
    with governed(folder, document) as shop:
        crawl(shop.catalog, "data", into="shop", by="max")
        shown: dict[str, object] = {name: shop.outcome(f"SELECT * FROM shop.{name}", ANALYST) for name in views}
        shown["to the owner"] = shop.outcome("SELECT * FROM shop.upper", OWNER)
    return shown


@pytest.mark.parametrize("kind", SHAPES)
def test_no_shape_of_a_view_shows_a_hidden_column(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("postgres") if kind == "postgres" else None
    one, other = (observed(kind, tmp_path / str(world), notes, server) for world, notes in enumerate(SECRETS))
    assert one.pop("to the owner") != other.pop("to the owner")
    assert "Bonn" in str(one["plain"])
    assert {name: shown for name, shown in one.items() if shown != other[name]} == {}
