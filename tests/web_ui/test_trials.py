"""Rules are tried over HTTP by administrators, on record, without a value in the answer."""

from collections.abc import Callable

import flask
import pytest
from flask.testing import FlaskClient

from catalog.journal.event import EventKind
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]
TRY = "/api/v1/rules/try"
RULE = {"name": "mail", "tag": "acme.mail", "content": "user[0-9]+@x.test"}


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


def test_a_rule_is_tried_and_nothing_is_kept(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    answer = client.post(TRY, json={"rule": RULE, "on": "SHOP"}, headers=bearer("max"))
    assert "@x.test" not in answer.get_data(as_text=True)
    told = answer.get_json()
    [column] = told["columns"]
    assert (column["dataset"], column["column"], column["fit"]) == ("shop.orders", "email", "match")
    assert set(column["hits"]) == {"aaaa0@a.aaaa", "aaaa00@a.aaaa"}
    assert (told["datasets"], told["problems"]) == (1, [])
    assert shop.tags.rules() == ()
    [event] = shop.journal.search(kind=EventKind.RULE_TRY)
    assert (event.user, event.datasets, event.tags) == ("max", ("shop.orders",), ("acme.mail",))


@pytest.mark.parametrize(
    ("body", "told", "hint"),
    [
        ({"rule": {**RULE, "contant": "x"}, "on": "shop"}, "`rules[0].contant` is not a key of a rule", "`content`"),
        ({"rule": {**RULE, "content": "("}, "on": "shop"}, "no regular expression", ""),
        ({"rule": {"name": "r", "tag": "a.b", "detector": "credit_cart"}, "on": "shop"}, "neither built in", "credit"),
        ({"rule": RULE, "on": "shop.order"}, "no dataset or database `shop.order`", "`shop.orders`"),
        ({"rule": "x", "on": "shop"}, "must be", ""),
        ({"rule": RULE}, "`on` is missing", ""),
    ],
)
def test_what_cannot_be_tried_is_refused(
    client: FlaskClient, bearer: Bearer, body: object, told: str, hint: str
) -> None:
    refused = client.post(TRY, json=body, headers=bearer("max")).get_json(force=True)
    assert told in refused["detail"]
    assert hint in refused["hint"]


def test_a_source_that_is_gone_is_told(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    (shop.home.path.parent / "data" / "orders.csv").unlink()
    told = client.post(TRY, json={"rule": RULE, "on": "shop.orders"}, headers=bearer("max")).get_json()
    assert (told["datasets"], told["columns"]) == (0, [])
    assert "`shop.orders` cannot be read" in told["problems"][0]


@pytest.mark.parametrize("user", ["kim", "ada", "eve"])
def test_only_administrators_try_rules(client: FlaskClient, bearer: Bearer, shop: Parts, user: str) -> None:
    body = {"rule": {"name": "r", "tag": "a.b", "words_file": "/etc/passwd"}, "on": "shop"}
    assert client.post(TRY, json=body, headers=bearer(user)).get_json(force=True)["code"] == "not_allowed"
    assert shop.journal.search(kind=EventKind.RULE_TRY) == ()
