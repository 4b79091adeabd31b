"""Every transform on every type it accepts, with ordinary and hostile values: SQL, reference, NULL and no failure."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call, print_call
from policy_engine.transforms.known import TRANSFORMS
from policy_engine.transforms.spec import Transform
from policy_engine.transforms.types import read_type
from tests.policy_engine.transforms.engine import Beside, in_python, on_engine
from tests.policy_engine.transforms.samples import CALLS, INTEGERS, SAMPLES

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cn", "Co"]), max_size=24)
PAIRS = [
    (call, kind)
    for call in CALLS
    for kind in SAMPLES
    if registry.accepts(parse_call(call), kind, {("who",): "VARCHAR", ("born",): "DATE"})
]


def _comparable(value: object) -> object:
    return "NaN" if value != value else value


def _beside(count: int) -> Beside:
    who: list[object] = [f"p{place % 5}" for place in range(count)]
    born: list[object] = [None if place % 7 == 6 else date(1950, 1, 1 + place % 3) for place in range(count)]
    return {"who": ("VARCHAR", who), "born": ("DATE", born)}


@pytest.mark.parametrize(("call", "kind"), PAIRS)
def test_sql_gives_what_the_reference_says(call: str, kind: str) -> None:
    values = [*SAMPLES[kind], None]
    beside = _beside(len(values))
    seen, said = on_engine(call, values, kind, beside=beside), in_python(call, values, kind, beside=beside)
    assert [_comparable(value) for value in seen] == [_comparable(value) for value in said]
    assert seen[-1] is None


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=30), st.sampled_from([call for call, kind in PAIRS if kind == "VARCHAR"]))
def test_random_texts_are_as_the_reference_says(values: list[str], call: str) -> None:
    beside = _beside(len(values))
    assert on_engine(call, values, "VARCHAR", beside=beside) == in_python(call, values, "VARCHAR", beside=beside)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_numbers_are_as_the_reference_says(data: st.DataObject) -> None:
    call, kind = data.draw(
        st.sampled_from([pair for pair in PAIRS if pair[1] in (*INTEGERS, "DOUBLE", "DECIMAL(18,3)")])
    )
    if kind in INTEGERS:
        numbers: st.SearchStrategy[object] = st.integers(*read_type(kind).bounds)
    elif kind == "DOUBLE":
        numbers = st.floats(allow_nan=False, width=64)
    else:
        numbers = st.decimals(-(10**14), 10**14, places=3)
    values = data.draw(st.lists(numbers, min_size=1, max_size=30))
    beside = _beside(len(values))
    assert on_engine(call, values, kind, beside=beside) == in_python(call, values, kind, beside=beside)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_days_and_moments_are_as_the_reference_says(data: st.DataObject) -> None:
    call, kind = data.draw(st.sampled_from([pair for pair in PAIRS if pair[1] in ("DATE", "TIMESTAMP")]))
    values = data.draw(st.lists(st.dates() if kind == "DATE" else st.datetimes(), min_size=1, max_size=30))
    beside = _beside(len(values))
    assert on_engine(call, values, kind, beside=beside) == in_python(call, values, kind, beside=beside)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.name)
def test_every_transform_has_an_example_that_is_its_own(transform: Transform) -> None:
    call, kind, _ = transform.example.split(" | ")
    parsed = parse_call(call)
    assert parsed.name == transform.name
    assert parse_call(print_call(parsed)) == parsed
    assert registry.accepts(parsed, kind, {("patient",): "VARCHAR"})


def test_every_transform_is_tried_here_or_beside() -> None:
    tried = {parse_call(call).name for call in CALLS}
    assert {transform.name for transform in TRANSFORMS} - tried == {
        "tokenize",
        "hash",
        "mask",
        "redact",
        "null",
    } - tried
