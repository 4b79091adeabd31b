"""Looking as somebody else shows what they would see and never a value, a right or a deed that one has not oneself."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind
from catalog.people.model import Role, User
from policy_engine.capabilities import Action
from policy_engine.model import Effect, Policy, Scope, TransformCall, TransformRule
from policy_engine.tag_expressions import parse
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.shop import open_shop
from tests.web_ui.test_policy_pages import named, says, words
from tests.web_ui.test_routes import ROUTES
from web_ui.app import create_app
from web_ui.parts import Parts
from web_ui.view_as import OPEN

OTHERS = tuple(
    route.path for route in ROUTES if route.method == "GET" and not route.rule.startswith(("/static", "/sign"))
)


def _opened(folder: Path) -> Parts:
    """The shop, and `eve`, who may look as others and was granted no data at all."""
    parts = open_shop(folder)
    now = parts.policies.current()
    looks = Role(name="helpdesk", groups=frozenset({"guests"}), capabilities=frozenset({"subject:impersonate"}))
    parts.policies.put(now.policies, (*now.roles, looks), by="test", why="x", difference="+ role helpdesk")
    return parts


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[flask.Flask]:
    """A shop that tests look at and leave as it was."""
    with _opened(tmp_path_factory.mktemp("shop")) as parts:
        yield create_app(parts)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Parts]:
    """A shop of a test's own, to change and to read the journal of."""
    with _opened(tmp_path) as parts:
        yield parts


@pytest.fixture
def own(there: Parts) -> flask.Flask:
    return create_app(there)


def browser(app: flask.Flask, user: str) -> FlaskClient:
    client = app.test_client()
    assert sign_in(client, user).status_code == 303
    return client


def post(client: FlaskClient, address: str, **form: str) -> TestResponse:
    """Send a form with the token that the browser's pages carry."""
    return client.post(address, data={"csrf_token": csrf_token(client.get("/data")), **form})


def look_as(client: FlaskClient, kind: str, name: str, **more: str) -> FlaskClient:
    begun = post(client, "/view-as", kind=kind, name=name, **more)
    assert begun.status_code == 303, words(begun)
    return client


def test_pages_tell_what_the_other_would_see_under_a_banner(app: flask.Flask) -> None:
    admin, clerk = browser(app, "max"), browser(app, "kim")
    look_as(admin, "user", "kim")
    data = says(admin, "/data")
    assert "Viewing as kim." in data
    assert "The datasets kim may see." in data
    assert "3 clear" in data
    assert "1 masked" in data
    dataset = says(admin, "/data/shop/orders")
    assert re.search(r"email masked by tokenize", dataset)
    assert re.search(r"card hidden", dataset)
    assert "bosses" not in says(admin, "/policies")
    assert admin.get("/policies/bosses").status_code == 404
    assert says(clerk, "/policies").count("GRANT") == says(admin, "/policies").count("GRANT") == 1
    assert "Viewing as" not in says(clerk, "/data")


def test_values_are_those_that_one_sees_oneself_with_the_masks_of_the_other(app: flask.Flask) -> None:
    admin = look_as(browser(app, "max"), "user", "kim")
    page = admin.get("/data/shop/orders")
    text = words(page)
    assert "Made of what you see in the clear yourself" in text
    assert "tokenize, which takes a key: not made here" in text
    assert "@x.test" not in page.get_data(as_text=True)
    assert "4539797705" not in page.get_data(as_text=True)
    assert "<td>NO</td>" in page.get_data(as_text=True)
    assert "<td>SE</td>" not in page.get_data(as_text=True)
    assert not re.search(r"<td>[0-9a-f]{32}</td>", page.get_data(as_text=True))


@pytest.mark.parametrize(
    ("kind", "name"), [("user", "max"), ("user", "kim"), ("role", "boss"), ("groups", "admin, clerks")]
)
def test_who_was_granted_nothing_sees_no_value_whoever_they_look_as(app: flask.Flask, kind: str, name: str) -> None:
    eve = look_as(browser(app, "eve"), kind, name)
    page = eve.get("/data/shop/orders")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "no value is shown" in text.lower()
    assert not re.search(r"@x\.test|4539797705|<td>NO</td>|<td>\d|10\.5", text)


