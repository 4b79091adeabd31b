"""What somebody may no longer do is not done, however shortly before they lost the right; whatever it is."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from catalog.crawl_runs import CrawlRuns
from catalog.errors import JournalUnavailable
from catalog.people.accounts import Accounts
from catalog.people.model import Role
from policy_engine.store import PolicyStore
from proxy.http import answers
from tests.web_ui.browsing import SignIn, csrf_token
from tests.web_ui.deeds import DEEDS, HARMLESS, Deed, Prepared, prepare
from tests.web_ui.elsewhere import elsewhere, overtaken, regroup, remove_user, revoke_all
from web_ui.app import create_app
from web_ui.parts import Parts
from web_ui.role_stories import Roles as RoleList

GROUPS = {"max": "admin", "kim": "clerks", "eve": "guests"}
KEPT_BESIDE = (
    "user",
    "web_session",
    "session_token",
    "event",
    "journal_",
    "term",
    "mention",
    "sink",
    "sqlite_",
    "role",
)
"""What is no deed, or is what the tests take away; roles stand in revisions, too."""


def contents(parts: Parts) -> Mapping[str, object]:
    """All that deeds change."""
    tables = [row["name"] for row in parts.catalog.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {
        table: [dict(row) for row in parts.catalog.rows(f'SELECT * FROM "{table}"')]
        for table in tables
        if not table.startswith(KEPT_BESIDE)
    }
    for token in found["api_token"]:
        token["last_used_at"] = None
    return found


def bearing(parts: Parts, user: str) -> dict[str, str]:
    text, _ = parts.tokens.create(user, "test", timedelta(days=1))
    return {"Authorization": f"Bearer {text}"}


def sent(deed: Deed, prepared: Prepared, header: dict[str, str]) -> Callable[[], TestResponse]:
    """A call of the deed, looked at and all but sent."""
    address, body = deed.address(prepared), deed.sent(prepared)
    api = prepared.browser.application.test_client()
    if deed.text:
        return lambda: api.post(address, data=deed.text, content_type="application/yaml", headers=header)
    if deed.is_api:
        return lambda: api.post(address, json=body, headers=header)
    form = {**body, **prepared.token}
    return lambda: prepared.browser.post(address, data=form)


def test_every_route_that_is_posted_to_is_known_as_a_deed_or_as_none(app: flask.Flask) -> None:
    there = {rule.rule for rule in app.url_map.iter_rules() if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}}
    deeds = {deed.rule for deed in DEEDS}
    assert there == deeds | HARMLESS.keys()
    assert not deeds & HARMLESS.keys()


@pytest.mark.parametrize("deed", DEEDS, ids=str)
def test_what_somebody_lost_the_right_to_meanwhile_is_not_done(deed: Deed, browser: SignIn, shop: Parts) -> None:
    prepare(shop)
    header, prepared = bearing(shop, deed.by), Prepared(parts=shop, browser=browser(deed.by))
    call, before = sent(deed, prepared, header), contents(shop)
    with overtaken(shop, lambda: regroup(shop, deed.by, "others")):
        refused = call()
    assert (refused.status_code, "has changed meanwhile" in refused.text) == (401, True)
    assert contents(shop) == before
    regroup(shop, deed.by, GROUPS[deed.by])
    assert call().status_code < 400
    assert contents(shop) != before


HELD = (
    "/connect/tokens",
    "/crawls",
    "/tags/review",
    "/requests/<number>/decide",
    "/api/v1/ddl",
    "/api/v1/policies/apply",
)
WAYS: Mapping[str, Callable[[Parts, str], object]] = {
    "the account": remove_user,
    "the group": lambda parts, user: regroup(parts, user, "others"),
    "an attribute": lambda parts, user: regroup(parts, user, GROUPS[user]),
    "the password": lambda parts, user: new_password(parts, user),
    "the token": revoke_all,
}
OF_SIGN_INS = ("the password",)
OF_TOKENS = ("the token",)


@pytest.mark.parametrize("deed", [deed for deed in DEEDS if deed.rule in HELD], ids=str)
def test_a_deed_stands_in_the_line_of_who_does_it_and_what_is_only_read_in_none(
    deed: Deed, browser: SignIn, shop: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the queries of a person, which are written down, do not wait for what they change."""
    prepare(shop)
    header, prepared = bearing(shop, deed.by), Prepared(parts=shop, browser=browser(deed.by))
    call, lines, stand = sent(deed, prepared, header), set[str](), shop.catalog._deeds_of.held

    def held(name: str, *, timeout: float) -> AbstractContextManager[bool]:
        lines.add(name)
        return stand(name, timeout=timeout)

    monkeypatch.setattr(shop.catalog._deeds_of, "held", held)
    api = prepared.browser.application.test_client()
    api.post("/api/v1/query", json={"sql": "select 1", "format": "json"}, headers=header)
    assert lines == set()
    assert call().status_code < 400
    assert lines == {deed.by}


