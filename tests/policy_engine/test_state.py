"""Policies and roles survive the text of a revision."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import Internal
from catalog.people.model import Role
from policy_engine.model import Policy
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