def test_what_one_sees_masked_is_shown_to_one_in_no_other_way(own: flask.Flask, there: Parts) -> None:
    now = there.policies.current()
    masked = Policy(
        id="guests",
        effect=Effect.GRANT,
        roles=("helpdesk",),
        scope=Scope(database="shop"),
        transforms=(TransformRule(tagged=parse("pii.email"), call=TransformCall(name="mask")),),
        where="land = 'SE'",
        why="x",
    )
    there.policies.put((*now.policies, masked), now.roles, by="test", why="x", difference="+ policy guests")
    eve = look_as(browser(own, "eve"), "user", "max")
    text = eve.get("/data/shop/orders").get_data(as_text=True)
    assert "you do not see it in the clear" in text
    assert "@x.test" not in text
    assert "<td>SE</td>" in text
    assert "<td>NO</td>" not in text


def test_a_filter_on_what_one_does_not_see_is_not_tried_on_ones_rows(own: flask.Flask, there: Parts) -> None:
    now = there.policies.current()
    clerks, bosses = named(now.policies, "clerks"), named(now.policies, "bosses")
    narrow = replace(clerks, where="card = 4539797705756002")
    some = Policy(
        id="some", effect=Effect.GRANT, roles=("helpdesk",), scope=Scope(database="shop"), having=parse("not fin.card")
    )
    there.policies.put((narrow, bosses, some), now.roles, by="test", why="x", difference="~ policy clerks")
    eve = look_as(browser(own, "eve"), "user", "kim")
    text = words(eve.get("/data/shop/orders"))
    assert "The rows are those that you see" in text
    assert "10 rows" in text


def test_nothing_is_run_as_another(own: flask.Flask, there: Parts) -> None:
    admin = look_as(browser(own, "max"), "user", "kim")
    for action in ("run", "csv", "parquet", "notebook", ""):
        refused = post(admin, "/query", sql="select * from shop.orders", action=action)
        assert refused.status_code == 403
        assert "NO" not in re.findall(r"<td>(.*?)</td>", refused.get_data(as_text=True))
    assert there.journal.search(kind=EventKind.QUERY_BEGIN) == ()


def test_a_query_is_explained_as_the_other_and_on_record_as_ones_own(own: flask.Flask, there: Parts) -> None:
    admin = look_as(browser(own, "max"), "user", "kim")
    told = words(post(admin, "/query", sql="select * from shop.orders", action="explain"))
    assert '"_row"."land" = \'NO\'' in told
    assert "by tokenize" in told or "tokenize" in told
    [event] = there.journal.search(kind=EventKind.EXPLAIN_READ, limit=1)
    assert (event.user, event.details["as"]) == ("max", "kim")
    refused = post(admin, "/query", sql="select card from shop.orders", action="explain")
    assert refused.status_code == 422
    assert [event.user for event in there.journal.search(kind=EventKind.QUERY_DENY)] == ["max"]


def test_no_deed_is_done_as_another(own: flask.Flask, there: Parts) -> None:
    admin, before = look_as(browser(own, "max"), "user", "kim"), there.policies.current()
    token = csrf_token(admin.get("/data"))
    for route in ROUTES:
        if route.method == "POST" and route.rule not in ("/view-as/leave", "/sign-out"):
            refused = admin.post(route.path, data={**route.body, "csrf_token": token})
            assert refused.status_code == 403, route
            assert "leave the view as kim" in refused.text.lower(), route
    assert there.policies.current() == before


def test_pages_that_do_not_know_of_the_mode_are_closed_in_it(app: flask.Flask) -> None:
    admin = look_as(browser(app, "max"), "user", "kim")
    for path in OTHERS:
        with app.test_request_context(path):
            is_open = flask.request.endpoint in OPEN
        page = admin.get(path)
        assert (page.status_code == 403) != is_open, path
        assert is_open or "leave the view as kim" in page.text.lower(), path


def test_the_menu_and_the_pages_lead_to_nothing_that_is_closed(app: flask.Flask) -> None:
    admin = look_as(browser(app, "max"), "user", "kim")
    asked = post(admin, "/query", sql="select * from shop.orders", action="explain")
    absent = admin.get("/data/shop/absent")
    addresses = ("/data", "/data/shop/orders", "/policies", "/policies/clerks", "/query")
    for page in (asked, absent, *map(admin.get, addresses)):
        html = page.get_data(as_text=True)
        for found in set(re.findall(r'href="(/[^"#]*)"', html)):
            if not found.startswith(("/static", "/api")):
                assert admin.get(found.replace("&amp;", "&")).status_code != 403, found


def test_a_token_of_a_program_is_not_in_the_mode(own: flask.Flask, there: Parts) -> None:
    admin = look_as(browser(own, "max"), "user", "kim")
    assert admin.get("/api/v1/whoami").status_code == 403
    text, _ = there.tokens.create("max", "test", timedelta(days=1))
    answer = admin.get("/api/v1/whoami", headers={"Authorization": f"Bearer {text}"})
    assert answer.get_json()["user"] == "max"


