"""What an administrator delegates over HTTP holds there at once, and holds no further."""

import re
from collections.abc import Callable

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.people.model import Role
from catalog.registry import connect
from tests.web_ui.browsing import SignIn, csrf_token
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]

DELEGATION = """
veil: 1
databases: {lab: {}}
roles:
  steward:
    groups: [guests]
    capabilities: [policy:write on shop, tag:assign on pii, audit:read on shop]
"""
ON_SHOP = (
    "veil: 1\npolicies: [{policy: extra, grant: select, to: [clerk], scope: shop, having: pii.email, why: steward}]\n"
)
ON_LAB = ON_SHOP.replace("scope: shop", "scope: lab")
EVERYWHERE = ON_SHOP.replace("scope: shop", 'scope: "*"')
TAG = "veil: 1\ndatasets: {shop.orders: {columns: {total: {tags: [pii.email]}}}}\n"
OTHER_TAG = TAG.replace("pii.email", "fin.card")
SOURCE = "veil: 1\nsources: {etc: {connector: files, path: /etc}}\n"
OWN_ROLE = "veil: 1\nroles: {boss: {groups: [guests]}}\n"
NEW_USER = "veil: 1\nusers: {mallory: {groups: [admin], password_env: HOME}}\n"


@pytest.fixture
def client(app: flask.Flask, bearer: Bearer) -> FlaskClient:
    """The API after an administrator has made eve's group a steward of the shop."""
    client = app.test_client()
    assert _apply(client, DELEGATION, bearer("max")).status_code == 200
    return client


def _apply(client: FlaskClient, document: str, header: dict[str, str], verb: str = "apply") -> TestResponse:
    return client.post(f"/api/v1/policies/{verb}", data=document, content_type="application/yaml", headers=header)


@pytest.mark.parametrize("verb", ["plan", "apply"])
@pytest.mark.parametrize("document", [ON_SHOP, TAG], ids=["a policy on shop", "a tag of pii"])
def test_what_was_delegated_may_be_changed(client: FlaskClient, bearer: Bearer, document: str, verb: str) -> None:
    assert _apply(client, document, bearer("eve"), verb).status_code == 200


@pytest.mark.parametrize("verb", ["plan", "apply"])
@pytest.mark.parametrize(
    "document",
    [ON_LAB, EVERYWHERE, OTHER_TAG, SOURCE, OWN_ROLE, NEW_USER],
    ids=["on lab", "everywhere", "a tag of fin", "a source", "a role of one's own", "a new user"],
)
def test_what_was_not_delegated_may_not(client: FlaskClient, bearer: Bearer, document: str, verb: str) -> None:
    refused = _apply(client, document, bearer("eve"), verb)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "not_allowed")
    assert "capability" in refused.get_json()["detail"]


def test_who_was_given_nothing_may_not_even_plan(client: FlaskClient, bearer: Bearer) -> None:
    assert _apply(client, ON_SHOP, bearer("kim"), "plan").status_code == 403


def test_a_steward_reads_the_policies_that_may_be_changed(client: FlaskClient, bearer: Bearer) -> None:
    listed = client.get("/api/v1/policies", headers=bearer("eve")).get_json()["policies"]
    assert [policy["policy"] for policy in listed] == ["clerks"]
    asked = {"statement": "SHOW GRANT ATTRIBUTE fin.card ON DATABASE shop"}
    rows = client.post("/api/v1/ddl", json=asked, headers=bearer("eve")).get_json()["rows"]
    assert [row[0] for row in rows] == ["clerks"], "a list and a statement follow one rule"


def test_a_statement_is_held_to_the_same_rights(client: FlaskClient, bearer: Bearer) -> None:
    def give(statement: str) -> int:
        return client.post("/api/v1/ddl", json={"statement": statement}, headers=bearer("eve")).status_code

    assert give("GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE pii.email TO ROLE clerk") == 200
    assert give("GRANT SELECT ON DATABASE lab TO ROLE clerk") == 403
    assert give("GRANT SELECT ON CATALOG TO ROLE clerk") == 403
    assert give("GRANT ROLE boss TO GROUP guests") == 403


def test_a_stewards_journal_ends_where_the_delegation_does(client: FlaskClient, bearer: Bearer) -> None:
    client.post("/api/v1/query", json={"sql": "select count(*) from shop.orders"}, headers=bearer("kim")).get_data()
    client.post("/api/v1/query", json={"sql": "select 1"}, headers=bearer("kim")).get_data()
    seen = client.get("/api/v1/audit/events", headers=bearer("eve")).get_json()["events"]
    of_kim = [event for event in seen if event["user"] == "kim"]
    assert of_kim
    assert all(event["datasets"] == ["shop.orders"] for event in of_kim)


