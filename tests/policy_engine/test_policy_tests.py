"""Policy tests say what somebody is to see, and are told what is so instead, and why."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.errors import PolicyInvalid
from policy_engine.changing.draft import draft
from policy_engine.changing.policy_tests import TestResult, run_tests
from policy_engine.document.reading import loads
from tests.policy_engine.shop import CSV, SHOP

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def results(tests: str, folder: Path, text: str = SHOP) -> tuple[TestResult, ...]:
    return run_tests(draft(loads(f"{text}tests:\n{tests}", folder=folder)), AT)


def failures(tests: str, folder: Path) -> list[tuple[str, str, str]]:
    found = (check for result in results(tests, folder) for check in result.checks if not check.is_met)
    return [(check.what, check.expected, check.seen) for check in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "orders.csv").write_text(CSV)
    return tmp_path


@pytest.mark.parametrize(
    "test",
    [
        "as: {groups: [clerks]}, dataset: shop.orders, sees: {email: tokenize, card: hidden, id: clear, total: clear}",
        "as: {groups: [clerks], attributes: {land: NO}}, dataset: shop.orders, rows: filtered, because: [clerks]",
        "as: {user: kim}, dataset: shop.orders, sees: {EMAIL: tokenize()}, rows: filtered",
        "as: {groups: [admin]}, dataset: shop.orders, sees: {card: clear}, rows: all, because: [Bosses]",
        "as: {groups: [nobody]}, dataset: SHOP.Orders, sees: {id: hidden}, rows: none",
    ],
)
def test_what_is_so_passes(test: str, folder: Path) -> None:
    assert failures(f"  - {{{test}}}", folder) == []


@pytest.mark.parametrize(
    ("test", "failure"),
    [
        ("sees: {email: clear}", ("email", "clear", "tokenize")),
        ("sees: {email: hash}", ("email", "hash", "tokenize")),
        ("sees: {card: masked}", ("card", "masked", "hidden")),
        ("sees: {id: masked}", ("id", "masked", "clear")),
        ("sees: {crd: hidden}", ("crd", "hidden", "no such column")),
        ("rows: all", ("rows", "all", "none")),  # who has no land sees the orders of no land
        ("sees: {id: clear}, because: [bosses]", ("because", "bosses", "clerks")),
    ],
)
def test_what_is_otherwise_fails_and_says_how_it_is(test: str, failure: tuple[str, str, str], folder: Path) -> None:
    assert failures(f"  - {{as: {{groups: [clerks]}}, dataset: shop.orders, {test}}}", folder) == [failure]


def test_a_failure_names_the_deciding_policy_and_the_place(folder: Path) -> None:
    [result] = results("  - {as: {groups: [clerks]}, dataset: shop.orders, sees: {email: clear}}", folder)
    [check] = result.checks
    assert "because policy `clerks` transforms columns tagged `pii.email`" in check.why
    assert check.policies == ("clerks",)
    assert (check.place.path, check.place.line) == ("tests[0].sees.email", result.place.line)
    assert result.name == "clerks on shop.orders"


def test_a_test_looks_at_the_moment_it_names(folder: Path) -> None:
    text = SHOP.replace("why: example\n  - {policy: bosses", "until: 2026-06-30\n    why: x\n  - {policy: bosses")
    test = "as: {groups: [clerks]}, dataset: shop.orders, sees: {id: clear}"
    now, later = results(f"  - {{{test}}}\n  - {{{test}, at: 2026-07-01}}", folder, text)
    assert (now.is_passed, later.is_passed) == (True, False)


def test_without_the_data_columns_are_those_that_the_document_speaks_of(tmp_path: Path) -> None:
    tests = "tests: [{as: {groups: [clerks]}, dataset: shop.orders, sees: {email: tokenize, card: hidden, id: clear}}]"
    made = draft(loads(SHOP + tests, folder=tmp_path))
    assert all(result.is_passed for result in run_tests(made, AT))
    [note] = made.notes
    assert "`email`, `card`, `id`, `land`" in note  # `land` is what the filter names


def test_a_policy_may_be_tested_before_there_is_a_dataset(tmp_path: Path) -> None:
    text = """
veil: 1
databases: {clinic: {}}
tags: {phi.mrn: {}}
roles: {nurse: {groups: [nurses]}}
policies: [{policy: p, grant: select, to: [nurse], scope: clinic, having: not phi.mrn}]
tests: [{as: {groups: [nurses]}, dataset: clinic.later, sees: {age: clear}, rows: all}]
"""
    made = draft(loads(text, folder=tmp_path))
    assert all(result.is_passed for result in run_tests(made, AT))
    assert "no source is stated for it" in made.notes[0]


@pytest.mark.parametrize(
    ("test", "words", "hint"),
    [
        ("dataset: shop.orders, sees: {id: clear}", "has no `as`", "a test needs"),
        ("as: {}, dataset: shop.orders, sees: {id: clear}", "names nobody", "groups"),
        ("as: {groups: [a]}, sees: {id: clear}", "has no `dataset`", ""),
        ("as: {groups: [a]}, dataset: orders, sees: {id: clear}", "is no dataset's name", "database.dataset"),
        ("as: {groups: [a]}, dataset: shop.orders", "expects nothing", "sees"),
        ("as: {groups: [a]}, dataset: shop.orders, sees: {id: claer}", "says `claer`", "did you mean `clear`?"),
        ("as: {groups: [a]}, dataset: shop.orders, sees: {id: tokenise}", "says `tokenise`", "`tokenize`"),
        ("as: {groups: [a]}, dataset: shop.orders, rows: some", "one of `all`", ""),
        ("as: {groups: [a]}, dataset: shop.orders, rows: all, at: soon", "is no date", ""),
        ("as: {groups: [a]}, dataset: shop.orders, row: all", "is not a key of a test", "did you mean `rows`?"),
    ],
)
def test_a_test_that_cannot_be_meant_is_refused(test: str, words: str, hint: str) -> None:
    with pytest.raises(PolicyInvalid) as refusal:
        loads(f"veil: 1\ntests:\n  - {{{test}}}")
    assert words in refusal.value.detail
    assert refusal.value.detail.startswith("document, line 3: ")
    assert hint in refusal.value.hint
