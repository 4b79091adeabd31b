"""An export of the journal that has begun ends, so that its reader sees it, once they may not read it any more."""

import http.client
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.journal.event import Event, EventKind
from catalog.people.model import Role
from catalog.people.web_sessions import WebSessions
from policy_engine.capabilities import Action
from policy_engine.store import PolicyStore
from proxy.http.streams import StreamBroken
from tests.web_ui.browsing import SignIn
from tests.web_ui.elsewhere import elsewhere, regroup, remove_user, revoke_all
from tests.web_ui.running import running
from tests.web_ui.shop import open_shop
from web_ui.apis import audit
from web_ui.parts import Parts

EXPORT = "/api/v1/audit/export?dataset=shop.orders"
GUESTS = frozenset({"guests"})
READS_SHOP = Role(name="reader", groups=GUESTS, capabilities=frozenset({f"{Action.AUDIT_READ} on shop"}))

Change = Callable[[Parts], object]


def _events(parts: Parts, count: int, size: int) -> None:
    with parts.catalog.transaction():
        for _ in range(count):
            details = {"text": "x" * size}
            parts.journal.append(
                Event(kind=EventKind.QUERY_BEGIN, user="max", datasets=("shop.orders",), details=details)
            )


def _roles(parts: Parts, *more: Role) -> None:
    with elsewhere(parts) as catalog:
        policies = PolicyStore(catalog)
        now = policies.current()
        kept = tuple(role for role in now.roles if role.name != READS_SHOP.name)
        policies.put(now.policies, (*kept, *more), by="test", why="", difference="")


def _end_session(parts: Parts) -> None:
    with elsewhere(parts) as catalog:
        sessions = WebSessions(catalog)
        for session in sessions.living(parts.clock(), idle=None, user="eve"):
            sessions.end(session.id, parts.clock())


@pytest.fixture
def journal(shop: Parts) -> Parts:
    """The shop, in which eve may read what happened there, which is a little."""
    _roles(shop, READS_SHOP)
    _events(shop, 20, 10)
    return shop


def _lines(client: FlaskClient, **headers: str) -> Iterator[bytes]:
    answer = client.get(EXPORT, buffered=False, headers=headers)
    assert answer.status_code == 200
    return answer.iter_encoded()


@pytest.mark.parametrize("every", [0.0, 60.0])
def test_an_export_comes_whole_while_nothing_changes(
    browser: SignIn, journal: Parts, monkeypatch: pytest.MonkeyPatch, every: float
) -> None:
    monkeypatch.setattr(audit, "ASK_AGAIN_SECONDS", every)
    lines = _lines(browser("eve"))
    first = next(lines)
    _roles(journal, READS_SHOP, Role(name="other", groups=frozenset({"others"})))  # which is about nobody who reads
    assert len([first, *lines]) == 1 + 20


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: _roles(parts),
        lambda parts: _roles(parts, replace(READS_SHOP, capabilities=frozenset({f"{Action.AUDIT_READ} on lab"}))),
        lambda parts: regroup(parts, "eve", "clerks"),
        lambda parts: remove_user(parts, "eve"),
        lambda parts: revoke_all(parts, "eve"),
    ],
    ids=["role gone", "role narrowed", "groups changed", "account gone", "token revoked"],
)
def test_an_export_ends_once_its_reader_may_not_read_it(
    client: FlaskClient,
    bearer: Callable[[str], dict[str, str]],
    journal: Parts,
    monkeypatch: pytest.MonkeyPatch,
    change: Change,
) -> None:
    monkeypatch.setattr(audit, "ASK_AGAIN_SECONDS", 0.0)
    lines = _lines(client, **bearer("eve"))
    assert len([next(lines) for _ in range(3)]) == 3
    change(journal)
    with pytest.raises(StreamBroken):
        next(lines)


def test_an_export_of_a_page_ends_with_its_sign_in(
    browser: SignIn, journal: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "ASK_AGAIN_SECONDS", 0.0)
    eve = browser("eve")
    lines = _lines(eve)
    next(lines)
    _end_session(journal)
    with pytest.raises(StreamBroken):
        next(lines)


def test_who_reads_slowly_at_a_server_is_told_that_an_export_ended(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        shop.home.settings_file.write_text("[server]\nport = 0\n")
        _roles(shop, READS_SHOP)
        _events(shop, 600, 40_000)  # more than a system keeps for a connection
        text, token = shop.tokens.create("eve", "test", timedelta(days=1))
        with running(shop.home.path) as server, server.connection() as connection:
            connection.request("GET", EXPORT, headers={"Authorization": f"Bearer {text}"})
            with connection.getresponse() as answer:
                assert (answer.status, len(answer.read(1_000))) == (200, 1_000)
                shop.tokens.revoke(token.id)
                time.sleep(audit.ASK_AGAIN_SECONDS + 0.2)
                with pytest.raises(http.client.IncompleteRead) as ended:
                    answer.read()
    assert len(ended.value.partial) < 600 * 40_000
