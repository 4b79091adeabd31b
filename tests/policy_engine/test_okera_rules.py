"""Okera's auto-tagging rules become a document that says the same, or are refused with what is wrong."""

import json

import pytest

from catalog.errors import PolicyInvalid
from catalog.model import TagRule
from policy_engine.document.okera_rules import import_rules
from policy_engine.document.reading import loads

BADGE = {"name": "badges", "namespace": "acme", "tag": "badge", "expression": "B[0-9]+"}


def rules(*items: object) -> tuple[TagRule, ...]:
    """The rules of an import, which the document states too."""
    made = import_rules(json.dumps(list(items)))
    assert tuple(stated.value for stated in loads(made.document).rules) == tuple(
        sorted(made.rules, key=lambda rule: rule.name)
    )
    return made.rules


def test_a_rule_on_content_keeps_its_numbers() -> None:
    [rule] = rules({**BADGE, "min_rows": 10, "match_rate": 0.5, "description": "door badges"})
    assert rule == TagRule(name="badges", tag="acme.badge", content="B[0-9]+", min_match=0.5, min_rows=10)


@pytest.mark.parametrize("key", ["minimumMatchRate", "minMatchRate", "match_rate", "Match Rate"])
@pytest.mark.parametrize(("rate", "share"), [(0.9, 0.9), (90, 0.9), (1, 1.0), (0, 0.01)])
def test_a_rate_is_a_share_or_a_percentage_however_it_is_called(key: str, rate: float, share: float) -> None:
    assert rules({**BADGE, key: rate})[0].min_match == share


def test_names_were_enough_so_they_make_a_rule_of_their_own() -> None:
    content, name = rules({**BADGE, "match_column_name": True})
    assert (content.content, content.column_name) == ("B[0-9]+", None)
    assert name == TagRule(name="badges (by name)", tag="acme.badge", column_name="B[0-9]+")
    assert [rule.name for rule in rules({**BADGE, "applyTo": "metadata"})] == ["badges"]
    assert len(rules({**BADGE, "applyTo": "both"})) == 2


def test_what_is_not_read_here_is_told() -> None:
    made = import_rules(json.dumps({"rules": [{**BADGE, "match_column_comment": True, "maxRows": 50}]}))
    assert len(made.rules) == 1
    assert "comments" in made.remarks[0]
    assert "how many rows" in made.remarks[1]


def test_tags_are_declared_without_a_level_so_that_none_is_lowered() -> None:
    made = import_rules(json.dumps([{**BADGE, "description": "door badges"}, {"tag": "pii:ssn", "regex": "x"}]))
    assert "level" not in made.document
    stated = {each.value.name: (each.value.comment, each.value.level) for each in loads(made.document).tags}
    assert stated == {"acme.badge": ("door badges", None), "pii.ssn": (None, None)}


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("{", "no JSON", ""),
        ("1", "no list of rules", ""),
        ("[1]", "rule 1 is no JSON object", ""),
        (json.dumps([{**BADGE, "expresion": "x"}]), "unknown key `expresion`", "`expression`"),
        (json.dumps([{"tag": "a.b"}]), "rule 1 (`a.b`) has no expression", ""),
        (json.dumps([{**BADGE, "expression": "*"}]), "the expression of rule 1 (`badges`)", "rewrite"),
        (json.dumps([{"tag": "badge", "expression": "x"}]), "`badge` is no tag", "phi.phone_number"),
        (json.dumps([{**BADGE, "match_rate": 101}]), "beyond 100 %", ""),
        (json.dumps([{**BADGE, "min_rows": "ten"}]), "something else than a number", ""),
        (json.dumps([{**BADGE, "applyTo": "rows"}]), "applies to `rows`", "content, metadata or both"),
        (json.dumps([BADGE, BADGE]), "two rules are called `badges`", "another"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(text: str, told: str, hint: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        import_rules(text)
    assert told in caught.value.detail
    assert hint in caught.value.hint
