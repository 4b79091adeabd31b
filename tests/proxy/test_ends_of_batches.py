"""Where the batches of an answer end, or its groups of rows and pieces, tells nothing of what is hidden or left out."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from catalog.errors import SqlInvalid
from proxy.answering.wire import Format, encode
from proxy.pipeline import Request
from tests.proxy.world import ANALYST, World, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {pii.note: {}}
datasets: {shop.orders: {source: data, relation: ORDERS, columns: {note: {tags: [pii.note]}}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: some
    grant: select
    to: [analyst]
    scope: shop
    having: not pii.note
    where: note not like 'gone%'
    why: rows by a column that is hidden
"""
ROWS = 20_000
KINDS = ("parquet", "duckdb", "sqlite", "postgres", "mariadb")
QUESTIONS = ("select id from shop.orders", "select id / (id - 90000) as q from shop.orders where id > 100")


def _rows(world: str) -> str:
    """The rows of a world as a query; the same are seen in each, in the same order."""
    seen = f"select i::bigint as id, 'w' || i as word, 'seen' as note, 2 * i as place from range({ROWS}) as r(i)"
    if world == "large texts":
        return seen.replace("'seen'", "repeat('y', 100 + i::int % 300)") + " order by place"
    if world == "many rows left out":
        unseen = f"select -1 as id, 'none' as word, 'gone' as note, 2 * i + 1 as place from range({ROWS}) as r(i)"
        return f"{seen} where i % 2 = 0 union all {seen} where i % 2 = 1 union all {unseen} order by place"
    return seen + " order by place"


def _written(kind: str, folder: Path, world: str, request: pytest.FixtureRequest) -> tuple[str, str]:
    with duckdb.connect() as engine:
        engine.execute(f"CREATE TABLE orders AS SELECT id, word, note FROM ({_rows(world)})")
        if kind == "parquet":
            engine.execute(f"COPY orders TO '{folder}/orders.parquet' (ROW_GROUP_SIZE 10000)")
            return "{connector: files, path: .}", "orders.parquet"
        if kind == "duckdb":
            engine.execute(f"ATTACH '{folder}/shop.db' AS shop; CREATE TABLE shop.orders AS FROM orders")
            return "{connector: duckdb, path: ./shop.db}", "main.orders"
        server = None if kind == "sqlite" else request.getfixturevalue(kind)
        database = Database(kind, server, folder)
        columns = [("id", "BIGINT"), ("word", "VARCHAR"), ("note", "VARCHAR")]
        database.write("orders", columns, engine.execute("FROM orders").fetchall())
        return database.shown, database.relation("orders")


@pytest.fixture(params=KINDS)
def worlds(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, World]]:
    with ExitStack() as stack:
        made = {}
        for number, name in enumerate(("plain", "many rows left out", "large texts")):
            folder = tmp_path / str(number)
            folder.mkdir()
            source, orders = _written(request.param, folder, name, request)
            document = DOCUMENT.replace("SOURCE", source).replace("ORDERS", json.dumps(orders))
            made[name] = stack.enter_context(governed(folder, document))
        yield made


def _ends(world: World, sql: str) -> dict[str, list[int]]:
    """Where an answer ends its parts, as whoever asks can tell."""
    found: dict[str, list[int]] = {}
    for form in (Format.ARROW, Format.PARQUET, Format.JSON):
        with world.pipeline.query(ANALYST, Request(sql=sql), decision_id="d") as answer:
            pieces = list(encode(form, answer.schema, answer.batches(), decision_id="d", revision=1))
        if form is not Format.PARQUET:
            found[form.value] = [len(piece) for piece in pieces]
        else:  # its sizes hang on the order of rows, which nobody ordered
            told = pq.read_metadata(io.BytesIO(b"".join(pieces)))
            found["groups"] = [told.row_group(number).num_rows for number in range(told.num_row_groups)]
    return found


def test_the_ends_are_those_of_what_is_seen(worlds: dict[str, World]) -> None:
    for sql in QUESTIONS:
        ends = {name: _ends(world, sql) for name, world in worlds.items()}
        assert ends["plain"]["groups"], sql
        assert ends["plain"] == ends["many rows left out"] == ends["large texts"], sql


def test_within_the_engine_the_texts_of_a_database_that_are_not_shown_do_not_tell(worlds: dict[str, World]) -> None:
    """UNNEST gives the rows of one vector for its first item, then for its second, so the order tells its end."""
    sql = "select id, x from shop.orders, unnest([1, 2]) as t(x)"
    told = {name: worlds[name].ask(sql).column("x").to_pylist() for name in ("plain", "large texts")}
    assert len(told["plain"]) == 2 * ROWS
    assert told["plain"] == told["large texts"]


def test_an_answer_that_fails_tells_nothing_of_how_far_it_came(tmp_path: Path) -> None:
    """Where the engine meets the row that fails hangs on rows that a policy leaves out."""
    with duckdb.connect() as engine:
        engine.execute(
            f"CREATE TABLE orders AS SELECT i AS id, 'w' AS word, 'seen' AS note FROM range({12 * ROWS}) r(i)"
        )
        engine.execute(f"COPY orders TO '{tmp_path}/orders.parquet'")
    document = DOCUMENT.replace("SOURCE", "{connector: files, path: .}").replace("ORDERS", "orders.parquet")
    failing = "select id, cast(case when id = {} then 'x' else '1' end as int) as q from shop.orders"
    with governed(tmp_path, document) as shop:
        for place in (10, 150_000, 12 * ROWS - 1):
            with pytest.raises(SqlInvalid):
                shop.pipeline.query(ANALYST, Request(sql=failing.format(place)), decision_id="d")
        streamed = {
            "select id from shop.orders where id > 5": False,
            "select id / 2 as h from shop.orders": False,
            "select cast(word as date) from shop.orders": True,
            "select sum(id * id) from shop.orders": True,
        }
        for sql, may_fail in streamed.items():
            assert shop.governor.settle(ANALYST, Request(sql=sql)).rewritten.may_fail is may_fail, sql
