"""The figures at /metrics: right, for those who may read them, and silent about people and data."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

Bearer = Callable[[str], dict[str, str]]
WORDS = ("kim", "shop", "orders", "email", "clerks", "somebody")


def _ask(client: FlaskClient, header: dict[str, str], sql: str) -> None:
    client.post("/api/v1/query", json={"sql": sql}, headers=header).get_data()


def _text(client: FlaskClient, header: dict[str, str]) -> str:
    return client.get("/metrics", headers=header).get_data(as_text=True)


def _figure(text: str, name: str, **labels: str) -> float:
    [value] = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return float(value)


def test_queries_are_counted_by_how_they_ended(client: FlaskClient, bearer: Bearer) -> None:
    _ask(client, bearer("kim"), "select * from shop.orders")
    _ask(client, bearer("kim"), "select * from shop.nothing")
    text = _text(client, bearer("max"))
    assert _figure(text, "veil_queries_total", verdict="allow") == 1
    assert _figure(text, "veil_queries_total", verdict="deny", code="unknown_dataset") == 1
    assert _figure(text, "veil_rows_total") == 20
    assert _figure(text, "veil_arrow_bytes_total") > 0
    assert _figure(text, "veil_queries_running") == 0
    assert _figure(text, "veil_query_seconds_count") == 1


def test_a_query_that_streams_is_counted_as_running(client: FlaskClient, bearer: Bearer) -> None:
    streaming = client.post("/api/v1/query", json={"sql": "select * from shop.orders"}, headers=bearer("kim"))
    assert _figure(_text(client, bearer("max")), "veil_queries_running") == 1
    streaming.get_data()
    assert _figure(_text(client, bearer("max")), "veil_queries_running") == 0


def test_answers_are_counted_by_route_never_by_address(client: FlaskClient, bearer: Bearer) -> None:
    client.get("/api/v1/datasets/shop/orders", headers=bearer("kim"))
    client.get("/somewhere/else", headers=bearer("kim"))
    text = _text(client, bearer("max"))
    route = "/api/v1/datasets/<database>/<name>"
    assert _figure(text, "veil_http_responses_total", method="GET", route=route, status="200") == 1
    assert _figure(text, "veil_http_responses_total", method="-", route="-", status="404") == 1


def test_no_figure_names_a_person_or_data(client: FlaskClient, bearer: Bearer) -> None:
    _ask(client, bearer("kim"), "select email from shop.orders where email <> 'somebody'")
    _ask(client, bearer("kim"), "select card from shop.orders")
    text = _text(client, bearer("max"))
    assert 'veil_queries_total{code="",verdict="allow"} 1.0' in text
    assert not [word for word in WORDS if word in text]


@pytest.mark.parametrize(("user", "status"), [("max", 200), ("kim", 403), ("ada", 403)])
def test_figures_take_a_capability(client: FlaskClient, bearer: Bearer, user: str, status: int) -> None:
    answer = client.get("/metrics", headers=bearer(user))
    assert answer.status_code == status
    assert (b"veil_queries" in answer.get_data()) == (status == 200)


def test_without_a_token_there_is_a_problem_document(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "not_authenticated")


def test_the_page_tells_of_every_figure_of_our_own(client: FlaskClient, bearer: Bearer) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "monitor.md").read_text()
    families = text_string_to_metric_families(_text(client, bearer("max")))
    assert not [family.name for family in families if family.name.startswith("veil_") and family.name not in page]
