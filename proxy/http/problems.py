"""The only place where an error becomes an HTTP answer: application/problem+json as RFC 9457 has it."""

import logging
import shlex
import traceback
from pathlib import Path

import flask
from werkzeug.exceptions import HTTPException

from catalog.errors import Internal, LimitExceeded, NotAuthenticated, SourceTimeout, SourceUnavailable, VeilError
from proxy.answering.answer import Departed
from proxy.http.addresses import ask_address, policy_address
from proxy.refusals import ClientLeft, MediaTypeUnsupported, RequestInvalid

log = logging.getLogger("veil")


class RouteUnknown(VeilError):
    """Nothing lives at this address."""

    code = "not_found"
    status = 404
    title = "Nothing lives at this address"


class MethodUnknown(VeilError):
    """The address is right, the method is not."""

    code = "method_not_allowed"
    status = 405
    title = "This method is not offered here"


def answer(error: Exception, *, decision_id: str) -> flask.Response:
    """The problem document for any exception; what Veil did not foresee says its decision id and no more.

    Example:
        {"type": "urn:veil:problem:unknown_column", "title": "No such column", "status": 422,
         "detail": "no column `fone` in `shop.orders`", "code": "unknown_column",
         "hint": "did you mean `phone`?", "decision_id": "5f0c..",
         "position": {"line": 1, "column": 8, "snippet": "fone"}}
    """
    known = told(error, decision_id=decision_id)
    response = flask.jsonify(document(known, decision_id=decision_id))
    response.status_code = known.status
    response.content_type = "application/problem+json"
    response.cache_control.no_store = True
    if isinstance(known, NotAuthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="veil"'
    if isinstance(known, SourceUnavailable | SourceTimeout) or known.status == 429:
        response.headers["Retry-After"] = "30"
    if isinstance(error, HTTPException) and known.status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return response


def document(error: VeilError, *, decision_id: str) -> dict[str, object]:
    """The members of the problem document.

    `ask` is there where asking for access is a way on, and `policies` where some took away what was asked for.
    """
    position = error.position
    return {
        "type": f"urn:veil:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "hint": error.hint,
        "decision_id": decision_id,
        "position": position and {"line": position.line, "column": position.column, "snippet": position.snippet},
        **(
            {"ask": f'veil request {shlex.quote(error.ask)} --why ".."  or  {ask_address(error.ask)}'}
            if error.ask
            else {}
        ),
        **(
            {"policies": {name: policy_address(name, revision) for name, revision in error.policies.items()}}
            if error.policies
            else {}
        ),
    }


def told(error: Exception, *, decision_id: str) -> VeilError:
    """The error a person is told about; anything unforeseen is logged without its text and becomes `internal`."""
    if isinstance(error, VeilError) and not isinstance(error, Internal):
        return error
    if isinstance(error, HTTPException) and (error.code or 500) < 500:
        return _of_http(error)
    if isinstance(error, Departed):
        return ClientLeft("the client went away before the first row")
    cause = getattr(error, "original_exception", None) or error  # Flask has it so where an answer was to be finished
    log.error("internal error, decision %s: %s", decision_id or "-", trail(cause))
    return Internal(
        "something went wrong inside Veil; nothing was served",
        hint=f"tell whoever runs this server the decision id {decision_id}" if decision_id else "",
    )


def trail(error: BaseException) -> str:
    """Where an exception came from, innermost last, without its message: that may carry values of data."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    steps = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {steps or 'an unknown place'}"


def _of_http(error: HTTPException) -> VeilError:
    path = flask.request.path
    match error.code:
        case 404:
            is_api = path.startswith("/api/")
            hint = "the routes are listed at /api/v1/openapi.json" if is_api else "look how the address is written"
            return RouteUnknown(f"there is no `{path}`", hint=hint)
        case 405:
            allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
            return MethodUnknown(f"`{path}` does not take {flask.request.method}", hint=f"it takes {allowed}")
        case 413:
            most = flask.current_app.config.get("MAX_CONTENT_LENGTH")
            return LimitExceeded(f"the body is larger than {most} bytes", hint="send less, or ask for a higher limit")
        case 415:
            return MediaTypeUnsupported("the body is in a form that is not read here", hint="send JSON")
        case _:
            return RequestInvalid("the request cannot be understood", hint="compare it with /api/v1/openapi.json")
