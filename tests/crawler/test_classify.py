"""Suggestions rest on names and on the share of matching cells, say why, and never show a cell."""

import time
from collections.abc import Sequence

import pyarrow as pa
import pytest

from catalog.model import Field, TagRule
from crawler.classify import Classification, classify
from crawler.rules import compile_rules

MEMBER = TagRule(name="members", tag="acme.member_id", content="M[0-9]{7}", min_match=0.8, min_rows=20)
MRN = TagRule(name="mrn by name", tag="phi.mrn", column_name="mrn")


def text(name: str) -> Field:
    return Field(name=name, type="VARCHAR")


def column(cells: Sequence[object], *rules: TagRule, name: str = "c") -> Classification:
    return classify([text(name)], pa.table({name: cells}), compile_rules(rules))


def test_name_is_enough_on_an_empty_table() -> None:
    [found] = column([], MRN, name="MRN").suggestions
    assert (found.path, found.tag, found.confidence, found.rule) == (("MRN",), "phi.mrn", 0.8, "mrn by name")
    assert found.evidence == "name matches rule `mrn by name`"


def test_share_counts_non_null_cells_only() -> None:
    cells = ["M1234567"] * 17 + ["x"] * 3 + [None] * 100
    [found] = column(cells, MEMBER).suggestions
    assert found.confidence == 0.85
    assert found.evidence == "85 % of 20 cells match rule `members`"


def test_too_small_a_share_or_too_few_cells_suggest_nothing() -> None:
    assert column(["M1234567"] * 15 + ["x"] * 5, MEMBER).suggestions == ()
    assert column(["M1234567"] * 19, MEMBER).suggestions == ()


def test_rule_with_both_conditions_needs_both() -> None:
    both = TagRule(name="both", tag="a.b", column_name="member", content="M[0-9]{7}", min_rows=1)
    assert column(["M1234567"], both).suggestions == ()
    assert column(["x"], both, name="member").suggestions == ()
    [found] = column(["M1234567"], both, name="member").suggestions
    assert found.confidence == 0.99


def test_rules_that_agree_are_one_surer_suggestion() -> None:
    by_name = TagRule(name="by name", tag="acme.member_id", column_name="member")
    cells = ["M1234567"] * 18 + ["x"] * 2
    [found] = column(cells, MEMBER, by_name, name="member").suggestions
    assert found.confidence == 0.98
    assert found.rule == "members"
    assert "name matches" in found.evidence
    assert "90 %" in found.evidence


def test_best_comes_first() -> None:
    other = TagRule(name="other", tag="a.other", column_name="c")
    assert [each.tag for each in column(["M1234567"] * 20, other, MEMBER).suggestions] == ["acme.member_id", "a.other"]


def test_nested_fields_are_judged_by_their_own_name_and_cells() -> None:
    fields = [
        Field(name="people", type="STRUCT(id VARCHAR, mrn VARCHAR)[]", fields=(text("id"), text("mrn"))),
    ]
    sample = pa.table({"people": [[{"id": "M1234567", "mrn": "1"}] * 10, None, [{"id": "M1234567", "mrn": None}] * 10]})
    found = classify(fields, sample, compile_rules([MEMBER, MRN])).suggestions
    assert [(each.path, each.tag) for each in found] == [
        (("people", "id"), "acme.member_id"),
        (("people", "mrn"), "phi.mrn"),
    ]


def test_numbers_and_dates_are_judged_as_text() -> None:
    number = TagRule(name="n", tag="a.n", content="4[0-9]{3}", min_rows=1)
    assert len(column([4111, 4222], number).suggestions) == 1
    assert column([True, False], number).suggestions == ()
    assert column([b"4111"], number).suggestions == ()


def test_rule_that_takes_too_long_suggests_nothing_and_is_told() -> None:
    slow = TagRule(name="slow", tag="a.slow", content="(a|aa)+", min_rows=1)
    found = column(["a" * 100 + "b"], slow, MRN, name="mrn")
    assert found.timed_out == ("slow",)
    assert [each.tag for each in found.suggestions] == ["phi.mrn"]


def test_rule_that_takes_too_long_on_one_column_suggests_for_the_others() -> None:
    slow = TagRule(name="slow", tag="a.slow", content="(a|aa)+", min_rows=1)
    sample = pa.table({"x": ["aaa"], "y": ["a" * 100 + "b"], "z": ["aa"]})
    found = classify([text("x"), text("y"), text("z")], sample, compile_rules([slow]))
    assert [(each.path, each.tag) for each in found.suggestions] == [(("x",), "a.slow"), (("z",), "a.slow")]
    assert found.timed_out == ("slow",)


def test_rule_that_has_lost_too_much_time_is_not_heard_of_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.classify._LOST_SECONDS", 0.07)
    slow = TagRule(name="slow", tag="a.slow", content="(a|aa)+", min_rows=1)
    names = [f"c{number}" for number in range(40)]
    sample = pa.table({name: ["a" * 100 + "b"] for name in names} | {"last": ["aa"]})
    began_at = time.monotonic()
    found = classify([*map(text, names), text("last")], sample, compile_rules([slow]))
    assert (found.suggestions, found.timed_out) == ((), ("slow",))
    assert time.monotonic() - began_at < 1.0


def test_huge_cells_count_but_do_not_match() -> None:
    anything = TagRule(name="any", tag="a.any", content="x+", min_rows=2, min_match=0.5)
    [found] = column(["x", "x" * 5000], anything).suggestions
    assert found.confidence == 0.5


def test_evidence_never_holds_a_cell() -> None:
    found = column(["M7654321"] * 20, MEMBER)
    assert "7654321" not in repr(found)


def test_words_and_detectors_make_rules_of_ones_own() -> None:
    ward = TagRule(name="wards", tag="acme.ward", words=("north", "south"), min_rows=2)
    [found] = column(["North", "south", "NORTH"], ward).suggestions
    assert (found.tag, found.evidence) == ("acme.ward", "100 % of 3 cells match rule `wards`")
    mail = TagRule(name="work mail", tag="acme.mail", column_name="work", detector="email_address")
    cells = [f"person{number}@example.org" for number in range(30)]
    [found] = column(cells, mail, name="work_mail").suggestions
    assert found.tag == "acme.mail"
    assert found.evidence.startswith("name matches rule `work mail`; ")
    assert column(cells, mail, name="mail").suggestions == ()
