"""A rule is checked when it is written, matches as it says, and can never hang a crawl."""

import time
from pathlib import Path

import pytest

from catalog.errors import PolicyInvalid
from catalog.model import TagRule
from crawler.builtin import BUILTIN_RULES, BUILTIN_TAGS
from crawler.detectors.catalogue import detectors
from crawler.rules import RuleTimedOut, compile_rule


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
        TagRule(name="wrong", tag="a.b", column_name="(" * 1_000 + "a" + ")" * 1_000),
        TagRule(name="wrong", tag="a.b", content="a", words=("a",)),
        TagRule(name="wrong", tag="a.b", words=(" ",)),
        TagRule(name="wrong", tag="a.b", words_file="/nowhere/words.txt"),
        TagRule(name="wrong", tag="a.b", detector="credit_cart"),
        TagRule(name="wrong", tag="a.b", content="[a"),
        TagRule(name="wrong", tag="a.b", content="a", min_match=0),
        TagRule(name="wrong", tag="a.b", content="a", min_match=1.5),
        TagRule(name="wrong", tag="a.b", content="a", min_rows=0),
    ],
)
def test_impossible_rule_is_refused_by_name(rule: TagRule) -> None:
    with pytest.raises(PolicyInvalid, match="`wrong`"):
        compile_rule(rule)


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


def test_words_are_compared_whole_and_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "wards.txt").write_text("North\r\n\nSüd \n", encoding="utf-8-sig")
    cells = {"north": 3, "SÜD": 2, "northern": 1, "": 1}
    for rule in (
        TagRule(name="r", tag="a.ward", words=("North", " süd")),
        TagRule(name="r", tag="a.ward", words_file=str(tmp_path / "wards.txt")),
    ):
        assert compile_rule(rule).matching_count(cells) == 5


def test_words_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "words.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyInvalid, match="no text"):
        compile_rule(TagRule(name="r", tag="a.b", words_file=str(tmp_path / "words.bin")))


def test_many_slow_cells_are_stopped_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.rules._COLUMN_SECONDS", 0.0)
    rule = compile_rule(TagRule(name="slow", tag="a.b", content="a+"))
    with pytest.raises(RuleTimedOut, match="slow"):
        rule.matching_count({"a": 1, "b": 1})
