"""Virtual tables of SQLite show what other tables hold: none is crawled or read, and views of them have all tags."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from catalog.datasets import Datasets
from catalog.errors import SourceUnavailable, VeilError
from catalog.model import Field
from catalog.registry import connect
from crawler.crawl import crawl
from tests.proxy.world import ANALYST, OWNER, World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: sqlite, path: ./data/s.db}}
databases: {shop: {}}
tags: {secret.note: {level: restricted}}
datasets: {shop.t: {source: data, relation: main.t, columns: {note: {tags: [secret.note]}}}}
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
  - {policy: o, grant: select, to: [everything], scope: "*", why: owners see all}
"""
TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO t VALUES (1, '{secret}');"
FULL_TEXT = f"""{TABLE}
CREATE VIRTUAL TABLE u USING fts5(note, content='t', content_rowid='id');
INSERT INTO u(u) VALUES ('rebuild');
"""
OLD_FULL_TEXT = f"""{TABLE}
CREATE VIRTUAL TABLE u USING fts4(content='t', note);
INSERT INTO u(u) VALUES ('rebuild');
"""
OWN_WORDS = f"{TABLE} CREATE VIRTUAL TABLE u USING fts5(note); INSERT INTO u SELECT note FROM t;"
WAYS = {
    "fts5 over a table": FULL_TEXT,
    "fts5 with rows of its own": OWN_WORDS,
    "fts5vocab": f"{FULL_TEXT} CREATE VIRTUAL TABLE w USING fts5vocab(u, row);",
    "fts4 over a table": OLD_FULL_TEXT,
    "fts4aux": f"{OLD_FULL_TEXT} CREATE VIRTUAL TABLE w USING fts4aux(u);",
    "rtree": f"{TABLE} CREATE VIRTUAL TABLE u USING rtree(id, a, b); INSERT INTO u SELECT 1, length(note), 99 FROM t;",
    "dbstat": f"{TABLE} CREATE VIRTUAL TABLE u USING dbstat(main);",
    "a view": f"{FULL_TEXT} CREATE VIEW v AS SELECT note AS n, rank AS r FROM u;",
    "a view of a view": f"{FULL_TEXT} CREATE VIEW w AS SELECT note AS m FROM u; CREATE VIEW v AS SELECT m AS n FROM w;",
    "a view that joins": f"{FULL_TEXT} CREATE VIEW v AS SELECT t.id AS n, u.note AS m FROM t JOIN u ON u.rowid = t.id;",
    "a view of words": f"{FULL_TEXT} CREATE VIRTUAL TABLE w USING fts5vocab(u, row); CREATE VIEW v AS SELECT * FROM w;",
    "a view of its own tables": f"{OWN_WORDS} CREATE VIEW v AS SELECT c0 AS n FROM u_content;",
    "a view that calls a module": f"{TABLE} CREATE VIEW v AS SELECT value AS n FROM t, json_each(json_array(note));",
}


@contextmanager
def world(folder: Path, script: str, secret: str) -> Iterator[World]:
    (folder / "data").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "data" / "s.db")) as connection:
        connection.executescript(script.format(secret=secret))
        connection.commit()
    with governed(folder, DOCUMENT) as made:
        yield made


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_is_crawled_tells_what_a_hidden_column_holds(tmp_path: Path, way: str) -> None:
    told = []
    for secret in ("SECRET-1", "SECRET-22"):
        with world(tmp_path / secret, WAYS[way], secret) as made:
            crawl(made.catalog, "data", into="shop", by="max")
            names = [each.name for each in made.datasets.datasets("shop")]
            assert "u" not in names
            told.append({name: made.outcome(f'SELECT * FROM shop."{name}"') for name in names})
    assert told[0] == told[1]
    assert "SECRET" not in str(told)


@pytest.mark.parametrize("way", ["fts5 over a table", "fts5 with rows of its own", "fts5vocab", "fts4aux", "rtree"])
def test_one_that_is_registered_is_refused_and_says_why(tmp_path: Path, way: str) -> None:
    with world(tmp_path, WAYS[way], "SECRET") as made:
        with closing(sqlite3.connect(tmp_path / "data" / "s.db")) as connection:
            kinds = dict(connection.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'"))
            kinds = {name: kind for name, kind in kinds.items() if kind in ("virtual", "shadow")}
            assert kinds.keys() >= {"u"}
            for name in kinds:
                of = connection.execute("SELECT name, type FROM pragma_table_info(?)", [name]).fetchall()
                fields = tuple(
                    Field(name=column, type="BIGINT" if "INT" in type_ else "VARCHAR") for column, type_ in of
                )
                made.datasets.register("shop", name, "data", f"main.{name}", fields)
        crawl(made.catalog, "data", into="shop", by="max")
        for name, kind in kinds.items():
            for subject in (ANALYST, OWNER):
                with pytest.raises(SourceUnavailable, match=f"`main.{name}` is not read: ") as refused:
                    made.ask(f"SELECT * FROM shop.{name}", subject)
                assert "virtual table" in refused.value.detail
                assert "copied into a plain table" in refused.value.hint, kind


def test_a_document_that_names_one_is_refused(tmp_path: Path) -> None:
    document = DOCUMENT.replace("datasets: {", "datasets: {shop.u: {source: data, relation: main.u}, ")
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "s.db")) as connection:
        connection.executescript(FULL_TEXT.format(secret="SECRET"))
    refused = pytest.raises(
        VeilError, match=r"`shop\.u` cannot be registered .*: `main\.u` is not read: .* virtual table"
    )
    with refused, governed(tmp_path, document):
        pass


def test_a_crawl_tells_which_it_passes_over(tmp_path: Path) -> None:
    with world(tmp_path, WAYS["fts5vocab"], "SECRET") as made:
        report = crawl(made.catalog, "data", into="shop", by="max")
        assert [each.relation for each in report.passed] == ["main.u", "main.w"]
        assert {each.reason for each in report.passed} == {
            "it is a virtual table, and may show what other tables hold without having their tags"
        }
        assert [each.name for each in Datasets(made.catalog).datasets("shop")] == ["t"]


def test_a_plain_table_that_is_called_like_one_of_its_own_is_read(tmp_path: Path) -> None:
    script = f"{FULL_TEXT} CREATE TABLE u_kinds (kind TEXT); INSERT INTO u_kinds VALUES ('x');"
    with world(tmp_path, script, "SECRET") as made:
        crawl(made.catalog, "data", into="shop", by="max")
        assert made.ask("SELECT * FROM shop.u_kinds").to_pylist() == [{"kind": "x"}]


def test_what_may_belong_to_one_of_an_unknown_module_is_not_read(tmp_path: Path) -> None:
    script = """CREATE TABLE u_chunks (chunk TEXT); CREATE TABLE plain (a TEXT); PRAGMA writable_schema = ON;
    INSERT INTO sqlite_schema VALUES ('table', 'u', 'u', 0, 'CREATE VIRTUAL TABLE u USING none_such(a)');"""
    with world(tmp_path, TABLE + script, "SECRET") as made:
        source = connect(made.datasets.sources()[0])
        assert [each.name for each in source.relations()] == ["main.plain", "main.t"]
        with pytest.raises(SourceUnavailable, match=r"`main\.u_chunks` is not read"):
            source.describe("main.U_CHUNKS")
