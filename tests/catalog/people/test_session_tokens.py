"""Tokens that sign-ins lend: found by their text, worth their session, ended with it or before."""

import re
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.people.model import WebSession
from catalog.people.session_tokens import SessionTokens
from catalog.people.web_sessions import WebSessions
from tests.catalog.conftest import Clock

HOUR = timedelta(hours=1)


@pytest.fixture
def tokens(catalog: Catalog) -> SessionTokens:
    return SessionTokens(catalog)


@pytest.fixture
def session(web_sessions: WebSessions, clock: Clock) -> WebSession:
    kept = WebSession(user="oidc:kim", began_at=clock.now, seen_at=clock.now, expires_at=clock.now + 12 * HOUR)
    return web_sessions.begin(replace(kept, provider="https://id.example", groups=frozenset({"clerks"})))[1]


def test_a_token_is_worth_its_session(tokens: SessionTokens, session: WebSession, clock: Clock) -> None:
    text, token = tokens.create(session.id, "notebook", clock.now)
    assert re.fullmatch(r"veil_[A-Za-z0-9_-]{43}", text)
    assert (token.user, token.name, token.expires_at) == ("oidc:kim", "notebook", session.expires_at)
    assert tokens.find(text, clock.now) == replace(session, token=token.id)
    assert [each.id for each in tokens.tokens("OIDC:kim", clock.now)] == [token.id]
    assert tokens.tokens("oidc:max", clock.now) == ()


def test_its_use_is_noted_and_its_text_is_nowhere_in_the_file(
    tokens: SessionTokens, session: WebSession, catalog: Catalog, clock: Clock
) -> None:
    text, token = tokens.create(session.id, "", clock.now)
    assert token.last_used_at is None
    tokens.find(text, clock.now)
    [listed] = tokens.tokens("oidc:kim", clock.now)
    assert listed.last_used_at == clock.now
    assert all(
        text[5:] not in str(value) for row in catalog.rows("SELECT * FROM session_token") for value in tuple(row)
    )


@pytest.mark.parametrize("text", ["", "veil_", "veil_" + "A" * 43, "veil_" + "ä" * 43, "\ud800", "x" * 1_000_000])
def test_an_unknown_text_is_nobodys(tokens: SessionTokens, session: WebSession, clock: Clock, text: str) -> None:
    tokens.create(session.id, "", clock.now)
    assert tokens.find(text, clock.now) is None


def test_a_token_ends_with_its_session_and_idleness_of_the_pages_does_not_end_it(
    tokens: SessionTokens, session: WebSession, web_sessions: WebSessions, clock: Clock
) -> None:
    text, _ = tokens.create(session.id, "", clock.now)
    clock.move(11 * HOUR)
    assert tokens.find(text, clock.now) is not None
    assert tokens.find(text, session.expires_at) is None
    web_sessions.end(session.id, clock.now)
    assert tokens.find(text, clock.now) is None
    assert tokens.tokens("oidc:kim", clock.now) == ()


def test_a_revoked_token_is_nobodys_and_its_session_goes_on(
    tokens: SessionTokens, session: WebSession, clock: Clock
) -> None:
    (text, token), (other, kept) = (tokens.create(session.id, name, clock.now) for name in ("a", "b"))
    assert tokens.revoke(token.id, clock.now)
    assert not tokens.revoke(token.id, clock.now)
    assert tokens.find(text, clock.now) is None
    assert tokens.find(other, clock.now) == replace(session, token=kept.id)


def test_tokens_are_forgotten_with_their_session(
    tokens: SessionTokens, session: WebSession, web_sessions: WebSessions, catalog: Catalog, clock: Clock
) -> None:
    tokens.create(session.id, "", clock.now)
    clock.move(13 * HOUR)
    web_sessions.begin(replace(session, began_at=clock.now, expires_at=clock.now + HOUR))
    assert catalog.rows("SELECT * FROM session_token") == []


def test_a_session_is_found_with_the_id_and_scopes_of_the_token(
    tokens: SessionTokens, session: WebSession, clock: Clock
) -> None:
    for scopes in ((), ("audit:read",)):
        text, token = tokens.create(session.id, "x", clock.now, scopes=scopes)
        assert token.scopes == scopes
        assert tokens.find(text, clock.now) == replace(session, scopes=scopes, token=token.id)


def test_a_use_that_cannot_be_noted_hinders_nothing(
    tokens: SessionTokens, session: WebSession, web_sessions: WebSessions, catalog_file: Path, clock: Clock
) -> None:
    text, token = tokens.create(session.id, "", clock.now)
    with Catalog(catalog_file) as other, other.transaction():
        began_at = time.monotonic()
        assert tokens.find(text, clock.now) == replace(session, token=token.id)
        web_sessions.saw(session.id, clock.now + HOUR)
        assert time.monotonic() - began_at < 3
    assert tokens.tokens("oidc:kim", clock.now) == (token,)
