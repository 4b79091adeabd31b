"""Conditions on tags are read, printed and judged as people mean them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import PolicyInvalid
from policy_engine.model import AllOf, AnyOf, HasTag, Not, TagExpression
from policy_engine.tag_expressions import holds, parse, print_expression, tags_of

A, B, C = HasTag("n.a"), HasTag("n.b"), HasTag("n.c")
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("n.a", A),
        ("N:A", A),
        ("not n.a", Not(A)),
        ("!n.a", Not(A)),
        ("not not n.a", Not(Not(A))),
        ("not n.a and n.b or n.c", AnyOf((AllOf((Not(A), B)), C))),
        ("n.a AND (n.b OR n.c)", AllOf((A, AnyOf((B, C))))),
        ("in(n.a, n.b)", AnyOf((A, B))),
        ("NOT IN (n.a=true, n.b)", Not(AnyOf((A, B)))),
        ("n.a = true", A),
        ("n.a = false", Not(A)),
        ("n.a != true", Not(A)),
        ("n.a != false", A),
    ],
)
def test_a_text_means(text: str, meaning: TagExpression) -> None:
    assert parse(text) == meaning


@pytest.mark.parametrize(
    "text",
    ["", "phone", "n.a n.b", "n.a and", "(n.a", "in()", "in(n.a", "n.a = maybe", "n.a; drop", "not", "n..a", "n.a )"],
)
def test_a_text_that_is_no_condition_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse(text)
    assert refused.value.position is not None
    assert refused.value.hint


def test_deep_nesting_is_refused_not_crashed_on() -> None:
    with pytest.raises(PolicyInvalid, match="nested too deeply"):
        parse("(" * 5000 + "n.a" + ")" * 5000)


_expressions = st.recursive(
    st.sampled_from([A, B, C]),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)


@given(_expressions)
def test_a_printed_condition_reads_back_equal(expression: TagExpression) -> None:
    assert parse(print_expression(expression)) == expression


@given(
    _expressions, st.frozensets(st.sampled_from(["n.a", "n.b", "n.c"])), st.frozensets(st.sampled_from(["n.a", "n.b"]))
)
def test_doubt_protects(expression: TagExpression, confirmed: frozenset[str], suggested: frozenset[str]) -> None:
    opens = holds(expression, confirmed, suggested, opens=True)
    takes = holds(expression, confirmed, suggested, opens=False)
    certain = holds(expression, confirmed, NONE, opens=True)
    assert not (opens and not takes)
    if not suggested - confirmed:
        assert opens == takes == certain
    for truth in (confirmed, confirmed | suggested):
        true_then = holds(expression, truth, NONE, opens=True)
        assert not (opens and not true_then)
        assert not (true_then and not takes)


def test_tags_are_named_in_order_of_writing() -> None:
    assert list(tags_of(parse("not n.b and in(n.c, n.a)"))) == ["n.b", "n.c", "n.a"]
