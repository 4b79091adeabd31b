"""A policy's own condition or transform that raises on some value tells nothing of the rows it hides."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proxy.world import World, world

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}}
tags: {x.a: {}}
datasets:
  shop.orders: {source: data, relation: orders.parquet, columns: {note: {tags: [x.a]}}}
  shop.customers: {source: data, relation: customers.parquet}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: few
    grant: select
    to: [analyst]
    scope: shop
    where: "{where}"
    why: a condition that raises on hidden rows alone
"""
RAISING = (
    "region in ('EU', 'US') and id * 10000000 < 2100000000",
    "id * 10000000 < 2100000000 and note = 5",
    "note <> 5 and region in ('EU', 'US')",
)


@pytest.fixture(params=RAISING)
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, World]]:
    document = DOCUMENT.replace("{where}", request.param).replace("scope: shop\n", "scope: shop.orders\n")
    with world(tmp_path / "a", "4111", document) as first, world(tmp_path / "b", "secret" * 9, document) as second:
        yield first, second


@pytest.mark.parametrize(
    "sql",
    [
        "select id from shop.orders",
        "select count(*) from shop.orders",
        "select id from shop.orders where id = 3",
        "select id + 1 from shop.orders",
        "select a.id from shop.orders a join shop.orders b using (id) where a.region = 'EU'",
    ],
)
def test_a_condition_that_raises_hides_the_row(twins: tuple[World, World], sql: str) -> None:
    first, second = (twin.outcome(sql) for twin in twins)
    assert first[0] == "rows", first
    assert first == second
