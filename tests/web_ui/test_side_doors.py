"""What stands beside the queries tells no more than they do: the journal, pages, and what a request may carry."""

import re
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from catalog.journal.event import Event, EventKind
from catalog.model import Tag, TagAssignment, TagOrigin, TagState
from catalog.people.model import Role
from policy_engine.capabilities import Action
from policy_engine.model import Effect, HasTag, Not, Policy, Scope
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import PASSWORD, open_shop
from tests.web_ui.test_api import Bearer, ask
from web_ui.app import create_app
from web_ui.parts import Parts
from web_ui.settings import QuerySettings, Settings
from web_ui.throttle import Throttle

LOOKED_AT = "lab.results"


@pytest.fixture
def auditor(shop: Parts, bearer: Bearer) -> dict[str, str]:
    """The header of somebody who may read the journal of the shop, after much has happened elsewhere."""
    now = shop.policies.current()
    role = Role(name="reader", groups=frozenset({"guests"}), capabilities=frozenset({f"{Action.AUDIT_READ} on shop"}))
    shop.policies.put(now.policies, (*now.roles, role), by="test", why="", difference="")
    for dataset in ("shop.orders", *[LOOKED_AT] * 1_100, "shop.orders", LOOKED_AT):
        shop.journal.append(Event(kind=EventKind.QUERY_BEGIN, user="max", datasets=(dataset,)))
    return bearer("eve")


def test_who_reads_a_part_of_the_journal_cannot_search_the_rest(client: FlaskClient, auditor: dict[str, str]) -> None:
    for search in (f"text={LOOKED_AT}", f"dataset={LOOKED_AT}", "text=of+nothing", "dataset=lab.nothing"):
        answer = client.get(f"/api/v1/audit/events?limit=1&{search}", headers=auditor).get_json()
        assert answer == {"events": [], "before": None, "count": 0, "archived_until": None}, search


def test_who_reads_a_part_of_the_journal_finds_all_of_it(client: FlaskClient, auditor: dict[str, str]) -> None:
    found, before = [], ""
    for _ in range(3):
        answer = client.get(f"/api/v1/audit/events?limit=1&kind=query:begin{before}", headers=auditor).get_json()
        found += [event["datasets"] for event in answer["events"]]
        before = f"&before={answer['before']}"
    assert found == [["shop.orders"], ["shop.orders"]]


def test_a_change_of_more_than_the_own_datasets_is_no_part_of_theirs(
    client: FlaskClient, shop: Parts, auditor: dict[str, str]
) -> None:
    for lines in (["~ dataset shop.orders"], ["~ dataset shop.orders", "+ policy of lab"]):
        details = {"difference": lines, "why": " and ".join(lines)}
        shop.journal.append(
            Event(kind=EventKind.DOCUMENT_APPLY, user="max", datasets=("shop.orders",), details=details)
        )
    last = shop.journal.head()[0]
    answer = client.get("/api/v1/audit/events?kind=document:apply", headers=auditor)
    assert [event["seq"] for event in answer.get_json()["events"]] == [last - 1]
    assert "of lab" not in answer.text
    sign_in(client, "eve")
    assert [client.get(f"/audit/{number}").status_code for number in (last - 1, last)] == [200, 404]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_at_the_end_of_time_is_an_answer_and_no_failure(
    client: FlaskClient, auditor: dict[str, str], moment: str
) -> None:
    refused = client.get(f"/api/v1/audit/events?from={moment}", headers=auditor)
    assert (refused.status_code, "no date or moment" in refused.text) == (400, True)


def test_hashes_by_which_events_could_be_guessed_are_for_those_who_read_them_all(
    client: FlaskClient, auditor: dict[str, str], bearer: Bearer
) -> None:
    ask(client, bearer("kim"), "select 1").get_data()
    for header, has_hashes in ((auditor, False), (bearer("kim"), False), (bearer("ada"), True)):
        events = client.get("/api/v1/audit/events", headers=header).get_json()["events"]
        assert events != []
        assert all(("hash" in event, "previous_hash" in event) == (has_hashes,) * 2 for event in events)


def test_told_briefly_a_hidden_column_is_on_no_page_and_in_nobodys_own_journal(tmp_path: Path) -> None:
    with open_shop(tmp_path, Settings(query=QuerySettings(explain="brief"))) as parts:
        browser = create_app(parts).test_client()
        sign_in(browser, "kim")
        page = browser.get("/data/shop/orders").get_data(as_text=True)
        assert [word in page for word in (">email<", ">card<", "1 hidden")] == [True, False, False]
        [own] = browser.get("/api/v1/audit/events?kind=query:begin").get_json()["events"]
        assert set(own["columns"]) == {
            f"shop.orders.{told}" for told in ("id=clear", "email=masked", "land=clear", "total=clear")
        }
        assert browser.get("/api/v1/audit/events?text=card%3Dhidden").get_json()["events"] == []
        assert browser.get("/api/v1/audit/events?text=EMAIL%3Dmasked").get_json()["events"] != []
        assert browser.get("/api/v1/audit/events?column=shop.orders.card").get_json()["events"] == []
        assert browser.get("/api/v1/audit/events?column=shop.Orders.email").get_json()["events"] != []


