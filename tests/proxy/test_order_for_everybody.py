"""Rows have one order whoever asks: it tells neither of columns that Veil does not know, nor that any is hidden."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from catalog.errors import VeilError
from proxy.pipeline import Request
from tests.proxy.world import ANALYST, OWNER, World, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {pii.pay: {}}
datasets:
  shop.people: {source: data, relation: RELATION}
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop, having: not pii.pay, why: pay is nobody's business}
  - {policy: all, grant: select, to: [everything], scope: shop, why: owners see all}
"""
QUESTIONS = (
    "select id from shop.people",
    "select region from shop.people",
    "from shop.people limit 5",
    "select id from shop.people where region = 'r1'",
    "select id, row_number() over () from shop.people where id > 9",
    "select list(id) from shop.people where region = 'r2'",
)
HALF_WAY = {
    "a file": ("select cast(t as int) from shop.people", "select id from shop.people where cast(t as int) >= 0"),
    "a view": ("select u from shop.people", "select u from shop.people limit 1", "select id from shop.people limit 1"),
}
DATABASES = ("sqlite", "mariadb", "postgres", "duckdb")
ROWS = 300
PAD = "x" * 100
TABLE = "CREATE TABLE people (id int PRIMARY KEY, region varchar(9), pad varchar(200)); INSERT INTO people VALUES "
VIEW = "CREATE VIEW people AS SELECT id, region, pad FROM raw ORDER BY pay"


def _pays(world: int) -> list[int]:
    return [(n * 7919) % 1499 if world else 1498 - (n * 4057) % 1499 for n in range(ROWS)]


def _rows(pays: list[int] | None) -> str:
    tails = [""] * ROWS if pays is None else [f", {pay}" for pay in pays]
    return ", ".join(f"({n * 37 % ROWS}, 'r{n % 3}', '{PAD}'{tail})" for n, tail in enumerate(tails))


class Made:
    """A database of a kind in a folder of its own."""

    def __init__(self, kind: str, folder: Path, request: pytest.FixtureRequest) -> None:
        self.folder = folder
        folder.mkdir()
        self._database: Database | None = None
        if kind != "duckdb":
            server = None if kind == "sqlite" else request.getfixturevalue(kind)
            self._database = Database(kind, server, folder)

    def run(self, sql: str) -> None:
        if self._database is not None:
            self._database.run(sql)
            return
        with closing(duckdb.connect(str(self.folder / "shop.db"))) as connection:
            connection.execute(sql)

    @contextmanager
    def governed(self, explain: str = "full", columns: str = "") -> Iterator[World]:
        source, relation = f"{{connector: duckdb, path: {self.folder}/shop.db}}", "main.people"
        if self._database is not None:
            source, relation = self._database.shown, self._database.relation("people")
        document = DOCUMENT.replace("SOURCE", source).replace("RELATION", json.dumps(relation) + columns)
        with governed(self.folder, document, explain="brief" if explain == "brief" else "full") as world:
            yield world


