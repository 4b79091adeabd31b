"""A number that comes to nothing has no sign, which would tell on which side of it the raw value was."""

from pathlib import Path

import duckdb
import pytest

from tests.proxy.world import governed

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: .}}
databases: {shop: {}}
tags: {fin.debt: {}}
datasets: {shop.people: {source: data, relation: people.parquet, columns: {debt: {tags: [fin.debt]}}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: some
    grant: select
    to: [analyst]
    scope: shop
    transform: [{tagged: fin.debt, with: MASK}]
    why: roughly is enough
"""


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT"])
@pytest.mark.parametrize("mask", ["round(n=>0)", "round(n=>-2)", "bucket(width=>100)"])
def test_nothing_has_no_sign(tmp_path: Path, kind: str, mask: str) -> None:
    with duckdb.connect() as engine:
        debts = f"SELECT unnest([-0.3, 0.3, '-0.0'::DOUBLE, 0.0, 40.0, -40.0])::{kind} AS debt"
        engine.execute(f"COPY ({debts}) TO '{tmp_path}/people.parquet'")
    with governed(tmp_path, DOCUMENT.replace("MASK", mask)) as world:
        shown = [str(row["debt"]) for row in world.ask("select debt from shop.people").to_pylist()]
    assert len(shown) == 6
    assert "0.0" in shown
    assert "-0.0" not in shown
