"""Explanations over HTTP: they run nothing, tell each person what holds for them, and name whom to ask."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from flask.testing import FlaskClient

from catalog.journal.event import EventKind
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import open_shop
from tests.web_ui.test_api import POLICY, Bearer, ask
from web_ui.app import create_app
from web_ui.parts import Parts
from web_ui.settings import QuerySettings, Settings


def test_explain_tells_every_column_and_runs_nothing(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    response = client.post("/api/v1/explain", json={"sql": "select * from shop.orders"}, headers=bearer("kim"))
    told = response.get_json()
    outcomes = {column["column"]: column["outcome"] for column in told["datasets"][0]["columns"]}
    assert outcomes == {"id": "clear", "email": "masked", "card": "hidden", "land": "clear", "total": "clear"}
    assert told["datasets"][0]["rows"]["filtered"] is True
    assert told["sql"]
    assert shop.journal.search(kind=EventKind.QUERY_BEGIN) == ()


def test_only_administrators_explain_for_others(client: FlaskClient, bearer: Bearer) -> None:
    sql = {"sql": "select * from shop.orders"}
    forbidden: tuple[object, ...] = ({"user": "max"}, {"user": "nobody at all"}, {"groups": ["admin"]})
    for other in forbidden:
        refused = client.post("/api/v1/explain", json={**sql, "as": other}, headers=bearer("kim"))
        assert refused.get_json(force=True)["code"] == "not_allowed"
    own = client.post("/api/v1/explain", json={**sql, "as": {"user": "kim"}}, headers=bearer("kim"))
    assert own.status_code == 200
    others: tuple[object, ...] = (
        {"user": "kim"},
        {"groups": ["clerks"], "attributes": {"land": "SE"}},
        {"groups": ["clerks"], "attributes": {"land": ["SE", "NO"], "level": []}},
    )
    for other in others:
        told = client.post("/api/v1/explain", json={**sql, "as": other}, headers=bearer("max")).get_json()
        hidden = [item["column"] for item in told["datasets"][0]["columns"] if item["outcome"] == "hidden"]
        assert hidden == ["card"]


@pytest.mark.parametrize(
    "other",
    [
        *({"user": "kim", "groups": ["x"]}, {"usr": "kim"}, "kim", {"user": "nobody"}),
        *({"attributes": {"land": 1}}, {"attributes": {"land": [1]}}, {"attributes": {"land": {"a": "b"}}}),
    ],
)
def test_explaining_for_nobody_in_particular_is_refused(client: FlaskClient, bearer: Bearer, other: object) -> None:
    response = client.post("/api/v1/explain", json={"sql": "select 1", "as": other}, headers=bearer("max"))
    assert response.get_json(force=True)["code"] == "request_invalid"


def test_an_explanation_names_whom_to_ask(client: FlaskClient, bearer: Bearer) -> None:
    client.post("/api/v1/policies/apply", data=POLICY, content_type="application/yaml", headers=bearer("max"))
    told = client.post("/api/v1/explain", json={"sql": "select * from shop.orders"}, headers=bearer("kim")).get_json()
    assert told["datasets"][0]["owners"] == {"guests": "max"}


def test_an_explanation_tells_what_the_policies_say_to_whoever_may_read_them(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    looker = 'veil: 1\nroles: {lookers: {groups: [guests], capabilities: ["subject:impersonate"]}}'
    client.post("/api/v1/policies/apply", data=looker, content_type="application/yaml", headers=bearer("max"))
    asked = {"sql": "select id from shop.orders", "as": {"groups": ["clerks"]}}

    def said(user: str, question: Mapping[str, object]) -> dict[str, str]:
        answer = client.post("/api/v1/explain", json=question, headers=bearer(user)).get_json()
        return cast("dict[str, str]", answer["datasets"][0]["statements"])

    own = said("kim", {"sql": asked["sql"]})
    assert own["clerks"].startswith("GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card")
    assert said("max", asked) == own
    assert said("eve", asked) == {}, "who may see as others may not read their policies"


def test_where_explanations_are_brief_nothing_tells_of_a_hidden_column(tmp_path: Path) -> None:
    (tmp_path / "brief").mkdir()
    settings = Settings(query=QuerySettings(explain="brief"))
    with open_shop(tmp_path / "brief", settings) as parts:
        client = create_app(parts).test_client()
        assert sign_in(client, "kim").status_code == 303
        text, _ = parts.tokens.create("kim", "test", timedelta(days=1))
        header = {"Authorization": f"Bearer {text}"}
        told = client.post("/api/v1/explain", json={"sql": "select * from shop.orders"}, headers=header)
        for answer in (told, client.get("/data/shop/orders"), client.get("/data")):
            assert answer.status_code == 200
            assert "card" not in answer.get_data(as_text=True)
            assert "1 hidden" not in answer.get_data(as_text=True)


def test_who_names_a_hidden_column_is_told_whom_to_ask(client: FlaskClient, bearer: Bearer) -> None:
    denial = "veil: 1\npolicies: [{policy: no land, deny: select, to: [clerk], scope: shop.orders(land), why: ours}]\n"
    client.post("/api/v1/policies/apply", data=denial, content_type="application/yaml", headers=bearer("max"))
    refused = ask(client, bearer("kim"), "select land from shop.orders").get_json()
    assert refused["hint"].endswith("; ask `max`, who wrote it, for access")
