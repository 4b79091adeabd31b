"""Every route of the server, who may call it, and a real call for each: by nobody, by somebody, by who may."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.model import Role, User
from policy_engine.capabilities import Action
from policy_engine.oversight import OVERSIGHT
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.shop import PASSWORD, open_shop
from web_ui.app import create_app
from web_ui.parts import Parts


class Open(Enum):
    """To whom a route is open that takes no capability."""

    EVERYBODY = "everybody"
    SIGNED_IN = "whoever is signed in"


READ = (Action.HOME_ADMINISTER, Action.AUDIT_READ)
STEWARD = (Action.TAG_ASSIGN, Action.HOME_ADMINISTER)
WRITE = (Action.POLICY_WRITE, Action.TAG_ASSIGN, Action.HOME_ADMINISTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route, who may call it (of several capabilities any one is enough; a refusal names the first), and a call."""

    method: str
    rule: str
    who: Open | tuple[Action, ...]
    body: dict[str, object] = field(default_factory=dict)
    called: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_api(self) -> bool:
        """Whether programs call it, which carry a token and read JSON."""
        return self.rule.startswith("/api/v1/") or self.rule == "/metrics"

    @property
    def is_form(self) -> bool:
        """Whether it takes a form of a page."""
        return self.method == "POST" and not self.is_api

    @property
    def path(self) -> str:
        """An address that the route takes."""
        return self.called or self.rule


