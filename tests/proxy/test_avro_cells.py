"""A cell of an Avro file that is no value of its column's type is told to who reads the column, and to nobody else."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import fastavro
import pytest

from tests.proxy.world import OWNER, World, governed

DOCUMENT = """
veil: 1
sources: {{data: {{connector: files, path: ./data}}}}
databases: {{shop: {{}}}}
tags: {{x.a: {{}}}}
datasets:
  shop.t: {{source: data, relation: t.avro, columns: {{secret: {{tags: [x.a]}}}}}}
roles: {{analyst: {{groups: [analysts]}}, everything: {{groups: [owners]}}}}
policies:
  - {{policy: all, grant: select, to: [everything], scope: "*", why: owners see all}}
  - {{policy: some, grant: select, to: [analyst], scope: shop, {}, why: a test}}
"""
POLICIES = {
    "hidden": "having: not x.a, where: region = 'EU'",
    "masked": "where: region = 'EU', transform: [{tagged: x.a, with: date_trunc('year')}]",
    "filtered by it": "where: \"secret < date '2030-01-01'\"",
}
QUESTIONS = (
    "from shop.t",
    "select id from shop.t where region = 'EU' order by id",
    "select count(*), max(id) from shop.t",
    "select count(secret) from shop.t where id = 4",
    "select id from shop.t where secret is null",
)
FIELDS = [{"name": "id", "type": "int"}, {"name": "region", "type": "string"}]


def _file(days: list[int]) -> bytes:
    """An Avro file with days as the plain numbers that it keeps of them, which may be too large."""
    headers, rows = [], [{"id": id_, "region": ["EU", "US"][id_ % 2], "secret": day} for id_, day in enumerate(days)]
    for secret, lines in (({"type": "int", "logicalType": "date"}, []), ("long", []), ("long", rows)):
        schema = {"type": "record", "name": "r", "fields": [*FIELDS, {"name": "secret", "type": secret}]}
        stream = io.BytesIO()
        fastavro.writer(stream, schema, lines, sync_marker=bytes(16))
        headers.append(stream.getvalue())
    days_, plain, filled = headers
    return days_ + filled[len(plain) :]


def _days(strange: dict[int, int]) -> list[int]:
    return [strange.get(id_, 18_000 + id_) for id_ in range(6)]


STRANGE: tuple[dict[int, int], ...] = ({}, {1: 2932897}, {4: 2932897}, {1: 2**31}, {4: 2**31})
"""No strange day, one after the year 9999 in a filtered-out and in a shown row, and one that is no day in either."""


@pytest.fixture(params=POLICIES)
def worlds(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[World]]:
    with ExitStack() as stack:
        found = []
        for number, strange in enumerate(STRANGE):
            home = tmp_path / str(number)
            (home / "data").mkdir(parents=True)
            (home / "data" / "t.avro").write_bytes(_file(_days({})))
            found.append(stack.enter_context(governed(home, DOCUMENT.format(POLICIES[request.param]))))
            (home / "data" / "t.avro").write_bytes(_file(_days(strange)))
        yield found


@pytest.mark.parametrize("worlds", ["hidden"], indirect=True)
def test_a_hidden_cell_of_no_value_is_told_to_nobody(worlds: list[World]) -> None:
    for sql in QUESTIONS:
        assert len({str(world.outcome(sql)) for world in worlds}) == 1, sql


def test_which_row_it_is_in_is_not_told(worlds: list[World]) -> None:
    for sql in QUESTIONS:
        assert str(worlds[3].outcome(sql)) == str(worlds[4].outcome(sql)), sql


@pytest.mark.parametrize("worlds", ["filtered by it"], indirect=True)
def test_a_policy_that_goes_by_it_refuses(worlds: list[World]) -> None:
    assert worlds[3].outcome("select id from shop.t")[0] == "error"


@pytest.mark.parametrize("worlds", ["masked"], indirect=True)
def test_only_who_reads_it_is_told(worlds: list[World]) -> None:
    assert worlds[4].outcome("select id from shop.t") == worlds[0].outcome("select id from shop.t")
    assert worlds[4].outcome("select secret from shop.t", OWNER)[0] == "error"
    assert worlds[2].outcome("select secret::varchar from shop.t where id = 4", OWNER)[0] == "rows"