def test_whoami_lists_what_one_may_do(client: FlaskClient, bearer: Bearer) -> None:
    told = client.get("/api/v1/whoami", headers=bearer("eve")).get_json()
    assert told["capabilities"] == ["audit:read on shop", "policy:write on shop", "tag:assign on pii"]


def test_a_capability_gives_no_data(client: FlaskClient, bearer: Bearer) -> None:
    asked = client.post("/api/v1/query", json={"sql": "select * from shop.orders"}, headers=bearer("eve"))
    assert asked.status_code == 404


def test_who_may_not_see_as_others_tests_policies_only_where_they_may_write_them(
    client: FlaskClient, bearer: Bearer
) -> None:
    test = "veil: 1\ntests: [{as: {groups: [clerks]}, dataset: shop.orders, sees: {email: tokenize}}]\n"
    assert _apply(client, test, bearer("eve"), "plan").status_code == 200
    refused = _apply(client, test.replace("shop.orders", "lab.results"), bearer("eve"), "plan")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "not_allowed")
    assert "`subject:impersonate`" in refused.get_json()["detail"]


def test_a_delegates_document_is_smaller_than_an_administrators(client: FlaskClient, bearer: Bearer) -> None:
    large = ON_SHOP + "#" * 64_000
    refused = _apply(client, large, bearer("eve"), "plan")
    assert (refused.status_code, refused.get_json()["code"]) == (422, "policy_invalid")
    assert "64,000 characters" in refused.get_json()["detail"]
    assert _apply(client, large, bearer("max"), "plan").status_code == 200


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_plan_tells_by_which_policies_as_far_as_they_may_be_read(
    client: FlaskClient, bearer: Bearer, verb: str
) -> None:
    wide = EVERYWHERE.replace("extra", "wide").replace(
        "having: pii.email, ", "where: total > 12345, when: {purpose: p}, "
    )
    assert _apply(client, wide, bearer("max")).status_code == 200
    done = _apply(client, ON_SHOP, bearer("eve"), verb)
    assert done.status_code == 200
    assert {name for impact in done.get_json()["impact"] for name in impact["policies"]} == {"clerks", "extra"}
    assert "wide" not in done.text
    assert "wide" in _apply(client, ON_SHOP.replace("extra", "other"), bearer("max"), "plan").text


def test_a_name_that_is_taken_elsewhere_tells_not_where(client: FlaskClient, bearer: Bearer) -> None:
    assert _apply(client, ON_LAB, bearer("max")).status_code == 200
    statement = "GRANT SELECT ON DATABASE shop TO ROLE clerk POLICYPROPERTIES('name'='extra')"
    for refused in (
        _apply(client, ON_SHOP, bearer("eve"), "plan"),
        client.post("/api/v1/ddl", json={"statement": statement}, headers=bearer("eve")),
    ):
        assert refused.get_json()["code"] == "policy_invalid"
        assert "`extra`" in refused.get_json()["detail"]
        assert "lab" not in refused.text


def test_a_plan_names_no_policy_that_whoever_plans_may_not_read(client: FlaskClient, bearer: Bearer) -> None:
    assert _apply(client, ON_LAB, bearer("max")).status_code == 200
    other = ON_SHOP.replace("extra", "other")
    assert _apply(client, other, bearer("eve"), "plan").get_json()["drift"] == []
    assert "`extra`" in str(_apply(client, other, bearer("max"), "plan").get_json()["drift"])


@pytest.mark.parametrize(
    ("document", "statement"),
    [
        (
            "policies: [{policy: p, grant: select, to: [bos], scope: shop, having: pii.email, why: w}]",
            "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE pii.email TO ROLE bos",
        ),
        (
            "datasets: {lab.results: {columns: {emial: {tags: [pii.email]}}}}",
            "ALTER TABLE lab.results ADD COLUMN ATTRIBUTE emial pii.email",
        ),
        ("", "ALTER TABLE lab.result ADD COLUMN ATTRIBUTE email pii.email"),
    ],
    ids=["a role", "a column", "a dataset"],
)
def test_no_name_is_suggested_that_a_delegate_may_not_know(
    client: FlaskClient, bearer: Bearer, shop: Parts, document: str, statement: str
) -> None:
    [lake] = shop.datasets.sources()
    shop.datasets.register("lab", "results", "lake", "orders.csv", connect(lake).describe("orders.csv"))
    for user, is_told in (("eve", False), ("max", True)):
        answers = [client.post("/api/v1/ddl", json={"statement": statement}, headers=bearer(user))]
        answers += [_apply(client, f"veil: 1\n{document}\n", bearer(user), "plan")] if document else []
        for refused in answers:
            assert refused.status_code == 422
            assert ("did you mean" in refused.get_json()["hint"]) is is_told, refused.text


