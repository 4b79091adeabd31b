"""Whatever stands in a file, reading it ends in a document or in a refusal that a person can act on."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import PolicyInvalid
from policy_engine.document.reading import loads
from tests.policy_engine.shop import SHOP

_PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                "[",
                "]",
                "{",
                "}",
                ":",
                ": ",
                "- ",
                "\n",
                "\n  ",
                "\t",
                "&a ",
                "*a",
                "!x ",
                "!!int ",
                "? ",
                "| ",
                ">",
            ),
            *("null", "~", "''", '"', "'", "#", "%", "---\n", "...\n", "<<: ", "1e999", "0x1F", ".inf", "2026-99-99"),
            *("\x00", "\x85", "\u2028", "\ufeff", "🙂", "\ud800", "x" * 300, "(", ")", "not ", "1" * 5_000),
        ]
    ),
    st.text(max_size=8),
)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SHOP)), st.integers(0, 40), _PIECES), min_size=1, max_size=3))
def test_a_damaged_document_is_read_or_refused(damages: list[tuple[int, int, str]]) -> None:
    text = SHOP
    for start, length, piece in damages:
        text = text[:start] + piece + text[start + length :]
    with suppress(PolicyInvalid):
        loads(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(PolicyInvalid):
        loads("veil: 1\npolicies:\n  - " + text)


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)
_SECTIONS = ("sources", "databases", "datasets", "tags", "rules", "roles", "users", "policies")
_KEYS = (
    *("connector", "path", "comment", "tags", "source", "relation", "columns", "level", "name", "tag", "content"),
    *("min_match", "groups", "attributes", "password_env", "policy", "grant", "deny", "to", "scope", "having"),
    *("transform", "where", "from", "until", "enabled", "why", "words", "words_file", "detector"),
)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(_SECTIONS), st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=4), st.text(max_size=8))
def test_any_value_under_any_key_is_read_or_refused(section: str, entry: dict[str, object], name: str) -> None:
    body = json.dumps([entry] if section in ("rules", "policies") else {name: entry})
    with suppress(PolicyInvalid):
        loads(f"veil: 1\n{section}: {body}")
