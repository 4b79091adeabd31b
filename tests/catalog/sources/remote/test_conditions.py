"""Conditions read out of the engine's filters: what is understood is exact, and anything else is left out."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.sources.remote.conditions import Condition, conditions

SCHEMA = pa.schema(
    {
        "c0": pa.int64(),
        "c1": pa.string(),
        "c2": pa.date32(),
        "c3": pa.decimal128(8, 2),
        "c4": pa.timestamp("us", "UTC"),
        "c5": pa.bool_(),
        "c6": pa.float64(),
        "c10": pa.string(),
    }
)


def is_one_of(column: str, *values: object) -> pc.Expression:
    """`IN` as the engine writes it for Arrow."""
    field = pc.field(column)
    found = field.isin(pa.array(values, SCHEMA.field(column).type))
    return pc.if_else(field.is_valid(), found, pa.scalar(None, pa.bool_()))


def same(column: str, value: object) -> pc.Expression:
    return pc.field(column) == pa.scalar(value, SCHEMA.field(column).type)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (pc.field("c0") > 2, ("c0", ">", (2,))),
        (pc.field("c0") != -(2**63), ("c0", "<>", (-(2**63),))),
        (same("c1", "a (b) and c"), ("c1", "=", ("a (b) and c",))),
        (same("c10", "é€😀 "), ("c10", "=", ("é€😀 ",))),
        (same("c2", date(1, 1, 1)), ("c2", "=", (date(1, 1, 1),))),
        (same("c3", Decimal("-0.10")), ("c3", "=", (Decimal("-0.10"),))),
        (same("c4", datetime(2020, 1, 1, 1, 2, 3, 4, UTC)), ("c4", "=", (datetime(2020, 1, 1, 1, 2, 3, 4, UTC),))),
        (same("c5", True), ("c5", "=", (True,))),
        (pc.field("c6").is_null(), ("c6", "IS NULL", ())),
        (pc.field("c6").is_valid(), ("c6", "IS NOT NULL", ())),
        (is_one_of("c0", 1, 2), ("c0", "IN", (1, 2))),
        (is_one_of("c1", "a, b", "c"), ("c1", "IN", ("a, b", "c"))),
        (is_one_of("c2", date(2020, 1, 1)), ("c2", "IN", (date(2020, 1, 1),))),
    ],
)
def test_what_is_understood(wanted: pc.Expression, told: tuple[str, str, tuple[object, ...]]) -> None:
    [found] = conditions(wanted, SCHEMA)
    assert (found.column, found.operator, found.values) == told


@pytest.mark.parametrize(
    "wanted",
    [
        pc.field("c6") > 1.5,
        (pc.field("c0") == 1) | (pc.field("c0") == 2),
        is_one_of("c0", *range(40)),
        ~is_one_of("c0", 1, 2),
        same("c1", 'x" and (c0 == 3)'),
        same("c1", "a\\"),
        same("c1", "a\nb"),
        is_one_of("c1", 'a",\n  "b'),
    ],
)
def test_what_is_not_understood_is_left_out(wanted: pc.Expression) -> None:
    assert conditions(wanted, SCHEMA) == ()
    both = conditions(wanted & (pc.field("c0") >= 7), SCHEMA)
    assert both == (Condition(column="c0", operator=">=", values=(7,)),)


def test_nothing_is_asked_for() -> None:
    assert conditions(None, SCHEMA) == ()


@given(text=st.text(st.characters(exclude_categories=["Cs"])), number=st.integers(-(2**63), 2**63 - 1))
def test_no_text_is_ever_misread(text: str, number: int) -> None:
    found = conditions(same("c1", text) & (pc.field("c0") <= number), SCHEMA)
    assert Condition(column="c0", operator="<=", values=(number,)) in found
    assert set(found) <= {
        Condition(column="c0", operator="<=", values=(number,)),
        Condition(column="c1", operator="=", values=(text,)),
    }


@given(texts=st.lists(st.text(alphabet='a", \n[]\\é', max_size=6), min_size=1, max_size=4))
def test_no_list_of_texts_is_ever_misread(texts: list[str]) -> None:
    for found in conditions(is_one_of("c1", *texts), SCHEMA):
        assert found.values == tuple(texts)
