"""Names of people from an identity provider: held by who came first, whatever others come to be called."""

from datetime import timedelta

import pytest

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.people.accounts import Accounts
from catalog.people.model import User
from catalog.people.provided_names import Holder, ProvidedNames
from tests.catalog.conftest import Clock

ISSUER = "https://id.example"


@pytest.fixture
def names(catalog: Catalog) -> ProvidedNames:
    return ProvidedNames(catalog)


def test_a_name_is_held_by_who_came_with_it_first(names: ProvidedNames, clock: Clock) -> None:
    first = names.hold("oidc:kim", ISSUER, "1001", clock.now)
    assert first == Holder(name="oidc:kim", provider=ISSUER, subject="1001", since=clock.now)
    clock.move(timedelta(days=1))
    for subject, provider in (("1001", ISSUER), ("1002", ISSUER), ("1001", "https://other.example")):
        assert names.hold("OIDC:Kim", provider, subject, clock.now) == first
    assert names.holder("oidc:max") is None


def test_somebody_may_hold_several_names(names: ProvidedNames, clock: Clock) -> None:
    assert names.hold("oidc:kim", ISSUER, "1001", clock.now).subject == "1001"
    assert names.hold("oidc:kim.berg", ISSUER, "1001", clock.now).subject == "1001"


def test_a_released_name_is_held_by_who_comes_next(names: ProvidedNames, clock: Clock) -> None:
    names.hold("oidc:kim", ISSUER, "1001", clock.now)
    assert names.release("OIDC:KIM")
    assert not names.release("oidc:kim")
    assert names.hold("oidc:kim", ISSUER, "1002", clock.now).subject == "1002"


def test_tokens_are_refused_from_before_a_moment(names: ProvidedNames, clock: Clock) -> None:
    assert not names.refuse_before("oidc:kim", clock.now)
    names.hold("oidc:kim", ISSUER, "1001", clock.now)
    assert names.refuse_before("oidc:KIM", clock.now)
    holder = names.holder("oidc:kim")
    assert holder is not None
    assert holder.refused_before == clock.now


@pytest.mark.parametrize("name", ["oidc:kim", "OIDC:kim", "Oidc:", "local:kim", "Local:kim", "role:clerk", "ROLE:"])
def test_no_local_account_has_such_a_name(accounts: Accounts, name: str) -> None:
    with pytest.raises(SettingsInvalid, match="cannot name a local account"):
        accounts.put_user(User(name=name))
    accounts.put_user(User(name="oidc"))
    accounts.put_user(User(name="x-oidc:kim"))
    accounts.put_user(User(name="local"))
