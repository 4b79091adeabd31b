"""Where files of a dataset differ in their types, a value that does not fit tells nothing by the error it ends in."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proxy.pipeline import Request
from tests.proxy.world import ANALYST, OWNER, World, governed

DOCUMENT = """
veil: 1
sources: {{data: {{connector: files, path: ./data}}}}
databases: {{shop: {{}}, lab: {{}}}}
tags: {{x.a: {{}}}}
datasets:
  shop.visits: {{source: data, relation: visits, columns: {{at: {{tags: [x.a]}}, stay.until: {{tags: [x.a]}}}}}}
  lab.places: {{source: data, relation: places}}
roles: {{analyst: {{groups: [analysts]}}, everything: {{groups: [owners]}}}}
policies:
  - {{policy: all, grant: select, to: [everything], scope: "*", why: owners see all}}
  - {{policy: some, grant: select, to: [analyst], scope: shop, {}, why: a test}}
"""
POLICIES = {
    "masked": "transform: [{tagged: x.a, with: date_trunc('year')}]",
    "filtered": "where: \"region in ('EU', 'US')\"",
    "filtered by it": "where: \"at > timestamp '2019-01-01' and region <> 'APAC'\"",
    "filtered by what is in it": "where: \"stay.until > timestamp '2019-01-01' and region <> 'APAC'\"",
    "looked up": "where: \"id in (select id from lab.places where at > timestamp '2019-01-01')\"",
}
QUESTIONS = (
    "from shop.visits",
    "select id from shop.visits where k = 2",
    "select at from shop.visits where id = 2",
    "select at from shop.visits where id = 8",
    "select stay from shop.visits where id = 2",
    "select stay.until from shop.visits where id = 8",
    "select max(at) from shop.visits where k = 2",
    "select count(*) from shop.visits where at > timestamp '2020-06-01' and k = 3",
    "select id from shop.visits where at is null and id > 5",
    "select at from shop.visits order by id limit 1",
    "select a.at from shop.visits a join (values (8)) v(x) on a.id = v.x",
)
NOW, LATER, FAR = datetime(2020, 1, 1), datetime(2021, 1, 1), datetime(9999, 12, 31)


def write(folder: Path, type_: pa.DataType, ids: range, moments: Sequence[datetime]) -> None:
    """One file of visits, one of places, with moments of this type."""
    at = pa.array(moments, type_)
    stay = [{"until": moment, "bed": 1} for moment in moments]
    columns = {
        "id": pa.array(ids, pa.int32()),
        "k": pa.array([number % 5 for number in ids], pa.int32()),
        "region": [("EU", "US", "APAC")[number % 3] for number in ids],
        "at": at,
        "stay": pa.array(stay, pa.struct([("until", type_), ("bed", pa.int32())])),
    }
    for name in ("visits", "places"):
        (folder / "data" / name).mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), folder / "data" / name / f"part-{ids.start:02}.parquet")


@pytest.fixture(scope="module", params=POLICIES, ids=str)
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """Two worlds, the far moment of the one in a row that it is not in of the other; both rows are filtered out."""
    with ExitStack() as stack:
        worlds = []
        for far in (2, 8):
            folder = tmp_path_factory.mktemp("widened")
            moments = [FAR if number == far else NOW for number in range(30)]
            write(folder, pa.timestamp("us"), range(30), moments)
            write(folder, pa.timestamp("ns"), range(30, 60), [LATER] * 30)
            worlds.append(stack.enter_context(governed(folder, DOCUMENT.format(POLICIES[request.param]))))
        yield worlds[0], worlds[1]


def test_no_error_tells_in_which_row_a_value_lies_that_does_not_fit(twins: tuple[World, World]) -> None:
    for sql in QUESTIONS:
        assert twins[0].outcome(sql) == twins[1].outcome(sql), sql


def test_the_owner_learns_of_it(twins: tuple[World, World]) -> None:
    """Without this the comparison above could not fail."""
    outcomes = [twin.outcome("select at from shop.visits where id = 2", OWNER) for twin in twins]
    assert [outcome[0] for outcome in outcomes] == ["error", "rows"]
    assert "does not fit the type that its column has across all files" in str(outcomes[0])


def test_files_of_types_that_always_fit_need_no_fence(tmp_path: Path) -> None:
    for number, type_ in enumerate((pa.int32(), pa.int64(), pa.decimal128(30, 2))):
        columns = {"id": pa.array([number], type_), "region": ["EU"]}
        (tmp_path / "data" / "visits").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), tmp_path / "data" / "visits" / f"part-{number}.parquet")
    document = DOCUMENT.replace(", columns: {{at: {{tags: [x.a]}}, stay.until: {{tags: [x.a]}}}}", "")
    document = document.replace("  lab.places: {{source: data, relation: places}}\n", "")
    with governed(tmp_path, document.format("where: \"region = 'EU'\"")) as world:
        settled = world.governor.settle(ANALYST, Request(sql="select id from shop.visits where id > 0"))
        assert "OFFSET" not in settled.rewritten.sql
