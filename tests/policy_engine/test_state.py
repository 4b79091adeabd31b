"""Policies and roles survive the text of a revision."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import Internal
from catalog.people.model import Role
from policy_engine.circumstances import When
from policy_engine.model import ColumnName, Effect, HasTag, Policy, Scope, TransformCall, TransformRule
from policy_engine.state import decode_state, encode_state
from tests.policy_engine.policies import policies, role_names


@settings(max_examples=60, deadline=None)
@given(st.lists(policies(), max_size=4, unique_by=lambda policy: policy.id), role_names())
def test_what_is_encoded_is_decoded(written: list[Policy], name: str) -> None:
    role = Role(name=name, groups=frozenset({"a", "b"}))
    read = decode_state(encode_state(written, [role]), 7)
    assert read.revision == 7
    assert read.roles == (role,)
    assert read.policies == tuple(sorted(written, key=lambda policy: policy.id))


@settings(max_examples=30, deadline=None)
@given(st.lists(policies(), max_size=4, unique_by=lambda policy: policy.id))
def test_order_makes_no_difference(written: list[Policy]) -> None:
    assert encode_state(written, []) == encode_state(reversed(written), [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"policies": {}, "roles": {}}',
        '{"policies": [{}], "roles": {}}',
        '{"policies": [], "roles": []}',
    ],
)
def test_a_broken_state_is_refused_whole(text: str) -> None:
    with pytest.raises(Internal, match="revision 3 cannot be read"):
        decode_state(text, 3)


@pytest.mark.parametrize("place", ["state", "policy", "when", "role", "column"])
def test_a_word_that_is_not_known_is_never_left_out(place: str) -> None:
    """What a newer version means by it may be what a grant hangs on."""
    argument = ("other", ColumnName(("a",)))
    grant = Policy(
        id="a",
        effect=Effect.GRANT,
        scope=Scope(),
        roles=("r",),
        transforms=(TransformRule(tagged=HasTag("x.y"), call=TransformCall(name="mask", arguments=(argument,))),),
        when=When(groups=("g",)),
    )
    state = json.loads(encode_state([grant], [Role(name="r", groups=frozenset({"g"}))]))
    assert decode_state(json.dumps(state), 3).policies == (grant,)
    [policy] = state["policies"]
    places = {
        "state": state,
        "policy": policy,
        "when": policy["when"],
        "role": state["roles"]["r"],
        "column": policy["transforms"][0][1][1][0][1],
    }
    places[place]["unless"] = "holiday"
    with pytest.raises(Internal, match="revision 3 cannot be read"):
        decode_state(json.dumps(state), 3)
