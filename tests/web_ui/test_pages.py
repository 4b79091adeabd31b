"""Every page can be read by eye, ear and keyboard, needs nothing from elsewhere, and names what programs read."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from html import unescape

import flask
import pytest
from flask.testing import FlaskClient

from tests.web_ui.browsing import Outline, SignIn, csrf_token, sign_in
from tests.web_ui.page_routes import PAGE_ROUTES
from tests.web_ui.route import Open, Route
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.parts import Parts

PAGES = (
    "/home?role=",
    "/data",
    "/data?search=email",
    "/data?search=nothing-like-it",
    "/data?access=masked&tag=pii.email",
    "/data/shop/orders",
    "/policies",
    "/policies?search=nothing-like-it",
    "/policies/clerks",
    "/policies/nothing-like-it",
    "/roles",
    "/roles/clerk",
    "/roles/nothing-like-it",
    "/requests",
    "/requests?search=nothing-like-it&state=open",
    "/requests/new?d=shop.orders&c=card",
    "/requests/1",
    "/connect",
    "/data/shop/nope",
    "/tags",
    "/crawls",
    "/query",
    "/query?sql=select+1",
    "/audit",
    "/audit?user=nobody-like-it",
    "/audit/1",
)
OF_ADMINS = (
    "/home",
    "/home?role=clerk",
    "/health",
    "/reports",
    "/reports/who-can-see",
    "/reports/who-can-see?thing=shop.orders.email",
    "/reports/who-can-see?thing=shop.nothing",
    "/reports/what-can?subject=kim",
    "/reports/coverage",
    "/reports/unrestricted",
    "/reports/unused",
    "/reports/changes",
    "/reports/warnings",
    "/policies/change",
    "/policies/change?policy=clerks",
    "/policies/change?role=clerk",
    "/roles?unused=true",
    "/roles/boss",
    "/role",
    "/role?name=boss",
    "/policies/new",
    "/policies/new?to=clerk&to=boss&scope=shop&policy=p&why=x&tagged=pii.email&with=tokenize",
    "/policies/clerks/edit",
    "/policies/drafts",
    "/view-as?kind=user&name=kim",
    "/policies/history",
    "/policies/history/1",
    "/tags?state=",
    "/tags?state=confirmed&all=1&look=1",
    "/tags?search=nothing-like-it",
    "/crawls",
)


ALONE = {
    "/sign-in": "a form before anybody is known",
    "/requests/new": "a form; POST /access-requests takes the same",
    "/connect": "tokens are made and taken away by people alone, never by a program with a token",
    "/query": "a form; POST /query and POST /explain take the same",
    "/view-as": "a form; programs say `as` in what they ask",
    "/policies/new": "a form; POST /policies/preview tells what stands beside it",
    "/policies/<name>/edit": "a form; POST /policies/preview tells what stands beside it",
    "/policies/change": "a form; POST /policies/plan tells what stands below it",
    "/role": "a form; POST /policies/plan tells what stands below it",
    "/policies/drafts": "what one person has begun and nobody else sees, to go on with in the form",
    "/sources/new": "a form; POST /sources takes the same",
    "/sources/<name>/remove": "the question before a deed; POST /sources/{name}/remove does it",
}
"""Pages without a twin for programs, and why."""

TOLD = [
    route
    for route in PAGE_ROUTES
    if route.method == "GET" and route.who is not Open.EVERYBODY and not route.is_api and route.rule not in ALONE
]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The shop, which the tests here only read."""
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        yield parts


@pytest.fixture(scope="module")
def app(parts: Parts) -> flask.Flask:
    return create_app(parts)


@pytest.fixture(scope="module")
def browser(app: flask.Flask) -> SignIn:
    """Gives the browser of a user who has signed in, the same one each time."""

    @cache
    def signed_in(user: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, user).status_code == 303
        return client

    return signed_in


@pytest.fixture(scope="module")
def there(browser: SignIn) -> dict[str, str]:
    """Where pages are of what has a number by chance: somebody asked for access, and for a crawl."""

    def made(user: str, address: str, **form: str) -> str:
        client = browser(user)
        location = client.post(address, data={**form, "csrf_token": csrf_token(client.get("/connect"))}).location
        return location.partition("?")[0]

    asked = made("kim", "/requests/new", dataset="shop.orders", columns="card", wanted="columns", why="to look")
    return {"/requests/1": asked, "/crawls/1": made("max", "/crawls", source="lake")}


def test_the_start_leads_home(browser: SignIn) -> None:
    response = browser("kim").get("/")
    assert (response.status_code, response.location) == (302, "/home")


def test_who_is_not_signed_in_is_asked_to_and_comes_back(app: flask.Flask) -> None:
    response = app.test_client().get("/data?search=x")
    assert response.status_code == 302
    assert response.location == "/sign-in?next=/data?search%3Dx"


@pytest.mark.parametrize("address", ["/sign-in", *PAGES, *OF_ADMINS])
def test_every_page_can_be_read_by_ear_and_keyboard_and_needs_nothing_else(
    browser: SignIn, app: flask.Flask, address: str
) -> None:
    client = app.test_client() if address == "/sign-in" else browser("max" if address in OF_ADMINS else "kim")
    response = client.get(address)
    html = response.get_data(as_text=True)
    outline = Outline(html)
    assert outline.headings.count(1) == 1
    assert outline.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.fields) <= outline.labelled
    assert set(outline.references) <= set(outline.ids)
    assert outline.tags.count("table") == outline.tags.count("caption")
    assert None not in outline.header_scopes
    assert outline.tags.count("main") == 1
    assert 'href="#content"' in html
    assert html.startswith("<!doctype html>")
    assert '<html lang="en">' in html
    assert all(found.startswith(("/", "#")) and not found.startswith("//") for found in outline.addresses)
    assert outline.inline == []
    assert "style" not in outline.tags
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("route", TOLD, ids=str)
def test_every_page_names_its_twin_and_the_twin_answers(
    browser: SignIn, parts: Parts, there: dict[str, str], route: Route
) -> None:
    address = there.get(route.path, route.path)
    looks = {user: browser(user).get(address, follow_redirects=True) for user in ("max", "ada", "kim")}
    user, page = next((user, page) for user, page in looks.items() if page.status_code == 200)
    if page.mimetype != "text/html":
        assert page.mimetype in ("application/json", "application/yaml")
        return
    named = re.search(r'<link rel="alternate" type="application/json" href="([^"]+)">', page.text)
    assert named is not None
    token, _ = parts.tokens.create(user, "test", timedelta(days=1))
    twin = browser(user).get(unescape(named[1]), headers={"Authorization": f"Bearer {token}"})
    assert (twin.status_code, twin.is_json) == (200, True)


def test_no_page_is_excused_that_is_not_there_or_has_a_twin(browser: SignIn) -> None:
    rules = {route.rule: route for route in PAGE_ROUTES if route.method == "GET"}
    assert set(ALONE) <= set(rules)
    assert [rule for rule in ALONE if 'rel="alternate"' in browser("max").get(rules[rule].path).text] == []