SQL: dict[str, object] = {"sql": "select 1"}
DOCUMENT: dict[str, object] = {"veil": 1}
ASK: dict[str, object] = {"dataset": "shop.orders", "why": "to look"}
RULE = {"rule": "r", "on": {"name": "email"}, "tag": "pii.email"}
SOURCE: dict[str, object] = {"source": "pond", "connector": "files", "options": {"path": "/nowhere"}}
RULE_FORM: dict[str, object] = {
    "action": "try",
    "name": "r",
    "tag": "pii.email",
    "column_name": "email",
    "on": "shop",
}
ROUTES = (
    Route(method="GET", rule="/static/<path:filename>", called="/static/veil.css", who=Open.EVERYBODY),
    Route(method="GET", rule="/healthz", who=Open.EVERYBODY),
    Route(method="GET", rule="/metrics", who=(Action.METRICS_READ,)),
    Route(method="GET", rule="/", who=Open.EVERYBODY),
    Route(method="GET", rule="/sign-in", who=Open.EVERYBODY),
    Route(method="POST", rule="/sign-in", who=Open.EVERYBODY, body={"name": "nobody", "password": PASSWORD}),
    Route(method="POST", rule="/sign-out", who=Open.EVERYBODY),
    Route(method="GET", rule="/sign-in/provider", who=Open.EVERYBODY),
    Route(method="GET", rule="/sign-in/callback", who=Open.EVERYBODY),
    Route(method="GET", rule="/sign-out/provider", who=Open.EVERYBODY),
    Route(method="GET", rule="/home", who=Open.SIGNED_IN),
    Route(method="GET", rule="/reports", who=OVERSIGHT),
    Route(method="GET", rule="/reports/<name>", called="/reports/coverage", who=OVERSIGHT),
    Route(method="GET", rule="/health", who=(Action.HOME_ADMINISTER,)),
    Route(method="POST", rule="/health/examine", who=(Action.HOME_ADMINISTER,)),
    Route(method="POST", rule="/health/sources/<name>", called="/health/sources/lake", who=(Action.HOME_ADMINISTER,)),
    Route(method="GET", rule="/api/v1/health", who=(Action.HOME_ADMINISTER,)),
    Route(method="POST", rule="/api/v1/health/examine", who=(Action.HOME_ADMINISTER,)),
    Route(method="GET", rule="/api/v1/home", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/reports", who=OVERSIGHT),
    Route(method="GET", rule="/api/v1/reports/<name>", called="/api/v1/reports/unused", who=OVERSIGHT),
    Route(method="GET", rule="/data", who=Open.SIGNED_IN),
    Route(method="POST", rule="/data/databases", who=(Action.HOME_ADMINISTER,), body={"name": "lab"}),
    Route(method="GET", rule="/data/<database>/<name>", called="/data/shop/orders", who=Open.SIGNED_IN),
    Route(method="GET", rule="/policies", who=Open.SIGNED_IN),
    Route(method="GET", rule="/policies/export", who=Open.SIGNED_IN),
    Route(method="GET", rule="/policies/<name>", called="/policies/clerks", who=Open.SIGNED_IN),
    Route(
        method="POST",
        rule="/policies/<name>/remove",
        called="/policies/nothing-like-it/remove",
        who=WRITE,
        body={"action": "plan"},
    ),
    Route(method="GET", rule="/policies/new", who=(Action.POLICY_WRITE,)),
    Route(method="POST", rule="/policies/new", who=(Action.POLICY_WRITE,), body={"action": "add-role"}),
    Route(
        method="GET", rule="/policies/<name>/edit", called="/policies/nothing-like-it/edit", who=(Action.POLICY_WRITE,)
    ),
    Route(
        method="POST",
        rule="/policies/<name>/edit",
        called="/policies/nothing-like-it/edit",
        who=(Action.POLICY_WRITE,),
        body={"action": "check"},
    ),
    Route(
        method="GET",
        rule="/policies/names",
        called="/policies/names?kind=role",
        who=(Action.POLICY_WRITE,),
    ),
    Route(method="GET", rule="/policies/drafts", who=(Action.POLICY_WRITE,)),
    Route(
        method="POST",
        rule="/policies/drafts/<draft_id>/discard",
        called="/policies/drafts/nothing-like-it/discard",
        who=(Action.POLICY_WRITE,),
    ),
    Route(method="GET", rule="/policies/history", who=READ),
    Route(method="GET", rule="/policies/history/<int:number>", called="/policies/history/1", who=READ),
    Route(
        method="POST",
        rule="/policies/history/<int:number>",
        called="/policies/history/999999",
        who=WRITE,
        body={"action": "plan"},
    ),
    Route(method="GET", rule="/policies/change", who=WRITE),
    Route(method="POST", rule="/policies/change", who=WRITE, body={"document": "veil: 1", "action": "plan"}),
    Route(method="GET", rule="/view-as", who=(Action.SUBJECT_IMPERSONATE,)),
    Route(method="POST", rule="/view-as", who=(Action.SUBJECT_IMPERSONATE,), body={"kind": "user", "name": "kim"}),
    Route(method="POST", rule="/view-as/leave", who=Open.SIGNED_IN),
    Route(method="GET", rule="/query", who=Open.SIGNED_IN),
    Route(method="GET", rule="/query/names", who=Open.SIGNED_IN),
    Route(method="GET", rule="/query/history", who=Open.SIGNED_IN),
    Route(method="POST", rule="/query", who=Open.SIGNED_IN, body=SQL),
    Route(method="GET", rule="/audit", who=Open.SIGNED_IN),
    Route(method="GET", rule="/audit/<int:number>", called="/audit/1", who=Open.SIGNED_IN),
    Route(method="GET", rule="/roles", who=Open.SIGNED_IN),
    Route(method="GET", rule="/roles/<path:name>", called="/roles/clerk", who=Open.SIGNED_IN),
    Route(method="GET", rule="/requests", who=Open.SIGNED_IN),
    Route(method="GET", rule="/requests/new", who=Open.SIGNED_IN),
    Route(method="POST", rule="/requests/new", who=Open.SIGNED_IN, body={**ASK, "wanted": "dataset"}),
    Route(method="GET", rule="/requests/<number>", called="/requests/1", who=Open.SIGNED_IN),
    Route(method="POST", rule="/requests/<number>/decide", called="/requests/1/decide", who=Open.SIGNED_IN),
    Route(method="POST", rule="/requests/<number>/withdraw", called="/requests/1/withdraw", who=Open.SIGNED_IN),
    Route(method="POST", rule="/audit/verify", who=(Action.AUDIT_READ,)),
    Route(method="GET", rule="/tags", who=(Action.TAG_ASSIGN,)),
    Route(method="GET", rule="/tags/all", who=STEWARD),
    Route(method="POST", rule="/tags/all", who=(Action.HOME_ADMINISTER,), body={"name": "pii.more"}),
    Route(method="GET", rule="/tags/rules", who=STEWARD),
    Route(method="POST", rule="/tags/rules", who=(Action.HOME_ADMINISTER,), body=RULE_FORM),
    Route(method="POST", rule="/tags/rules/remove", who=(Action.HOME_ADMINISTER,), body={"rule": "none like it"}),
    Route(method="GET", rule="/tags/history", called="/tags/history?dataset=shop.orders", who=(Action.TAG_ASSIGN,)),
    Route(method="POST", rule="/tags/review", who=(Action.TAG_ASSIGN,), body={"verdict": "confirm", "ids": "1"}),
    Route(method="GET", rule="/crawls", who=READ),
    Route(method="POST", rule="/crawls", who=(Action.HOME_ADMINISTER,), body={"source": "lake"}),
    Route(method="GET", rule="/crawls/<number>", called="/crawls/1", who=READ),
    Route(method="POST", rule="/crawls/<number>/cancel", called="/crawls/1/cancel", who=(Action.HOME_ADMINISTER,)),
    Route(
        method="POST",
        rule="/crawls/<number>/register",
        called="/crawls/1/register",
        who=(Action.HOME_ADMINISTER,),
        body={"into": "shop"},
    ),
    Route(method="GET", rule="/sources/new", who=(Action.HOME_ADMINISTER,)),
    Route(method="POST", rule="/sources/new", who=(Action.HOME_ADMINISTER,), body={"action": "test", "kind": "duckdb"}),
    Route(method="GET", rule="/sources/<name>", called="/sources/lake", who=READ),
    Route(
        method="POST",
        rule="/sources/<name>",
        called="/sources/lake",
        who=(Action.HOME_ADMINISTER,),
        body={"action": "test"},
    ),
    Route(
        method="GET",
        rule="/sources/<name>/remove",
        called="/sources/lake/remove",
        who=(Action.HOME_ADMINISTER,),
    ),
    Route(
        method="POST",
        rule="/sources/<name>/remove",
        called="/sources/lake/remove",
        who=(Action.HOME_ADMINISTER,),
        body={"plan": "another"},
    ),
    Route(method="GET", rule="/connect", who=Open.SIGNED_IN),
    Route(method="POST", rule="/connect/tokens", who=Open.SIGNED_IN, body={"name": "mine", "days": "1"}),
    Route(
        method="POST",
        rule="/connect/tokens/<token_id>/revoke",
        called="/connect/tokens/1/revoke",
        who=Open.SIGNED_IN,
    ),
    Route(method="POST", rule="/api/v1/query", who=Open.SIGNED_IN, body=SQL),
    Route(method="POST", rule="/api/v1/explain", who=Open.SIGNED_IN, body=SQL),
    Route(method="GET", rule="/api/v1/datasets", who=Open.SIGNED_IN),
    Route(
        method="GET",
        rule="/api/v1/datasets/<database>/<name>",
        called="/api/v1/datasets/shop/orders",
        who=Open.SIGNED_IN,
    ),
    Route(method="GET", rule="/api/v1/whoami", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/openapi.json", who=Open.EVERYBODY),
    Route(method="GET", rule="/api/v1/tags", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/roles", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/policies", who=Open.SIGNED_IN),
    Route(method="POST", rule="/api/v1/policies/plan", who=WRITE, body=DOCUMENT),
    Route(method="POST", rule="/api/v1/policies/apply", who=WRITE, body=DOCUMENT),
    Route(method="GET", rule="/api/v1/policies/history", who=READ),
    Route(method="POST", rule="/api/v1/policies/rollback", who=WRITE, body={"revision": 999_999, "why": "to try"}),
    Route(method="POST", rule="/api/v1/ddl", who=Open.SIGNED_IN, body={"statement": "SHOW DATABASES"}),
    Route(method="GET", rule="/api/v1/access-requests", who=Open.SIGNED_IN),
    Route(method="POST", rule="/api/v1/access-requests", who=Open.SIGNED_IN, body=ASK),
    Route(
        method="GET",
        rule="/api/v1/access-requests/<number>",
        called="/api/v1/access-requests/1",
        who=Open.SIGNED_IN,
    ),
    Route(
        method="POST",
        rule="/api/v1/access-requests/<number>/decide",
        called="/api/v1/access-requests/1/decide",
        who=Open.SIGNED_IN,
        body={"verdict": "deny", "words": "no"},
    ),
    Route(
        method="POST",
        rule="/api/v1/access-requests/<number>/withdraw",
        called="/api/v1/access-requests/1/withdraw",
        who=Open.SIGNED_IN,
    ),
    Route(method="GET", rule="/api/v1/audit/events", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/audit/export", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/audit/verification", who=(Action.AUDIT_READ,)),
    Route(method="POST", rule="/api/v1/audit/verification", who=(Action.AUDIT_READ,)),
    Route(method="GET", rule="/api/v1/crawls", who=READ),
    Route(method="POST", rule="/api/v1/crawls", who=(Action.HOME_ADMINISTER,), body={"source": "lake"}),
    Route(method="GET", rule="/api/v1/crawls/<number>", called="/api/v1/crawls/1", who=READ),
    Route(
        method="POST",
        rule="/api/v1/crawls/<number>/cancel",
        called="/api/v1/crawls/1/cancel",
        who=(Action.HOME_ADMINISTER,),
    ),
    Route(
        method="POST",
        rule="/api/v1/crawls/<number>/register",
        called="/api/v1/crawls/1/register",
        who=(Action.HOME_ADMINISTER,),
        body={"into": "shop"},
    ),
    Route(method="GET", rule="/api/v1/sources", who=READ),
    Route(method="POST", rule="/api/v1/sources", who=(Action.HOME_ADMINISTER,), body=SOURCE),
    Route(method="POST", rule="/api/v1/sources/test", who=(Action.HOME_ADMINISTER,), body=SOURCE),
    Route(method="GET", rule="/api/v1/sources/<name>", called="/api/v1/sources/lake", who=READ),
    Route(
        method="POST",
        rule="/api/v1/sources/<name>/test",
        called="/api/v1/sources/lake/test",
        who=(Action.HOME_ADMINISTER,),
    ),
    Route(
        method="POST",
        rule="/api/v1/sources/<name>/remove",
        called="/api/v1/sources/lake/remove",
        who=(Action.HOME_ADMINISTER,),
        body={"datasets": False},
    ),
    Route(method="GET", rule="/api/v1/rules", who=STEWARD),
    Route(
        method="POST",
        rule="/api/v1/rules/remove",
        who=(Action.HOME_ADMINISTER,),
        body={"rule": "none like it"},
    ),
    Route(
        method="POST",
        rule="/api/v1/rules",
        who=(Action.HOME_ADMINISTER,),
        body={"rule": {"name": "r", "tag": "pii.email", "column_name": "email"}},
    ),
    Route(method="GET", rule="/api/v1/tags/uses", who=STEWARD),
    Route(
        method="GET",
        rule="/api/v1/tags/history",
        called="/api/v1/tags/history?dataset=shop.orders",
        who=(Action.TAG_ASSIGN,),
    ),
    Route(method="POST", rule="/api/v1/rules/try", who=(Action.HOME_ADMINISTER,), body={"rule": RULE, "on": "shop"}),
    Route(method="GET", rule="/api/v1/tags/assignments", who=(Action.TAG_ASSIGN,)),
    Route(method="POST", rule="/api/v1/tags/assignments/review", who=(Action.TAG_ASSIGN,), body={"confirm": [1]}),
)
FURTHER = (
    Route(method="GET", rule="/reports/<name>", called="/reports/warnings", who=READ),
    Route(method="GET", rule="/api/v1/reports/<name>", called="/api/v1/reports/warnings", who=READ),
    Route(
        method="POST",
        rule="/api/v1/explain",
        who=(Action.SUBJECT_IMPERSONATE,),
        body={**SQL, "as": {"user": "max"}},
    ),
    Route(
        method="POST",
        rule="/api/v1/policies/plan",
        called="/api/v1/policies/plan?rows=true",
        who=(Action.HOME_ADMINISTER,),
        body=DOCUMENT,
    ),
)
"""What takes a capability only when more is asked for."""

CLOSED = [route for route in ROUTES if route.who is not Open.EVERYBODY]
GUARDED = [route for route in (*ROUTES, *FURTHER) if isinstance(route.who, tuple)]
FORMS = [route for route in ROUTES if route.is_form]

Call = Callable[[Route, str | None], TestResponse]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The shop, and people of whom one holds nothing and each other one a capability, or all but some."""
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        held = {
            "nobody": frozenset[Action](),
            "everything": frozenset(Action),
            **{_only(action): frozenset({action}) for action in Action},
        }
        held.update({_without(*_who(route)): frozenset(Action) - set(_who(route)) for route in GUARDED})
        known = parts.accounts.user("eve")
        assert known is not None
        for user in held:
            parts.accounts.put_user(User(name=user, groups=frozenset({user}), password_hash=known.password_hash))
        roles = (
            Role(name=user, groups=frozenset({user}), capabilities=frozenset(str(action) for action in actions))
            for user, actions in held.items()
        )
        now = parts.policies.current()
        parts.policies.put(now.policies, (*now.roles, *roles), by="test", why="people", difference="+ roles")
        yield parts


@pytest.fixture(scope="module")
def app(parts: Parts) -> flask.Flask:
    return create_app(parts)


@pytest.fixture(scope="module")
def call(app: flask.Flask, parts: Parts) -> Call:
    """Calls a route as somebody or nobody: programs with a token, people with a session and their form's token."""

    def called(route: Route, user: str | None) -> TestResponse:
        client = app.test_client()
        if route.is_api:
            return _send(client, route, {"Authorization": f"Bearer {_token(parts, user)}"} if user else {})
        if user:
            assert sign_in(client, user).status_code == 303
        return _send(client, route, form={"csrf_token": _form_token(client)} if route.is_form else {})

    assert called(next(route for route in ROUTES if route.path == "/api/v1/crawls" and route.body), "max").is_json
    return called


def test_the_table_has_every_route_and_no_other(app: flask.Flask) -> None:
    there = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == {(route.method, route.rule) for route in ROUTES}
    assert len(ROUTES) == len(there)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.who is Open.EVERYBODY], ids=str)
