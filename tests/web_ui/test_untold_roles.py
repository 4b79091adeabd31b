"""Who is told of some databases alone is told of no role, account, group or reason that belongs elsewhere."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest

from catalog.people.model import Role, User
from policy_engine.model import Effect, Policy, Scope
from tests.web_ui.browsing import SignIn, signed_in_once
from tests.web_ui.shop import PASSWORD, open_shop
from web_ui.app import create_app

WRITES = "policy:write on shop"
REPORTS = (
    "who-can-see?thing=shop.orders",
    "who-can-see?thing=shop.orders.card",
    "what-can?subject=role:clerk",
    "what-can?subject=kim",
    "unrestricted",
    "coverage",
    "changes?from=2&to=3",
    "changes?from=2&to=3&who=clerk",
    "unused",
)


@contextlib.contextmanager
def _world(folder: Path, name: str) -> Iterator[flask.Flask]:
    """The shop, whose clerks hold a role of the lab as well; an account of clerks sees nothing, as a denial has it."""
    with open_shop(folder) as parts:
        for user, groups in (("dee", {"delegates"}), ("wat", {"watchers"}), (f"{name} spy", {"clerks", "spies"})):
            parts.accounts.put_user(User(name=user, groups=frozenset(groups)))
        for user in ("dee", "wat"):
            parts.accounts.set_password(user, PASSWORD)
        first = parts.policies.current()
        told = (
            Role(name="lead", groups=frozenset({"delegates"}), capabilities=frozenset({"policy:write on shop"})),
            Role(name="watch", groups=frozenset({"watchers"}), capabilities=frozenset({"audit:read on shop"})),
        )
        untold = (Role(name=name, groups=frozenset({"clerks"})), Role(name="denied", groups=frozenset({"spies"})))
        more = (
            Policy(id="elsewhere", effect=Effect.GRANT, roles=(name,), scope=Scope(database="lab")),
            Policy(id="nothing", effect=Effect.DENY, roles=("denied",), scope=Scope()),
        )
        roles, difference = (*first.roles, *told, *untold), f"+ policy {name}\n~ policy clerks"
        parts.policies.put((*first.policies, *more), roles, by="max", why=f"{name} begins", difference=difference)
        roles = (
            *(replace(role, groups=role.groups | {f"{name} team"}) if role.name == "clerk" else role for role in roles),
        )
        given = Policy(id="given", effect=Effect.GRANT, roles=("clerk",), scope=Scope(database="shop"))
        parts.policies.put((*first.policies, *more, given), roles, by="max", why="alone", difference="+ policy given")
        app = create_app(parts)
        app.config["tokens"] = {
            user: parts.tokens.create(user, "t", timedelta(days=1))[0] for user in ("dee", "wat", "eve", "kim", "ada")
        }
        yield app


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, flask.Flask]]:
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(_world(tmp_path_factory.mktemp("world"), name))
            for name in ("aa falcon", "zz takeover")
        }


@pytest.fixture(scope="module")
def browsers(worlds: dict[str, flask.Flask]) -> dict[str, SignIn]:
    return {name: signed_in_once(app) for name, app in worlds.items()}


def _ask(app: flask.Flask, user: str, path: str, method: str = "GET", **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {app.config['tokens'][user]}"}
    answer = app.test_client().open(f"/api/v1/{path}", method=method, headers=headers, json=body or None)
    assert answer.status_code < 300, answer.text
    return answer.get_json()


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("user", ["dee", "wat"])
def test_no_report_names_a_role_or_account_that_is_not_told(
    worlds: dict[str, flask.Flask], browsers: dict[str, SignIn], report: str, user: str
) -> None:
    told = []
    for name, app in worlds.items():
        answer = _ask(app, user, f"reports/{report}")
        assert name not in json.dumps(answer)
        told.append((answer["answer"], answer["rows"]))
        assert name not in browsers[name](user).get(f"/reports/{report}").text
    assert told[0] == told[1]


def test_who_reads_everything_is_told_of_them(worlds: dict[str, flask.Flask]) -> None:
    for name, app in worlds.items():
        for report in ("who-can-see?thing=shop.orders", "changes?from=2&to=3"):
            assert name in json.dumps(_ask(app, "ada", f"reports/{report}"))
        rows = _ask(app, "ada", "reports/who-can-see?thing=shop.orders")["rows"]
        assert any(f"{name} spy" in row["members"] for row in rows)
        rows = _ask(app, "dee", "reports/who-can-see?thing=shop.orders")["rows"]
        assert {tuple(row["members"]) for row in rows if row["name"] == "clerk"} == {("kim",)}


def test_what_changed_for_a_role_that_is_not_told_is_of_others(worlds: dict[str, flask.Flask]) -> None:
    for app in worlds.values():
        names = {row["name"] for row in _ask(app, "dee", "reports/changes?from=2&to=3")["rows"]}
        assert {"clerk", "others"} <= names


def test_no_request_names_a_role_that_is_not_told(worlds: dict[str, flask.Flask]) -> None:
    for name, app in worlds.items():
        asked = _ask(app, "eve", "access-requests", "POST", dataset="shop.orders", why="to count them")
        story = _ask(app, "dee", f"access-requests/{asked['id']}")
        assert name not in json.dumps(story)
        assert [holder["role"] for holder in story["holders"]] == ["boss", "clerk"]


def test_the_reason_of_more_than_one_change_is_told_to_who_reads_every_policy(
    worlds: dict[str, flask.Flask], browsers: dict[str, SignIn]
) -> None:
    for name, browser in browsers.items():
        for page in ("/policies", "/policies/clerks", "/roles/clerk"):
            assert f"{name} begins" not in browser("kim").get(page).text
        assert f"{name} begins" in browser("ada").get("/policies/clerks").text
        assert "alone" in browser("ada").get("/policies/given").text
        assert "alone" not in browser("kim").get("/policies/given").text, "it may have been somebody else's until then"
        document = {"veil": 1, "policies": [{"policy": "clerks", "grant": "select", "to": ["clerk"], "scope": "shop"}]}
        assert f"{name} begins" not in json.dumps(_ask(worlds[name], "dee", "policies/plan", "POST", **document))


@pytest.mark.parametrize("page", ["/policies", "/policies/pool", "/policies/pool?rev=3", "/roles/clerk"])
def test_why_somebody_elses_policy_became_theirs_is_told_to_who_read_it_before(tmp_path: Path, page: str) -> None:
    with open_shop(tmp_path) as parts:
        parts.accounts.put_user(User(name="dee", groups=frozenset({"delegates"})))
        now = parts.policies.current()
        roles = (*now.roles, Role(name="lead", groups=frozenset({"delegates"}), capabilities=frozenset({WRITES})))
        pool = Policy(id="pool", effect=Effect.GRANT, roles=("boss",), scope=Scope(database="lab"))
        own = replace(pool, roles=("clerk",), scope=Scope(database="shop"))
        changes = (("starts", pool, "+"), ("merger with ACME", own, "~"))
        for why, policy, sign in changes:
            parts.policies.put((*now.policies, policy), roles, by="max", why=why, difference=f"{sign} policy pool")
        browser = signed_in_once(create_app(parts))
        assert "merger" not in browser("kim").get(page).text
        assert ("merger" in browser("ada").get(page).text) is (page != "/roles/clerk")
        token = parts.tokens.create("dee", "t", timedelta(days=1))[0]
        changed = {"policy": "pool", "grant": "select", "to": ["clerk"], "scope": "shop", "why": "other"}
        headers = {"Authorization": f"Bearer {token}"}
        document = {"veil": 1, "policies": [changed]}
        planned = create_app(parts).test_client().post("/api/v1/policies/plan", headers=headers, json=document)
        assert "last changed in revision" in planned.text
        assert "merger" not in planned.text


def test_a_name_of_a_policy_that_is_taken_is_told_as_it_was_written(worlds: dict[str, flask.Flask]) -> None:
    statement = "GRANT SELECT (id) ON TABLE shop.orders TO ROLE clerk POLICYPROPERTIES('name'='ELSEWHERE')"
    for app in worlds.values():
        headers = {"Authorization": f"Bearer {app.config['tokens']['dee']}"}
        refused = app.test_client().post("/api/v1/ddl", headers=headers, json={"statement": statement})
        assert (refused.status_code, "`ELSEWHERE`" in refused.text, "elsewhere" in refused.text) == (422, True, False)


def test_no_report_goes_through_all_roles_there_are() -> None:
    """`Desk.roles` are those that may be told of; policies in force have others, for judging alone."""
    for file in (Path(__file__).parents[2] / "web_ui" / "reports").glob("*.py"):
        assert ".policies.roles" not in file.read_text(encoding="utf-8"), file.name
