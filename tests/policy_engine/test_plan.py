"""A plan tells what would change, whom it touches, and what is odd, and changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import PolicyInvalid, SourceUnavailable
from catalog.tags import Tags
from policy_engine.store import PolicyStore
from tests.policy_engine.homes import apply, plan, shop_home
from tests.policy_engine.shop import SHOP

ONE_ROLE = "veil: 1\nroles: {clerk: {groups: [clerks, temps]}}"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with shop_home(tmp_path) as catalog:
        yield catalog


@pytest.fixture
def shop(catalog: Catalog, tmp_path: Path) -> Catalog:
    apply(catalog, SHOP, tmp_path)
    return catalog


def policy(text: str) -> str:
    return f"veil: 1\npolicies:\n  - {{policy: clerks, to: [clerk], {text}}}\n"


def test_a_plan_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    before = catalog.version(), PolicyStore(catalog).current()
    assert plan(catalog, SHOP, tmp_path).has_changes
    assert (catalog.version(), PolicyStore(catalog).current()) == before


def test_a_document_that_is_live_has_no_changes(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, SHOP, tmp_path)
    assert not made.has_changes
    assert made.text() == "Nothing to change: revision 2 (live) is what the document says"


def test_how_a_document_is_laid_out_is_no_change(shop: Catalog, tmp_path: Path) -> None:
    other = SHOP.replace("having: not fin.card", "having: NOT (fin:card)").replace("veil: 1", "# a word\nveil: 1")
    assert not plan(shop, other, tmp_path).has_changes


def test_another_case_is_no_other_name(shop: Catalog, tmp_path: Path) -> None:
    text = """
