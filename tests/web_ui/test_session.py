"""Signing in and out: what is checked, what is told, and what a stolen or forged request is worth."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from catalog.clock import utc_now
from catalog.journal.event import EventKind
from catalog.people.model import User
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.shop import PASSWORD, open_shop
from web_ui.app import create_app
from web_ui.parts import Parts
from web_ui.settings import ServerSettings, SessionSettings, Settings

SignIn = Callable[[str], FlaskClient]


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/data").status_code == 200


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("veil")
    assert found is not None
    return found.value


def test_a_right_password_lets_in_and_a_wrong_one_does_not(app: flask.Flask, shop: Parts) -> None:
    client = app.test_client()
    refused = sign_in(client, "kim", "wrong password")
    assert refused.status_code == 401
    assert "do not match" in refused.get_data(as_text=True)
    assert not is_signed_in(client)
    assert sign_in(client, "kim").status_code == 303
    assert is_signed_in(client)
    kinds = [event.kind for event in shop.journal.search(user="kim") if event.kind is not EventKind.METADATA_READ]
    assert kinds == [EventKind.LOGIN_OK, EventKind.LOGIN_FAIL]


def test_a_home_without_accounts_says_how_the_first_is_made(app: flask.Flask, shop: Parts) -> None:
    address = "/sign-in"
    assert "people.yaml" not in app.test_client().get(address).text
    with shop.catalog.transaction() as tx:
        tx.execute("DELETE FROM user")
    assert "Nobody has an account here yet" in app.test_client().get(address).text


def test_an_unknown_name_reads_like_a_wrong_password_and_is_not_kept(app: flask.Flask, shop: Parts) -> None:
    client = app.test_client()
    wrong, unknown = sign_in(client, "kim", "nope nope"), sign_in(client, "hunter2", "nope nope")
    assert wrong.status_code == unknown.status_code == 401
    [event] = shop.journal.search(kind=EventKind.LOGIN_FAIL, limit=1)
    assert (event.user, event.details["account"]) == ("", "unknown")
    assert shop.journal.search(text="hunter2") == ()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: flask.Flask) -> None:
    header = sign_in(app.test_client(), "kim").headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Secure" not in header


def test_the_cookie_is_this_hosts_alone_where_people_come_by_https(tmp_path: Path) -> None:
    settings = Settings(server=ServerSettings(public_url="https://veil.example"))
    with open_shop(tmp_path, settings) as parts:
        header = create_app(parts).test_client().get("/sign-in").headers["Set-Cookie"]
    assert header.startswith("__Host-veil=")
    assert {"Secure", "Path=/"} <= {part.strip() for part in header.split(";")}
    assert "Domain" not in header


def test_a_session_is_another_one_after_the_sign_in(app: flask.Flask) -> None:
    client = app.test_client()
    before = csrf_token(client.get("/sign-in"))
    sign_in(client, "kim")
    assert csrf_token(client.get("/data")) != before


def test_a_copied_cookie_is_worth_nothing_after_the_sign_out(app: flask.Flask, browser: SignIn) -> None:
    kim, thief = browser("kim"), app.test_client()
    thief.set_cookie("veil", cookie(kim))
    assert is_signed_in(thief)
    kim.post("/sign-out", data={"csrf_token": csrf_token(kim.get("/data"))})
    assert not is_signed_in(kim)
    assert not is_signed_in(thief)


def test_a_signed_out_cookie_stays_worthless_when_the_server_starts_again(shop: Parts, browser: SignIn) -> None:
    kim = browser("kim")
    copied = cookie(kim)
    kim.post("/sign-out", data={"csrf_token": csrf_token(kim.get("/data"))})
    thief = create_app(shop).test_client()
    thief.set_cookie("veil", copied)
    assert not is_signed_in(thief)


def test_a_session_outlives_a_start_of_the_server(shop: Parts, browser: SignIn) -> None:
    again = create_app(shop).test_client()
    again.set_cookie("veil", cookie(browser("kim")))
    assert is_signed_in(again)


def test_a_new_password_and_a_removed_account_end_the_session(browser: SignIn, shop: Parts) -> None:
    kim, eve = browser("kim"), browser("eve")
    shop.accounts.set_password("kim", "another long password")
    shop.accounts.remove_user("eve")
    assert not is_signed_in(kim)
    assert not is_signed_in(eve)


@pytest.mark.parametrize(("later", "still"), [(timedelta(minutes=90), True), (timedelta(minutes=121), False)])
def test_an_idle_session_ends(shop: Parts, later: timedelta, still: bool) -> None:
    moments = [utc_now()]
    client = create_app(replace(shop, clock=lambda: moments[0])).test_client()
    sign_in(client, "kim")
    moments[0] += later
    assert is_signed_in(client) is still


def test_a_session_ends_when_it_is_old_however_busy(shop: Parts) -> None:
    moments = [utc_now()]
    client = create_app(replace(shop, clock=lambda: moments[0])).test_client()
    sign_in(client, "kim")
    for _ in range(12):
        moments[0] += timedelta(minutes=59)
        assert is_signed_in(client)
    moments[0] += timedelta(minutes=59)
    assert not is_signed_in(client)


def test_groups_that_were_taken_away_are_gone_at_once(browser: SignIn, shop: Parts) -> None:
    kim = browser("kim")
    shop.accounts.put_user(User(name="kim", groups=frozenset()))
    assert "orders" not in kim.get("/data").get_data(as_text=True)


@pytest.mark.parametrize("address", ["/sign-in", "/sign-out", "/connect/tokens", "/connect/tokens/x/revoke"])
@pytest.mark.parametrize("form", [{}, {"csrf_token": ""}, {"csrf_token": "made up"}])
def test_a_form_without_its_token_does_nothing(
    browser: SignIn, shop: Parts, address: str, form: dict[str, str]
) -> None:
    kim = browser("kim")
    response = kim.post(address, data={**form, "name": "kim", "password": PASSWORD, "days": "30"})
    assert response.status_code == 400
    assert is_signed_in(kim)
    assert shop.tokens.tokens("kim") == ()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_request_from_another_site_does_nothing(browser: SignIn, headers: dict[str, str]) -> None:
    max_ = browser("max")
    assert max_.post("/api/v1/query", json={"sql": "select 1"}).status_code == 200
    assert max_.post("/api/v1/query", json={"sql": "select 1"}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb"]
)
def test_the_sign_in_never_leads_to_another_site(app: flask.Flask, target: str) -> None:
    assert sign_in(app.test_client(), "kim", next=target).location == "/"


def test_the_sign_in_leads_on_to_where_the_person_wanted(app: flask.Flask) -> None:
    assert sign_in(app.test_client(), "kim", next="/data/shop/orders").location == "/data/shop/orders"


def test_many_wrong_passwords_make_a_pause_even_for_the_right_one(tmp_path: Path) -> None:
    with open_shop(tmp_path, Settings(session=SessionSettings(attempts=2))) as parts:
        client = create_app(parts).test_client()
        for _ in range(2):
            assert sign_in(client, "kim", "wrong wrong").status_code == 401
        refused = sign_in(client, "kim")
        assert refused.status_code == 429
        assert "too many wrong passwords" in refused.get_data(as_text=True)
        assert sign_in(client, "max").status_code == 303


def test_a_revoked_session_is_over_and_others_go_on(browser: SignIn, shop: Parts) -> None:
    first, second = browser("kim"), browser("kim")
    newest, _ = shop.web_sessions.living(utc_now(), idle=timedelta(hours=1), user="kim")
    shop.web_sessions.end(newest.id, utc_now())
    assert not is_signed_in(second)
    assert is_signed_in(first)


def test_who_signs_in_again_leaves_the_session_before(browser: SignIn, app: flask.Flask) -> None:
    kim, thief = browser("kim"), app.test_client()
    thief.set_cookie("veil", cookie(kim))
    token = csrf_token(kim.get("/data"))
    again = kim.post("/sign-in", data={"csrf_token": token, "name": "max", "password": PASSWORD})
    assert again.status_code == 303
    assert is_signed_in(kim)
    assert not is_signed_in(thief)


def test_the_cookie_names_nobody(browser: SignIn) -> None:
    held = cookie(browser("kim")).split(".")[0]
    assert set(json.loads(base64.urlsafe_b64decode(held + "=" * (-len(held) % 4)))) == {"text", "csrf"}


def test_a_cookie_that_a_stranger_planted_is_not_the_session_that_begins(app: flask.Flask) -> None:
    stranger, victim = app.test_client(), app.test_client()
    stranger.get("/sign-in")
    victim.set_cookie("veil", cookie(stranger))
    assert sign_in(victim, "kim").status_code == 303
    assert not is_signed_in(stranger)
