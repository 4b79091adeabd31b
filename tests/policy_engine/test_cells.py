"""What several demands make of one cell, in whatever order they come."""

from itertools import permutations

from policy_engine.judging.cells import CLEAR, NOTHING, Showing, strongest
from policy_engine.transforms.calls import parse_call


def _showings(*calls: str) -> list[Showing]:
    return [Showing(parse_call(call)) for call in calls]


def test_two_that_differ_give_way_to_a_stronger_one_wherever_it_stands() -> None:
    showings = _showings("bucket(10)", "round(1)", "hash()")
    assert {strongest(order) for order in permutations(showings)} == set(_showings("hash()"))


def test_two_of_the_strongest_that_differ_leave_nothing() -> None:
    showings = _showings("bucket(10)", "round(1)", "round(1)")
    assert {strongest(order) for order in permutations(showings)} == {NOTHING}
    assert {strongest(order) for order in permutations((CLEAR, *_showings("round(1)")))} == set(_showings("round(1)"))
    assert strongest([]) == CLEAR
