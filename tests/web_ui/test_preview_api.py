"""The preview for programs: how somebody would see a dataset before and after a document, now or on a day to come."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask
import pytest

from catalog.journal.event import EventKind
from catalog.model import Database
from catalog.people.model import Role
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from tests.web_ui.browsing import SignIn, csrf_token, text_of
from web_ui.journal.reach import Reach
from web_ui.parts import Parts

Look = Callable[..., tuple[int, Any]]
PATH = "/api/v1/policies/preview"
CLERKS = {"role": "clerk"}


@pytest.fixture
def look(app: flask.Flask, bearer: Callable[[str], dict[str, str]]) -> Look:
    """Gives the status and the answer to a preview."""

    def looked(user: str, policy: dict[str, object] | str, **asked: object) -> tuple[int, Any]:
        document = policy if isinstance(policy, str) else {"veil": 1, "policies": [policy]}
        body = {"document": document, "as": CLERKS, "on": "shop.orders", **asked}
        answer = app.test_client().post(PATH, json=body, headers=bearer(user))
        return answer.status_code, answer.get_json()

    return looked


def _grant(name: str = "more", **more: object) -> dict[str, object]:
    return {"policy": name, "grant": "select", "to": ["clerk"], "scope": "shop.orders", "why": "to try", **more}


def test_a_preview_tells_columns_rows_counts_and_sql_before_and_after(look: Look, shop: Parts) -> None:
    status, found = look("max", _grant(), show=["sql", "rows", "sample"])
    assert status == 200
    columns = {each["column"]: each for each in found["columns"]}
    card = columns["card"]
    assert (card["moves"], card["before"]["outcome"], card["after"]["outcome"]) == (True, "hidden", "clear")
    assert "more" in card["after"]["reason"]
    assert columns["id"]["moves"] is False
    assert found["columns"][0]["moves"]
    assert (found["as"], found["dataset"], found["at"]) == ("whoever holds clerk", "shop.orders", None)
    assert found["count"]["after"] == found["count"]["total"]
    assert "card" not in found["sql"]["before"].partition("FROM")[0]
    assert "card" in found["sql"]["after"]
    assert {"card", "email"} <= {each["column"] for each in found["sample"]["columns"]}
    assert found["revision"] == shop.policies.current().revision
    assert [policy.id for policy in shop.policies.current().policies if policy.id == "more"] == []
    assert shop.journal.search(user="max", kind=EventKind.EXPLAIN_READ, limit=1)


def test_a_preview_is_what_the_page_shows(look: Look, browser: SignIn) -> None:
    _, found = look("max", _grant())
    admin = browser("max")
    form = {"policy": "more", "why": "to try", "to": "clerk", "effect": "grant", "scope": "shop.orders", "pick": "all"}
    sent = {**form, "enabled": "true", "as_kind": "role", "as_name": "clerk", "on": "shop.orders", "action": "check"}
    page = admin.post("/policies/new", data={**sent, "csrf_token": csrf_token(admin.get("/connect"))}).text
    assert page.count("changes</span>") == sum(each["moves"] for each in found["columns"])
    assert f"plan {found['plan']}" in page
    assert "Policies" in text_of(admin, "/policies")


def test_a_preview_of_a_day_to_come_holds_what_is_in_force_then(look: Look, shop: Parts) -> None:
    start = (shop.clock() + timedelta(days=30)).date()
    policy = _grant(**{"from": start.isoformat()})
    for at, is_moved in ((None, False), (start - timedelta(days=1), False), (start, True)):
        status, found = look("max", policy, show=["sql"], **({"at": at.isoformat()} if at else {}))
        assert status == 200
        assert any(each["moves"] for each in found["columns"]) is is_moved
        assert (found["sql"]["before"] != found["sql"]["after"]) is is_moved


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"at": "2020-01-01"}, "a time to come"),
        ({"at": "soon"}, "no date or moment"),
        ({"at": "9999-12-31T23:59:59Z"}, "no further than the year 9998"),
        ({"as": {}}, "does not name one kind"),
        ({"as": {"user": "kim", "role": "clerk"}}, "does not name one kind"),
        ({"as": {"groups": ["a,b"]}}, "a comma in its name"),
        ({"as": {"user": "nobody-like-it"}}, "there is no user"),
        ({"on": "shop.nothing"}, "there is no dataset"),
        ({"show": ["everything"]}, "nothing to show"),
        ({"when": "now"}, "unknown key"),
    ],
)
def test_what_cannot_be_shown_is_said(look: Look, asked: dict[str, object], told: str) -> None:
    status, problem = look("max", _grant(), **asked)
    assert status == 400
    assert told in problem["detail"]


def test_a_document_may_be_text(look: Look) -> None:
    text = "veil: 1\npolicies: [{policy: more, deny: select, to: [clerk], scope: shop.orders, why: to try}]\n"
    status, found = look("max", text)
    assert status == 200
    assert {each["after"]["outcome"] for each in found["columns"]} == {"hidden"}


def test_no_role_is_suggested_to_whoever_may_not_know_of_it(look: Look, shop: Parts) -> None:
    current = shop.policies.current()
    delegate = Role(name="delegate", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
    merger = Role(name="merger", groups=frozenset({"few"}))
    shop.policies.put(current.policies, (*current.roles, delegate, merger), by="test", why="more", difference="+ more")
    for user, role, hint in (
        ("max", "mergr", "did you mean `merger`?"),
        ("eve", "mergr", "name a role that has groups"),
        ("eve", "clrk", "did you mean `clerk`?"),
    ):
        status, problem = look(user, _grant(), **{"as": {"role": role}})
        assert (status, problem["hint"]) == (400, hint)


def test_a_preview_of_policies_of_other_databases_is_no_event_of_one(look: Look, shop: Parts) -> None:
    shop.datasets.put_database(Database(name="lab"))
    now = shop.policies.current()
    role = Role(name="reader", groups=frozenset({"guests"}), capabilities=frozenset({f"{Action.AUDIT_READ} on shop"}))
    shop.policies.put(now.policies, (*now.roles, role), by="test", why="", difference="")
    lab = _grant("fraud watch", scope="lab")
    for document, is_theirs in (([_grant()], True), ([_grant(), lab], False)):
        assert look("max", yaml_of(document))[0] == 200
        event = shop.journal.search(user="max", kind=EventKind.EXPLAIN_READ, limit=1)[0]
        assert ("fraud watch" in event.policies, "beyond" in event.details) == (not is_theirs,) * 2
        eve = Subject(user="eve", groups=frozenset({"guests"}))
        reach = Reach(eve, Rights(eve, shop.policies.current()))
        assert reach.covers(event) is is_theirs
        found = shop.journal.search(readable=reach.readable, kind=EventKind.EXPLAIN_READ)
        assert (event.seq in [each.seq for each in found]) is is_theirs


def yaml_of(policies: list[dict[str, object]]) -> str:
    return json.dumps({"veil": 1, "policies": policies})