@pytest.mark.parametrize("hidden", ["card", "total"])
def test_told_briefly_a_hidden_column_that_a_tag_points_at_is_not_named(tmp_path: Path, hidden: str) -> None:
    with open_shop(tmp_path, Settings(query=QuerySettings(explain="brief"))) as parts:
        parts.tags.put_tag(Tag(name="ops.by"))
        assigned = TagAssignment(
            dataset="shop.orders",
            path=(hidden,),
            tag="ops.by",
            state=TagState.CONFIRMED,
            origin=TagOrigin.DOCUMENT,
            evidence="",
        )
        parts.tags.assign(assigned)
        now = parts.policies.current()
        [clerks] = [policy for policy in now.policies if policy.id == "clerks"]
        by_tag = replace(clerks, having=Not(HasTag("ops.by")), where="columns_with_attribute('ops.by') is not null")
        others = tuple(policy for policy in now.policies if policy.id != "clerks")
        parts.policies.put((*others, by_tag), now.roles, by="test", why="", difference="")
        browser = create_app(parts).test_client()
        sign_in(browser, "kim")
        header = {"Authorization": f"Bearer {parts.tokens.create('kim', 'test', timedelta(days=1))[0]}"}
        for sql in ("select id from shop.orders", "explain select id from shop.orders"):
            answer = ask(browser, header, sql)
            assert (answer.status_code, hidden.encode() in answer.get_data()) == (200, False), sql
        told = browser.post("/api/v1/explain", json={"sql": "select id from shop.orders"}, headers=header)
        assert ('"_row"."?" IS NULL' in told.get_json()["sql"], hidden in told.text) == (True, False)
        numbers = [event.seq for event in parts.journal.search(user="kim", limit=20)]
        pages = ["/audit", "/api/v1/audit/export", "/api/v1/audit/events", *(f"/audit/{number}" for number in numbers)]
        answers = {page: re.sub(r'class="[^"]*"', "", browser.get(page).text) for page in pages}
        assert [page for page, text in answers.items() if re.search(rf"\b{hidden}\b", text)] == []
        assert browser.get(f"/api/v1/audit/events?text=_row%22.%22{hidden}").get_json()["events"] == []
        assert len(parts.journal.search(text=f'"_row"."{hidden}"', kind=EventKind.QUERY_BEGIN)) == 2, "auditors find it"


def test_told_briefly_who_reads_a_part_is_not_told_what_statements_and_reviews_name(tmp_path: Path) -> None:
    with open_shop(tmp_path, Settings(query=QuerySettings(explain="brief"))) as parts:
        now = parts.policies.current()
        capabilities = frozenset({f"{Action.AUDIT_READ} on shop"})
        role = Role(name="reader", groups=frozenset({"guests"}), capabilities=capabilities)
        parts.policies.put(now.policies, (*now.roles, role), by="test", why="", difference="")
        client = create_app(parts).test_client()
        header, admin, whole = (
            {"Authorization": f"Bearer {parts.tokens.create(user, 'test', timedelta(days=1))[0]}"}
            for user in ("eve", "max", "ada")
        )
        statement = {"statement": "ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE card pii.email"}
        assert client.post("/api/v1/ddl", json=statement, headers=admin).status_code == 200
        for kind in (EventKind.TAG_REVIEW, EventKind.REQUEST_APPROVE):
            details = {"why": "w", "difference": ["~ tag a.b on shop.orders.card: .."], "columns": ["card"]}
            parts.journal.append(Event(kind=kind, user="max", datasets=("shop.orders",), details=details))
        assert client.get("/api/v1/audit/events?text=card", headers=whole).get_json()["count"] == 3
        found = client.get("/api/v1/audit/events", headers=header).get_json()["events"]
        theirs = [event for event in found if event["user"] == "max"]
        assert len(theirs) == 3
        sign_in(client, "eve")
        pages = [
            "/audit",
            "/api/v1/audit/export",
            "/api/v1/audit/events",
            *(f"/audit/{each['seq']}" for each in theirs),
        ]
        answers = {page: re.sub(r'class="[^"]*"', "", client.get(page).text) for page in pages}
        assert [page for page, text in answers.items() if re.search(r"\bcard\b", text)] == []
        assert client.get("/api/v1/audit/events?text=card", headers=header).get_json()["count"] == 0


