"""A rule is tried on real columns: what it matches, what it nearly matches, and never a value."""

from pathlib import Path

import pytest

from catalog.model import Dataset, Source, TagRule
from catalog.registry import connect
from crawler.rules import compile_rule
from crawler.trial import Tried, shape, try_rule
from crawler.weighing import Fit

MEMBER = TagRule(name="members", tag="acme.member", content="M[0-9]{7}", min_match=0.8, min_rows=5)


def tried(folder: Path, rule: TagRule) -> dict[str, Tried]:
    lines = [f"M100000{n},{'M100000' if n < 4 else 'x'}{n},note {n},{'a' * 80}" for n in range(10)]
    (folder / "t.csv").write_text("member,half,words,long\n" + "\n".join(lines) + "\n")
    source = Source(name="s", connector="files", options={"path": str(folder)})
    dataset = Dataset(database="d", name="t", source="s", relation="t.csv")
    found = tuple(try_rule(compile_rule(rule), dataset, connect(source)))
    assert "M100000" not in str(found)
    return {each.column: each for each in found}


def test_matches_and_near_misses_are_told_with_shapes(tmp_path: Path) -> None:
    found = tried(tmp_path, MEMBER)
    assert {name: each.fit for name, each in found.items()} == {"member": Fit.MATCH, "half": Fit.NEAR}
    assert found["member"].hits == ("A0000000",)
    assert found["half"].evidence == "40 % of 10 cells match rule `members`; it asks for 80 %"
    assert (found["half"].hits, found["half"].misses) == (("A0000000",), ("a0",))


def test_too_few_cells_are_near(tmp_path: Path) -> None:
    found = tried(tmp_path, TagRule(name="r", tag="a.b", content="M[0-9]{7}", min_rows=11))
    assert found["member"].fit is Fit.NEAR
    assert found["member"].evidence.endswith("it asks for 11 cells")


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("member", {"member": Fit.MATCH}),
        ("nothing", {"member": Fit.NEAR}),
        ("half", {"half": Fit.NEAR, "member": Fit.NEAR}),
    ],
)
def test_of_two_conditions_one_is_near(tmp_path: Path, name: str, fits: dict[str, Fit]) -> None:
    rule = TagRule(name="r", tag="a.b", column_name=name, content="M[0-9]{7}", min_rows=5)
    assert {column: each.fit for column, each in tried(tmp_path, rule).items()} == fits


def test_a_name_alone_shows_no_cells(tmp_path: Path) -> None:
    found = tried(tmp_path, TagRule(name="r", tag="a.b", column_name="memb"))
    assert [(each.fit, each.hits, each.misses) for each in found.values()] == [(Fit.MATCH, (), ())]


@pytest.mark.parametrize(
    ("text", "seen"),
    [("", ""), ("Ann-7 (541) 555!", "Aaa-0 (000) 000·"), ("Žluť 名前 ٣", "Aaaa aa 0"), ("x" * 50, "a" * 40 + "…")],
)
def test_a_shape_says_how_a_value_looks_and_no_more(text: str, seen: str) -> None:
    assert shape(text) == seen
