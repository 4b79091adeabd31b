"""The page that changes policies shows what a document does to people before it does it, and applies only that."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind
from tests.web_ui.browsing import SignIn, csrf_token, text_of
from web_ui.parts import Parts

OPEN_CARDS = """veil: 1
policies:
  - policy: clerks
    grant: select
    to: [clerk]
    scope: shop
    why: everything, to see what that does
"""


def _send(browser: FlaskClient, document: str, action: str = "plan", **more: str) -> TestResponse:
    token = csrf_token(browser.get("/policies/change"))
    return browser.post("/policies/change", data={"csrf_token": token, "document": document, "action": action, **more})


def _plan_of(page: TestResponse) -> str:
    found = re.search(r'name="plan" value="(\w+)"', page.get_data(as_text=True))
    assert found is not None
    return found[1]


def _words(page: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)).split())


def test_a_plan_shows_who_gains_what_and_changes_nothing(browser: SignIn, shop: Parts) -> None:
    before = shop.policies.current()
    words = _words(_send(browser("max"), OPEN_CARDS))
    assert re.search(r"role clerk gains shop\.orders\.card hidden clear", words)
    assert "changed: policy clerks" in words
    assert shop.policies.current() == before


def test_the_plan_that_was_looked_at_is_applied_with_its_reason(browser: SignIn, shop: Parts) -> None:
    admin = browser("max")
    plan = _plan_of(_send(admin, OPEN_CARDS))
    done = _send(admin, OPEN_CARDS, "apply", plan=plan, why="DPO rule 9")
    revision = shop.policies.current().revision
    assert (done.status_code, done.location) == (303, f"/policies?since={revision}")
    assert f"Revision {revision} is in force" in text_of(admin, done.location)
    [event] = shop.journal.search(kind=EventKind.DOCUMENT_APPLY, limit=1)
    assert (event.user, event.details["why"]) == ("max", "DPO rule 9")
    assert "card clear" in text_of(browser("kim"), "/data/shop/orders")


def test_another_plan_than_the_one_looked_at_is_not_applied(browser: SignIn, shop: Parts) -> None:
    admin = browser("max")
    plan = _plan_of(_send(admin, OPEN_CARDS))
    before = shop.policies.current()
    changed = _send(admin, OPEN_CARDS.replace("scope: shop", 'scope: "*"'), "apply", plan=plan)
    assert (changed.status_code, "another plan" in _words(changed)) == (409, True)
    assert _send(admin, OPEN_CARDS, "apply").status_code == 409
    assert shop.policies.current() == before


def test_a_plan_against_a_revision_that_moved_is_not_applied(browser: SignIn, shop: Parts) -> None:
    admin = browser("max")
    plan = _plan_of(_send(admin, OPEN_CARDS))
    now = shop.policies.current()
    shop.policies.put(now.policies, now.roles, by="somebody", why="else", difference="")
    assert _send(admin, OPEN_CARDS, "apply", plan=plan).status_code == 409


def test_what_is_in_force_already_is_said_so(browser: SignIn) -> None:
    admin = browser("max")
    page = admin.get("/policies/change?policy=Clerks").get_data(as_text=True)
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    document = found[1].replace("&#39;", "'").replace("&#34;", '"').replace("&gt;", ">").replace("&lt;", "<")
    assert "policy: clerks" in document
    assert "Nothing to change" in _words(_send(admin, document))


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("veil: 1\npolicis: []", "policies"),
        ("veil: 1\npolicies: [{policy: p, grant: select, to: [nobody], scope: shop, why: x}]", "nobody"),
        ("", ""),
        ("- [", ""),
    ],
)
def test_a_wrong_document_is_told_beside_what_was_written(browser: SignIn, document: str, told: str) -> None:
    page = _send(browser("max"), document)
    assert page.status_code >= 400
    assert 'role="alert"' in page.get_data(as_text=True)
    assert told in _words(page)
    assert "Traceback" not in page.get_data(as_text=True)


def test_a_policy_that_is_not_there_is_told(browser: SignIn) -> None:
    assert browser("max").get("/policies/change?policy=nope").status_code == 404


def test_who_may_change_nothing_has_no_link_to_it(browser: SignIn) -> None:
    assert "/policies/change" not in browser("kim").get("/policies").get_data(as_text=True)
    assert "/policies/change" in browser("max").get("/policies").get_data(as_text=True)
    assert "/policies/change" not in browser("kim").get("/policies/clerks").get_data(as_text=True)
    assert "/policies/change?policy=clerks" in browser("max").get("/policies/clerks").get_data(as_text=True)
