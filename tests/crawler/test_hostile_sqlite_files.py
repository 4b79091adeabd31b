"""What an SQLite file brings along is worked out in workers: it takes no memory of the server, and ends."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import LimitExceeded, SourceUnavailable
from catalog.model import Database, Source
from catalog.sources import sqlite_looks as looks
from catalog.sources.connector import Expected
from catalog.sources.sqlite_file import SqliteFileConnector
from catalog.sources.workers.apart import Asking
from catalog.sources.world import Resources
from crawler.crawl import Conduct, ask_for, carry_on, crawl
from crawler.report import Progress
from tests.crawler.test_hostile_database_files import growth

LARGE = """(WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r LIMIT {rows})
SELECT printf('%.*c', {size}, 'x') AS a FROM r)"""
HUGE = (
    "SELECT instr(zeroblob(900000000), zeroblob(100000000) || x'01') AS a",
    "SELECT length(replace(printf('%.*c', 1000000, 'a'), 'a', printf('%.*c', 900, 'b'))) AS a",
    f"SELECT group_concat(a) AS a FROM {LARGE.format(rows=100, size=20_000_000)}",
)
"""Single calls of hundreds of megabytes, of which one takes days."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rooms.sqlite"
    run(path, "CREATE TABLE rooms (id INTEGER PRIMARY KEY, kind TEXT); INSERT INTO rooms VALUES (7, 'a')")
    return path


@pytest.fixture
def connector(file: Path) -> SqliteFileConnector:
    return SqliteFileConnector("file", {"path": str(file)})