def new_password(parts: Parts, user: str) -> None:
    with elsewhere(parts) as catalog:
        Accounts(catalog).set_password(user, "another one that is long enough")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("deed", [deed for deed in DEEDS if deed.rule in HELD], ids=str)
def test_however_it_was_lost(deed: Deed, way: str, browser: SignIn, shop: Parts) -> None:
    prepare(shop)
    header, prepared = bearing(shop, deed.by), Prepared(parts=shop, browser=browser(deed.by))
    call, before = sent(deed, prepared, header), contents(shop)
    with overtaken(shop, lambda: WAYS[way](shop, deed.by)):
        answer = call()
    counts = way not in (OF_SIGN_INS if deed.is_api else OF_TOKENS)
    assert (answer.status_code == 401) is counts, answer.text
    if way in ("the group", "an attribute") or not counts:
        assert (contents(shop) == before) is counts


def test_a_role_that_lost_its_capability_meanwhile_gives_it_to_nobody(
    app: flask.Flask, shop: Parts, browser: SignIn
) -> None:
    now, steward = shop.policies.current(), Role(name="steward", groups=frozenset({"guests"}))
    held = replace(steward, capabilities=frozenset({"tag:assign", "home:administer"}))
    shop.policies.put(now.policies, (*now.roles, held), by="test", why="", difference="+ role steward")
    prepare(shop)
    header, prepared = bearing(shop, "eve"), Prepared(parts=shop, browser=browser("eve"))

    def put(*roles: Role) -> None:
        with elsewhere(shop) as catalog:
            PolicyStore(catalog).put(now.policies, (*now.roles, *roles), by="test", why="", difference="~ role steward")

    for rule in ("/crawls", "/tags/review", "/api/v1/crawls", "/api/v1/tags/assignments/review"):
        call = sent(next(deed for deed in DEEDS if deed.rule == rule), prepared, header)
        runs = CrawlRuns(shop.catalog).runs()
        with overtaken(shop, lambda: put(replace(steward, capabilities=frozenset({"policy:write"})))):
            refused = call()
        assert refused.status_code in ((401,) if "api" in rule else (401, 403))  # a page may be shown no more either
        assert CrawlRuns(shop.catalog).runs() == runs
        assert prepared.suggested, "it was judged"
        put(held)
    with overtaken(shop, lambda: put(held, Role(name="more", groups=frozenset({"others"})))):
        assert sent(next(deed for deed in DEEDS if deed.rule == "/crawls"), prepared, header)().status_code == 303


def test_what_a_deed_itself_changes_hinders_nothing_that_belongs_to_it(shop: Parts, browser: SignIn) -> None:
    """A role form that takes away what its sender holds by it, and a database that is made for a crawl."""
    prepare(shop)
    boss = browser("max")
    prepared = Prepared(parts=shop, browser=boss)
    form = {"new": "lab", **prepared.token}
    with overtaken(shop, lambda: None, nth=2):
        assert boss.post("/crawls/1/register", data=form).status_code == 303
    header = bearing(shop, "max")
    own = "veil: 1\nusers: {max: {groups: [admin, more]}}\n"
    done = boss.application.test_client().post(
        "/api/v1/policies/apply", data=own, content_type="application/yaml", headers=header
    )
    assert (done.status_code, done.get_json()["applied"]) == (200, True)


