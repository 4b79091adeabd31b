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
    found = tuple(try_rule(compile_rule(rule), dataset, connect(source), is_exact=True))
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


def told(folder: Path, rule: TagRule, cells: list[str]) -> dict[str, Tried]:
    """What somebody is told who has not the data in hand."""
    folder.mkdir()
    (folder / "t.csv").write_text("cell\n" + "\n".join(cells) + "\n")
    source = Source(name="s", connector="files", options={"path": str(folder)})
    dataset = Dataset(database="d", name="t", source="s", relation="t.csv")
    return {each.column: each for each in try_rule(compile_rule(rule), dataset, connect(source))}


@pytest.mark.parametrize("column_name", [None, "^cell$"])
@pytest.mark.parametrize("others", [0, 18, 400])
def test_an_expression_finds_no_single_cell(tmp_path: Path, column_name: str | None, others: int) -> None:
    """Neither its letters nor its shape, by whatever share and number of cells the rule asks for."""
    rule = TagRule(name="r", tag="a.b", column_name=column_name, content="k.*", min_match=0.001, min_rows=1)
    found = [
        told(tmp_path / name, rule, [*(f"x{n:03d}" for n in range(others)), cell])
        for name, cell in (("k", "k-A.9"), ("z", "zzzzz"))
    ]
    assert found[0] == found[1]
    assert ("cell" in found[0]) is (column_name is not None)


def test_shares_and_shapes_are_told_of_many_cells_alone(tmp_path: Path) -> None:
    rule = TagRule(name="r", tag="a.b", content="k.*", min_match=0.5, min_rows=20)
    many = [f"k{n:02d}" for n in range(60)]
    found = [
        told(tmp_path / str(n), rule, [*many, *more])
        for n, more in enumerate(([f"x{n:02d}" for n in range(60)], [*(f"x{n:02d}" for n in range(57)), *["k-1"] * 3]))
    ]
    assert found[0] == found[1]
    assert found[0]["cell"].evidence == "about 50 % of some 120 cells match rule `r`"
    assert (found[0]["cell"].fit, found[0]["cell"].hits, found[0]["cell"].misses) == (Fit.MATCH, ("a00",), ("a00",))
    assert told(tmp_path / "whole", rule, many)["cell"].evidence == "about 100 % of some 60 cells match rule `r`"


@pytest.mark.parametrize(
    ("text", "seen"),
    [("", ""), ("Ann-7 (541) 555!", "Aaa-0 (000) 000·"), ("Žluť 名前 ٣", "Aaaa aa 0"), ("x" * 50, "a" * 40 + "…")],
)
def test_a_shape_says_how_a_value_looks_and_no_more(text: str, seen: str) -> None:
    assert shape(text) == seen


OTHER = "mild asthma"


def _iban(number: int) -> str:
    account = f"{number:018d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


@pytest.mark.parametrize("column_name", [None, "^cell$"])
@pytest.mark.parametrize(("others", "many"), [(0, 0), (0, 18), (3, 100), (18, 0)])
def test_a_detector_tells_nothing_of_few_cells(tmp_path: Path, column_name: str | None, others: int, many: int) -> None:
    """However often the few others stand there."""
    rule = TagRule(name="r", tag="a.b", column_name=column_name, detector="iban")
    beside = [*map(_iban, range(1, others + 1)), *[_iban(7)] * many]
    found = [told(tmp_path / str(n), rule, [*beside, cell]) for n, cell in enumerate((_iban(0), OTHER))]
    assert found[0] == found[1]


def test_a_detector_tells_of_many_cells_about_how_sure_it_is(tmp_path: Path) -> None:
    rule = TagRule(name="r", tag="a.b", detector="iban")
    found = [told(tmp_path / str(n), rule, [*map(_iban, range(100)), *[OTHER] * n]) for n in range(3)]
    [each] = found[0].values()
    assert (each.fit, each.confidence, each.evidence) == (Fit.MATCH, 0.99, "it looks like `iban`")
    assert found[0] == found[1] == found[2]
