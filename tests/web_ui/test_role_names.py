"""A delegate who tries names of roles does not find out who was given access, nor as whom a preview can be made."""

import contextlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest

from catalog.people.model import Role, User
from policy_engine.model import Effect, Policy, Scope
from policy_engine.personal_roles import role_of
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.shop import PASSWORD, open_shop
from web_ui.app import create_app

GRANT = '{{"policy": "probe", "grant": "select", "to": ["{role}"], "scope": "shop.orders"}}'
ASKS = (
    '{{"policy": "probe", "grant": "select", "to": ["clerk"], "scope": "shop.orders", "where": "has_role(\'{role}\')"}}'
)
STATEMENTS = (
    'GRANT SELECT ON DATABASE shop TO ROLE "{role}"',
    'REVOKE SELECT ON DATABASE shop FROM ROLE "{role}"',
    'DENY SELECT ON TABLE shop.orders FROM ROLE "{role}"',
    "GRANT SELECT ON TABLE shop.orders WHERE has_role('{role}') TO ROLE clerk",
    'SHOW GRANT ROLE "{role}"',
)


@contextlib.contextmanager
def _world(folder: Path, *, was_given: bool) -> Iterator[flask.Flask]:
    """The shop with a delegate of it; zed was given access to another database, or was not, and kim to the shop."""
    with open_shop(folder) as parts:
        parts.accounts.put_user(User(name="dee", groups=frozenset({"delegates"})))
        parts.accounts.put_user(User(name="zed", groups=frozenset({"clerks"})))
        lead = Role(name="lead", groups=frozenset({"delegates"}), capabilities=frozenset({"policy:write on shop"}))
        falcon = Role(name="falcon" if was_given else "heron", groups=frozenset({"outsiders"}))
        given = role_of("zed" if was_given else "max")
        parts.accounts.set_password("dee", PASSWORD)
        first = parts.policies.current()
        policies = (
            Policy(id="one", effect=Effect.GRANT, roles=(given.name,), scope=Scope(database="lab")),
            Policy(id="two", effect=Effect.GRANT, roles=("only kim",), scope=Scope(database="shop", dataset="orders")),
            Policy(id="three", effect=Effect.GRANT, roles=(falcon.name,), scope=Scope(database="lab")),
        )
        roles = (*first.roles, lead, falcon, given, role_of("kim"))
        parts.policies.put((*first.policies, *policies), roles, by="max", why="w", difference="d")
        app = create_app(parts)
        app.config["tokens"] = {
            user: parts.tokens.create(user, "t", timedelta(days=1))[0] for user in ("dee", "max", "ada")
        }
        yield app


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[flask.Flask, ...]]:
    with contextlib.ExitStack() as stack:
        yield tuple(
            stack.enter_context(_world(tmp_path_factory.mktemp("world"), was_given=was_given))
            for was_given in (True, False)
        )


def _post(app: flask.Flask, path: str, user: str = "dee", **body: object) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {app.config['tokens'][user]}"}
    answer = app.test_client().post(f"/api/v1/{path}", headers=headers, json=body)
    return {**answer.get_json(), "status": answer.status_code, "decision_id": "", "instance": ""}


def _alike(worlds: tuple[flask.Flask, ...], path: str, status: int, **body: Any) -> None:
    one, other = (_post(app, path, **body) for app in worlds)
    assert one == other
    assert one["status"] == status


@pytest.mark.parametrize("verb", ["plan", "apply?why=w"])
@pytest.mark.parametrize("policy", [GRANT, ASKS], ids=["grant", "filter"])
@pytest.mark.parametrize("role", ["only zed", "ONLY Zed", "only zedd", "only nobody"])
def test_no_document_tells_whether_somebody_was_given_access(
    worlds: tuple[flask.Flask, ...], policy: str, verb: str, role: str
) -> None:
    document = {"veil": 1, "policies": [json.loads(policy.format(role=role))]}
    _alike(worlds, f"policies/{verb}", 422, **document)
    asked = {"document": document, "as": {"groups": ["clerks", "zed"]}, "on": "shop.orders"}
    _alike(worlds, "policies/preview", 422, **asked)


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("role", ["only zed", "only nobody"])
def test_no_statement_does(worlds: tuple[flask.Flask, ...], statement: str, role: str) -> None:
    one, other = (_post(app, "ddl", statement=statement.format(role=role)) for app in worlds)
    assert one == other
    assert one["status"] in (403, 422)


@pytest.mark.parametrize("role", ["only zed", "falcon", "heron", "only nobody"])
def test_no_preview_is_made_as_who_holds_a_role_that_one_is_not_told(
    worlds: tuple[flask.Flask, ...], role: str
) -> None:
    _alike(worlds, "policies/preview", 400, document={"veil": 1}, **{"as": {"role": role}, "on": "shop.orders"})


def test_roles_that_one_is_told_are_named(worlds: tuple[flask.Flask, ...]) -> None:
    for role in ("only kim", "clerk", "lead"):
        policy = {"policy": "probe", "grant": "select", "to": [role], "scope": "shop.orders"}
        asked: dict[str, Any] = {
            "document": {"veil": 1, "policies": [policy]},
            "as": {"role": role},
            "on": "shop.orders",
        }
        assert _post(worlds[0], "policies/preview", **asked)["columns"]
    falcon = {"policy": "probe", "grant": "select", "to": ["falcon"], "scope": "shop.orders"}
    asked = {"document": {"veil": 1, "policies": [falcon]}, "as": {"role": "falcon"}, "on": "shop.orders"}
    assert _post(worlds[0], "policies/preview", **asked)["columns"], "a name that one was told can be granted to"


def test_who_administers_names_all(worlds: tuple[flask.Flask, ...]) -> None:
    policy = {"policy": "probe", "grant": "select", "to": ["only zed"], "scope": "shop.orders"}
    document = {"veil": 1, "policies": [policy]}
    for role, status in (("only zed", 200), ("falcon", 200), ("heron", 400)):
        asked = {"document": document, "as": {"role": role}, "on": "shop.orders"}
        assert _post(worlds[0], "policies/preview", "max", **asked)["status"] == status
    unknown = _post(worlds[1], "policies/plan", "max", **document)
    assert "names the role `only zed`, which does not exist" in unknown["detail"]


@pytest.mark.parametrize("role", ["only zed", "ONLY Zed", "only nobody"])
def test_the_form_of_a_policy_does_not_tell_whether_somebody_was_given_access(
    worlds: tuple[flask.Flask, ...], role: str
) -> None:
    told = []
    for app in worlds:
        browser = app.test_client()
        assert sign_in(browser, "dee").status_code == 303
        fields = {"csrf_token": csrf_token(browser.get("/policies/new")), "action": "check", "policy": "probe"}
        rest = {"to": role, "scope": "shop", "why": "x", "effect": "grant", "pick": "all", "enabled": "true"}
        page = browser.post("/policies/new", data={**fields, **rest}).text
        told.append(re.sub(r'value="[^"]*"', "", page))
        assert "does not exist" in page
    assert told[0] == told[1]
