"""A rule is checked when it is written, matches as it says, and can never hang a crawl."""

import time

import pytest

from catalog.errors import PolicyInvalid
from catalog.model import TagRule
from crawler.builtin import BUILTIN_RULES, BUILTIN_TAGS
from crawler.detectors.catalogue import detectors
from crawler.rules import RuleTimedOut, check_rule, compile_rule


def test_name_is_searched_in_any_case() -> None:
    rule = compile_rule(TagRule(name="r", tag="phi.mrn", column_name="mrn"))
    assert rule.fits_name("Patient_MRN")
    assert not rule.fits_name("number")


def test_content_must_match_whole() -> None:
    rule = compile_rule(TagRule(name="r", tag="acme.member_id", content="M[0-9]{7}"))
    assert rule.matching_count({"M1234567": 3, "M12345678": 1, "xM1234567": 1, "m1234567": 1}) == 3


@pytest.mark.parametrize(
    "rule",
    [
        TagRule(name="wrong", tag="a.b"),
        TagRule(name="wrong", tag="a.b", column_name="("),
        TagRule(name="wrong", tag="a.b", content="[a"),
        TagRule(name="wrong", tag="a.b", content="a", min_match=0),
        TagRule(name="wrong", tag="a.b", content="a", min_match=1.5),
        TagRule(name="wrong", tag="a.b", content="a", min_rows=0),
    ],
)
def test_impossible_rule_is_refused_by_name(rule: TagRule) -> None:
    with pytest.raises(PolicyInvalid, match="`wrong`"):
        check_rule(rule)


def test_catastrophic_regex_is_stopped() -> None:
    rule = compile_rule(TagRule(name="slow", tag="a.b", content="(a|aa)+"))
    begun = time.monotonic()
    with pytest.raises(RuleTimedOut, match="slow"):
        rule.matching_count({"a" * 100 + "b": 1})
    assert time.monotonic() - begun < 2


def test_builtin_rules_are_the_detectors_and_their_tags_are_declared() -> None:
    assert {rule.rule.tag for rule in BUILTIN_RULES} == {tag.name for tag in BUILTIN_TAGS}
    assert {rule.detector for rule in BUILTIN_RULES} == set(detectors())
    assert len({rule.rule.name for rule in BUILTIN_RULES}) == len(BUILTIN_RULES)