veil: 1
sources: {S: {connector: files, path: ./d}}
databases: {SHOP: {}}
datasets: {Shop.ORDERS: {source: S, relation: orders.csv, columns: {EMAIL: {tags: [PII:Email]}}}}
roles: {Clerk: {groups: [clerks]}}
users: {KIM: {groups: [clerks]}}
"""
    assert not plan(shop, text, tmp_path).has_changes
    made = plan(
        shop, text.replace("roles", "policies: [{policy: P, deny: select, to: [CLERK], scope: SHOP}]\nroles"), tmp_path
    )
    assert {impact.after for impact in made.impacts} == {"hidden"}


def test_what_is_not_named_stays(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, ONE_ROLE, tmp_path)
    assert [str(change) for change in made.changes] == ["~ role clerk"]
    assert made.changes[0].details == ("groups: clerks -> clerks, temps",)


def test_pruning_removes_policies_and_roles_and_nothing_else(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, ONE_ROLE, tmp_path, prune=True)
    assert {str(change) for change in made.changes} == {
        "~ role clerk",
        "- role boss",
        "- role administrators",
        "- policy clerks",
        "- policy bosses",
        "- policy administrators see everything",
    }


def test_gains_come_first_and_the_most_sensitive_before_others(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, policy("grant: select, scope: shop, transform: [{tagged: pii.email, with: hash()}]"), tmp_path)
    seen = [(impact.movement.value, impact.name, impact.column, impact.before, impact.after) for impact in made.impacts]
    assert seen == [
        ("gains", "clerk", "card", "hidden", "clear"),
        ("gains", "clerk", "", "filtered", "all rows"),
        ("loses", "clerk", "email", "tokenize", "hash"),
    ]


def test_the_words_are_about_people(shop: Catalog, tmp_path: Path) -> None:
    text = plan(shop, policy("grant: select, scope: shop, having: not fin.card"), tmp_path).text()
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0].endswith("against revision 2 (live)")
    assert "~ policy clerks" in lines
    assert "where: land = user_attribute('land') -> (none)" in lines
    assert "! clerk GAINS shop.orders.email tokenize -> clear <- policy clerks" in lines
    assert "! clerk GAINS rows of shop.orders filtered -> all rows <- policy clerks" in lines
    assert lines[-1] == "1 change, 1 of 1 dataset touched, 1 role or user, 0 warnings"


def test_a_group_that_joins_a_role_gains_what_the_role_sees(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, ONE_ROLE, tmp_path)
    assert {(impact.kind, impact.name) for impact in made.impacts} == {("group", "temps")}
    assert {impact.column for impact in made.impacts} == {"id", "email", "land", "total"}


def test_a_user_who_changes_groups_is_named(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, "veil: 1\nusers: {kim: {groups: [admin]}}", tmp_path)
    assert {(impact.kind, impact.name) for impact in made.impacts} == {("user", "kim")}
    assert any(impact.column == "card" and impact.after == "clear" for impact in made.impacts)


def test_a_tag_taken_from_a_column_opens_it(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, "veil: 1\ndatasets: {shop.orders: {columns: {card: {tags: []}}}}", tmp_path)
    assert [(impact.name, impact.column, impact.after) for impact in made.impacts] == [("clerk", "card", "clear")]


def test_a_denial_loses(shop: Catalog, tmp_path: Path) -> None:
    text = 'veil: 1\npolicies: [{policy: no, deny: select, to: [boss], scope: "*", having: fin.card}]'
    made = plan(shop, text, tmp_path)
    assert {(impact.movement.value, impact.name, impact.column, impact.after) for impact in made.impacts} == {
        ("loses", "administrators", "card", "hidden"),
        ("loses", "boss", "card", "hidden"),
    }


def test_a_switched_off_policy_touches_who_had_it(shop: Catalog, tmp_path: Path) -> None:
    off = "grant: select, scope: shop, having: not fin.card, enabled: false"
    made = plan(shop, policy(off), tmp_path)
    assert {impact.after for impact in made.impacts} == {"hidden"}


def test_the_json_form_says_the_same(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, ONE_ROLE, tmp_path)
    told = json.loads(json.dumps(made.as_json()))
    assert told["revision"] == 2
    assert told["changes"] == [
        {"sign": "~", "kind": "role", "name": "clerk", "details": ["groups: clerks -> clerks, temps"]}
    ]
    assert {row["group"] for row in told["impact"]} == {"temps"}
    assert told["plan"] == made.id == plan(shop, ONE_ROLE, tmp_path).id


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "grant: select, scope: shop, where: vip",
            "on `shop.orders` its filter names `vip`, which is not there, so the grant gives",
        ),
        ("restrict: select, scope: shop, where: vip", "so the restriction refuses the dataset there"),
        (
            "grant: select, scope: shop, transform: [{tagged: fin.card, with: mask_email()}]",
            "on `shop.orders.card`, `mask_email` cannot show a column of type BIGINT, so the grant hides the column",
        ),
        (
            "restrict: select, scope: shop, transform: [{tagged: fin.card, with: mask_ip()}]",
            "`mask_ip` cannot show a column of type BIGINT, so the restriction refuses the dataset",
        ),
        ("grant: select, scope: shp", "there is no database `shp` yet; did you mean `shop`?"),
        ("grant: select, scope: shop.later", "there is no dataset `shop.later` yet"),
        ("grant: select, scope: 'shop.orders(id, crad)'", "`shop.orders` has no column `crad`"),
    ],
)
def test_what_meets_no_data_is_a_warning(shop: Catalog, tmp_path: Path, text: str, warning: str) -> None:
    made = plan(shop, policy(text), tmp_path)
    assert any(warning in line for line in made.warnings), made.warnings
    assert "1 warning" in made.text()


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("policies: [{policy: p, grant: select, to: [clrk], scope: shop}]", "`clrk`", "did you mean `clerk`?"),
        (
            "policies: [{policy: p, grant: select, to: [clerk], scope: shop, having: fin.crd}]",
            "`fin.crd`",
            "`fin.card`",
        ),
        (
            "datasets: {shop.more: {source: t, relation: orders.csv}}",
            "`datasets.shop.more.source` names the source `t`",
            "declare it",
        ),
        ("datasets: {shop.more: {tags: []}}", "needs a `source` and a `relation`", "crawl"),
        ("datasets: {shop.orders: {columns: {crd: {tags: []}}}}", "is no column of `shop.orders`", "`card`"),
        ("datasets: {shop.orders: {columns: {card: {tags: [fin.crd]}}}}", "the tag `fin.crd`", "`fin.card`"),
        ("databases: {shop: {tags: [nope.x]}}", "the tag `nope.x`", "declare it under `tags:`"),
        ("rules: [{name: r, tag: nope.x, column_name: x}]", "the tag `nope.x`", ""),
    ],
)
def test_a_name_for_nothing_is_refused(shop: Catalog, tmp_path: Path, text: str, words: str, hint: str) -> None:
    with pytest.raises(PolicyInvalid) as refusal:
        plan(shop, f"veil: 1\n{text}", tmp_path)
    assert words in refusal.value.detail
    assert refusal.value.detail.startswith("document, line 2: ")
    assert hint in refusal.value.hint


def test_an_unreadable_relation_is_an_error(shop: Catalog, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"`shop\.more` cannot be registered"):
        plan(shop, "veil: 1\ndatasets: {shop.more: {source: s, relation: more.csv}}", tmp_path)


def test_a_person_s_tag_is_not_taken_back_by_a_document(shop: Catalog, tmp_path: Path) -> None:
    Tags(shop).confirm("shop.orders", ("land",), "pii.email", by="steward")
    assert not plan(shop, "veil: 1\ndatasets: {shop.orders: {columns: {land: {tags: []}}}}", tmp_path).has_changes


def test_a_long_plan_is_cut_in_words_and_whole_in_json(shop: Catalog, tmp_path: Path) -> None:
    columns = ",".join(f"c{n}" for n in range(3))
    for n in range(101):
        (tmp_path / "d" / f"t{n}.csv").write_text(f"{columns}\n1,2,3\n")
    datasets = ", ".join(f"shop.t{n}: {{source: s, relation: t{n}.csv}}" for n in range(101))
    made = plan(shop, f"veil: 1\ndatasets: {{{datasets}}}", tmp_path)
    assert ".. and 2 lines more" in made.text()
    assert len(made.impacts) == 101 * 3 * 2
