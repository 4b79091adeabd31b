"""Roles, local users and their passwords."""

import sqlite3

import pytest
from argon2 import PasswordHasher

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.people.accounts import Accounts
from catalog.people.model import Role, User

ADA = User(name="ada", groups=frozenset({"analysts", "Ärzte"}), attributes={"region": "northwest"})


def test_a_role_is_replaced_by_name_and_raises_the_version(accounts: Accounts, catalog: Catalog) -> None:
    accounts.put_role(Role(name="Reader", groups=frozenset({"a"})))
    version = catalog.version()
    accounts.put_role(Role(name="READER", groups=frozenset({"b", "c"})))
    assert accounts.roles() == (Role(name="Reader", groups=frozenset({"b", "c"})),)
    assert catalog.version() == version + 1
    assert accounts.remove_role("reader")
    assert not accounts.remove_role("reader")


def test_a_user_keeps_groups_and_attributes(accounts: Accounts) -> None:
    accounts.put_user(ADA)
    assert accounts.user("ADA") == ADA
    assert accounts.users() == (ADA,)
    assert accounts.user("bob") is None


def test_no_second_user_can_take_a_name_in_another_case(accounts: Accounts) -> None:
    accounts.put_user(ADA)
    accounts.put_user(User(name="ADA"))
    assert accounts.users() == (User(name="ada"),)


def test_the_right_password_signs_in_and_no_other(accounts: Accounts) -> None:
    accounts.put_user(ADA)
    accounts.set_password("Ada", "correct horse")
    signed_in = accounts.check_password("ADA", "correct horse")
    assert signed_in is not None
    assert (signed_in.name, signed_in.groups) == (ADA.name, ADA.groups)
    for wrong in ("Correct horse", "correct horse ", "", "x" * 5000):
        assert accounts.check_password("ada", wrong) is None


@pytest.mark.parametrize("password", ["", "nobody signs in with this", "anything else"])
def test_unknown_users_and_users_without_a_password_never_sign_in(accounts: Accounts, password: str) -> None:
    accounts.put_user(ADA)
    assert accounts.check_password("ada", password) is None
    assert accounts.check_password("nobody", password) is None


def test_an_unknown_user_costs_the_work_of_a_known_one(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.put_user(ADA)
    accounts.set_password("ada", "correct horse")
    verified: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:
        verified.append(str(hash))
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    accounts.check_password("ada", "wrong horse")
    accounts.check_password("nobody", "wrong horse")
    known, unknown = ([part for part in encoded.split("$")[:4]] for encoded in verified)
    assert known == unknown


def test_a_hash_of_yesterdays_cost_is_renewed_at_sign_in(accounts: Accounts, catalog: Catalog) -> None:
    accounts.put_user(ADA)
    accounts.set_password("ada", "correct horse")
    dearer = Accounts(catalog, hasher=PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    before = catalog.rows("SELECT password_hash FROM user")[0][0]
    assert dearer.check_password("ada", "wrong horse") is None
    assert catalog.rows("SELECT password_hash FROM user")[0][0] == before
    assert dearer.check_password("ada", "correct horse") is not None
    assert "t=2" in catalog.rows("SELECT password_hash FROM user")[0][0]
    assert dearer.check_password("ada", "correct horse") is not None


def test_writing_a_user_anew_keeps_the_password(accounts: Accounts) -> None:
    accounts.put_user(ADA)
    accounts.set_password("ada", "correct horse")
    accounts.put_user(User(name="ada"))
    assert accounts.check_password("ada", "correct horse") is not None


def test_a_damaged_hash_signs_nobody_in(accounts: Accounts) -> None:
    accounts.put_user(User(name="ada", password_hash="not argon2"))
    assert accounts.check_password("ada", "not argon2") is None


def test_whether_anybody_is_called_by_one_of_some_names_is_told_as_names_compare(accounts: Accounts) -> None:
    accounts.put_user(ADA)
    accounts.put_user(User(name="Ärzte"))
    for names, is_there in (
        (["ADA"], True),
        (["x", "Ärzte"], True),
        (["ärzte"], False),
        (["ada "], False),
        ([], False),
    ):
        assert accounts.has_any(names) is is_there, names
        assert any(accounts.user(name) for name in names) is is_there


def test_broken_text_signs_nobody_in(accounts: Accounts) -> None:
    accounts.put_user(ADA)
    accounts.set_password("ada", "correct horse")
    assert accounts.check_password("\ud800", "correct horse") is None
    assert accounts.check_password("ada", "\ud800") is None


def test_a_password_is_not_kept_as_it_is(accounts: Accounts, catalog: Catalog) -> None:
    accounts.put_user(ADA)
    accounts.set_password("ada", "correct horse")
    stored: sqlite3.Row = catalog.rows("SELECT * FROM user")[0]
    assert all("horse" not in str(value) for value in tuple(stored))
    assert stored["password_hash"].startswith("$argon2id$")


def test_short_passwords_and_unknown_users_are_refused(accounts: Accounts) -> None:
    accounts.put_user(ADA)
    with pytest.raises(SettingsInvalid, match="too short") as caught:
        accounts.set_password("ada", "secret7")
    assert "secret7" not in caught.value.detail
    with pytest.raises(SettingsInvalid, match="no user `adda`") as caught:
        accounts.set_password("adda", "correct horse")
    assert caught.value.hint == "did you mean `ada`?"


def test_a_sign_in_that_brings_a_hash_up_to_date_tells_the_hash_that_is_kept(catalog: Catalog) -> None:
    """What a session is bound to: with the old one it would have ended as it began."""
    cheap = Accounts(catalog, hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    cheap.put_user(User(name="ada"))
    cheap.set_password("ada", "correct horse")
    dearer = Accounts(catalog, hasher=PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    before = dearer.user("ada")
    found, kept = dearer.check_password("ada", "correct horse"), dearer.user("ada")
    assert found is not None
    assert found == kept
    assert found != before
