"""One person's running queries are bounded, and each that ends, however it ends, makes room for another."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.errors import UnknownColumn, VeilError
from proxy.pipeline import Pipeline, QueryLimits, Request
from proxy.refusals import TooMany
from proxy.turns import Turns
from tests.proxy.world import ANALYST, OWNER, World, world
from web_ui.metrics import Metrics

MANY = Request(sql="select a.id from shop.orders a, shop.orders b")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, "4111") as made:
        yield made


def _limited(shop: World, at_once: int) -> Pipeline:
    return Pipeline(
        governor=shop.governor,
        policies=shop.policies,
        journal=shop.journal,
        limits=QueryLimits(at_once=at_once),
        meter=Metrics(),
    )


def test_one_more_than_the_limit_is_refused_and_others_are_not(shop: World) -> None:
    pipeline = _limited(shop, 2)
    open_ones = [pipeline.query(ANALYST, MANY, decision_id=str(number)) for number in range(2)]
    with pytest.raises(TooMany) as refused:
        pipeline.query(ANALYST, MANY, decision_id="3")
    assert refused.value.status == 429
    with pipeline.query(OWNER, MANY, decision_id="4") as answer:
        assert answer.schema.names == ["id"]
    for opened in open_ones:
        opened.close()


@pytest.mark.parametrize("sql", ["select nothing from shop.orders", "select 1 from no.such", "select cast('x' as int)"])
def test_whatever_fails_makes_room(shop: World, sql: str) -> None:
    pipeline = _limited(shop, 1)
    for number in range(3):
        with pytest.raises(VeilError) as failed:
            pipeline.query(ANALYST, Request(sql=sql), decision_id=str(number))
        assert not isinstance(failed.value, TooMany)


def test_a_person_is_one_however_their_name_is_written() -> None:
    turns = Turns(most=1)
    end = turns.take("kim")
    with pytest.raises(TooMany):
        turns.take("KIM")
    end()
    turns.take("Kim")()


def test_whatever_ends_makes_room(shop: World) -> None:
    pipeline = _limited(shop, 1)
    for number in range(3):
        with pipeline.query(ANALYST, MANY, decision_id=f"read {number}") as answer:
            list(answer.batches())
        pipeline.query(ANALYST, MANY, decision_id=f"closed {number}").close()


def test_room_is_made_once_for_each() -> None:
    turns = Turns(most=1)
    first = turns.take("kim")
    first()
    second = turns.take("kim")
    first()
    with pytest.raises(TooMany):
        turns.take("kim")
    second()


def test_an_explanation_is_one_of_the_queries_of_whoever_asks_for_it(shop: World) -> None:
    pipeline = _limited(shop, 1)
    explain = functools.partial(pipeline.explain, ANALYST, MANY, decision_id="e")
    foresee = functools.partial(pipeline.foreseen, ANALYST, MANY, shop.policies.current(), decision_id="f")
    with pipeline.query(OWNER, MANY, decision_id="q"):
        for asked in (explain, foresee):
            with pytest.raises(TooMany):
                asked(asked_by=OWNER)
            asked(asked_by=ANALYST)
    for _ in range(2):
        explain(asked_by=OWNER)
        foresee(asked_by=OWNER)
        with pytest.raises(UnknownColumn):
            pipeline.explain(ANALYST, Request(sql="select nothing from shop.orders"), decision_id="x", asked_by=OWNER)
