"""Policies in git: lint, test, plan with rows, history, diff and rollback, and what anybody would see."""

import csv
import io
from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal
from tests.veil.cli.test_commands import DATA, DOCUMENT

TESTS = """
tests:
  - {as: {groups: [clerks], attributes: {land: NO}}, dataset: shop.orders, sees: {email: tokenize, card: hidden}}
"""
WRONG = TESTS.replace("card: hidden", "card: clear")


@pytest.fixture
def shop(tmp_path: Path) -> Terminal:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text(DATA)
    (tmp_path / "shop.yaml").write_text(DOCUMENT + TESTS)
    return Terminal(tmp_path)


def test_lint_and_test_need_no_home(shop: Terminal) -> None:
    shop = Terminal(shop.folder, NO_COLOR="1")
    printed = shop.run("test", "shop.yaml").out
    assert printed == "ok    clerks, land NO on shop.orders\n1 test passed\n"
    (shop.folder / "wrong.yaml").write_text(DOCUMENT + WRONG)
    failed = shop.run("test", "wrong.yaml", expect=2).out
    assert "card: expected clear, seen hidden" in failed
    assert "because policy `clerks`" in failed
    [row] = [
        row
        for row in csv.DictReader(io.StringIO(shop.run("test", "wrong.yaml", "-f", "csv", expect=2).out))
        if row["passed"] == "no"
    ]
    assert (row["what"], row["expected"], row["seen"]) == ("card", "clear", "hidden")
    assert shop.run("test", "wrong.yaml", "-f", "json", expect=2).json()[0]["passed"] is False
    findings = shop.run("lint", "shop.yaml", "-f", "json", expect=2).json()
    assert {finding["code"] for finding in findings} <= {"clear_sensitive", "empty_group", "unused_tag"}
    (shop.folder / "broken.yaml").write_text("veil: 1\npolicees: []\n")
    assert "did you mean `policies`?" in shop.run("lint", "broken.yaml", expect=1).err
    (shop.folder / "clean.yaml").write_text("veil: 1\ndatabases: {shop: {}}\n")
    assert shop.run("lint", "clean.yaml").out == "Nothing found\n"


def test_a_change_is_planned_with_rows_compared_and_taken_back(shop: Terminal) -> None:
    shop.run("init")
    shop.run("apply", "shop.yaml")
    shop.run("ddl", "RESTRICT SELECT ON DATABASE shop WHERE id > 2 FROM ROLE boss")
    (shop.folder / "open.yaml").write_text(
        'veil: 1\npolicies: [{policy: all, grant: select, to: [boss], scope: "*"}]\n'
    )
    planned = shop.run("plan", "shop.yaml", "--rows", expect=0).out
    assert "drift: policy `restrict-" in planned
    revisions = shop.run("history", "-f", "json").json()
    assert [row["revision"] for row in revisions] == [3, 2, 1]
    differs = shop.run("diff", "2", expect=2).out
    assert differs.startswith("From revision 2 to what is live\n  + policy restrict-")
    assert "LOSES" in differs or "loses" in differs
    assert shop.run("diff", "3").out == "Nothing differs between revision 3 and what is live\n"
    said = "RESTRICT SELECT ON DATABASE shop WHERE id > 2 FROM ROLE boss"
    assert list(shop.run("history", "--limit", "1", "-f", "json").json()[0]["statements"].values()) == [said]
    told = shop.run("history").out
    assert f"\n  {said}\n" in told
    assert "\nrevision 2, policy `clerks`\n  GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card" in told
    back = shop.run("rollback", "2", "--why", "too strict").out
    assert "revision 4 is in force" in back
    assert shop.run("history", "--limit", "1", "-f", "json").json()[0]["why"] == "too strict"
    assert shop.run("audit", "search", "--kind", "policy:rollback", "-f", "json").json()[0]["details"]["back_to"] == 2
    assert "there is no revision 9" in shop.run("rollback", "9", "--why", "x", expect=1).err


