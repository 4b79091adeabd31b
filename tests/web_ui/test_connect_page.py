"""The page to connect from: tokens that are shown once, and snippets that work as they stand."""

import re

import flask
import pytest

from catalog.journal.event import EventKind
from tests.web_ui.browsing import SignIn, csrf_token
from web_ui.parts import Parts


def test_a_token_is_shown_once_and_works_and_can_be_revoked(browser: SignIn, app: flask.Flask, shop: Parts) -> None:
    kim = browser("kim")
    form = {"csrf_token": csrf_token(kim.get("/connect")), "name": "my own laptop", "days": "30"}
    page = kim.post("/connect/tokens", data=form)
    found = re.search(r"veil_[A-Za-z0-9_-]{43}", page.get_data(as_text=True))
    assert found is not None
    assert page.headers["Cache-Control"] == "no-store"
    assert found[0] not in kim.get("/connect").get_data(as_text=True)
    header = {"Authorization": f"Bearer {found[0]}"}
    assert app.test_client().get("/api/v1/whoami", headers=header).get_json()["user"] == "kim"
    [token] = shop.tokens.tokens("kim")
    kim.post(f"/connect/tokens/{token.id}/revoke", data={"csrf_token": csrf_token(kim.get("/connect"))})
    assert app.test_client().get("/api/v1/whoami", headers=header).status_code == 401
    assert "my own laptop" not in kim.get("/connect").get_data(as_text=True)
    told = {event.kind for event in shop.journal.search(user="kim")}
    assert {EventKind.TOKEN_CREATE, EventKind.TOKEN_REVOKE} <= told


@pytest.mark.parametrize(("name", "days"), [("", "30"), ("x", "31"), ("x" * 81, "30"), ("x", ""), ("a\nb", "30")])
def test_a_token_without_name_or_end_is_not_made(browser: SignIn, shop: Parts, name: str, days: str) -> None:
    kim = browser("kim")
    form = {"csrf_token": csrf_token(kim.get("/connect")), "name": name, "days": days}
    assert kim.post("/connect/tokens", data=form).status_code == 400
    assert shop.tokens.tokens("kim") == ()


def test_nobody_revokes_the_token_of_another(browser: SignIn, shop: Parts) -> None:
    kim, eve = browser("kim"), browser("eve")
    kim.post("/connect/tokens", data={"csrf_token": csrf_token(kim.get("/connect")), "name": "x", "days": "7"})
    [token] = shop.tokens.tokens("kim")
    response = eve.post(f"/connect/tokens/{token.id}/revoke", data={"csrf_token": csrf_token(eve.get("/connect"))})
    assert response.status_code == 400
    assert shop.tokens.tokens("kim")[0].revoked_at is None


def test_the_snippets_name_this_server_and_a_dataset_of_the_person(browser: SignIn) -> None:
    text = browser("kim").get("/connect").get_data(as_text=True)
    assert "http://localhost/api/v1/query" in text
    assert "shop.orders" in text
