"""API tokens: random, shown once, ended by time, by revocation or with their user."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.people.accounts import Accounts
from catalog.people.api_tokens import ApiTokens
from catalog.people.model import User
from tests.catalog.conftest import Clock

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _ada(accounts: Accounts) -> None:
    accounts.put_user(User(name="ada"))
    accounts.put_user(User(name="bob"))


def test_a_token_is_found_by_its_text_alone(tokens: ApiTokens, clock: Clock) -> None:
    text, token = tokens.create("Ada", "notebook", 30 * DAY, now=clock.now)
    assert re.fullmatch(r"veil_[A-Za-z0-9_-]{43}", text)
    assert (token.user, token.name, token.expires_at) == ("ada", "notebook", clock.now + 30 * DAY)
    assert tokens.find(text, clock.now) == token


def test_the_text_is_nowhere_in_the_file(tokens: ApiTokens, catalog: Catalog, clock: Clock) -> None:
    text, _ = tokens.create("ada", "", DAY, now=clock.now)
    rows = catalog.rows("SELECT * FROM api_token")
    assert all(text[5:] not in str(value) for row in rows for value in tuple(row))


@pytest.mark.parametrize("text", ["", "veil_", "veil_" + "A" * 43, "veil_" + "ä" * 43, "x" * 1_000_000])
def test_an_unknown_text_is_nobodys(tokens: ApiTokens, clock: Clock, text: str) -> None:
    tokens.create("ada", "", DAY, now=clock.now)
    assert tokens.find(text, clock.now) is None


def test_a_token_ends_at_the_very_moment_it_says(tokens: ApiTokens, clock: Clock) -> None:
    text, token = tokens.create("ada", "", DAY, now=clock.now)
    assert tokens.find(text, token.expires_at - timedelta(microseconds=1)) is not None
    assert tokens.find(text, token.expires_at) is None


def test_a_revoked_token_is_nobodys_at_once(tokens: ApiTokens, clock: Clock) -> None:
    text, token = tokens.create("ada", "", DAY, now=clock.now)
    assert tokens.revoke(token.id, now=clock.now)
    assert not tokens.revoke(token.id, now=clock.now)
    assert tokens.find(text, clock.now) is None
    assert tokens.tokens("ada")[0].revoked_at == clock.now


def test_tokens_go_with_their_user_and_do_not_return(tokens: ApiTokens, accounts: Accounts, clock: Clock) -> None:
    text, _ = tokens.create("ada", "", DAY, now=clock.now)
    accounts.remove_user("ada")
    accounts.put_user(User(name="ada"))
    assert tokens.find(text, clock.now) is None
    assert tokens.tokens() == ()


def test_last_use_is_noted_at_most_once_a_minute(tokens: ApiTokens, clock: Clock, catalog: Catalog) -> None:
    text, _ = tokens.create("ada", "", DAY, now=clock.now)
    noted = []
    for _ in range(5):
        tokens.find(text, clock.now)
        noted.append(tokens.tokens()[0].last_used_at)
        clock.move(timedelta(seconds=30))
    start = clock.now - timedelta(seconds=150)
    assert noted == [start + timedelta(seconds=seconds) for seconds in (0, 0, 60, 60, 120)]


def test_tokens_are_listed_newest_first_and_by_user(tokens: ApiTokens, clock: Clock) -> None:
    for user in ("ada", "bob", "ada"):
        tokens.create(user, "", DAY, now=clock.now)
        clock.move(DAY / 100)
    assert [token.user for token in tokens.tokens()] == ["ada", "bob", "ada"]
    assert [token.user for token in tokens.tokens("ADA")] == ["ada", "ada"]


@pytest.mark.parametrize("lifetime", [timedelta(0), -DAY, timedelta.max])
def test_a_lifetime_must_make_sense(tokens: ApiTokens, lifetime: timedelta) -> None:
    with pytest.raises(SettingsInvalid, match="lifetime"):
        tokens.create("ada", "", lifetime)
    assert tokens.tokens() == ()


def test_a_token_needs_a_user(tokens: ApiTokens) -> None:
    with pytest.raises(SettingsInvalid, match="no user `add`"):
        tokens.create("add", "", DAY)


def test_scopes_are_kept_and_a_token_without_any_word_of_them_carries_everything(
    tokens: ApiTokens, clock: Clock
) -> None:
    for scopes, kept, words in (
        (None, None, "everything"),
        ((), (), "reading data only"),
        (['tag:assign on "Phi"', "audit:read"], ("audit:read", 'tag:assign on "Phi"'), None),
    ):
        text, token = tokens.create("ada", "x", DAY, scopes=scopes, now=clock.now)
        found = tokens.find(text, clock.now)
        assert found is not None
        assert token.scopes == found.scopes == kept
        assert token.carries == (words or 'audit:read, tag:assign on "Phi"')


def test_a_use_that_cannot_be_noted_hinders_nothing(tokens: ApiTokens, catalog_file: Path, clock: Clock) -> None:
    text, token = tokens.create("ada", "", DAY, now=clock.now)
    with Catalog(catalog_file) as other, other.transaction():
        began_at = time.monotonic()
        assert tokens.find(text, clock.now) == token
        assert time.monotonic() - began_at < 2
    assert tokens.tokens("ada")[0].last_used_at is None
    tokens.find(text, clock.now)
    assert tokens.tokens("ada")[0].last_used_at == clock.now