def _told(world: World) -> list[object]:
    answers = [world.ask(sql).to_pylist() for sql in QUESTIONS]
    assert all(answers)
    return list(answers)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_view_does_not_come_in_the_order_of_what_it_leaves_out(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    told, others = [], []
    for number in (0, 1):
        made = Made(kind, tmp_path / str(number), request)
        made.run(
            f"CREATE TABLE raw (id int, region varchar(9), pad varchar(200), pay int); INSERT INTO raw VALUES "
            f"{_rows(_pays(number))}; {VIEW}"
        )
        with made.governed() as world:
            told.append(_told(world))
            others.append(world.ask("from shop.people", OWNER).to_pylist())
    assert told[0] == told[1]
    assert others[0] == others[1]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgres"])
def test_a_table_does_not_come_in_the_order_of_a_column_that_no_crawl_has_seen(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    told = []
    for number in (0, 1):
        made = Made(kind, tmp_path / str(number), request)
        pays = "".join(f"INSERT INTO pays VALUES ({n}, {pay});" for n, pay in enumerate(_pays(number)))
        made.run(f"{TABLE}{_rows(None)}; CREATE TABLE pays (id int, pay int); {pays}")
        with made.governed() as world:
            made.run(
                "ALTER TABLE people ADD COLUMN pay int; UPDATE people SET pay = (SELECT pay FROM pays WHERE pays.id = "
                "people.id); CREATE INDEX one ON people (pay, id); CREATE INDEX two ON people (pay, region, id)"
            )
            told.append(_told(world))
    assert told[0] == told[1]


def test_a_table_of_some_columns_of_an_account_does_not_come_in_the_order_of_another(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    told, server = [], request.getfixturevalue("mariadb")
    for number in (0, 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        database = Database("mariadb", server, folder)
        name = database.name
        database.run(
            "CREATE TABLE people (id int, region varchar(9), pad varchar(200), pay int, PRIMARY KEY (region, pay, id));"
            f"INSERT INTO people VALUES {_rows(_pays(number))}; CREATE INDEX one ON people (pay, id);"
            f"REVOKE SELECT ON {name}.* FROM {name}@'127.0.0.1';"
            f"GRANT SELECT (id, region, pad) ON {name}.people TO {name}@'127.0.0.1'"
        )
        relation = json.dumps(database.relation("people"))
        document = DOCUMENT.replace("SOURCE", database.shown).replace("RELATION", relation)
        with governed(folder, document) as world:
            told.append(_told(world))
    assert told[0] == told[1]


def test_keys_of_many_letters_are_sorted_to_their_ends(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A server looks at the first `max_sort_length` bytes of each alone."""
    told, server = [], request.getfixturevalue("mariadb")
    server.run("SET GLOBAL max_sort_length = 64")
    try:
        for number in (0, 1):
            made = Made("mariadb", tmp_path / str(number), request)
            pays = enumerate(_pays(number))
            rows = ", ".join(f"('https://example.com/customers/{n:04}', 'r{n % 3}', '{PAD}', {pay})" for n, pay in pays)
            made.run(
                "CREATE TABLE people (id varchar(50) PRIMARY KEY, region varchar(9), pad varchar(200), pay int);"
                f"INSERT INTO people VALUES {rows}; CREATE INDEX two ON people (region, pay); ANALYZE TABLE people"
            )
            with made.governed(columns=", columns: {pay: {tags: [pii.pay]}}") as world:
                told.append(world.ask("select right(id, 4) as n from shop.people where region = 'r1'").to_pylist())
    finally:
        server.run("SET GLOBAL max_sort_length = DEFAULT")
    assert told[0] == told[1]


@pytest.mark.parametrize("is_view", [False, True], ids=["table", "view"])
@pytest.mark.parametrize("kind", DATABASES)
def test_told_briefly_the_order_and_the_sql_do_not_tell_that_a_column_is_hidden(
    kind: str, is_view: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    told = []
    for column in ("", ", pay int"):
        made = Made(kind, tmp_path / (column or "without").strip(", "), request)
        name = "raw" if is_view else "people"
        made.run(
            f"CREATE TABLE {name} (id int, region varchar(9), pad varchar(200){column}); INSERT INTO {name} VALUES "
            f"{_rows(_pays(0) if column else None)}"
        )
        if is_view:
            made.run("CREATE VIEW people AS SELECT * FROM raw")
        with made.governed("brief", ", columns: {pay: {tags: [pii.pay]}}" if column else "") as world:
            asked = [Request(sql=sql) for sql in QUESTIONS]
            said = [world.pipeline.explain(ANALYST, each, decision_id="e", asked_by=ANALYST) for each in asked]
            told.append((_told(world), [each["sql"] for each in said]))
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", ["a file", "a view"])
def test_told_briefly_how_far_an_answer_came_does_not_tell_that_a_column_is_hidden(kind: str, tmp_path: Path) -> None:
    told = []
    for column in ("", ", n AS pay"):
        folder = tmp_path / (column[-3:] or "without")
        folder.mkdir()
        text = "CASE WHEN n = 299999 THEN 'x' ELSE n::varchar END"
        rows = f"SELECT n::int AS id, {text} AS t{column} FROM range(300000) r(n)"
        source, relation = f"{{connector: duckdb, path: {folder}/shop.db}}", "main.people"
        if kind == "a file":
            source, relation = f"{{connector: files, path: {folder}}}", "people.parquet"
            duckdb.sql(f"COPY ({rows}) TO '{folder}/people.parquet'")
        else:
            with closing(duckdb.connect(str(folder / "shop.db"))) as connection:
                connection.execute(f"CREATE TABLE raw AS {rows}; CREATE VIEW people AS SELECT *, t::int AS u FROM raw")
        columns = ", columns: {pay: {tags: [pii.pay]}}" if column else ""
        document = DOCUMENT.replace("SOURCE", source).replace("RELATION", json.dumps(relation) + columns)
        with governed(folder, document, explain="brief") as world:
            told.append([_came(world, sql) for sql in HALF_WAY[kind]])
    assert told[0] == told[1]


def _came(world: World, sql: str) -> tuple[int, str]:
    """How many rows came, and the error that ended the answer."""
    rows = 0
    try:
        with world.pipeline.query(ANALYST, Request(sql=sql), decision_id="d") as answer:
            for batch in answer.batches():
                rows += batch.num_rows
    except VeilError as error:
        return rows, str(error)
    return rows, ""