def test_what_is_open_to_everybody_asks_for_no_sign_in(call: Call, route: Route) -> None:
    assert call(route, None).status_code < 400 or route.path == "/sign-in"


@pytest.mark.parametrize("route", CLOSED, ids=str)
def test_nobody_signed_in_gets_no_answer(call: Call, route: Route) -> None:
    refused = call(route, None)
    if route.is_api or route.is_form:
        assert refused.status_code == 401
    else:
        assert (refused.status_code, refused.location.partition("?")[0]) == (302, "/sign-in")
    if route.is_api:
        assert refused.get_json()["code"] == "not_authenticated"


@pytest.mark.parametrize("route", [route for route in CLOSED if route.is_api], ids=str)
def test_no_other_authorization_is_taken_not_even_beside_a_session(app: flask.Flask, route: Route) -> None:
    client = app.test_client()
    assert sign_in(client, "max").status_code == 303
    for authorization in ("Bearer veil_unknown", "Basic a2ltOmtpbQ==", ""):
        assert _send(client, route, {"Authorization": authorization}).status_code == 401


@pytest.mark.parametrize("route", [route for route in CLOSED if route.who is Open.SIGNED_IN], ids=str)
def test_whoever_is_signed_in_is_refused_nothing_that_takes_no_capability(call: Call, route: Route) -> None:
    assert call(route, "nobody").status_code not in (401, 403)


