"""Hostile texts are settled or refused with little work: what the engine's parser is given in the server is bounded."""

import contextlib
from collections.abc import Iterator

import pytest

from catalog.errors import LimitExceeded, SqlInvalid, SqlUnsupported, UnknownColumn, UnknownDataset
from catalog.sources.engine import serialize
from proxy.pipeline import Request
from proxy.reading.statement import generate, read
from tests.proxy.hostile import HOSTILE, OVER_WIDE, PATTERNS, WIDE_COLUMNS, wide_world
from tests.proxy.world import ANALYST, World, world

MOST_CHARACTERS = 1_000_000  # that the engine's parser is given
MOST_NODES = 200_000  # that it makes of them
FORESEEN = (LimitExceeded, SqlInvalid, SqlUnsupported, UnknownColumn, UnknownDataset)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("shop"), "4111") as made:
        yield made


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with wide_world(tmp_path_factory.mktemp("wide")) as made:
        yield made


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_the_engines_parser_is_given_is_bounded(text: str) -> None:
    printed = ""
    with contextlib.suppress(*FORESEEN):
        printed = generate(read(text).tree, "duckdb")
    assert len(printed) <= MOST_CHARACTERS
    with contextlib.suppress(SqlUnsupported):
        assert sum(1 for _ in _nodes(serialize(printed))) <= MOST_NODES


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_settled_or_refused_in_few_words(shop: World, text: str) -> None:
    refused = None
    try:
        shop.governor.settle(ANALYST, Request(sql=text))
    except FORESEEN as error:
        refused = error
    assert refused is None or len(refused.detail) < 500


@pytest.mark.parametrize("text", OVER_WIDE.values(), ids=OVER_WIDE)
def test_places_of_a_wide_dataset_are_written_out_within_a_bound(wide: World, text: str) -> None:
    with contextlib.suppress(LimitExceeded, UnknownColumn):
        settled = wide.governor.settle(ANALYST, Request(sql=text))
        assert len(settled.rewritten.sql) <= MOST_CHARACTERS + len(text)


def test_an_honest_query_of_a_wide_dataset_is_far_from_the_bound(wide: World) -> None:
    joined = " ".join(f"join shop.wide as w{n} on w{n}.c0 = w0.c0" for n in range(1, 20))
    table = wide.ask(f"select w0.c1, w19.c2 from shop.wide as w0 {joined}")
    assert table.num_rows == 1
    assert wide.ask("select * from shop.wide union all select * from shop.wide").num_columns == WIDE_COLUMNS


@pytest.mark.parametrize("sql", PATTERNS, ids=range(len(PATTERNS)))
def test_no_pattern_is_matched_for_ever(shop: World, sql: str) -> None:
    """Within the time that a query has: the engine's matcher goes through a text once, and refuses large patterns."""
    outcome = shop.outcome(sql)
    assert outcome[0] == "rows" or outcome[1] == "sql_invalid", outcome


def _nodes(value: object) -> Iterator[object]:
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict | list):
            yield item
            left.extend(item.values() if isinstance(item, dict) else item)