def test_a_plan_counts_rows_on_the_source_when_asked(shop: Terminal) -> None:
    shop.run("init")
    shop.run("apply", "shop.yaml")
    (shop.folder / "less.yaml").write_text(
        "veil: 1\npolicies: [{policy: few, restrict: select, to: [boss], scope: shop, where: id > 2}]\n"
    )
    printed = shop.run("plan", "less.yaml", "--rows", expect=2).out
    assert "rows: boss sees 1 of 3 rows of shop.orders (was 3)" in printed
    (shop.folder / "data" / "orders.csv").unlink()
    assert "not counted: " in shop.run("plan", "less.yaml", "--rows", expect=2).out
    counted = shop.run("audit", "search", "--kind", "metadata:read", "-f", "json").json()
    assert counted[0]["datasets"] == ["shop.orders"]


def test_anybody_can_be_asked_about(shop: Terminal) -> None:
    shop.run("init")
    shop.run("apply", "shop.yaml")
    ask = ("can", "--groups", "clerks,others", "--attribute", "land=SE")
    rows = {row["column"]: row for row in shop.run(*ask, "shop.orders", "-f", "json").json()}
    assert rows["email"]["transform"] == "tokenize"
    assert rows["email"]["tags"] == ["pii.email"]
    assert rows["email"]["policies"] == ["clerks"]
    assert rows["email"]["revision"] == 2
    assert "policy `clerks`" in rows["email"]["rows"]
    assert rows["card"]["outcome"] == "hidden"
    said = "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card"
    assert rows["card"]["statements"]["clerks"].startswith(said)
    for told in (shop.run(*ask, "shop.orders").out, shop.run("who", "shop.orders.email").out):
        assert told.count(said) == 1
        assert f"\npolicy `clerks`\n  {said}" in told
    assert "sees nothing" in shop.run("can", "--groups", "nobody").out
    assert "one user and at most one dataset" in shop.run("can", expect=1).err
    assert "is no attribute" in shop.run("can", "--attribute", "land", expect=1).err
    told = shop.run("explain", "select * from shop.orders", "--groups", "clerks", "--attribute", "land=NO").out
    assert "'NO'" in told
    assert "masked for you by tokenize" in told
    assert f"  policy `clerks` says:\n    {said}" in told


def test_anybody_can_be_asked_about_in_any_circumstances(shop: Terminal) -> None:
    policy = "{policy: night, grant: select, to: [clerk], scope: shop, having: fin.card,"
    policy += " transform: [{tagged: fin.card, with: mask()}],"
    when = 'when: {group: night, purpose: care, network: 10.0.0.0/8, time_of_day: "22:00-06:00"}}'
    (shop.folder / "night.yaml").write_text(f"veil: 1\npolicies:\n  - {policy} {when}\n")
    shop.run("init")
    shop.run("apply", "shop.yaml", "night.yaml")

    def kinds(*asked: str) -> set[str]:
        rows = shop.run("who", "shop.orders.card", *asked, "-f", "json").json()
        return {row["kind"] for row in rows if row["kind"] == "somebody" or row["name"] == "clerk"}

    met = ("--purpose", "care", "--address", "10.1.2.3", "--at", "2026-07-01T23:30")
    night = ("--groups", "clerks,night", "--attribute", "land=SE")
    assert kinds(*night) == {"role", "somebody"}, "somebody in a group of clerks may be in others too"
    assert kinds(*night, *met) == {"somebody"}
    assert kinds(*night, *met[:4], "--at", "2026-07-01T23:30-08:00") == set()
    assert kinds(*night, "--purpose", "care", "--at", "2026-07-01T23:30") == set()
    assert kinds("--groups", "clerks", "--attribute", "land=SE", *met) == set()
    told = {row["column"]: row for row in shop.run("can", *night, *met, "shop.orders", "-f", "json").json()}
    assert (told["card"]["outcome"], told["card"]["policies"], told["card"]["tags"]) == (
        "masked",
        ["night"],
        ["fin.card"],
    )
    assert {row["outcome"] for row in shop.run("can", *night, *met[2:], "shop.orders", "-f", "json").json()} == {
        "clear",
        "masked",
        "hidden",
    }
    assert "is no IP address" in shop.run("can", *night, "--address", "here", expect=1).err
    assert "is no moment" in shop.run("who", "shop.orders", "--at", "tonight", expect=1).err