@pytest.mark.parametrize("route", [route for route in GUARDED if route in ROUTES], ids=str)
def test_who_holds_nothing_is_told_which_capability_it_takes(call: Call, route: Route) -> None:
    _assert_refused(call(route, "nobody"), route)


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_all_other_capabilities_are_not_enough(call: Call, route: Route) -> None:
    _assert_refused(call(route, _without(*_who(route))), route)


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_each_capability_that_it_takes_is_enough(call: Call, route: Route) -> None:
    for action in _who(route):
        assert call(route, _only(action)).status_code not in (401, 403), action


@pytest.mark.parametrize("route", [route for route in GUARDED if route.is_api and route in ROUTES], ids=str)
def test_a_token_for_reading_data_has_none_of_its_owners_capabilities(
    app: flask.Flask, parts: Parts, route: Route
) -> None:
    for scopes, is_refused in (((), True), (None, False)):
        text, _ = parts.tokens.create("everything", "test", timedelta(days=1), scopes=scopes)
        answer = _send(app.test_client(), route, {"Authorization": f"Bearer {text}"})
        if is_refused:
            _assert_refused(answer, route)
            assert "this token does not carry it" in answer.get_json()["hint"]
        else:
            assert answer.status_code not in (401, 403)


@pytest.mark.parametrize("route", [route for route in GUARDED if route.is_api], ids=str)
def test_a_token_with_all_other_scopes_is_refused(app: flask.Flask, parts: Parts, route: Route) -> None:
    others = [str(action) for action in Action if action not in _who(route)]
    text, _ = parts.tokens.create("everything", "test", timedelta(days=1), scopes=others)
    _assert_refused(_send(app.test_client(), route, {"Authorization": f"Bearer {text}"}), route)


