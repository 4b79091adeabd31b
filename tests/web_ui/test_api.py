"""The API as the contract has it: who may do what, in which shape, and what every answer carries."""

import io
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol, cast

import flask
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse

from catalog.clock import utc_now
from catalog.journal.event import EventKind, Verdict
from catalog.people.model import User
from proxy.http.streams import StreamBroken
from tests.web_ui.shop import open_shop
from web_ui.apis.openapi import description
from web_ui.app import create_app
from web_ui.parts import Parts
from web_ui.settings import ServerSettings, Settings

Bearer = Callable[[str], dict[str, str]]


class Closed(Protocol):
    """What a server closes at the end."""

    def close(self) -> None: ...


PROBLEM = {"type", "title", "status", "detail", "code", "hint", "decision_id", "position"}
POLICY = """
veil: 1
policies:
  - {policy: guests, grant: select, to: [clerk], scope: shop.orders(id), why: everybody may count}
"""


def ask(client: FlaskClient, header: dict[str, str], sql: str, **more: object) -> TestResponse:
    return client.post("/api/v1/query", json={"sql": sql, **more}, headers=header)


def test_the_routes_are_exactly_those_described(app: flask.Flask) -> None:
    there = {
        (method.lower(), rule.rule.removeprefix("/api/v1").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1")
    }
    paths = description()["paths"]
    assert isinstance(paths, dict)
    assert there == {(method, path) for path, methods in paths.items() for method in methods}


def test_the_description_refers_only_to_what_it_holds(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        text = text.replace(f'"#/components/schemas/{name}"', '""')
    assert "#/components" not in text


@pytest.mark.parametrize("form", ["arrow", "json", "csv", "parquet"])
def test_a_query_answers_in_every_form(client: FlaskClient, bearer: Bearer, form: str) -> None:
    response = ask(client, bearer("kim"), "select id, land from shop.orders where id < 4 order by id", format=form)
    assert response.status_code == 200
    data = response.get_data()
    match form:
        case "arrow":
            rows = pa.ipc.open_stream(data).read_all().to_pylist()
        case "parquet":
            rows = pq.read_table(io.BytesIO(data)).to_pylist()
        case "json":
            read = json.loads(data)
            assert read["decision_id"] == response.headers["Veil-Decision-Id"]
            rows = [{"id": row[0], "land": row[1]} for row in read["rows"]]
        case _:
            assert data == b"id,land\r\n1,NO\r\n3,NO\r\n"
            return
    assert rows == [{"id": 1, "land": "NO"}, {"id": 3, "land": "NO"}]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_row_that_is_too_large_for_texts_is_refused_and_journalled(
    client: FlaskClient, bearer: Bearer, shop: Parts, form: str
) -> None:
    response = ask(client, bearer("kim"), "select range(500000) as l", format=form)
    problem = response.get_json()
    assert (response.status_code, problem["code"]) == (413, "limit_exceeded")
    assert "`arrow`" in problem["hint"]
    [end] = shop.journal.search(kind=EventKind.QUERY_END, decision_id=problem["decision_id"])
    assert (end.verdict, end.details["code"]) == (Verdict.ERROR, "limit_exceeded")
    assert ask(client, bearer("kim"), "select range(500000) as l").status_code == 200


def test_a_later_row_that_is_too_large_cuts_the_answer_and_is_journalled(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    sql = "select i, case when i = 299999 then range(500000) end as l from range(300000) as r(i)"
    response = ask(client, bearer("kim"), sql, format="csv")
    assert response.status_code == 200
    with pytest.raises(StreamBroken):
        response.get_data()
    response.close()
    [end] = shop.journal.search(kind=EventKind.QUERY_END, decision_id=response.headers["Veil-Decision-Id"])
    assert (end.verdict, end.details["code"]) == (Verdict.ERROR, "limit_exceeded")


def test_an_answer_tells_what_was_decided(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    response = ask(client, bearer("kim"), "select * from shop.orders")
    access = json.loads(urlsafe_b64decode(response.headers["Veil-Access"]))
    assert access["decision_id"] == response.headers["Veil-Decision-Id"]
    assert access["revision"] == int(response.headers["Veil-Policy-Revision"]) == shop.policies.current().revision
    [dataset] = access["datasets"]
    assert {column["column"]: column["outcome"] for column in dataset["columns"]}["email"] == "masked"


def test_parameters_are_values_and_never_sql(client: FlaskClient, bearer: Bearer) -> None:
    sql = "select count(*) as n from shop.orders where land = ?"
    response = ask(client, bearer("max"), sql, params=["NO' or '1'='1"], format="json")
    assert json.loads(response.get_data())["rows"] == [[0]]


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("selec", 400, "sql_invalid"),
        ("select 1; select 2", 422, "sql_unsupported"),
        ("insert into shop.orders values (1)", 422, "sql_unsupported"),
        ("select card from shop.orders", 422, "unknown_column"),
        ("select * from shop.nope", 404, "unknown_dataset"),
    ],
)
def test_a_refused_query_is_a_problem_with_all_its_members(
    client: FlaskClient, bearer: Bearer, shop: Parts, sql: str, status: int, code: str
) -> None:
    response = ask(client, bearer("kim"), sql)
    body = response.get_json(force=True)
    assert (response.status_code, body["code"]) == (status, code)
    assert response.content_type == "application/problem+json"
    more = {"unknown_column": {"ask", "policies"}, "unknown_dataset": {"ask"}}
    assert set(body) == PROBLEM | more.get(code, set())
    assert body["decision_id"] == response.headers["Veil-Decision-Id"]
    assert int(response.headers["Veil-Policy-Revision"]) == shop.policies.current().revision


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"sql": "select 1", "sqll": 2}', "application/json", 400),
        (b'{"sql": 1}', "application/json", 400),
        (b'{"sql": "select 1", "format": "xml"}', "application/json", 400),
        (b'{"sql": "select 1", "params": 1}', "application/json", 400),
        (b'{"sql": "select 1"}', "text/plain", 415),
        (b'{"sql": "' + b"x" * 5_000_000 + b'"}', "application/json", 413),
    ],
)
def test_a_wrong_request_is_a_problem_too(
    client: FlaskClient, bearer: Bearer, body: bytes, content_type: str, status: int
) -> None:
    response = client.post("/api/v1/query", data=body, content_type=content_type, headers=bearer("kim"))
    assert response.status_code == status
    assert set(response.get_json(force=True)) == PROBLEM


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/query", 405),
        ("PUT", "/api/v1/tags", 405),
    ],
)
def test_an_unknown_route_or_method_is_a_problem(client: FlaskClient, method: str, path: str, status: int) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert "Veil-Decision-Id" in response.headers
    assert response.headers["Veil-Policy-Revision"] == "0"


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic a2ltOng="},
        {"Authorization": "Bearer veil_" + "a" * 43},
    ],
)
@pytest.mark.parametrize(
    "path", ["datasets", "datasets/shop/orders", "whoami", "tags", "roles", "policies", "audit/events"]
)
def test_nobody_gets_nothing(client: FlaskClient, header: dict[str, str], path: str) -> None:
    response = client.get(f"/api/v1/{path}", headers=header)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_expired_and_revoked_tokens_are_refused(client: FlaskClient, shop: Parts) -> None:
    old, _ = shop.tokens.create("kim", "old", timedelta(days=1), now=utc_now() - timedelta(days=2))
    ended, token = shop.tokens.create("kim", "ended", timedelta(days=1))
    shop.tokens.revoke(token.id)
    for text in (old, ended):
        assert client.get("/api/v1/whoami", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_a_bad_token_is_not_saved_by_a_session_beside_it(browser: Callable[[str], FlaskClient]) -> None:
    kim = browser("kim")
    assert kim.get("/api/v1/whoami").status_code == 200
    assert kim.get("/api/v1/whoami", headers={"Authorization": "Bearer x"}).status_code == 401


def test_whoami_says_who_and_what(client: FlaskClient, bearer: Bearer) -> None:
    assert client.get("/api/v1/whoami", headers=bearer("kim")).get_json() == {
        "user": "kim",
        "groups": ["clerks", "kim"],
        "attributes": {"land": "NO"},
        "roles": ["clerk"],
        "capabilities": [],
        "scopes": None,
    }


def test_whoami_tells_the_roles_by_which_is_decided(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    shop.accounts.put_user(User(name="eve", groups=frozenset({"CLERKS"}), attributes={"land": "NO"}))
    header = bearer("eve")
    assert len(client.get("/api/v1/datasets", headers=header).get_json()["datasets"]) == 1
    assert client.get("/api/v1/whoami", headers=header).get_json()["roles"] == ["clerk"]


def test_datasets_and_their_columns_are_those_the_person_sees(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    kim, eve = bearer("kim"), bearer("eve")
    [entry] = client.get("/api/v1/datasets", headers=kim).get_json()["datasets"]
    assert (entry["dataset"], entry["columns"], entry["masked"], entry["filtered"]) == ("shop.orders", 4, 1, True)
    assert client.get("/api/v1/datasets", headers=eve).get_json() == {"datasets": []}
    assert client.get("/api/v1/datasets?search=card", headers=kim).get_json() == {"datasets": []}
    described = client.get("/api/v1/datasets/SHOP/Orders", headers=kim)
    assert "card" not in described.get_data(as_text=True)
    assert [column["column"] for column in described.get_json()["columns"]] == ["id", "email", "land", "total"]
    assert client.get("/api/v1/datasets/shop/orders", headers=eve).get_json(force=True)["code"] == "unknown_dataset"
    assert shop.journal.search(user="kim", kind=EventKind.METADATA_READ, dataset="shop.orders")


@pytest.mark.parametrize("path", ["policies/plan", "policies/apply"])
@pytest.mark.parametrize("user", ["kim", "ada", "eve"])
def test_only_administrators_change_policies(
    client: FlaskClient, bearer: Bearer, shop: Parts, path: str, user: str
) -> None:
    before = shop.policies.current()
    response = client.post(f"/api/v1/{path}", data=POLICY, content_type="application/yaml", headers=bearer(user))
    assert response.status_code == 403
    assert shop.policies.current() == before


def test_a_document_is_planned_then_applied(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    header = bearer("max")
    before = shop.policies.current().revision
    planned = client.post("/api/v1/policies/plan", data=POLICY, content_type="application/yaml", headers=header)
    assert planned.status_code == 200
    assert planned.get_json()["changes"]
    assert shop.policies.current().revision == before
    applied = client.post(
        "/api/v1/policies/apply?why=count", data=POLICY, content_type="application/yaml", headers=header
    ).get_json()
    assert (applied["applied"], applied["live"]) == (True, shop.policies.current().revision)
    assert shop.policies.current().revision == before + 1
    again = client.post("/api/v1/policies/apply", data=POLICY, content_type="application/yaml", headers=header)
    assert again.get_json()["applied"] is False


def test_a_document_may_be_json(client: FlaskClient, bearer: Bearer) -> None:
    response = client.post(
        "/api/v1/policies/plan", json={"veil": 1, "roles": {"x": {"groups": ["y"]}}}, headers=bearer("max")
    )
    assert [change["name"] for change in response.get_json()["changes"]] == ["x"]


@pytest.mark.parametrize(
    ("document", "content_type", "status"),
    [
        ("veil: 1\npolicies:\n  - {policy: p, scoop: shop}\n", "application/yaml", 422),
        ("veil: 1\n", "text/plain", 415),
        (b"\xff\xfe", "application/yaml", 400),
    ],
)
def test_a_wrong_document_changes_nothing(
    client: FlaskClient, bearer: Bearer, shop: Parts, document: str, content_type: str, status: int
) -> None:
    before = shop.policies.current()
    response = client.post("/api/v1/policies/apply", data=document, content_type=content_type, headers=bearer("max"))
    assert response.status_code == status
    assert shop.policies.current() == before


def test_auditors_read_everything_and_others_their_own(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    for user in ("kim", "max"):
        ask(client, bearer(user), "select id from shop.orders", format="csv").get_data()

    def seen(user: str, query: str = "") -> set[str]:
        events = client.get(f"/api/v1/audit/events{query}", headers=bearer(user)).get_json()["events"]
        return {event["user"] for event in events}

    assert {"kim", "max"} <= seen("ada")
    assert seen("kim") == seen("kim", "?user=max") == {"kim"}
    assert seen("max", "?user=kim") == {"max"}
    assert seen("ada", "?user=kim&dataset=shop.orders&kind=query:begin") == {"kim"}
    assert len(shop.journal.search(kind=EventKind.AUDIT_READ)) == 5


@pytest.mark.parametrize("query", ["kind=nothing", "verdict=maybe", "from=yesterday", "limit=0", "limit=x", "who=kim"])
def test_a_wrong_search_of_the_journal_is_told(client: FlaskClient, bearer: Bearer, query: str) -> None:
    response = client.get(f"/api/v1/audit/events?{query}", headers=bearer("ada"))
    assert response.get_json(force=True)["code"] == "request_invalid"


def test_roles_and_policies_of_others_are_not_shown(client: FlaskClient, bearer: Bearer) -> None:
    def listed(user: str, what: str, key: str) -> set[str]:
        return {item[key] for item in client.get(f"/api/v1/{what}", headers=bearer(user)).get_json()[what]}

    assert listed("kim", "roles", "role") == {"clerk"}
    assert listed("kim", "policies", "policy") == {"clerks"}
    assert listed("eve", "policies", "policy") == set()
    assert listed("ada", "policies", "policy") == {"clerks", "bosses"}
    assert listed("eve", "tags", "tag") == {"fin.card", "pii.email"}


def test_health_is_open_and_tells_nothing_more(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_the_body_limit_is_a_setting(tmp_path: Path) -> None:
    with open_shop(tmp_path, Settings(server=ServerSettings(max_body_bytes=100))) as parts:
        text, _ = parts.tokens.create("kim", "t", timedelta(days=1))
        response = (
            create_app(parts)
            .test_client()
            .post("/api/v1/query", json={"sql": "select 1" + " " * 100}, headers={"Authorization": f"Bearer {text}"})
        )
        assert response.status_code == 413


@pytest.mark.parametrize("form", ["arrow", "csv", "json", "parquet"])
def test_an_answer_of_which_nothing_is_sent_gives_its_turn_back(
    shop: Parts, app: flask.Flask, bearer: Bearer, form: str
) -> None:
    """As often as one may ask at once, and once more."""
    told: list[str] = []

    def start(status: str, headers: object, error: object = None) -> Callable[[bytes], object]:
        told.append(status)
        return told.append  # type: ignore[return-value]

    for number in range(shop.settings.query.at_once + 1):
        body = {"sql": "SELECT * FROM shop.orders", "format": form}
        environ = EnvironBuilder(
            "/api/v1/query", method="POST", json=body, headers=[*bearer("max").items()]
        ).get_environ()
        cast("Closed", app.wsgi_app(environ | {"SERVER_PROTOCOL": "HTTP/1.1"}, start)).close()
        assert told == ["200 OK"] * (number + 1)
        [end] = shop.journal.search(kind=EventKind.QUERY_END, limit=1)
        assert end.verdict is Verdict.CANCEL
    begun, over = (shop.journal.search(kind=kind) for kind in (EventKind.QUERY_BEGIN, EventKind.QUERY_END))
    assert {event.decision_id for event in begun} == {event.decision_id for event in over}
