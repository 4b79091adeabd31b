"""Every route of the server: a real call by nobody, by somebody, by who may."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.people.model import Role, User
from policy_engine.capabilities import Action
from tests.web_ui.api_routes import API_ROUTES, FURTHER
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.page_routes import PAGE_ROUTES
from tests.web_ui.route import Open, Route
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.parts import Parts

ROUTES = (*PAGE_ROUTES, *API_ROUTES)
CLOSED = [route for route in ROUTES if route.who is not Open.EVERYBODY]
GUARDED = [route for route in (*ROUTES, *FURTHER) if isinstance(route.who, tuple)]
FORMS = [route for route in ROUTES if route.is_form]
REVISION = "Veil-Policy-Revision"

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


@pytest.fixture(scope="module")
def tokens(parts: Parts) -> dict[Action | None, str]:
    """Tokens of somebody who holds everything, each with one scope, and one with none."""
    scopes: dict[Action | None, tuple[str, ...]] = {None: (), **{action: (str(action),) for action in Action}}
    return {
        scope: parts.tokens.create("everything", "test", timedelta(days=1), scopes=held)[0]
        for scope, held in scopes.items()
    }


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
    answer = call(route, None)
    assert answer.status_code < 400 or route.path == "/sign-in"
    assert answer.headers.get(REVISION, "0") == "0"


@pytest.mark.parametrize("route", CLOSED, ids=str)
def test_nobody_signed_in_gets_no_answer(call: Call, route: Route) -> None:
    refused = call(route, None)
    assert refused.headers.get(REVISION, "0") == "0"
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
        refused = _send(client, route, {"Authorization": authorization})
        assert (refused.status_code, refused.headers.get(REVISION, "0")) == (401, "0")


@pytest.mark.parametrize("route", [route for route in CLOSED if route.who is Open.SIGNED_IN], ids=str)
def test_whoever_is_signed_in_is_refused_nothing_that_takes_no_capability(call: Call, route: Route) -> None:
    answer = call(route, "nobody")
    assert answer.status_code not in (401, 403)
    assert (REVISION in answer.headers) == route.is_api


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


@pytest.mark.parametrize("route", [*CLOSED, *FURTHER], ids=str)
def test_a_token_reaches_by_each_scope_what_that_scope_is_for_and_no_more(
    app: flask.Flask, tokens: dict[Action | None, str], route: Route
) -> None:
    """On pages as in the API, whoever holds everything: what is not in the scope is not in the token."""
    for scope, text in tokens.items():
        header = {"Authorization": f"Bearer {text}"}
        client = app.test_client()
        form = {"csrf_token": csrf_token(client.get("/connect", headers=header))} if route.is_form else {}
        answer = _send(client, route, header, form)
        is_open = not isinstance(route.who, tuple) or scope in route.who
        is_of_sign_ins = route.rule.startswith("/connect/tokens")
        assert (answer.status_code == 403) is (not is_open or is_of_sign_ins), (scope, answer.status_code)


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
