"""A tagged column that comes to another dataset has its tags there until somebody has looked: files and tables move."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.tags import Tags
from crawler.crawl import crawl
from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {x.hidden: {}}
datasets:
DATASETS
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop, having: not x.hidden, why: a test}
"""
TAGGED = "columns: {card: {tags: [x.hidden]}}"
Change = Callable[[Path], object]


def _ndjson(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


def _csv(**columns: object) -> bytes:
    return f"{','.join(columns)}\n{','.join(map(str, columns.values()))}\n".encode()


def _parquet(**columns: object) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: [cell] for name, cell in columns.items()}), sink)
    return bytes(sink.getvalue())


WRITERS = {"csv": _csv, "parquet": _parquet}


def _into(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _of_files(tmp_path: Path, relations: dict[str, str]) -> str:
    (tmp_path / "data").mkdir(exist_ok=True)
    listed = "".join(
        f"  shop.{name}: {{source: data, relation: {relation}{', ' + TAGGED if name == 't' else ''}}}\n"
        for name, relation in relations.items()
    )
    return DOCUMENT.replace("SOURCE", "{connector: files, path: ./data}").replace("DATASETS\n", listed)


def _crawled(world: World) -> str:
    """All that the person sees of every dataset after a crawl."""
    crawl(world.catalog, "data", into="shop", by="max")
    return _seen(world)


def _seen(world: World) -> str:
    return str([world.outcome(f"from shop.{dataset.name}") for dataset in world.datasets.datasets("shop")])


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_that_comes_into_a_folder_brings_its_tags(tmp_path: Path, kind: str) -> None:
    document, write = _of_files(tmp_path, {"t": f"t.{kind}", "archive": "archive"}), WRITERS[kind]
    data = tmp_path / "data"
    _into(data, {f"t.{kind}": write(id=1, card="SECRET")})
    _into(data, {f"archive/{number}.{kind}": write(id=number, note="seen") for number in range(2)})
    with governed(tmp_path, document) as world:
        (data / f"t.{kind}").rename(data / f"archive/2.{kind}")
        assert "SECRET" not in _crawled(world)


def test_a_file_of_lines_that_comes_into_a_folder_brings_its_tags(tmp_path: Path) -> None:
    document, data = _of_files(tmp_path, {"t": "t.ndjson", "archive": "archive"}), tmp_path / "data"
    _into(data, {"t.ndjson": _ndjson('{"id": 1, "card": "SECRET", "c": {"x": 1}}')})
    _into(data, {f"archive/{number}.ndjson": _ndjson('{"id": 2, "c": {"x": 5}}') for number in range(2)})
    with governed(tmp_path, document) as world:
        (data / "t.ndjson").rename(data / "archive/2.ndjson")
        assert "SECRET" not in _crawled(world)
        _into(data, {"archive/3.ndjson": _ndjson('{"id": 1, "c": {"x": 7, "card": "SECRET"}}')})
        seen = _crawled(world)
        assert "SECRET" not in seen
        assert "7" in seen


@pytest.mark.parametrize("is_swap", [False, True])
@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_that_takes_the_name_of_another_one_brings_its_tags(tmp_path: Path, kind: str, is_swap: bool) -> None:
    document, write = _of_files(tmp_path, {"t": f"t.{kind}", "before": f"before.{kind}"}), WRITERS[kind]
    data = tmp_path / "data"
    _into(data, {f"t.{kind}": write(id=1, card="SECRET"), f"before.{kind}": write(id=2, note="seen")})
    with governed(tmp_path, document) as world:
        (data / f"before.{kind}").rename(data / "kept")
        (data / f"t.{kind}").rename(data / f"before.{kind}")
        if is_swap:
            (data / "kept").rename(data / f"t.{kind}")
        assert "SECRET" not in _crawled(world)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_part_that_leaves_its_folder_takes_the_tags_along(tmp_path: Path, kind: str) -> None:
    document, write, data = _of_files(tmp_path, {"t": "exp"}), WRITERS[kind], tmp_path / "data"
    _into(data, {f"exp/{number}.{kind}": write(id=number, name="kim", card="SECRET") for number in range(3)})
    with governed(tmp_path, document) as world:
        (data / f"exp/0.{kind}").rename(data / f"old.{kind}")
        seen = _crawled(world)
        assert "old" in {dataset.name for dataset in world.datasets.datasets("shop")}
        assert "SECRET" not in seen
        _into(data, {f"goods.{kind}": write(id=1, name="seen", price=5)})
        assert "seen" in _crawled(world)


CHANGES = {
    "over one that is dropped": ("DROP TABLE b", "ALTER TABLE t RENAME TO b"),
    "names swapped": ("ALTER TABLE t RENAME TO c", "ALTER TABLE b RENAME TO t", "ALTER TABLE c RENAME TO b"),
    "a column moves": (
        "ALTER TABLE b ADD COLUMN card VARCHAR",
        "UPDATE b SET card = 'SECRET'",
        "ALTER TABLE t DROP COLUMN card",
    ),
    "merged": ("ALTER TABLE b ADD COLUMN card VARCHAR", "INSERT INTO b SELECT id, '', card FROM t", "DROP TABLE t"),
    "name taken": ("ALTER TABLE t RENAME COLUMN card TO number", "ALTER TABLE t ADD COLUMN card VARCHAR"),
    "copied": ("CREATE TABLE copied AS SELECT * FROM t",),
    "split": ("CREATE TABLE cards AS SELECT id, card FROM t", "ALTER TABLE t DROP COLUMN card"),
}


def _run(kind: str, file: Path, statements: Iterable[str]) -> None:
    if kind == "duckdb":
        with duckdb.connect(file) as engine:
            for statement in statements:
                engine.execute(statement)
        return
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def _database(tmp_path: Path, kind: str) -> str:
    made = ("CREATE TABLE t (id INT, card VARCHAR)", "INSERT INTO t VALUES (1, 'SECRET')")
    other = ("CREATE TABLE b (id INT, note VARCHAR)", "INSERT INTO b VALUES (2, 'seen')")
    _run(kind, tmp_path / "db", (*made, *other))
    listed = f"  shop.t: {{source: data, relation: main.t, {TAGGED}}}\n  shop.b: {{source: data, relation: main.b}}\n"
    source = f"{{connector: {kind}, path: ./db}}"
    return DOCUMENT.replace("SOURCE", source).replace("DATASETS\n", listed)


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
@pytest.mark.parametrize("change", CHANGES)
def test_so_it_is_in_databases(tmp_path: Path, kind: str, change: str) -> None:
    with governed(tmp_path, _database(tmp_path, kind)) as world:
        _run(kind, tmp_path / "db", CHANGES[change])
        assert "SECRET" not in _crawled(world)


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_a_view_has_the_tags_of_what_it_is_made_of_whatever_its_columns_are_called(tmp_path: Path, kind: str) -> None:
    with governed(tmp_path, _database(tmp_path, kind)) as world:
        _run(kind, tmp_path / "db", ["CREATE VIEW v AS SELECT id, 'masked' AS card FROM t"])
        assert "masked" in _crawled(world)


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_a_person_has_the_last_word(tmp_path: Path, kind: str) -> None:
    with governed(tmp_path, _database(tmp_path, kind)) as world:
        _run(kind, tmp_path / "db", CHANGES["copied"])
        assert "SECRET" not in _crawled(world)
        [told] = Tags(world.catalog).assignments("shop.copied")
        assert (told.state, told.evidence) == ("suggested", "`shop.t`, which has such columns, has the tag")
        Tags(world.catalog).reject("shop.copied", ("card",), "x.hidden", by="ada")
        assert "SECRET" in _seen(world)
        assert "SECRET" in _crawled(world)
