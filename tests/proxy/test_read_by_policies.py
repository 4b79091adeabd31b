"""A hidden column that policies read, by which cells or rows are shown, tells by no error which row holds a value of it
that cannot be read or worked out.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
import pytest

from tests.proxy.world import OWNER, World, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}, lab: {}}
tags: {pii.phone: {}, pii.made: {}}
datasets:
  shop.orders: {source: data, relation: ORDERS, columns: {phone: {tags: [pii.phone]}, made: {tags: [pii.made]}}}
  lab.rights: {source: data, relation: RIGHTS}
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - {policy: all, grant: select, to: [everything], scope: "*", why: owners see all}
"""
CELLS = """
  - policy: some
    grant: select
    to: [analyst]
    scope: shop.orders
    having: not pii.made
    transform: [{tagged: pii.phone, with: mask()}]
    why: phones are masked
  - {policy: more, grant: select, to: [analyst], scope: shop.orders, having: pii.phone, where: "WHERE", why: but some}
"""
ROWS = """
  - {policy: some, grant: select, to: [analyst], scope: shop.orders, having: not pii.made, where: "WHERE", why: rows}
"""
LOOKUP = "made in (select made from lab.rights)"
ASKED = {
    "a cell by it": CELLS.replace("WHERE", "made > 0"),
    "a cell by a lookup of it": CELLS.replace("WHERE", LOOKUP),
    "rows by a lookup of it": ROWS.replace("WHERE", LOOKUP),
}
QUESTIONS = (
    "select id from shop.orders where secret = 5",
    "select id from shop.orders where id = 19",
    "select count(*) from shop.orders where secret in (6, 7)",
    "select phone from shop.orders where secret = 5",
    "select phone from shop.orders where secret = 6 order by id",
    "select id from shop.orders where phone is null and secret = 6",
    "select o from shop.orders o where id = 18",
)


def _written(kind: str, folder: Path, bad: int, request: pytest.FixtureRequest) -> tuple[str, list[str]]:
    """The source with its two relations; the row `bad` holds what cannot be read, or worked out."""
    rows = ", ".join(f"({n}, {max(1, n - 13) if n > 17 else 1}, '555-01{n:02}', '2')" for n in range(20))
    if kind == "duckdb":
        with closing(duckdb.connect(str(folder / "shop.db"))) as connection:
            connection.execute("CREATE TABLE orders (id int, secret int, phone text, told text, made AS (told::int))")
            connection.execute(f"INSERT INTO orders (id, secret, phone, told) VALUES {rows}")
            connection.execute("UPDATE orders SET told = 'much' WHERE id = ?", [bad])  # is not held against it
            connection.execute("CREATE TABLE rights AS SELECT 1 AS made")
        return "{connector: duckdb, path: ./shop.db}", ["main.orders", "main.rights"]
    database = Database(kind, request.getfixturevalue(kind), folder)
    database.run(
        "CREATE TABLE orders (id int, secret int, phone text, made numeric(9, 2));"
        f"INSERT INTO orders VALUES {rows}; UPDATE orders SET made = 'NaN' WHERE id = {bad};"
        "CREATE TABLE rights AS SELECT 1::numeric(9, 2) AS made;"
    )
    return database.shown, [database.relation("orders"), database.relation("rights")]


@pytest.fixture(params=[(kind, asked) for kind in ("duckdb", "postgres") for asked in ASKED], ids=": ".join)
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two worlds: what cannot be read is in the row of secret 5 in one, of 6 in the other."""
    kind, asked = request.param
    with ExitStack() as stack:
        worlds = []
        for bad in (18, 19):
            folder = tmp_path / str(bad)
            folder.mkdir()
            source, (orders, rights) = _written(kind, folder, bad, request)
            text = DOCUMENT.replace("SOURCE", source).replace("ORDERS", json.dumps(orders))
            document = text.replace("RIGHTS", json.dumps(rights)) + ASKED[asked].lstrip("\n")
            worlds.append(stack.enter_context(governed(folder, document)))
        yield worlds[0], worlds[1]


def test_no_error_tells_whose_value_policies_cannot_read(twins: tuple[World, World]) -> None:
    """Owners learn of it: without that the comparison could not fail."""
    assert {twin.outcome("from shop.orders", OWNER)[0] for twin in twins} == {"error"}
    for sql in QUESTIONS:
        assert twins[0].outcome(sql) == twins[1].outcome(sql), sql
