"""A grant whose filter cannot be worked out on a row gives nothing there, and takes nothing from what others give."""

from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pytest

from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {db: {}}
tags: {t.m: {}}
datasets: {db.t: {source: data, relation: t.parquet, columns: {m: {tags: [t.m]}}}}
roles: {analyst: {groups: [analysts]}}
policies:
"""
GRANT = "  - {{policy: {0}, grant: select, to: [analyst], scope: db.t, {1}, why: x}}\n"
EARLY = GRANT.format("early", 'where: "day < at"')
NEAR = GRANT.format("near", "where: \"region = 'EU'\"")
MASKED = GRANT.format("masked", "transform: [{tagged: t.m, with: mask()}]")
LIMIT = EARLY.replace("policy: early, grant", "policy: limit, restrict")


def _governed(folder: Path, *policies: str) -> AbstractContextManager[World]:
    """Six rows; the day of every third lies beyond all moments."""
    (folder / "data").mkdir(parents=True)
    with duckdb.connect() as engine:
        engine.execute(
            "CREATE TABLE t AS SELECT i AS id, if(i % 2 = 0, 'EU', 'APAC') AS region, 'm' || i AS m,"
            " TIMESTAMP '2020-01-01' AS at, if(i % 3 = 0, DATE '5881580-07-10', DATE '2000-01-01') AS day"
            " FROM range(6) AS _(i)"
        )
        engine.execute(f"COPY t TO '{folder}/data/t.parquet'")
    return governed(folder, DOCUMENT + "".join(policies))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((EARLY,), [1, 2, 4, 5]),
        ((NEAR,), [0, 2, 4]),
        ((EARLY, NEAR), [0, 1, 2, 4, 5]),
        ((NEAR, LIMIT), [2, 4]),
        ((EARLY, NEAR, LIMIT), [1, 2, 4, 5]),
    ],
)
@pytest.mark.parametrize("fenced", ["", " where 1 // (id + 1) >= 0"])
def test_rows_are_there_by_the_grants_that_can_be_worked_out(
    tmp_path: Path, policies: tuple[str, ...], expected: list[int], fenced: str
) -> None:
    with _governed(tmp_path, *policies) as world:
        assert world.ask(f"select id from db.t{fenced} order by id")["id"].to_pylist() == expected


def test_a_cell_is_shown_by_the_grants_that_can_be_worked_out(tmp_path: Path) -> None:
    with _governed(tmp_path, EARLY, MASKED) as world:
        cells = world.ask("select m from db.t order by id")["m"].to_pylist()
    assert cells == ["XX", "m1", "m2", "XX", "m4", "m5"]
