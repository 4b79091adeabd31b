"""What every answer under /api/v1 carries, errors too: a decision id, and to whoever is known the policy revision."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import flask

from catalog.errors import NotAuthenticated, VeilError
from policy_engine.model import Subject
from proxy.http import outgoing, problems
from proxy.http.forwarded import HEADER, client_address
from proxy.http.identity import Identity
from proxy.turns import Turns

PREFIX = "/api/v1"
_FROM_ANYWHERE = ("static", "healthz", "metrics")  # these are the same wherever one asks from
_UNDER_WAY = "veil.under_way"
_END_TURN = "veil.end_turn"


def is_api() -> bool:
    """Whether the current request is for the API and not for a page."""
    path = flask.request.path
    return path == PREFIX or path.startswith(PREFIX + "/")


def decision_id() -> str:
    """The id of the current request, made on first use; journal, answer and log name the same one."""
    if "decision_id" not in flask.g:
        flask.g.decision_id = uuid.uuid4().hex
    return str(flask.g.decision_id)


def decided_under(revision: int) -> None:
    """Note the revision that the current answer was decided under, if it is not the newest."""
    flask.g.revision = revision


def subject(identity: Identity) -> Subject:
    """Who sent the current request; raises NotAuthenticated.

    INVARIANT: that is asked when the request is there to its last byte, which its sender can hold back: whoever has
    lost a token, an account or a group meanwhile is asked about as they are now.
    """
    if "subject" not in flask.g:
        authorization = flask.request.headers.get("Authorization")
        found = identity.subject(authorization)
        _take_turn(found)  # one person does not have every thread work, or wait
        if flask.request.content_length or flask.request.headers.get("Transfer-Encoding"):
            flask.request.get_data()  # nobody at all is not waited for
            found = identity.subject(authorization)
        flask.g.subject = found
        flask.g.identity = identity
    known: Subject = flask.g.subject
    return known


def share(threads: int) -> int:
    """How many of so many threads are at work for one person at once, whatever they do: others have the rest.

    Example:
        >>> share(32), share(4)
        (16, 2)
    """
    return max(1, threads // 2)


def keep_turn() -> Callable[[], None]:
    """What ends the current request's turn, which from now on lasts until that is called."""
    end_turn: Callable[[], None] = flask.request.environ.pop(_END_TURN, _nothing)
    return end_turn


def _take_turn(subject: Subject) -> None:
    turns: Turns | None = flask.current_app.extensions.get(_UNDER_WAY)
    if turns is not None and _END_TURN not in flask.request.environ:
        flask.request.environ[_END_TURN] = turns.take(subject.user)


def _nothing() -> None:
    pass


def refuse_if_changed(identity: Identity) -> None:
    """Raises NotAuthenticated where whoever sent the current request is no longer who they were when it was there.

    Their rights and a policy can change in one while SQL is read, which takes as long as its writer likes.
    """
    if identity.subject(flask.request.headers.get("Authorization")) != subject(identity):
        raise NotAuthenticated("what you are given has changed meanwhile", hint="ask again")


def settle_again(identity: Identity) -> None:
    """From now on who sent the current request is who they are now: what they did may have changed that."""
    try:
        flask.g.subject = identity.subject(flask.request.headers.get("Authorization"))
    except NotAuthenticated:
        flask.g.is_nobody = True


@contextmanager
def unchanged(identity: Identity) -> Iterator[None]:
    """What is done inside is for whoever sent the request as they were; else its end, an error too, tells nothing."""
    try:
        yield
    except VeilError:
        refuse_if_changed(identity)
        raise
    refuse_if_changed(identity)


def client() -> str:
    """Where the current request came from, as throttle, policies and journal take it; raises RequestInvalid.

    INVARIANT: that is settled before a request is answered, and nothing else reads the address of its connection.
    """
    if "client" not in flask.g:
        proxies = flask.current_app.config.get("TRUSTED_PROXIES", ())
        said = flask.request.headers.get(HEADER)
        flask.g.client = client_address(flask.request.remote_addr or "", said, proxies)
    return str(flask.g.client)


def install(app: flask.Flask, newest_revision: Callable[[], int], *, threads: int) -> None:
    """Settle where each request came from, give each person a share of the threads, put the headers on every API
    answer, and tell connections who reads.

    INVARIANT: nobody at all is told revision 0: another would tell when and how often policies, tags or sources change.
    A turn lasts until the request is answered, and where an answer is made while it is sent, until it is sent.
    """
    app.extensions[_UNDER_WAY] = Turns(
        share(threads), "request under way", "requests under way", hint="wait until some are answered, and read answers"
    )

    def settle_client() -> None:
        if flask.request.endpoint not in _FROM_ANYWHERE:
            client()

    def finish(response: flask.Response) -> flask.Response:
        if is_api():
            response.headers["Veil-Decision-Id"] = decision_id()
            is_known = "subject" in flask.g and response.status_code != NotAuthenticated.status
            response.headers["Veil-Policy-Revision"] = str(_revision(newest_revision) if is_known else 0)
            response.headers.setdefault("Cache-Control", "no-store")
        connection = outgoing.of_request(flask.request.environ)
        if connection is not None and "subject" in flask.g:
            connection.reader = flask.g.subject.user
        if response.is_streamed and not response.direct_passthrough:
            response.call_on_close(keep_turn())
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, settle_client)
    app.after_request(finish)
    app.teardown_request(lambda _: keep_turn()())


def problem(error: Exception) -> flask.Response:
    """The problem document for an error of the current request."""
    return problems.answer(error, decision_id=decision_id())


def _revision(newest: Callable[[], int]) -> int:
    """The revision noted while answering, else the newest; 0 when even that cannot be read."""
    if "revision" in flask.g:
        return int(flask.g.revision)
    try:
        return newest()
    except VeilError:
        return 0