def test_that_nothing_has_such_a_name_is_told_a_delegate_like_that_something_has(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    [lake] = shop.datasets.sources()
    shop.datasets.register("lab", "results", "lake", "orders.csv", connect(lake).describe("orders.csv"))
    for near, far in (("ROLE bos", "ROLE zzzzzz"), ("DATABASE labb", "DATABASE zzzzzz")):
        hints = {
            user: [
                client.post("/api/v1/ddl", json={"statement": _granting(name)}, headers=bearer(user)).get_json()["hint"]
                for name in (near, far)
            ]
            for user in ("eve", "max")
        }
        assert hints["eve"][0] == hints["eve"][1]
        assert hints["max"][0] != hints["max"][1]


def _granting(name: str) -> str:
    if name.startswith("ROLE"):
        return f"GRANT SELECT ON DATABASE shop TO {name}"
    return f"ALTER {name} ADD ATTRIBUTE pii.email"


def test_no_database_is_proposed_that_a_delegate_may_not_know(
    client: FlaskClient, bearer: Bearer, shop: Parts, browser: SignIn
) -> None:
    """Policies may come before their database, so a right may be held on one whose name is near another's."""
    now = shop.policies.current()
    early = Role(name="early", groups=frozenset({"guests", "admin"}), capabilities=frozenset({"policy:write on labb"}))
    shop.policies.put(now.policies, (*now.roles, early), by="test", why="early", difference="+ role early")
    for user, is_told in (("eve", False), ("max", True)):
        page, form = browser(user), {"policy": "new", "effect": "grant", "to": "clerk", "scope": "labb", "why": "w"}
        token = csrf_token(page.get("/policies/new"))
        answers = (
            _apply(client, ON_LAB.replace("scope: lab", "scope: labb"), bearer(user), "plan"),
            page.post("/policies/new", data={**form, "csrf_token": token, "action": "check"}),
            client.post(
                "/api/v1/ddl", json={"statement": "GRANT SELECT ON DATABASE labb TO ROLE clerk"}, headers=bearer(user)
            ),
        )
        for told in answers:
            text = " ".join(re.sub(r"<[^>]+>|`", " ", told.get_data(as_text=True)).split())
            assert told.status_code == 200, text
            assert "here is no database labb yet" in text
            assert ("did you mean lab ?" in text) is is_told


SAID = ["columns: {nosuch: {tags: [pii.email]}}", "columns: {fresh: {tags: [pii.email]}}", "relation: other.csv"]


@pytest.mark.parametrize("said", [*SAID, "comment: new words, columns: {id: {tags: [pii.email]}}"])
def test_no_source_is_read_for_a_steward(client: FlaskClient, bearer: Bearer, shop: Parts, said: str) -> None:
    """What it says now, that it cannot be read, and whether it has a relation, is told to administrators alone."""
    [lake] = shop.datasets.sources()
    shop.datasets.register("lab", "results", "lake", "orders.csv", connect(lake).describe("orders.csv"))
    data, told = shop.home.path.parent / "data", []
    for file, content in (
        ("orders.csv", (data / "orders.csv").read_bytes()),
        ("orders.csv", b"id,fresh\n1,2\n"),
        ("orders.csv", b"id,\xff\n"),
        ("other.csv", b"id,fresh\n1,2\n"),
        ("orders.csv", None),
    ):
        (data / file).unlink(missing_ok=True) if content is None else (data / file).write_bytes(content)
        answer = _apply(client, f"veil: 1\ndatasets: {{lab.results: {{{said}}}}}\n", bearer("eve"), "plan").get_json()
        told.append((answer["code"], answer["detail"], answer["hint"]))
    assert len(set(told)) == 1
    assert told[0][0] in ("policy_invalid", "not_allowed")
    assert ".csv" not in str(told)


def test_the_form_of_a_policy_suggests_no_role_that_a_delegate_may_not_know(
    client: FlaskClient, browser: SignIn
) -> None:
    for user, name, is_told in (("eve", "bos", False), ("max", "bos", True), ("eve", "clrk", True)):
        page, form = browser(user), {"policy": "new", "effect": "grant", "to": name, "scope": "shop", "why": "w"}
        token = csrf_token(page.get("/policies/new"))
        told = page.post("/policies/new", data={**form, "csrf_token": token, "action": "check"})
        assert ("id you mean" in told.text) is is_told


def test_what_a_delegate_may_know_is_suggested(client: FlaskClient, bearer: Bearer) -> None:
    refused = _apply(client, ON_SHOP.replace("clerk", "clork"), bearer("eve"), "plan")
    assert refused.get_json()["hint"] == "did you mean `clerk`?"
    refused = _apply(client, TAG.replace("total", "totl"), bearer("eve"), "plan")
    assert refused.get_json()["hint"] == "did you mean `total`?"
