"""Applying does all that a document says, or nothing, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import PolicyInvalid, SettingsInvalid, VeilError
from catalog.journal.event import EventKind
from catalog.journal.journal import Journal
from catalog.model import TagAssignment, TagOrigin, TagState
from catalog.people.accounts import Accounts
from catalog.revisions import Revisions
from catalog.tags import Tags
from policy_engine.changing.apply import carry_out
from policy_engine.live import read_live
from policy_engine.store import PolicyStore
from tests.policy_engine.homes import apply, plan, shop_home
from tests.policy_engine.shop import SHOP

ONE_ROLE = "veil: 1\nroles: {clerk: {groups: [clerks, temps]}}"
PASSWORD = "veil: 1\nusers: {kim: {password_env: KIM}}"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with shop_home(tmp_path) as catalog:
        yield catalog


@pytest.fixture
def shop(catalog: Catalog, tmp_path: Path) -> Catalog:
    apply(catalog, SHOP, tmp_path)
    return catalog


def test_all_that_is_said_is_there_afterwards(shop: Catalog) -> None:
    orders = Datasets(shop).dataset("shop", "orders")
    assert orders is not None
    assert {column.name: column.confirmed for column in orders.columns} == {
        "id": frozenset(),
        "email": {"pii.email"},
        "card": {"fin.card"},
        "land": frozenset(),
        "total": frozenset(),
    }
    assert {assignment.origin for assignment in Tags(shop).assignments()} == {TagOrigin.DOCUMENT}
    policies = PolicyStore(shop).current()
    assert {policy.id for policy in policies.policies} == {"clerks", "bosses", "administrators see everything"}
    assert Accounts(shop).roles() == tuple(sorted(policies.roles, key=lambda role: role.name))


def test_applying_twice_makes_one_revision(shop: Catalog, tmp_path: Path) -> None:
    assert apply(shop, SHOP, tmp_path).revision == 2
    assert len(Revisions(shop).history()) == 2


def test_a_revision_tells_who_and_what(shop: Catalog, tmp_path: Path) -> None:
    applied = carry_out(plan(shop, ONE_ROLE, tmp_path), shop, by="bob", why="temps help out")
    revision = Revisions(shop).history()[0]
    assert (revision.number, revision.by, revision.why) == (applied.revision, "bob", "temps help out")
    assert revision.difference == "~ role clerk"


def test_the_journal_tells_it_in_the_same_breath(shop: Catalog) -> None:
    event = Journal(shop).search(kind=EventKind.DOCUMENT_APPLY)[0]
    assert (event.user, event.revision, event.datasets) == ("ada", 2, ("shop.orders",))
    assert set(event.policies) == {"clerks", "bosses"}
    assert set(event.tags) == {"pii.email", "fin.card"}
    assert "+ policy clerks" in str(event.details["difference"])


def test_a_plan_is_refused_once_the_live_revision_moved(shop: Catalog, tmp_path: Path) -> None:
    stale = plan(shop, ONE_ROLE, tmp_path)
    apply(shop, "veil: 1\ndatabases: {other: {}}", tmp_path)
    with pytest.raises(PolicyInvalid, match="the live revision is 3, and this plan was made against revision 2"):
        carry_out(stale, shop, by="ada")
    assert PolicyStore(shop).current().revision == 3


def test_a_failure_half_way_leaves_nothing(catalog: Catalog, tmp_path: Path) -> None:
    before = read_live(catalog)
    text = SHOP.replace("land: NO}}", "land: NO}, password_env: KIM}")
    with pytest.raises(SettingsInvalid, match="too short"):
        apply(catalog, text, tmp_path, environment={"KIM": "short"})
    assert read_live(catalog) == before
    assert Journal(catalog).search(kind=EventKind.DOCUMENT_APPLY) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        "policies: [{policy: p, grant: select, to: [nobody], scope: shop}]",
        "datasets: {shop.gone: {source: s, relation: gone.csv}}",
        "policies: [{policy: p, grant: select, to: [clerk], scope: shop, scoop: 1}]",
    ],
)
def test_a_wrong_document_changes_nothing(shop: Catalog, tmp_path: Path, wrong: str) -> None:
    before = read_live(shop)
    with pytest.raises(VeilError):
        apply(shop, f"veil: 1\ndatabases: {{new: {{}}}}\n{wrong}", tmp_path)
    assert read_live(shop) == before


def test_a_password_comes_from_the_environment_when_applied(shop: Catalog, tmp_path: Path) -> None:
    applied = apply(shop, PASSWORD, tmp_path, environment={"KIM": "correct horse"})
    assert [str(change) for change in applied.plan.changes] == ["~ password kim"]
    assert Accounts(shop).check_password("kim", "correct horse") is not None
    assert not plan(shop, PASSWORD, tmp_path, environment={"KIM": "correct horse"}).has_changes
    assert "correct horse" not in repr(applied)


def test_a_variable_that_is_not_set_is_a_warning_then_an_error(shop: Catalog, tmp_path: Path) -> None:
    made = plan(shop, PASSWORD, tmp_path)
    assert made.warnings == ("the variable `KIM` is not set here; `veil apply` needs it",)
    with pytest.raises(PolicyInvalid, match=r"line 2: `users\.kim` takes its password from `KIM`, which is not set"):
        carry_out(made, shop, by="ada")


def test_a_user_without_password_env_keeps_the_password(shop: Catalog, tmp_path: Path) -> None:
    apply(shop, PASSWORD, tmp_path, environment={"KIM": "correct horse"})
    apply(shop, "veil: 1\nusers: {kim: {groups: [others]}}", tmp_path)
    user = Accounts(shop).check_password("kim", "correct horse")
    assert user is not None
    assert user.groups == {"others"}
    assert user.attributes == {"land": "NO"}


def test_a_suggestion_named_in_a_document_is_confirmed(shop: Catalog, tmp_path: Path) -> None:
    suggestion = TagAssignment(
        dataset="shop.orders", path=("land",), tag="pii.email", state=TagState.SUGGESTED, origin=TagOrigin.RULE
    )
    Tags(shop).suggest(suggestion)
    apply(shop, "veil: 1\ndatasets: {shop.orders: {columns: {land: {tags: [pii.email]}}}}", tmp_path)
    [assignment] = [found for found in Tags(shop).assignments("shop.orders") if found.path == ("land",)]
    assert (assignment.state, assignment.origin, assignment.by) == (TagState.CONFIRMED, TagOrigin.DOCUMENT, "ada")


def test_a_tag_that_a_document_gave_and_takes_back_is_gone(shop: Catalog, tmp_path: Path) -> None:
    apply(shop, "veil: 1\ndatasets: {shop.orders: {columns: {card: {tags: []}}}}", tmp_path)
    assert [assignment.tag for assignment in Tags(shop).assignments("shop.orders")] == ["pii.email"]


def test_a_document_may_replace_the_first_grant(shop: Catalog, tmp_path: Path) -> None:
    text = 'veil: 1\npolicies: [{policy: administrators see everything, deny: select, to: [boss], scope: "*"}]'
    apply(shop, text, tmp_path)
    assert [p.effect.value for p in PolicyStore(shop).current().policies if p.id.startswith("admin")] == ["deny"]


def test_pruning_away_everything_leaves_nobody_anything(shop: Catalog, tmp_path: Path) -> None:
    apply(shop, "veil: 1", tmp_path, prune=True)
    policies = PolicyStore(shop).current()
    assert (policies.policies, policies.roles, Accounts(shop).roles()) == ((), (), ())


def test_nested_fields_and_odd_names_are_registered(shop: Catalog, tmp_path: Path) -> None:
    (tmp_path / "d" / "Lab Results.json").write_text('[{"who": {"Birth Day": "x", "zip": "1"}, "n": 1}]')
    text = """
veil: 1
datasets:
  shop."Lab Results":
    source: s
    relation: Lab Results.json
    tags: [pii.email]
    columns: {'who."birth day"': {tags: [fin.card]}}
"""
    apply(shop, text, tmp_path)
    labs = Datasets(shop).dataset("shop", "lab results")
    assert labs is not None
    assert labs.confirmed == {"pii.email"}
    assert {column.path: column.confirmed for column in labs.columns}[("who", "Birth Day")] == {"fin.card"}
    assert not plan(shop, text, tmp_path).has_changes
