"""Whatever a person asks, two sources of one size that differ in secrets alone answer alike, in the same order.

Rows that nobody ordered may come as the engine's threads give them. So where two answers differ both worlds are asked
again: what one world says now and then, as the other does, tells nothing.

`VEIL_FUZZ_ORDER` is the number of questions (`make fuzz` asks thousands), `VEIL_FUZZ_SEED` the worlds to begin with.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from catalog.errors import VeilError
from tests.proxy.ordered_questions import OrderedQuestioner
from tests.proxy.ordered_worlds import KINDS, ordered_twins
from tests.proxy.world import World

COUNT = int(os.environ.get("VEIL_FUZZ_ORDER", "120"))
FIRST_SEED = int(os.environ.get("VEIL_FUZZ_SEED", "1"))
A_ROUND = 30
AGAIN = 6
TWICE = "SELECT id, x FROM db.people, unnest([1, 2]) AS t(x)"


def answer(world: World, sql: str) -> tuple[object, ...]:
    """All that can be observed, rows in their order."""
    try:
        table = world.ask(sql)
    except VeilError as error:
        return "error", error.code, error.detail, error.hint, error.position
    schema = table.schema.to_string(show_field_metadata=True, show_schema_metadata=True, truncate_metadata=False)
    return "rows", schema, table.num_rows, _cells(table)


def _cells(table: pa.Table) -> tuple[str, ...]:
    return tuple(map(repr, zip(*(column.to_pylist() for column in table.columns), strict=True)))


def tells(twins: tuple[World, World], sql: str) -> bool:
    """Whether the answers of two worlds differ whenever they are asked."""
    met: list[set[tuple[object, ...]]] = [set(), set()]
    for _ in range(1 + AGAIN):
        for world, seen in zip(twins, met, strict=True):
            seen.add(answer(world, sql))
        if met[0] & met[1]:
            return False
    return True


def _rounds() -> list[tuple[int, int]]:
    return [(FIRST_SEED + number, min(A_ROUND, COUNT - done)) for number, done in enumerate(range(0, COUNT, A_ROUND))]


@pytest.mark.parametrize(("seed", "count"), _rounds())
def test_answers_come_in_one_order_whatever_is_hidden(
    tmp_path: Path, seed: int, count: int, record_property: Callable[[str, object], None]
) -> None:
    questioner = OrderedQuestioner(random.Random(f"ordered {seed}"))
    kinds: Counter[object] = Counter()
    with ordered_twins(tmp_path, seed) as twins:
        for _ in range(count):
            sql = questioner.ask()
            first, second = (answer(world, sql) for world in twins)
            kinds[first[0]] += 1
            if first != second:
                kinds["asked again"] += 1
                assert not tells(twins, sql), f"seed {seed}: {sql}"
    for told in ("rows", "error", "asked again"):
        record_property(told, kinds[told])
    assert kinds["rows"] > kinds["error"]


@pytest.mark.parametrize("seed", range(len(KINDS)), ids=KINDS)
def test_the_pieces_of_the_worlds_do_differ(tmp_path: Path, seed: int) -> None:
    """Without this the comparison above could not fail: the engine by itself tells by the order of the same rows."""
    with ordered_twins(tmp_path, seed) as twins:
        assert not tells(twins, TWICE)
        by_hand = [_by_hand(world.folder / "data") for world in twins]
    assert by_hand[0] != by_hand[1]
    assert sorted(by_hand[0]) == sorted(by_hand[1])


def _by_hand(data: Path) -> list[tuple[int, int]]:
    """The same question to the engine alone, with the policy's filter in it."""
    [file] = data.glob("people.*")
    with duckdb.connect() as engine:
        relation = f"'{file}'"
        if file.suffix == ".duckdb":
            engine.execute(f"ATTACH {relation} AS file (READ_ONLY)")
            relation = "file.main.people"
        return engine.execute(f"{TWICE.replace('db.people', relation)} WHERE kind < 4").fetchall()
