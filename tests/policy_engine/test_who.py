"""Who may see this, and what may this person see: the same answer from both ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Dataset
from catalog.people.accounts import Accounts
from catalog.people.model import User
from policy_engine.model import PolicySet
from policy_engine.store import PolicyStore
from policy_engine.subjects import subject_of
from policy_engine.telling.who import Holder, can, who
from tests.policy_engine.homes import NOW, apply, shop_home
from tests.policy_engine.shop import SHOP


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with shop_home(tmp_path) as catalog:
        apply(catalog, SHOP, tmp_path)
        yield catalog


@pytest.fixture
def orders(catalog: Catalog) -> Dataset:
    dataset = Datasets(catalog).dataset("shop", "orders")
    assert dataset is not None
    return dataset


@pytest.fixture
def policies(catalog: Catalog) -> PolicySet:
    return PolicyStore(catalog).current()


def holders(catalog: Catalog, column: str | None) -> tuple[Holder, ...]:
    dataset = Datasets(catalog).dataset("shop", "orders")
    assert dataset is not None
    return who(dataset, column, PolicyStore(catalog).current(), Accounts(catalog).users(), NOW)


def test_can_tells_every_column_and_why(catalog: Catalog, orders: Dataset, policies: PolicySet) -> None:
    kim = Accounts(catalog).user("kim")
    assert kim is not None
    sights = can(subject_of(kim), [orders], policies, NOW)
    assert {sight.column: sight.outcome.value for sight in sights} == {
        "id": "clear",
        "email": "masked",
        "card": "hidden",
        "land": "clear",
        "total": "clear",
    }
    assert all(sight.is_filtered for sight in sights)
    assert {sight.transform for sight in sights} == {"", "tokenize"}
    assert all(sight.reason for sight in sights)


def test_nothing_is_told_of_a_dataset_nobody_granted(orders: Dataset, policies: PolicySet) -> None:
    assert can(subject_of(User(name="eve")), [orders], policies, NOW) == ()


def test_who_names_roles_with_groups_and_users(catalog: Catalog) -> None:
    found = [(holder.kind, holder.name, holder.groups, holder.users) for holder in holders(catalog, "CARD")]
    assert ("role", "boss", ("admin",), ("max",)) in found
    assert ("user", "max", ("admin", "max"), ("max",)) in found
    assert not any(name in ("clerk", "kim") for _, name, _, _ in found)


def test_who_tells_how_and_through_which_policy(catalog: Catalog) -> None:
    [clerk] = [holder for holder in holders(catalog, "email") if holder.name == "clerk"]
    assert (clerk.sight.transform, clerk.sight.policies) == ("tokenize", ("clerks",))


def test_who_of_a_whole_dataset_has_every_visible_column(catalog: Catalog) -> None:
    columns = {holder.sight.column for holder in holders(catalog, None) if holder.name == "clerk"}
    assert columns == {"id", "email", "land", "total"}


def test_a_denial_of_another_role_counts_for_the_user(catalog: Catalog, tmp_path: Path) -> None:
    text = 'veil: 1\nroles: {out: {groups: [max]}}\npolicies: [{policy: no, deny: select, to: [out], scope: "*"}]'
    apply(catalog, text, tmp_path)
    names = {(holder.kind, holder.name) for holder in holders(catalog, "id")}
    assert ("role", "boss") in names
    assert ("user", "max") not in names