def test_told_briefly_no_policy_that_only_hides_is_in_the_own_journal(tmp_path: Path) -> None:
    """That `no cards` decided would tell that there is a column with a card, since others have none to be hidden."""
    with open_shop(tmp_path, Settings(query=QuerySettings(explain="brief"))) as parts:
        now = parts.policies.current()
        denial = Policy(
            id="no cards", effect=Effect.DENY, roles=("clerk",), scope=Scope(database="shop"), having=HasTag("fin.card")
        )
        parts.policies.put((*now.policies, denial), now.roles, by="test", why="", difference="")
        browser = create_app(parts).test_client()
        sign_in(browser, "kim")
        header = {"Authorization": f"Bearer {parts.tokens.create('kim', 'test', timedelta(days=1))[0]}"}
        ask(browser, header, "select id from shop.orders").get_data()
        told = browser.post("/api/v1/explain", json={"sql": "select id from shop.orders"}, headers=header)
        assert (told.status_code, "no cards" in told.text) == (200, False)
        numbers = [event.seq for event in parts.journal.search(user="kim", limit=20)]
        pages = ["/audit", "/api/v1/audit/export", "/api/v1/audit/events", *(f"/audit/{number}" for number in numbers)]
        texts = {page: browser.get(page).text for page in pages}
        assert [page for page, text in texts.items() if re.search(r"no.cards|hiding", text)] == []
        assert all("clerks" in texts[page] for page in pages[:3])
        for asked in ("policy", "text"):
            found = {
                name: browser.get(f"/api/v1/audit/events?kind=query:begin&{asked}={name}").get_json()["count"]
                for name in ("no cards", "clerks")
            }
            assert found == {"no cards": 0, "clerks": 1}, asked
        [begun] = parts.journal.search(policy="no cards", kind=EventKind.QUERY_BEGIN)
        assert begun.details["hiding"] == ["no cards"], "auditors are told"


def test_a_purpose_is_short_so_that_nobody_fills_the_journal(client: FlaskClient, bearer: Bearer) -> None:
    assert ask(client, bearer("kim"), "select 1", purpose="x" * 500).status_code == 200
    refused = ask(client, bearer("kim"), "select 1", purpose="x" * 501).get_json()
    assert (refused["code"], "500 characters" in refused["detail"]) == ("request_invalid", True)


def test_long_names_at_the_sign_in_do_not_fill_the_memory() -> None:
    throttle = Throttle(attempts=5, pause_seconds=300, clock=lambda: 0.0)
    tracemalloc.start()
    for number in range(50):
        throttle.enter(str(number) * 400_000, "10.0.0.1")
    assert tracemalloc.get_traced_memory()[0] < 400_000
    tracemalloc.stop()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_link_with_a_password_in_it_excuses_no_form(app: flask.Flask, path: str) -> None:
    """A browser sends such a link's name and password as `Authorization`, with forms of another site too."""
    victim = app.test_client()
    sign_in(victim, "kim")
    headers = {"Authorization": "Basic YTpi", "Origin": "https://evil.test"}
    assert victim.post(path, data={"name": "eve", "password": PASSWORD}, headers=headers).status_code == 403
    del headers["Origin"]
    assert victim.post(path, data={"name": "eve", "password": PASSWORD}, headers=headers).status_code == 400
    assert victim.get("/api/v1/whoami").get_json()["user"] == "kim"


def test_earlier_queries_are_those_of_nobody_called_alike_but_for_case(app: flask.Flask, shop: Parts) -> None:
    for user in ("Kim", "kim"):
        details = {"request": f"SELECT 'by {user}'", "sql": ""}
        shop.journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, decision_id=user, details=details))
    browser = app.test_client()
    sign_in(browser, "kim")
    for page in ("/home", "/query/history"):
        text = browser.get(page).text
        assert ("by kim" in text, "by Kim" in text) == (True, False), page


def test_a_file_that_is_not_there_is_just_that_to_everybody(shop: Parts, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(shop)
    browser = app.test_client()
    sign_in(browser, "kim")
    for client in (browser, app.test_client()):
        for path in ("/static/nothing", "/static/%0a2026 ERROR", "/static/../secret"):
            assert client.get(path).status_code == 404
    assert caplog.records == []


def test_what_fails_past_every_handler_is_logged_without_its_words(
    shop: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(shop)

    def fail(response: flask.Response) -> flask.Response:
        raise ValueError("4539 of kim")

    app.after_request(fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/healthz").status_code == 500
    told = caplog.text
    assert "ValueError at " in told
    for secret in ("4539", "/healthz"):
        assert secret not in "".join(record.getMessage() for record in caplog.records)
