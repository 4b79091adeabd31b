"""Who asks is who they are when their request is there to its last byte, however long its sender holds that back."""

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind, Verdict
from policy_engine.changing.apply import prepare
from policy_engine.changing.plan import Plan
from policy_engine.model import PolicySet
from tests.web_ui.browsing import csrf_token
from tests.web_ui.elsewhere import regroup, remove_user, revoke
from web_ui.app import create_app
from web_ui.parts import Parts

BODY = json.dumps({"sql": "select * from shop.orders order by id", "format": "json"}).encode()
SignIn = Callable[[str], FlaskClient]


class _Held(io.BytesIO):
    """A body during whose arrival something happens."""

    def __init__(self, body: bytes, meanwhile: Callable[[], object]) -> None:
        super().__init__(body)
        self._meanwhile = meanwhile

    def readinto(self, buffer: Any, /) -> int:
        if self.tell() == 0:
            self._meanwhile()
        return super().readinto(buffer)


def _asked(app: flask.Flask, token: str, meanwhile: Callable[[], object], padding: int) -> TestResponse:
    body = b" " * padding + BODY
    answer = app.test_client().post(
        "/api/v1/query",
        input_stream=_Held(body, meanwhile),
        content_length=len(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    answer.get_data()
    return answer


@pytest.mark.parametrize("padding", [0, 400_000])
def test_a_token_that_is_revoked_or_an_account_that_goes_meanwhile_is_refused(
    app: flask.Flask, shop: Parts, padding: int
) -> None:
    text, token = shop.tokens.create("kim", "test", timedelta(days=1))
    other, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    assert _asked(app, text, lambda: None, padding).status_code == 200
    assert _asked(app, text, lambda: revoke(shop, token.id), padding).status_code == 401
    assert _asked(app, other, lambda: remove_user(shop, "kim"), padding).status_code == 401


@pytest.mark.parametrize("padding", [0, 400_000])
def test_a_group_that_is_lost_meanwhile_gives_nothing_any_more(app: flask.Flask, shop: Parts, padding: int) -> None:
    text, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    assert _asked(app, text, lambda: regroup(shop, "kim"), padding).status_code == 404


@pytest.mark.parametrize("address", ["/api/v1/query", "/api/v1/explain"])
def test_a_group_that_is_lost_while_sql_is_read_gives_nothing_any_more(
    app: flask.Flask, shop: Parts, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    text, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    header = {"Authorization": f"Bearer {text}"}
    asked = {"sql": "select * from shop.orders where id >= 0"}
    moment = shop.policies.moment

    def overtaken() -> contextlib.AbstractContextManager[PolicySet]:
        regroup(shop, "kim")
        return moment()

    with monkeypatch.context() as patch:
        patch.setattr(shop.policies, "moment", overtaken)
        refused = app.test_client().post(address, json=asked, headers=header)
    assert refused.status_code == 401
    assert "has changed meanwhile" in refused.text
    assert app.test_client().post(address, json=asked, headers=header).status_code == 404


def test_an_error_is_that_of_who_asks_now(app: flask.Flask, shop: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    moment = shop.policies.moment

    def overtaken() -> contextlib.AbstractContextManager[PolicySet]:
        regroup(shop, "kim")
        return moment()

    monkeypatch.setattr(shop.policies, "moment", overtaken)
    asked = {"sql": "select cast('x' || id as int) from shop.orders"}
    refused = app.test_client().post("/api/v1/query", json=asked, headers={"Authorization": f"Bearer {text}"})
    assert refused.status_code == 401
    [event] = shop.journal.page(shop.journal.readable(None), limit=1)
    assert (event.kind, event.verdict) == (EventKind.QUERY_DENY, Verdict.DENY)


def test_a_plan_is_carried_out_for_who_may_do_so_now(
    app: flask.Flask, shop: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, _ = shop.tokens.create("max", "test", timedelta(days=1), scopes=None)
    header = {"Authorization": f"Bearer {text}", "Content-Type": "application/yaml"}
    revision = shop.policies.current().revision

    def dismissed(*given: Any, **named: Any) -> Plan:
        plan = prepare(*given, **named)
        remove_user(shop, "max")
        return plan

    document = "veil: 1\nroles: {thieves: {groups: [max]}}\n"
    with monkeypatch.context() as patch:
        patch.setattr("web_ui.authoring.planning.prepare", dismissed)
        refused = app.test_client().post("/api/v1/policies/apply", data=document, headers=header)
    assert refused.status_code == 401
    assert shop.policies.current().revision == revision


@pytest.mark.parametrize("padding", [0, 400_000])
def test_nobody_at_all_is_not_waited_for(app: flask.Flask, padding: int) -> None:
    waited: list[bool] = []
    assert _asked(app, "no-token", lambda: waited.append(True), padding).status_code == 401
    assert not waited


def test_one_person_has_some_requests_come_in_at_once(app: flask.Flask, shop: Parts) -> None:
    text, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    other, _ = shop.tokens.create("max", "test", timedelta(days=1))
    told: list[int] = []

    def one_more() -> None:
        told.append(_asked(app, text, one_more, 0).status_code)
        if len(told) == 1:
            assert _asked(app, other, lambda: None, 0).status_code == 200

    assert _asked(app, text, one_more, 0).status_code == 200
    assert told == [429, *([200] * 15)]
    assert _asked(app, text, lambda: None, 0).status_code == 200


def test_one_persons_share_of_the_threads_is_over_all_they_do(shop: Parts) -> None:
    server = replace(shop.settings.server, threads=6)
    app = create_app(replace(shop, settings=replace(shop.settings, server=server)))
    headers = {
        name: {"Authorization": f"Bearer {shop.tokens.create(name, 'test', timedelta(days=1))[0]}"}
        for name in ("kim", "max")
    }

    def ask(user: str, address: str = "/api/v1/whoami") -> TestResponse:
        return app.test_client().get(address, headers=headers[user])

    def query() -> TestResponse:
        sql = {"sql": "select * from shop.orders"}
        return app.test_client().post("/api/v1/query", json=sql, headers=headers["kim"])

    for _ in range(10):  # what is answered takes no turn any more, whatever came of it
        assert ask("kim").status_code == 200
        assert ask("kim", "/api/v1/datasets/shop/nope").status_code == 404
    opened = [query(), query(), ask("kim", "/api/v1/audit/export")]
    assert [answer.status_code for answer in opened] == [200] * 3
    refused = ask("kim")
    assert (refused.status_code, refused.json and refused.json["detail"]) == (
        429,
        "you have 3 requests under way, as many as one person may have at once",
    )
    assert ask("kim", "/data").status_code == 429
    assert ask("max").status_code == 200
    for answer in opened:
        answer.close()
        assert ask("kim").status_code == 200
        assert ask("kim").status_code == 200


def test_a_form_is_judged_when_it_is_whole(browser: SignIn, shop: Parts) -> None:
    kim = browser("kim")
    form = f"csrf_token={csrf_token(kim.get('/connect'))}&name=made&days=7".encode()
    held = _Held(form, lambda: remove_user(shop, "kim"))
    kim.post(
        "/connect/tokens",
        input_stream=held,
        content_length=len(form),
        content_type="application/x-www-form-urlencoded",
    )
    assert not shop.tokens.tokens("kim")
