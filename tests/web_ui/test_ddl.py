"""Policy statements over HTTP: the same language, within the rights of whoever sends them."""

import contextlib
from collections.abc import Callable

import flask
import pytest
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind
from policy_engine.model import Subject
from web_ui.parts import Parts
from web_ui.settings import QuerySettings

Bearer = Callable[[str], dict[str, str]]
Give = Callable[[str, str], TestResponse]


@pytest.fixture
def give(app: flask.Flask, bearer: Bearer) -> Give:
    """Sends a statement as a user."""
    return lambda user, text: app.test_client().post("/api/v1/ddl", json={"statement": text}, headers=bearer(user))


def test_an_administrator_changes_policies_and_is_told_what_it_did(give: Give, shop: Parts) -> None:
    before = shop.policies.current().revision
    answer = give("max", "GRANT SELECT (card) ON TABLE shop.orders TO ROLE clerk")
    told = answer.get_json()
    assert (answer.status_code, told["applied"], told["live"]) == (200, True, before + 1)
    assert answer.headers["Veil-Policy-Revision"] == str(before + 1)
    assert [change["kind"] for change in told["changes"]] == ["policy"]
    assert ("clerk", "card", "gains") in [(i.get("role"), i.get("column"), i["change"]) for i in told["impact"]]
    assert shop.revisions.history()[0].by == "max"


def test_nobody_else_changes_anything(give: Give, shop: Parts) -> None:
    before = shop.policies.current().revision
    for user in ("kim", "ada", "eve"):
        answer = give(user, "GRANT SELECT ON CATALOG TO ROLE clerk")
        assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")
        assert f"User '{user}' does not have privileges to GRANT" in answer.get_json()["detail"]
    assert shop.policies.current().revision == before


def test_everybody_asks_about_what_they_may_know(give: Give) -> None:
    described = give("kim", "DESCRIBE shop.orders").get_json()
    assert described["columns"] == ["name", "type", "attributes"]
    assert [row[0] for row in described["rows"]] == ["id", "email", "land", "total"]
    assert give("kim", "SHOW CURRENT ROLES").get_json()["rows"] == [["clerk", "clerks"]]
    assert give("eve", "DESCRIBE shop.orders").status_code == 403
    assert give("eve", "SHOW DATABASES").get_json()["rows"] == []


def test_a_statement_takes_one_of_the_persons_turns(give: Give, shop: Parts) -> None:
    kim = Subject(user="kim", groups=frozenset({"clerks"}))
    with contextlib.ExitStack() as turns:
        for _ in range(QuerySettings().at_once):
            turns.enter_context(shop.pipeline.turn(kim))
        assert give("kim", "SHOW DATABASES").status_code == 429
        assert give("max", "SHOW DATABASES").status_code == 200
    assert give("kim", "SHOW DATABASES").status_code == 200


def test_of_a_question_the_journal_keeps_little(give: Give, shop: Parts) -> None:
    assert give("kim", "SHOW DATABASES -- " + "x" * 90_000).status_code == 200
    [event] = shop.journal.search(user="kim", kind=EventKind.METADATA_READ)
    assert event.details["statement"] == ("SHOW DATABASES -- " + "x" * 90_000)[:2_000]


def test_a_mistake_is_shown_where_it_is(give: Give) -> None:
    answer = give("max", "GRANT SELECT ON DATABASE shop\n  TRANSFORM fin.card TO ROLE clerk")
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "policy_invalid")
    assert (problem["position"]["line"], problem["position"]["column"]) == (2, 22)


def test_who_is_not_signed_in_gives_no_statement(app: flask.Flask) -> None:
    assert app.test_client().post("/api/v1/ddl", json={"statement": "SHOW ROLES"}).status_code == 401


@pytest.mark.parametrize("body", [{}, {"statement": 1}, {"statement": "SHOW ROLES", "as": "max"}, []])
def test_a_wrong_body_is_refused(app: flask.Flask, bearer: Bearer, body: object) -> None:
    assert app.test_client().post("/api/v1/ddl", json=body, headers=bearer("max")).status_code == 400


def test_listed_policies_say_themselves_as_statements(app: flask.Flask, bearer: Bearer) -> None:
    [policy] = app.test_client().get("/api/v1/policies", headers=bearer("kim")).get_json()["policies"]
    assert policy["statement"] == (
        "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card TRANSFORM pii.email WITH tokenize()\n"
        "  WHERE land = user_attribute('land') TO ROLE clerk\n"
        "  POLICYPROPERTIES('name'='clerks', 'description'='clerks serve their own land')"
    )
