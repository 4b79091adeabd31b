"""What is exported is read back as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.people.model import User
from policy_engine.document import writing
from policy_engine.document.reading import loads
from policy_engine.document.scopes import parse_scope, print_scope
from policy_engine.model import Policy, Scope
from tests.policy_engine.policies import policies, scopes


@settings(max_examples=80, deadline=None)
@given(st.lists(policies(), max_size=3, unique_by=lambda policy: policy.id.casefold()))
def test_policies_survive_writing_and_reading(written: list[Policy]) -> None:
    document = loads(writing.write({"policies": writing.policies(written)}))
    assert [stated.value for stated in document.policies] == sorted(written, key=lambda policy: policy.id)


@settings(max_examples=80, deadline=None)
@given(scopes())
def test_a_scope_is_read_as_it_is_printed(scope: Scope) -> None:
    assert parse_scope(print_scope(scope)) == scope


def test_a_password_never_leaves() -> None:
    text = writing.write({"users": writing.users([User(name="kim", password_hash="$argon2id$secret")])})
    assert "argon2" not in text
    assert "kim" in text


@pytest.mark.parametrize(
    "value", ["NO", "yes", "12", "2026-01-01", "true", "null", "~", "a: b", "# c", "é\u2028x", "  x"]
)
def test_odd_texts_stay_texts(value: str) -> None:
    text = writing.write({"users": writing.users([User(name="kim", attributes={"a": value})])})
    assert loads(text).users[0].value.attributes == {"a": value}