@pytest.fixture
def catalog(tmp_path: Path, file: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        Datasets(catalog).put_source(Source(name="file", connector="sqlite", options={"path": str(file)}))
        Datasets(catalog).put_database(Database(name="d"))
        yield catalog


def run(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


def put_view_that_is_never_prepared(file: Path) -> None:
    """It reads ten that read ten, and so on: while SQLite unfolds them it looks at no clock."""

    def ten(of: str) -> str:
        return "SELECT a.* FROM " + ", ".join(f"{of} {letter}" for letter in "abcdefghij")

    columns = ", ".join(f"c{i}" for i in range(500))
    views = f"CREATE VIEW v1 AS {ten('w')}; CREATE VIEW v2 AS {ten('v1')}"
    hundred = ten(f"({ten('v2')})")
    hostile = ten(f"({hundred})")
    run(file, f"CREATE TABLE w ({columns}); {views}; CREATE VIEW hostile AS {hostile}")


@pytest.mark.parametrize("sql", HUGE)
def test_a_view_that_makes_huge_cells_is_told_and_the_rest_is_crawled(catalog: Catalog, file: Path, sql: str) -> None:
    run(file, f"CREATE VIEW hostile AS {sql}")
    began = time.monotonic()
    with growth() as grown:
        report = crawl(catalog, "file", into="d", by="ada")
    assert report.new == ("d.rooms",)
    [failure] = report.failed
    assert (failure.relation, failure.reason) == (
        "main.hostile",
        "`main.hostile` takes more memory or time to be looked at than it may",
    )
    assert grown() < 500 * 2**20
    assert time.monotonic() - began < 60


def test_a_sample_holds_as_much_as_one_may(catalog: Catalog, file: Path) -> None:
    large = LARGE.format(rows=400, size=1_000_000)
    run(file, f"CREATE VIEW hostile AS SELECT * FROM {large}; CREATE TABLE photos (a TEXT)")
    run(file, f"INSERT INTO photos SELECT a FROM {large}")
    with growth() as grown:
        report = crawl(catalog, "file", into="d", by="ada")
    assert sorted(report.new) == ["d.hostile", "d.photos", "d.rooms"]
    assert grown() < 500 * 2**20


def test_a_row_that_is_larger_than_a_sample_ends_it(file: Path) -> None:
    run(file, "CREATE TABLE some (a BLOB); INSERT INTO some VALUES (x'00'), (zeroblob(70000000)), (x'01')")
    run(file, "CREATE TABLE none (a BLOB); INSERT INTO none VALUES (zeroblob(70000000)), (x'01')")
    assert looks.sample(Resources(), str(file), "main.some", 1000).num_rows == 1
    with pytest.raises(LimitExceeded, match="a row is larger than a sample may be"):
        looks.sample(Resources(), str(file), "main.none", 1000)


def test_a_crawl_that_is_cancelled_ends_what_is_prepared(catalog: Catalog, file: Path) -> None:
    put_view_that_is_never_prepared(file)
    runs, begun = CrawlRuns(catalog), threading.Event()
    asked = ask_for(catalog, "file", into="d", by="ada")

    def look(progress: Progress) -> None:
        if progress.relation == "main.hostile":
            begun.set()

    def cancel() -> None:
        begun.wait(60)
        time.sleep(1)
        runs.cancel(asked.id)

    cancelling = threading.Thread(target=cancel)
    cancelling.start()
    began = time.monotonic()
    report = carry_on(catalog, asked, conduct=Conduct(on_progress=look))
    cancelling.join()
    assert time.monotonic() - began < 40
    assert report.is_stopped
    assert runs.run(asked.id).state is RunState.CANCELLED


def test_a_file_has_no_more_relations_than_a_crawl_takes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(file, "CREATE VIEW a AS SELECT 1 AS n; CREATE VIEW b AS SELECT 1 AS n")
    assert looks.relations(Resources(), str(file)).num_rows == 3
    monkeypatch.setattr(looks, "MOST", 2)
    with pytest.raises(SourceUnavailable, match=r"`rooms\.sqlite` has more than 2 tables and views"):
        looks.relations(Resources(), str(file))


def test_the_server_opens_no_file_itself(connector: SqliteFileConnector, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr("catalog.sources.remote.sqlite.sqlite3.connect", refuse)
    assert [each.name for each in connector.relations()] == ["main.rooms"]
    assert connector.views() == {}
    assert connector.generated() == ()
    assert [field.name for field in connector.describe("main.rooms")] == ["id", "kind"]
    assert [key.columns for key in connector.description("main.rooms").keys] == [("id",)]
    assert connector.sample("main.rooms", 10).num_rows == 1
    assert connector.scan(Expected(relation="main.rooms", columns=(("id", "BIGINT"),))).remote is not None


def test_a_link_that_takes_its_place_on_the_way_to_the_worker_is_refused(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    run(other, "CREATE TABLE secrets (a)")
    link = tmp_path / "link.sqlite"
    link.symlink_to(other)
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        looks.relations(Resources(), str(link))


RELATION = pa.Table.from_pylist([{"name": "rooms", "sql": None, "is_virtual": False}], looks.RELATIONS)


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("relations", RELATION.drop_columns("sql")),
        ("relations", RELATION.set_column(2, "is_virtual", pa.nulls(1, pa.bool_()))),
        ("relations", pa.Table.from_pylist([{"name": None, "sql": None, "is_virtual": False}], looks.RELATIONS)),
        ("relations", pa.concat_tables([RELATION] * (looks.MOST + 1))),
        ("relations", pa.Table.from_pylist([{"name": "x" * 2**27, "sql": "", "is_virtual": False}], looks.RELATIONS)),
        ("generated", RELATION),
        ("generated", pa.table({field.name: pa.nulls(1, field.type) for field in looks.GENERATED})),
        ("describe", pa.table({"name": ["a"], "type": ["UNION(a INTEGER)"]})),
        ("describe", pa.table({"name": ["a"], "type": ["DECIMAL(99,1)"]})),
        ("describe", pa.table({"name": ["a"], "type": ["INTEGER[]"]})),
        (
            "description",
            pa.Table.from_pylist([{"kind": "odd", "names": [], "refers_to": "", "at": []}], looks.DESCRIPTION),
        ),
        (
            "description",
            pa.Table.from_pylist([{"kind": "primary", "names": [None], "refers_to": "", "at": []}], looks.DESCRIPTION),
        ),
        ("sample", pa.table({"a": [[1]]})),
        ("sample", pa.table({"a": list(range(11))})),
    ],
)
def test_of_a_worker_no_more_is_believed_than_a_file_can_hold(
    connector: SqliteFileConnector, monkeypatch: pytest.MonkeyPatch, method: str, told: pa.Table
) -> None:
    arguments = {"relations": (), "generated": (), "sample": ("main.rooms", 10)}.get(method, ("main.rooms",))
    monkeypatch.setattr(Asking, "ask", lambda *_: told)
    with pytest.raises(SourceUnavailable, match="cannot be looked at"):
        list(getattr(connector, method)(*arguments))
