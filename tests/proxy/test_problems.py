"""Every error becomes one shape, and an unforeseen one tells nobody more than its decision id."""

import logging

import flask
import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound, RequestEntityTooLarge

from catalog.errors import (
    Internal,
    JournalUnavailable,
    LimitExceeded,
    NotAllowed,
    NotAuthenticated,
    PolicyBroken,
    PolicyInvalid,
    Position,
    SourceTimeout,
    SourceUnavailable,
    SqlInvalid,
    SqlUnsupported,
    UnknownColumn,
    UnknownDataset,
    VeilError,
)
from proxy.http import problems
from proxy.refusals import TooMany

MEMBERS = {"type", "title", "status", "detail", "code", "hint", "decision_id", "position"}


def answered(error: Exception) -> flask.Response:
    app = flask.Flask("test")
    with app.test_request_context("/api/v1/x"):
        return problems.answer(error, decision_id="d1")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (NotAuthenticated, 401, "not_authenticated"),
        (NotAllowed, 403, "not_allowed"),
        (UnknownDataset, 404, "unknown_dataset"),
        (UnknownColumn, 422, "unknown_column"),
        (SqlInvalid, 400, "sql_invalid"),
        (SqlUnsupported, 422, "sql_unsupported"),
        (PolicyBroken, 403, "policy_broken"),
        (PolicyInvalid, 422, "policy_invalid"),
        (SourceUnavailable, 502, "source_unavailable"),
        (SourceTimeout, 504, "source_timeout"),
        (LimitExceeded, 413, "limit_exceeded"),
        (TooMany, 429, "limit_exceeded"),
        (JournalUnavailable, 503, "journal_unavailable"),
    ],
)
def test_each_error_has_its_status_and_code(kind: type[VeilError], status: int, code: str) -> None:
    response = answered(kind("what", hint="next", position=Position(line=2, column=3, snippet="s")))
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    body = response.get_json(force=True)
    assert set(body) == MEMBERS
    assert (body["code"], body["status"], body["detail"], body["hint"]) == (code, status, "what", "next")
    assert body["position"] == {"line": 2, "column": 3, "snippet": "s"}
    assert body["decision_id"] == "d1"


def test_asking_to_sign_in_names_the_scheme() -> None:
    assert answered(NotAuthenticated("who?")).headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("error", [ValueError("secret 42"), Internal("secret 42"), KeyError("secret 42")])
def test_an_unforeseen_error_tells_only_its_decision_id(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = answered(error)
    assert response.status_code == 500
    assert response.get_json(force=True)["code"] == "internal"
    assert "d1" in response.get_data(as_text=True)
    assert "secret" not in response.get_data(as_text=True) + caplog.text
    assert "d1" in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (MethodNotAllowed(valid_methods=["GET"]), 405, "method_not_allowed"),
        (RequestEntityTooLarge(), 413, "limit_exceeded"),
    ],
)
def test_http_errors_have_the_same_shape(error: Exception, status: int, code: str) -> None:
    response = answered(error)
    assert response.status_code == status
    body = response.get_json(force=True)
    assert set(body) == MEMBERS
    assert body["code"] == code