def test_the_second_half_of_a_deed_is_asked_about_like_the_first(shop: Parts, browser: SignIn) -> None:
    prepare(shop)
    boss, runs = browser("max"), CrawlRuns(shop.catalog).runs()
    form = {"new": "lab", **Prepared(parts=shop, browser=boss).token}
    with overtaken(shop, lambda: regroup(shop, "max", "others"), nth=2):
        assert boss.post("/crawls/1/register", data=form).status_code == 401
    assert shop.datasets.database("lab") is not None
    assert CrawlRuns(shop.catalog).runs() == runs


def test_nothing_is_changed_by_reading_or_before_it_is_settled_for_whom(app: flask.Flask, shop: Parts) -> None:
    def change() -> str:
        shop.tokens.create("kim", "made by a page", timedelta(days=1))
        return "done"

    app.add_url_rule("/made", "made", change, methods=["GET", "POST"])
    client = app.test_client()
    token = {"csrf_token": csrf_token(client.get("/sign-in"))}
    for answer in (client.get("/made"), client.post("/made", data=token)):
        assert answer.status_code == 500
    assert not shop.tokens.tokens("kim")


@pytest.mark.parametrize("address", ["/data", "/connect", "/api/v1/datasets", "/api/v1/roles", "/data/shop/orders"])
def test_an_answer_is_for_who_asks_as_they_are_when_it_is_there(
    app: flask.Flask, shop: Parts, browser: SignIn, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    kim = browser("kim")
    header = bearing(shop, "kim") if address.startswith("/api/") else {}
    current = shop.policies.current

    def overtaken(*given: Any) -> Any:
        regroup(shop, "kim")
        return current(*given)

    with monkeypatch.context() as patch:
        patch.setattr(shop.policies, "current", overtaken)
        refused = kim.get(address, headers=header)
    assert refused.status_code == (401 if header else 302)
    assert "orders" not in refused.text.replace(address, "")


def test_an_answer_is_not_for_whom_a_role_has_given_up_meanwhile(
    shop: Parts, bearer: Callable[[str], dict[str, str]]
) -> None:
    app, now = create_app(shop), shop.policies.current()
    looker = Role(name="looker", groups=frozenset({"guests"}), capabilities=frozenset({"audit:read"}))
    shop.policies.put(now.policies, (*now.roles, looker), by="test", why="", difference="+ role looker")
    header, roles = bearer("eve"), RoleList.listed

    def overtaken(self: RoleList, search: str = "") -> Any:
        found = roles(self, search)
        with elsewhere(shop) as catalog:
            PolicyStore(catalog).put(now.policies, now.roles, by="test", why="", difference="- role looker")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RoleList, "listed", overtaken)
        refused = app.test_client().get("/api/v1/roles", headers=header)
    assert (refused.status_code, "what you may do has changed" in refused.text) == (401, True)
    assert refused.headers["Cache-Control"] == "no-store"
    assert app.test_client().get("/api/v1/roles", headers=header).get_json() == {"roles": []}


def test_while_the_catalog_is_being_written_for_long_who_asks_is_known_all_the_same(
    app: flask.Flask, shop: Parts
) -> None:
    header = bearing(shop, "kim")
    with elsewhere(shop) as catalog, catalog.transaction():
        answer = app.test_client().get("/api/v1/roles", headers=header)
    assert answer.status_code == 200


def test_what_hinders_the_last_look_at_who_asks_is_told_as_what_it_is(
    app: flask.Flask, shop: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise JournalUnavailable("the catalog is being written", hint="try again")

    monkeypatch.setattr(answers, "refuse_if_changed", refuse)
    refused = app.test_client().get("/api/v1/roles", headers=bearing(shop, "kim"))
    assert (refused.status_code, refused.get_json()["code"]) == (503, "journal_unavailable")
