"""Rules are tried over HTTP by administrators, on record, without a value in the answer."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from catalog.journal.event import EventKind
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]
TRY = "/api/v1/rules/try"
RULE = {"name": "mail", "tag": "acme.mail", "content": "user[0-9]+@x.test"}


def test_a_rule_is_tried_and_nothing_is_kept(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    answer = client.post(TRY, json={"rule": RULE, "on": "SHOP"}, headers=bearer("max"))
    assert "@x.test" not in answer.get_data(as_text=True)
    told = answer.get_json()
    [column] = told["columns"]
    assert (column["dataset"], column["column"], column["fit"]) == ("shop.orders", "email", "match")
    assert column["hits"] == ["aaaa00@a.aaaa"], "nine others are too few to be told of"
    assert column["evidence"] == "about 100 % of some 40 cells match rule `mail`"
    assert (told["datasets"], told["problems"]) == (1, [])
    assert shop.tags.rules() == ()
    [event] = shop.journal.search(kind=EventKind.RULE_TRY)
    assert (event.user, event.datasets, event.tags) == ("max", ("shop.orders",), ("acme.mail",))
    looks = {"content": RULE["content"], "min_match": 0.8, "min_rows": 20}
    assert event.details == {"rule": "mail", "on": "SHOP", "looks": looks, "fits": {"match": 1}}


def test_a_rule_finds_no_value_letter_by_letter_and_what_it_asked_is_on_record(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    rules = [
        {"name": "t", "tag": "a.b", "column_name": "^email$", **looks, "min_match": 0.001, "min_rows": 1}
        for looks in ({"content": "user7@.*"}, {"content": "none@.*"}, {"words": ["user7@x.test"]}, {"words": ["none"]})
    ]
    told = [client.post(TRY, json={"rule": rule, "on": "shop.orders"}, headers=bearer("max")).json for rule in rules]
    assert all(each == told[0] for each in told)
    asked = [str(event.details["looks"]) for event in shop.journal.search(kind=EventKind.RULE_TRY)]
    whats = ("'words': 1", "'words': 1", "'content': 'none@.*'", "'content': 'user7@.*'")
    assert all(what in each for what, each in zip(whats, asked, strict=True))
    assert "user7@x.test" not in str(asked)


def test_what_a_kept_rule_asks_of_data_is_on_record(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    rule = {"name": "t", "tag": "pii.email", "content": "user7@.*", "min_match": 0.001, "min_rows": 1}
    assert client.post("/api/v1/rules", json={"rule": rule, "why": "x"}, headers=bearer("max")).status_code == 200
    [event] = shop.journal.search(kind=EventKind.DOCUMENT_APPLY, limit=1)
    assert event.details["rules"] == {"t": {"content": "user7@.*", "min_match": 0.001, "min_rows": 1}}
    assert client.post("/api/v1/rules/remove", json={"rule": "T", "why": "y"}, headers=bearer("max")).status_code == 200
    [event] = shop.journal.search(kind=EventKind.DOCUMENT_APPLY, limit=1)
    assert "rules" not in event.details


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
    assert told["problems"] == ["`shop.orders` cannot be read: a source is not available; a crawl of it tells why"]


def test_no_word_of_a_source_is_passed_on(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    """Neither by a trial nor by a plan that counts rows: administrators need see nothing of the data."""
    data = shop.home.path.parent / "data" / "orders.csv"
    lines = data.read_text().splitlines()
    granted = "{policy: more, grant: select, to: [more], scope: shop, where: id > 3, why: a test}"
    document = f"veil: 1\nroles: {{more: {{groups: [more]}}}}\npolicies: [{granted}]\n"
    header = bearer("max")
    told: dict[str, set[str]] = {"plan": set(), "trial": set()}
    for text in (
        "\n".join(line.replace(",card,", ",pin_number,") for line in lines),
        "\n".join([*lines, 'x,"4539797705756001" or so,1,NO,2', ""]),
        "\n".join([*lines, "secret value,a,1,NO,2", ""]),
        "\n".join([*lines, "1,\udcff4539797705756001,1,NO,2", ""]),
    ):
        data.write_bytes(text.encode("utf-8", "surrogateescape"))
        plan = client.post(
            "/api/v1/policies/plan?rows=true", data=document, content_type="application/yaml", headers=header
        ).get_json()
        tried = client.post(TRY, json={"rule": RULE, "on": "shop.orders"}, headers=header).get_json()
        told["plan"] |= {each["problem"] for each in plan["rows"]}
        told["trial"] |= set(tried["problems"])
    assert "not counted: a source is not available" in told["plan"]
    assert "`shop.orders` cannot be read: a source is not available; a crawl of it tells why" in told["trial"]
    for words in (*told["plan"], *told["trial"]):
        for secret in ("pin_number", "card", "line", "orders.csv", "4539", "secret value"):
            assert secret not in words


@pytest.mark.parametrize("user", ["kim", "ada", "eve"])
def test_only_administrators_try_rules(client: FlaskClient, bearer: Bearer, shop: Parts, user: str) -> None:
    body = {"rule": {"name": "r", "tag": "a.b", "words_file": "/etc/passwd"}, "on": "shop"}
    assert client.post(TRY, json=body, headers=bearer(user)).get_json(force=True)["code"] == "not_allowed"
    assert shop.journal.search(kind=EventKind.RULE_TRY) == ()
