"""Home tells each person what waits for them and how things stand, and nothing beyond their rights."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from catalog.access_requests import AccessRequest, AccessRequests, Wanted
from catalog.crawl_runs import CrawlRuns, RunState
from catalog.home import Home
from catalog.journal.event import Event, EventKind, Verdict
from catalog.model import Database, Level, Source, Tag, TagAssignment, TagOrigin, TagRule, TagState
from catalog.people.model import Role
from catalog.registry import connect
from policy_engine.capabilities import Rights
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import decide
from policy_engine.model import Effect, Outcome, Policy, Scope, Subject
from policy_engine.subjects import holder_of
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import open_shop
from veil.cli.homes import make_home
from web_ui.app import create_app
from web_ui.home.estate import Estates
from web_ui.home.steps import next_step, steps
from web_ui.parts import Parts, assemble
from web_ui.settings import Settings

Look = Callable[..., Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The shop with a second database and a delegate of the first."""
    with open_shop(tmp_path_factory.mktemp("home")) as parts:
        [source] = parts.datasets.sources()
        parts.datasets.put_database(Database(name="lab"))
        folder = Path(source.options["path"])
        (folder / "tests.csv").write_bytes((folder / "orders.csv").read_bytes())
        parts.datasets.register("lab", "tests", "lake", "tests.csv", connect(source).describe("tests.csv"))
        parts.tags.put_tag(Tag(name="fin.card", level=Level.RESTRICTED))
        now = parts.policies.current()
        lead = Role(name="lead", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
        parts.policies.put(now.policies, (*now.roles, lead), by="ada", why="a lead", difference="+ role lead")
        yield parts


@pytest.fixture(scope="module")
def app(shop: Parts) -> flask.Flask:
    return create_app(shop)


@pytest.fixture(scope="module")
def look(app: flask.Flask, shop: Parts) -> Look:
    """What somebody finds at home, by the API."""

    def looked(user: str, **asked: str) -> Any:
        text, _ = shop.tokens.create(user, "test", timedelta(days=1))
        headers = {"Authorization": f"Bearer {text}"}
        answer = app.test_client().get("/api/v1/home", query_string=asked, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    return looked


@pytest.fixture
def page(app: flask.Flask) -> Callable[[str], str]:
    """The page of somebody, as text."""

    def opened(user: str) -> str:
        client: FlaskClient = app.test_client()
        assert sign_in(client, user).status_code == 303
        return client.get("/home").text

    return opened


def test_the_estate_is_what_is_decided_for_each_role(shop: Parts, look: Look) -> None:
    policies, datasets = shop.policies.current(), shop.datasets.datasets()
    estate = look("max")["estate"]
    assert (estate["datasets"], estate["columns"], estate["role_count"]) == (2, 10, 3)
    for told in estate["roles"]:
        role = next(role for role in policies.roles if role.name == told["role"])
        columns = [
            column
            for dataset in datasets
            for column in decide(holder_of(role), dataset, policies, shop.clock(), AT_MOST).columns
        ]
        assert {outcome.value: told[outcome.value] for outcome in Outcome} == {
            outcome.value: sum(column.outcome is outcome for column in columns) for outcome in Outcome
        }
    chosen = look("max", role="clerk")["role"]
    assert [(each["dataset"], each["hidden"]) for each in chosen["datasets"]] == [("lab.tests", 5), ("shop.orders", 1)]
    assert look("max", role="nothing-like-it")["role"] is None


def test_the_estate_is_worked_out_once_and_anew_after_each_change(shop: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    estates = Estates(shop)
    first = estates.whole(None)
    assert estates.whole(None) is first
    assert estates.whole(frozenset({"shop"})).columns == 5
    shop.tags.assign(
        TagAssignment(
            dataset="shop.orders",
            path=("land",),
            tag="fin.card",
            state=TagState.CONFIRMED,
            origin=TagOrigin.PERSON,
        )
    )
    changed = dict(estates.whole(None).roles)
    assert changed["clerk"].hidden == dict(first.roles)["clerk"].hidden + 1
    now = shop.policies.current()
    closed = tuple(replace(policy, enabled=False) for policy in now.policies)
    shop.policies.put(closed, now.roles, by="ada", why="a holiday", difference="~ policy clerks")
    assert {covered.hidden for _, covered in estates.whole(None).roles} == {10}
    shop.policies.put(now.policies, now.roles, by="ada", why="back", difference="~ policy clerks")
    shop.tags.reject("shop.orders", ("land",), "fin.card", by="ada")
    assert estates.whole(None) == first


def test_the_policies_of_a_large_estate_are_looked_through_when_somebody_asks(
    shop: Parts, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look("max")["unchecked"] is False
    monkeypatch.setattr("web_ui.home.estate._QUICK", 5)
    estates = Estates(shop)
    assert estates.quick_findings() is None
    assert estates.findings()
    assert estates.quick_findings() == estates.findings()


def test_what_waits_is_told_to_who_can_do_it(shop: Parts, look: Look) -> None:
    shop.tags.suggest(
        TagAssignment(
            dataset="shop.orders",
            path=("total",),
            tag="fin.card",
            state=TagState.SUGGESTED,
            origin=TagOrigin.RULE,
            rule="cards",
        )
    )
    runs = CrawlRuns(shop.catalog)
    run = runs.add("lake", by="max")
    runs.end(run.id, RunState.FAILED, "the folder is gone")
    waits = {task["task"]: task["count"] for task in look("max")["tasks"]}
    assert waits["suggested_tags"] == 1
    assert waits["failed_crawls"] == 1
    assert waits["lint_findings"] == len(Estates(shop).findings()) > 0
    assert [task["task"] for task in look("ada")["tasks"]] == ["failed_crawls"]
    assert look("kim")["tasks"] == look("eve")["tasks"] == []
    runs.end(runs.add("lake", by="max").id, RunState.DONE)
    assert "failed_crawls" not in {task["task"] for task in look("max")["tasks"]}


def test_requests_wait_for_who_decides_and_are_shown_to_who_asked(shop: Parts, look: Look) -> None:
    now = shop.clock()
    asked = AccessRequest(
        user="kim",
        groups=frozenset({"clerks"}),
        database="shop",
        dataset="orders",
        wanted=Wanted.COLUMNS,
        columns=("card",),
        why="to pay back",
        asked_at=now,
        ends_at=now + timedelta(days=30),
    )
    before = {user: _waiting(look(user)) for user in ("max", "eve")}
    AccessRequests(shop.catalog).add(asked)
    AccessRequests(shop.catalog).add(replace(asked, user="ada", database="lab", dataset="tests"))
    AccessRequests(shop.catalog).add(replace(asked, user="eve"))
    assert _waiting(look("max")) - before["max"] == 3
    assert _waiting(look("eve")) - before["eve"] == 1
    assert _waiting(look("kim")) == _waiting(look("ada")) == 0
    assert {each["dataset"] for each in look("kim")["requests"]} == {"shop.orders"}
    assert look("max")["requests"] == []


def _waiting(home: Any) -> int:
    return sum(task["count"] for task in home["tasks"] if task["task"] == "access_requests")


def test_the_week_counts_what_each_person_may_read_of(shop: Parts, look: Look) -> None:
    begin = look("ada")["week"]
    assert len(begin) == 7
    for user in ("kim", "kim", "max"):
        shop.journal.append(Event(kind=EventKind.QUERY_END, user=user, datasets=("shop.orders",)))
    for kind in (EventKind.QUERY_DENY, EventKind.QUERY_END):
        shop.journal.append(Event(kind=kind, user="eve", verdict=Verdict.DENY))
    today = {user: look(user)["week"][-1] for user in ("ada", "kim", "max", "eve")}
    assert today["ada"].get("allowed", 0) - begin[-1].get("allowed", 0) == 3
    assert (today["kim"]["allowed"], today["max"]["allowed"]) == (2, 1)
    assert today["eve"].get("refused") == 2
    assert "refused" not in today["kim"]
    assert today["ada"]["day"] == shop.clock().date().isoformat()


def test_nobody_is_told_more_than_their_rights_open(shop: Parts, look: Look, page: Callable[[str], str]) -> None:
    analyst, delegate, auditor = look("kim"), look("eve"), look("ada")
    assert (analyst["estate"], analyst["journal"], analyst["changes"], analyst["steps"]) == (None, None, [], [])
    assert [each["dataset"] for each in analyst["datasets"]] == ["shop.orders"]
    assert (delegate["estate"]["datasets"], delegate["journal"], delegate["changes"]) == (1, None, [])
    assert "lab" not in str(look("eve", role="boss"))
    assert (delegate["estate"]["role_count"], auditor["estate"]["role_count"]) == (2, 3)
    assert (look("eve", role="lead")["role"], look("ada", role="lead")["role"] is None) == (None, False)
    count, _ = shop.journal.head()
    assert auditor["journal"]["count"] <= count
    assert auditor["journal"]["head"]
    assert [each["revision"] for each in auditor["changes"]][-1] == 1
    assert "The record" in page("ada")
    for word in ("The record", "The estate", "To do", "First steps", "lab.tests"):
        assert word not in page("kim")
    assert "Read it from Python" in page("kim")
    assert 'href="/home" aria-current="page"' in page("kim")


def test_own_queries_are_there_and_nobody_elses(app: flask.Flask, shop: Parts, look: Look) -> None:
    text, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    headers = {"Authorization": f"Bearer {text}"}
    sql = {"sql": "select land from shop.orders where land = 'NO'"}
    assert app.test_client().post("/api/v1/query", json=sql, headers=headers).data
    [query, *_] = look("kim")["queries"]
    assert query["datasets"] == ["shop.orders"]
    assert look("ada")["queries"] == []


def test_the_first_steps_tick_themselves_and_go_when_all_are_taken(tmp_path: Path) -> None:
    make_home(tmp_path / "home")
    (tmp_path / "a.csv").write_text("id,phone\n1,2\n")
    with assemble(Home.open(tmp_path / "home"), Settings()) as parts:
        app, first = create_app(parts), parts.policies.current()
        clerk = Role(name="clerk", groups=frozenset({"clerks"}))
        see = Policy(id="see", effect=Effect.GRANT, roles=("clerk",), scope=Scope(database="shop"))

        def ticked() -> list[bool]:
            with app.test_request_context():
                return [step.is_done for step in steps(parts)]

        assert ticked() == [False] * 5
        parts.tags.put_tag(Tag(name="pii.phone"))
        parts.tags.put_rule(TagRule(name="phones", tag="pii.phone", column_name="phone"))
        assert ticked() == [True, False, False, False, False]
        with app.test_request_context():
            for groups, leads in (({"admin"}, "/role"), ({"clerks"}, None)):
                rights = Rights(Subject(user="ada", groups=frozenset(groups)), parts.policies.current())
                step = next_step(parts, rights)
                assert (step.address if step else None) == leads
        parts.policies.put(first.policies, (*first.roles, clerk), by="ada", why="", difference="+ role clerk")
        assert ticked() == [True, True, False, False, False]
        parts.policies.put((*first.policies, see), (*first.roles, clerk), by="ada", why="", difference="+ policy see")
        assert ticked() == [True, True, True, False, False]
        source = Source(name="lake", connector="files", options={"path": str(tmp_path)})
        parts.datasets.put_source(source)
        parts.datasets.put_database(Database(name="shop"))
        parts.datasets.register("shop", "a", "lake", "a.csv", connect(source).describe("a.csv"))
        assert ticked() == [True, True, True, True, False]
        parts.journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", datasets=("shop.a",)))
        assert ticked() == []
