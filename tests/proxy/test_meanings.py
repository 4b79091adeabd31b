"""A name that may mean what a query does not say has no family: neither a field nor a column that the engine numbers.

Where it had that of an alias elsewhere, an expression that raises passed for one that cannot. The engine leaves groups
of rows out of ORDER BY with LIMIT by the least value in each, filtered-out rows' too, and then it never ran.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {db: {}}
datasets: {db.t: {source: data, relation: t.parquet}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: db, where: "region = 'EU'", why: only one region}
"""
COUNT = 30_000
GROUP = 2_048
SECRET = 25_000
MOST = 2**63 - 1
QUESTIONS = (
    "select id, 1.5::double as age from (select id, pay, s as c from db.t) as q where c.age + c.age >= 0"
    " order by pay limit 2",
    "select id, 1.5::double as age from (select id, pay, s as c from db.t) as c where c.age + c.age >= 0"
    " order by pay limit 2",
    "with n as (select 1.5::double as age) select id from (select id, pay, s from db.t) as q(id, pay, c)"
    " where c.age + c.age >= 0 order by pay limit 2",
    "select id, 1.5::double as age from (select id, pay, s, s from db.t) as s_1 where s_1.age + s_1.age >= 0"
    " order by pay limit 2",
    "select id, 1.5::double as big_1 from (select id, pay, big, big from db.t) as q where big_1 + big_1 >= 0"
    " order by pay limit 2",
    "select id, 1.5::double as big_1 from (select *, big from db.t) as q where big_1 + big_1 >= 0 order by pay limit 2",
    "with n as (select 1.5::double as big_1) select pay from ((select 1 as big) as a"
    " cross join (select big, pay from db.t) as b) as g where g.big_1 + g.big_1 >= 0 order by pay limit 2",
)


def _write(folder: Path, hidden: int) -> None:
    """Only what the row that is filtered out is paid differs between two such worlds."""
    ids = range(COUNT)
    large = pa.array([MOST if i > SECRET - 2 * GROUP else i for i in ids], pa.int64())
    table = {
        "id": ids,
        "region": ["APAC" if i == SECRET else "EU" for i in ids],
        "pay": pa.array([hidden if i == SECRET else i for i in ids], pa.int32()),
        "big": large,
        "s": pa.StructArray.from_arrays([large], ["age"]),
    }
    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.table(table), folder / "data" / "t.parquet", row_group_size=GROUP)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folders = [tmp_path_factory.mktemp(name) for name in ("most", "least")]
    for folder, hidden in zip(folders, (100_000, -5), strict=True):
        _write(folder, hidden)
    with governed(folders[0], DOCUMENT) as most, governed(folders[1], DOCUMENT) as least:
        yield most, least


@pytest.mark.parametrize("sql", QUESTIONS)
def test_what_a_name_may_mean_tells_nothing_of_a_row_that_is_filtered_out(
    worlds: tuple[World, World], sql: str
) -> None:
    most, least = (world.outcome(sql) for world in worlds)
    assert most == least
