"""Tokens that carry less than their owners may do: what they are refused, and that nothing widens them."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import flask
import pytest
from flask.testing import FlaskClient

from catalog.journal.event import EventKind
from policy_engine.judging.kinds import kind
from policy_engine.subjects import narrowed, subject_of
from tests.web_ui.browsing import csrf_token
from web_ui.parts import Parts

SignIn = Callable[[str], FlaskClient]
Asked = Callable[..., dict[str, str]]


@pytest.fixture
def header(shop: Parts) -> Asked:
    """Gives the header that a user's token with these scopes makes."""

    def made(user: str, *scopes: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {shop.tokens.create(user, 'test', timedelta(days=1), scopes=scopes)[0]}"}

    return made


def _make(client: FlaskClient, header: dict[str, str] | None = None, **choice: object) -> int:
    form = {"csrf_token": csrf_token(client.get("/connect", headers=header)), "name": "made", "days": "7", **choice}
    return client.post("/connect/tokens", data=form, headers=header).status_code


def _made(shop: Parts, user: str) -> list[tuple[str, ...] | None]:
    return [token.scopes for token in shop.tokens.tokens(user) if token.name == "made"]


def test_data_is_the_same_by_every_token(app: flask.Flask, header: Asked, shop: Parts) -> None:
    body = {"sql": "select * from shop.orders order by id", "format": "json"}
    whole, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    answers = [
        app.test_client().post("/api/v1/query", json=body, headers=each).get_json()["rows"]
        for each in ({"Authorization": f"Bearer {whole}"}, header("kim"), header("kim", "audit:read"))
    ]
    assert len(answers[0]) == 20
    assert answers[0] == answers[1] == answers[2]
    user = shop.accounts.user("kim")
    assert user is not None
    kinds = {
        kind(narrowed(subject_of(user), scopes), shop.policies.current()) for scopes in (None, (), ("audit:read",))
    }
    assert len(kinds) == 1


def test_scopes_do_not_leak_from_one_request_to_the_next(app: flask.Flask, header: Asked, bearer: Asked) -> None:
    client, whole, narrow = app.test_client(), bearer("max"), header("max")
    for _ in range(2):
        for path in ("/api/v1/health", "/api/v1/crawls", "/metrics", "/api/v1/reports"):
            assert client.get(path, headers=whole).status_code == 200, path
            assert client.get(path, headers=narrow).status_code == 403, path
        assert len(client.get("/api/v1/policies", headers=whole).get_json()["policies"]) == 2
        assert len(client.get("/api/v1/roles", headers=whole).get_json()["roles"]) > 1
        assert [role["role"] for role in client.get("/api/v1/roles", headers=narrow).get_json()["roles"]] == ["boss"]


def test_an_auditors_token_for_reading_data_reads_their_own_events_alone(app: flask.Flask, header: Asked) -> None:
    client = app.test_client()
    client.post("/api/v1/query", json={"sql": "select 1"}, headers=header("kim"))
    for scopes, told in (((), {"ada"}), (("audit:read",), {"ada", "kim"})):
        client.get("/api/v1/datasets", headers=header("ada", *scopes))
        events = client.get("/api/v1/audit/events", headers=header("ada", *scopes)).get_json()["events"]
        assert {event["user"] for event in events} & {"ada", "kim"} == told


def test_what_the_owner_loses_the_token_loses(app: flask.Flask, header: Asked, shop: Parts) -> None:
    client, narrow = app.test_client(), header("max", "metrics:read", "home:administer")
    told = client.get("/api/v1/whoami", headers=narrow).get_json()
    assert told["scopes"] == told["capabilities"] == ["home:administer", "metrics:read"]
    user = shop.accounts.user("max")
    assert user is not None
    shop.accounts.put_user(replace(user, groups=frozenset({"clerks"})))
    told = client.get("/api/v1/whoami", headers=narrow).get_json()
    assert (told["scopes"], told["capabilities"]) == (["home:administer", "metrics:read"], [])
    assert client.get("/metrics", headers=narrow).status_code == 403


def test_statements_of_policy_take_what_the_token_carries(app: flask.Flask, header: Asked) -> None:
    client = app.test_client()
    for scopes, status in (((), 403), (("policy:write on lab",), 403), (("policy:write on shop",), 200)):
        statement = "GRANT SELECT ON DATABASE shop TO ROLE clerk POLICYPROPERTIES('name'='extra')"
        answer = client.post("/api/v1/ddl", json={"statement": statement}, headers=header("max", *scopes))
        assert answer.status_code == status, answer.text


def test_the_page_makes_tokens_for_reading_data_unless_more_is_ticked(browser: SignIn, shop: Parts) -> None:
    client = browser("max")
    assert "metrics:read" in client.get("/connect").text
    assert _make(client) == 201
    assert _made(shop, "max") == [()]
    assert _make(client, scope=["metrics:read", "home:administer"]) == 201
    assert _make(client, everything="1") == 201
    assert set(_made(shop, "max")) == {(), ("home:administer", "metrics:read"), None}
    page = client.get("/connect").text
    assert all(f'<td class="carries">{words}</td>' in page for words in ("everything", "reading data only"))
    told = [event.details["scopes"] for event in shop.journal.search(user="max", kind=EventKind.TOKEN_CREATE)]
    assert sorted(map(str, told)) == ["everything", "home:administer, metrics:read", "reading data only"]


def test_who_holds_nothing_is_offered_nothing_and_makes_no_wider_token(browser: SignIn, shop: Parts) -> None:
    client = browser("kim")
    assert 'name="scope"' not in client.get("/connect").text
    assert _make(client, scope="audit:read") == 403
    assert _make(client, scope="audit:raed") >= 400
    assert _made(shop, "kim") == []


def test_what_was_ticked_is_kept_when_something_is_amiss(browser: SignIn) -> None:
    client = browser("max")
    form = {"csrf_token": csrf_token(client.get("/connect")), "name": "", "days": "7", "scope": "metrics:read"}
    page = client.post("/connect/tokens", data=form)
    assert page.status_code == 400
    assert page.text.count(" checked>") == 1
    assert 'value="metrics:read" checked>' in page.text


@pytest.mark.parametrize("scopes", [(), ("home:administer",), None], ids=["none", "some", "everything"])
def test_a_token_makes_and_ends_no_token(app: flask.Flask, shop: Parts, scopes: tuple[str, ...] | None) -> None:
    client = app.test_client()
    text, kept = shop.tokens.create("max", "test", timedelta(days=1), scopes=scopes)
    by_token = {"Authorization": f"Bearer {text}"}
    assert _make(client, by_token) == 403
    form = {"csrf_token": csrf_token(client.get("/connect", headers=by_token))}
    assert client.post(f"/connect/tokens/{kept.id}/revoke", data=form, headers=by_token).status_code == 403
    assert [(token.id, token.revoked_at) for token in shop.tokens.tokens("max")] == [(kept.id, None)]


def test_the_journal_tells_by_which_token_a_query_came(
    app: flask.Flask, browser: SignIn, shop: Parts, bearer: Asked
) -> None:
    text, kept = shop.tokens.create("kim", "test", timedelta(days=1))
    client, by_token = app.test_client(), {"Authorization": f"Bearer {text}"}
    for body in ({"sql": "select id from shop.orders", "format": "json"}, {"sql": "select random()"}):
        client.post("/api/v1/query", json=body, headers=by_token).get_data()
    client.post("/api/v1/explain", json={"sql": "select id from shop.orders"}, headers=by_token)
    client.get("/api/v1/datasets/shop/orders", headers=by_token)
    told = {event.kind: event.details for event in shop.journal.search(user="kim")}
    asked = (EventKind.QUERY_BEGIN, EventKind.QUERY_END, EventKind.QUERY_DENY, EventKind.EXPLAIN_READ)
    for asking in (*asked, EventKind.METADATA_READ):
        assert told[asking]["token"] == kept.id, asking
    assert text not in str(told)
    assert f"It came by the API token `{kept.id}`".replace("`", "") in _words(browser("ada"), shop, kept.id)
    browser("kim").get("/data/shop/orders")
    newest = next(iter(shop.journal.search(user="kim", kind=EventKind.QUERY_BEGIN)))
    assert "token" not in newest.details


def _words(client: FlaskClient, shop: Parts, token: str) -> str:
    """What the page of an event that names a token says, without its markup."""
    events = shop.journal.search(user="kim", kind=EventKind.QUERY_BEGIN)
    event = next(event for event in events if event.details.get("token") == token)
    return re.sub(r"<[^>]+>", "", client.get(f"/audit/{event.seq}").text)
