"""Who may see what, and what a change does, where policies count in some circumstances only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.people.accounts import Accounts
from policy_engine.changing.apply import prepare
from policy_engine.changing.plan import Plan
from policy_engine.document.reading import loads
from policy_engine.model import Outcome
from policy_engine.store import PolicyStore
from policy_engine.subjects import subject_of
from policy_engine.telling.who import can, who
from tests.policy_engine.homes import NOW, apply, shop_home
from tests.policy_engine.shop import SHOP

HEAD = "veil: 1\npolicies:\n"
CARDS = (
    HEAD + "  - {policy: cards, grant: select, to: [clerk], scope: shop, having: fin.card, when: {purpose: audit}}\n"
)
AWAY = HEAD + (
    "  - {policy: away, deny: select, to: [clerk], scope: shop, having: pii.email, when: {network: 192.0.2.0/24}}\n"
)

TOP = HEAD + (
    "  - {policy: top, grant: select, to: [clerk], scope: shop, having: fin.card,"
    " when: {attribute: {clearance: [top]}}}\n"
)
PEOPLE = (
    "users:\n  has: {groups: [clerks], attributes: {clearance: top}}\n"
    "  low: {groups: [clerks], attributes: {clearance: low}}\n  lacks: {groups: [clerks]}\n"
)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with shop_home(tmp_path) as catalog:
        apply(catalog, SHOP, tmp_path)
        yield catalog


def planned(catalog: Catalog, text: str) -> Plan:
    return prepare(loads(text), catalog, at=NOW)


def test_who_may_see_a_column_in_some_circumstances_is_told_in_which(catalog: Catalog, tmp_path: Path) -> None:
    apply(catalog, CARDS, tmp_path)
    dataset = Datasets(catalog).dataset("shop", "orders")
    assert dataset is not None
    policies = PolicyStore(catalog).current()
    holders = {item.name: item for item in who(dataset, "card", policies, Accounts(catalog).users(), NOW)}
    assert {"clerk", "kim"} <= holders.keys()
    assert "policy `cards` counts when purpose is audit" in holders["clerk"].sight.reason
    kim = Accounts(catalog).user("kim")
    assert kim is not None
    [card] = [sight for sight in can(subject_of(kim), [dataset], policies, NOW) if sight.column == "card"]
    assert "when purpose is audit" in card.reason


def test_a_conditional_denial_leaves_those_who_may_still_see(catalog: Catalog, tmp_path: Path) -> None:
    apply(catalog, AWAY, tmp_path)
    dataset = Datasets(catalog).dataset("shop", "orders")
    assert dataset is not None
    found = who(dataset, "email", PolicyStore(catalog).current(), Accounts(catalog).users(), NOW)
    assert "clerk" in {holder.name for holder in found}


def test_a_plan_tells_who_gains_in_some_circumstances(catalog: Catalog) -> None:
    plan = planned(catalog, CARDS)
    cards = [impact for impact in plan.impacts if impact.column == "card"]
    assert [(i.name, i.movement.value, i.when) for i in cards] == [("clerk", "gains", "purpose is audit")]
    assert "<- policy cards, when purpose is audit" in plan.text()
    assert "when: purpose is audit" in plan.text()


def test_a_plan_tells_who_loses_in_some_circumstances(catalog: Catalog) -> None:
    plan = planned(catalog, AWAY)
    assert [(i.name, i.column, i.movement.value) for i in plan.impacts] == [("clerk", "email", "loses")]


def test_a_plan_tells_which_users_a_scope_of_their_own_opens_something_to(catalog: Catalog) -> None:
    text = HEAD + "  - {policy: own, grant: select, to: [clerk], scope: 'shop.orders(card)', where: '${user}'}\n"
    text = text.replace(", where: '${user}'", "").replace("shop.orders(card)", "sh${user}")
    text += "users: {op: {groups: [clerks]}}\n"
    plan = planned(catalog, text)
    assert ("op", "card") in {(impact.name, impact.column) for impact in plan.impacts}
    assert "card" not in {impact.column for impact in plan.impacts if impact.name != "op"}


def test_who_lacks_an_attribute_is_not_told_to_see_what_takes_it(catalog: Catalog, tmp_path: Path) -> None:
    apply(catalog, TOP + PEOPLE, tmp_path)
    dataset, accounts = Datasets(catalog).dataset("shop", "orders"), Accounts(catalog)
    assert dataset is not None
    policies = PolicyStore(catalog).current()
    seeing = {item.name for item in who(dataset, "card", policies, accounts.users(), NOW)}
    assert {"clerk", "has"} <= seeing
    assert not {"low", "lacks"} & seeing
    for name in ("has", "low", "lacks"):
        user = accounts.user(name)
        assert user is not None
        shown = {s.column for s in can(subject_of(user), [dataset], policies, NOW) if s.outcome is not Outcome.HIDDEN}
        assert ("card" in shown) == (name == "has")


def test_a_plan_tells_no_gain_of_accounts_that_lack_the_attribute(catalog: Catalog, tmp_path: Path) -> None:
    plan = planned(catalog, TOP + PEOPLE)
    gains = {impact.name for impact in plan.impacts if impact.column == "card"}
    assert gains == {"clerk", "has"}
    apply(catalog, TOP + PEOPLE, tmp_path)
    back = planned(catalog, TOP.replace("grant: select", "enabled: false, grant: select"))
    assert "lacks" not in {impact.name for impact in back.impacts if impact.column == "card"}
