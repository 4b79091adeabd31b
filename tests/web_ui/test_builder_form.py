"""The builder's form holds a policy whole or says that it cannot, and tells all that is wrong beside the fields."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.document.reading import loads
from policy_engine.document.writing import policy_entry, write
from policy_engine.model import Effect, Policy, Scope
from tests.policy_engine.policies import policies
from web_ui.authoring.builder import FIELDS, Known, blank_form, form_of, read_form

PLAIN = {**blank_form(), "policy": ("p",), "to": ("clerk",), "scope": ("shop",), "why": ("to try",)}
KNOWN = Known(
    roles=frozenset({"clerk", "boss"}), tags=frozenset({"pii.email", "fin.card"}), told=frozenset({"clerk", "boss"})
)


@settings(max_examples=60, deadline=None)
@given(policies())
def test_a_policy_becomes_a_form_that_says_the_same_policy(policy: Policy) -> None:
    policy = replace(policy, why=policy.why or "no reason")
    form = form_of(policy)
    assert form is not None
    assert set(form) == set(FIELDS)
    read = read_form(form).policy
    assert read == policy
    assert form_of(read) == form
    [stated] = loads(write({"veil": 1, "policies": [policy_entry(read)]})).policies
    assert stated.value == policy


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        st.lists(
            st.one_of(
                st.sampled_from(
                    ["", "clerk", "shop", "grant", "deny", "tagged", "pii.email", "tokenize", "*", "]}", '"']
                ),
                st.text(max_size=8),
            ),
            max_size=3,
        ).map(tuple),
        max_size=8,
    )
)
def test_whatever_is_filled_in_is_a_policy_or_told_beside_a_field(form: dict[str, tuple[str, ...]]) -> None:
    reading = read_form({**PLAIN, **form}, KNOWN)
    assert (reading.policy is None) == bool(reading.errors)
    for place, error in reading.errors.items():
        assert place.partition("-")[0] in {*FIELDS, "transform", "effect", "not_group", ""}
        assert error.detail


def test_a_policy_that_the_fields_cannot_hold_has_no_form() -> None:
    odd = Policy(id="odd", effect=Effect.GRANT, roles=("night\nshift",), scope=Scope(), why="x")
    assert form_of(odd) is None
    tabbed = Policy(id="odd", effect=Effect.GRANT, roles=("a",), scope=Scope(database="a\tb"), why="x")
    form = form_of(tabbed)
    assert form is None or read_form(form).policy == tabbed


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {
        **PLAIN,
        "policy": (" ",),
        "to": ("clerk", "clark"),
        "scope": ("shop.orders.id",),
        "pick": ("tagged",),
        "having": ("pii.email, pii.mail",),
        "tagged": ("fin.card", "fin.card"),
        "with": ("mask", "tokenize"),
        "arguments": ("keep_lost=>4", ""),
        "where": ("total >",),
        "from": ("tomorrow",),
        "network": ("10.0.0.1/8",),
        "time_of_day": ("8-18",),
        "zone": ("Mars",),
    }
    errors = read_form(wrong, KNOWN).errors
    assert set(errors) == {
        *("policy", "to", "scope", "having", "transform-0", "where", "from", "network", "time_of_day", "zone")
    }
    assert errors["policy"].detail == "the policy has no name yet"
    assert "`clark`" in errors["to"].detail
    assert errors["to"].hint == "did you mean `clerk`?"
    assert "`pii.mail`" in errors["having"].detail
    assert "did you mean `keep_last`?" in errors["transform-0"].hint
    assert all("line" not in error.detail and "policies[0]" not in error.detail for error in errors.values())


@pytest.mark.parametrize(
    ("fields", "place", "told"),
    [
        ({"effect": ("deny",), "where": ("a = 1",)}, "where", "has no meaning in a `deny`"),
        ({"effect": ("restrict",)}, "", "restricts nothing"),
        ({"effect": ("nothing",)}, "effect", "is not a key"),
        ({"having": ("fin.card",)}, "having", "all columns are chosen"),
        ({"pick": ("tagged",)}, "having", "expected a tag"),
        ({"attribute": ("land", "LAND"), "values": ("NO", "SE")}, "attribute", "a second time"),
        ({"attribute": ("land",), "values": ("",)}, "attribute", "the list is empty"),
        ({"from": ("2026-02-01",), "until": ("2026-01-01",)}, "until", "lies before"),
        ({"zone": ("UTC",)}, "zone", "has no meaning without"),
        ({"columns": ("id",)}, "scope", "is no scope"),
        ({"tagged": ("",), "with": ("tokenize",), "arguments": ("",)}, "transform-0", "is empty"),
    ],
)
def test_what_the_engine_refuses_stands_beside_its_field(
    fields: dict[str, tuple[str, ...]], place: str, told: str
) -> None:
    errors = read_form({**PLAIN, **fields}, KNOWN).errors
    assert place in errors
    assert told in errors[place].detail