@pytest.mark.parametrize("route", FORMS, ids=str)
def test_a_form_without_its_token_is_refused(app: flask.Flask, route: Route) -> None:
    client = app.test_client()
    assert sign_in(client, "max").status_code == 303
    for sent in ({}, {"csrf_token": ""}, {"csrf_token": "of somebody else"}):
        refused = _send(client, route, form=sent)
        assert (refused.status_code, "his form is too old" in refused.text) == (400, True)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=str)
def test_nothing_is_changed_from_another_site(app: flask.Flask, route: Route) -> None:
    client = app.test_client()
    assert sign_in(client, "max").status_code == 303
    form = {"csrf_token": _form_token(client)}
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}):
        refused = _send(client, route, header, form)
        assert (refused.status_code, "his request came from another site" in refused.text) == (403, True)


def _assert_refused(refused: TestResponse, route: Route) -> None:
    assert refused.status_code == 403
    assert str(_who(route)[0]) in refused.text
    if route.is_api:
        assert refused.get_json()["code"] == "not_allowed"


def _send(
    client: FlaskClient, route: Route, headers: dict[str, str] | None = None, form: dict[str, str] | None = None
) -> TestResponse:
    if route.is_form:
        return client.post(route.path, data={**route.body, **(form or {})}, headers=headers)
    if route.method == "POST":
        return client.post(route.path, json=route.body, headers=headers)
    return client.open(route.path, method=route.method, headers=headers, buffered=True)


def _form_token(client: FlaskClient) -> str:
    """The token of the forms that a browser has before it."""
    page = client.get("/sign-in")
    return csrf_token(client.get("/connect") if page.status_code == 302 else page)


def _token(parts: Parts, user: str) -> str:
    return parts.tokens.create(user, "test", timedelta(days=1))[0]


def _who(route: Route) -> tuple[Action, ...]:
    assert isinstance(route.who, tuple)
    return route.who


def _only(action: Action) -> str:
    """A user's name, which must not name the capability: refusals name the roles that hold it."""
    return f"only {list(Action).index(action)}"


def _without(*actions: Action) -> str:
    return f"without {' '.join(str(list(Action).index(action)) for action in actions)}"