def test_leaving_ends_it_and_both_ends_are_on_record(own: flask.Flask, there: Parts) -> None:
    admin = look_as(browser(own, "max"), "user", "kim", next="/data/shop/orders")
    left = post(admin, "/view-as/leave", next="/policies")
    assert (left.status_code, left.location) == (303, "/policies")
    assert "Viewing as" not in says(admin, "/data")
    assert "user1@x.test" in admin.get("/data/shop/orders").get_data(as_text=True)
    kinds = (EventKind.VIEW_BEGIN, EventKind.VIEW_END)
    told = [there.journal.search(kind=kind) for kind in kinds]
    assert [(event.user, event.details["as"]) for [event] in told] == [("max", "user kim")] * 2
    reads = there.journal.search(kind=EventKind.METADATA_READ, user="kim")
    assert reads == ()
    assert any(e.details.get("as") == "kim" for e in there.journal.search(kind=EventKind.METADATA_READ, user="max"))


def test_the_mode_is_of_one_sign_in_and_ends_with_it(app: flask.Flask) -> None:
    one, other = browser(app, "max"), browser(app, "max")
    look_as(one, "user", "kim")
    assert "Viewing as" not in says(other, "/data")
    post(one, "/sign-out")
    assert sign_in(one, "max").status_code == 303
    assert "Viewing as" not in says(one, "/data")


def test_who_loses_the_capability_looks_as_themselves_again(own: flask.Flask, there: Parts) -> None:
    eve = look_as(browser(own, "eve"), "user", "max")
    assert "orders" in says(eve, "/data")
    now = there.policies.current()
    there.policies.put(now.policies, now.roles[:2], by="test", why="x", difference="- role helpdesk")
    assert eve.get("/data").status_code == 403
    text = says(eve, "/data")
    assert "Viewing as" not in text
    assert "no dataset that you may see yet" in text
    assert len(there.journal.search(kind=EventKind.VIEW_END, user="eve")) == 1


def test_a_user_who_is_gone_is_looked_as_no_more(own: flask.Flask, there: Parts) -> None:
    there.accounts.put_user(User(name="tim", groups=frozenset({"clerks"})))
    admin = look_as(browser(own, "max"), "user", "tim")
    with there.catalog.transaction() as tx:
        tx.execute("DELETE FROM user WHERE name = 'tim'")
    assert admin.get("/data").status_code == 400
    assert "Viewing as" not in says(admin, "/data")


def test_only_who_holds_the_capability_may_and_a_link_begins_nothing(own: flask.Flask, there: Parts) -> None:
    address = "/view-as?kind=user&name=kim&next=/data/shop/orders"
    admin, clerk = browser(own, "max"), browser(own, "kim")
    page = admin.get(address)
    assert "View as kim" in words(page)
    assert "Viewing as" not in says(admin, "/data")
    refused = clerk.get(address)
    assert refused.status_code == 403
    assert str(Action.SUBJECT_IMPERSONATE) in refused.text
    assert post(clerk, "/view-as", kind="user", name="max").status_code == 403
    assert post(clerk, "/view-as", kind="user", name="kim").status_code == 403
    assert "/view-as" not in clerk.get("/data").get_data(as_text=True)
    assert admin.post("/view-as", data={"kind": "user", "name": "kim"}).status_code == 400
    forged = {"Sec-Fetch-Site": "cross-site"}
    token = csrf_token(admin.get("/data"))
    assert admin.post("/view-as", data={"csrf_token": token, "name": "kim"}, headers=forged).status_code == 403
    begun = post(admin, "/view-as", kind="user", name="kim", next="//evil.test/")
    assert begun.location == "/"


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"kind": "user", "name": "nobody"}, "There is no user nobody"),
        ({"kind": "role", "name": "clerks"}, "Did you mean clerk ?"),
        ({"kind": "groups", "name": " , "}, "Nobody is named"),
        ({"kind": "groups", "name": "clerks", "attributes": "land"}, "land is no attribute"),
    ],
)
def test_somebody_who_is_nobody_is_told(app: flask.Flask, form: dict[str, str], told: str) -> None:
    admin = browser(app, "max")
    page = post(admin, "/view-as", **form)
    assert page.status_code == 400
    assert told in words(page)
    assert "Viewing as" not in says(admin, "/data")


def test_groups_with_attributes_are_somebody_too(app: flask.Flask) -> None:
    admin = look_as(browser(app, "max"), "groups", "clerks", attributes="land=SE")
    html = admin.get("/data/shop/orders").get_data(as_text=True)
    assert "<td>SE</td>" in html
    assert "<td>NO</td>" not in html
