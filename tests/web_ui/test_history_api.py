"""The history of policies over HTTP: who may read it, and the way back."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from catalog.people.model import Role
from policy_engine.model import Effect, Policy, Scope
from tests.web_ui.browsing import SignIn, csrf_token
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]
CHANGE = "veil: 1\npolicies: [{policy: guests, grant: select, to: [clerk], scope: shop.orders(id), why: count}]"


def apply(client: FlaskClient, header: dict[str, str]) -> int:
    answer = client.post("/api/v1/policies/apply", data=CHANGE, headers=header, content_type="application/yaml")
    return int(answer.get_json()["live"])


def test_administrators_read_the_history_and_return_to_a_revision(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    before = shop.policies.current()
    live = apply(client, bearer("max"))
    told = client.get("/api/v1/policies/history?limit=1", headers=bearer("max")).get_json()["revisions"]
    assert [(item["revision"], item["by"], item["difference"]) for item in told] == [(live, "max", ["+ policy guests"])]
    assert told[0]["statements"]["guests"].startswith("GRANT SELECT (id) ON TABLE shop.orders TO ROLE clerk")
    body = {"revision": before.revision, "why": "not yet", "against": live}
    answer = client.post("/api/v1/policies/rollback", json=body, headers=bearer("max"))
    assert (answer.status_code, answer.get_json()["live"]) == (200, live + 1)
    assert {policy.id for policy in shop.policies.current().policies} == {policy.id for policy in before.policies}
    again = client.post("/api/v1/policies/rollback", json=body, headers=bearer("max"))
    assert (again.status_code, again.get_json(force=True)["code"]) == (422, "policy_invalid")


@pytest.mark.parametrize("body", [{"revision": "1", "why": "x"}, {"revision": 0, "why": "x"}, {"revision": 1}])
def test_a_rollback_that_cannot_be_meant_is_refused(
    client: FlaskClient, bearer: Bearer, body: dict[str, object]
) -> None:
    assert client.post("/api/v1/policies/rollback", json=body, headers=bearer("max")).status_code in (400, 422)


def test_others_neither_read_the_history_nor_turn_it_back(client: FlaskClient, bearer: Bearer) -> None:
    assert client.get("/api/v1/policies/history", headers=bearer("kim")).status_code == 403
    body = {"revision": 1, "why": "x"}
    assert client.post("/api/v1/policies/rollback", json=body, headers=bearer("kim")).status_code == 403


@pytest.mark.parametrize("held", ["policy:write on shop", "tag:assign on pii"])
def test_who_changes_a_part_is_told_of_no_revision_what_it_changed_elsewhere(
    client: FlaskClient, bearer: Bearer, shop: Parts, browser: SignIn, held: str
) -> None:
    part = Role(name="part", groups=frozenset({"guests"}), capabilities=frozenset({held}))
    first = shop.policies.current()
    shop.policies.put(first.policies, (*first.roles, part), by="test", why="a part", difference="+ role part")
    start = shop.policies.current()
    affairs = Policy(id="quiet", effect=Effect.GRANT, roles=("clerk",), scope=Scope(database="internal_affairs"))
    shop.policies.put((*start.policies, affairs), start.roles, by="max", why="quiet", difference="+ policy quiet")
    live = shop.policies.current().revision
    told = []
    for number in (1, start.revision, live, live + 1):  # differs, differs by the other database, is live, is not there
        refused = client.post(
            "/api/v1/policies/rollback", json={"revision": number, "why": "x"}, headers=bearer("eve")
        ).get_json(force=True)
        told.append((refused["code"], refused["detail"], refused["hint"]))
        page = browser("eve")
        form = {"csrf_token": csrf_token(page.get("/policies")), "action": "plan", "why": "x"}
        answer = page.post(f"/policies/history/{number}", data=form)
        assert answer.status_code == 403
        assert "internal" not in answer.get_data(as_text=True)
    assert len(set(told)) == 1
    assert told[0][0] == "not_allowed"
    assert "internal" not in str(told)


def test_who_may_read_the_history_is_told_what_a_return_would_take(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    before = shop.policies.current().revision
    live = apply(client, bearer("max"))
    body = {"revision": before, "why": "not yet"}
    refused = client.post("/api/v1/policies/rollback", json=body, headers=bearer("ada"))
    assert refused.status_code == 403
    assert "`policy:write on shop`" in refused.get_json()["detail"]
    assert shop.policies.current().revision == live
