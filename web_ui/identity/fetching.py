"""Asks the identity provider over HTTP: in bounded time and size, without following it anywhere else."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from catalog.errors import SourceUnavailable
from web_ui.identity.gate import Gate, GateClosed, origin_of

MOST_BYTES = 1_000_000
SECONDS = (5.0, 10.0)
"""How long a connection may take, and each wait for more of an answer."""

WHOLE_SECONDS = 20.0
"""How long a whole answer may take; no wait for more ends one that comes byte by byte."""


class ProviderUnavailable(SourceUnavailable):
    """The identity provider cannot be reached, or answers otherwise than it should."""

    title = "The identity provider is not available"


class ProviderBusy(ProviderUnavailable):
    """So many ask the identity provider just now that nothing was asked of it."""


_KEYS = Gate(at_once=2)
"""For what is asked of the provider about itself: should it hang, most threads go on serving others."""

SIGN_INS = Gate(at_once=4, waiting=8, seconds=5.0)
"""For what is asked of it about people, by whom they come."""

_ends: ContextVar[contextlib.ExitStack] = ContextVar("ends")
"""What a request that is under way has to end when it is over."""


class _Ending(HTTPConnection):
    """A connection that ends after a while, whatever still comes on it."""

    def connect(self) -> None:
        super().connect()
        end = threading.Timer(WHOLE_SECONDS, _shut, [self.sock])
        end.daemon = True
        end.start()
        _ends.get().callback(end.cancel)


class _EndingTls(_Ending, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Ending


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _EndingTls


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Bounded(HTTPAdapter):
    """Carries requests whose answers are read whole at once, up to a megabyte and no further, and end in time.

    They go through a gate, as whoever waits for an answer holds a thread, if the caller is not inside of one.
    """

    def __init__(self, gate: Gate | None) -> None:
        self._gate = gate
        super().__init__()

    def init_poolmanager(self, *positional: Any, **named: Any) -> None:
        """The connections, straight to where they lead."""
        super().init_poolmanager(*positional, **named)
        _bound_pools(self.poolmanager)

    def proxy_manager_for(self, *positional: Any, **named: Any) -> ProxyManager:
        """The connections by way of a proxy."""
        manager: ProxyManager = super().proxy_manager_for(*positional, **named)
        _bound_pools(manager)
        return manager

    def send(self, request: requests.PreparedRequest, *positional: Any, **named: Any) -> requests.Response:
        """The answer, whose body is there already."""
        body = bytearray()
        with contextlib.ExitStack() as ends:
            if self._gate is not None:
                try:
                    ends.enter_context(self._gate.inside())
                except GateClosed:
                    raise requests.exceptions.Timeout("others wait for it") from None
            _ends.set(ends)
            answer = super().send(request, *positional, **{**named, "stream": True, "timeout": SECONDS})
            ends.enter_context(contextlib.closing(answer))
            for piece in answer.iter_content(65_536):
                body += piece
                if len(body) > MOST_BYTES:
                    raise requests.exceptions.ContentDecodingError("the answer is too long")
        answer._content = bytes(body)  # where requests keeps a body that was read
        return answer


def _bound_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def bound(session: requests.Session, gate: Gate | None) -> None:
    """Hold a session to these bounds; redirects are for who sends a request to leave alone."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, Bounded(gate))


@contextlib.contextmanager
def sign_in_from(address: str) -> Iterator[None]:
    """A place for all that is asked of the provider about somebody; raises ProviderBusy before anything is asked."""
    with contextlib.ExitStack() as place:
        try:
            place.enter_context(SIGN_INS.inside(origin_of(address)))
        except GateClosed:
            raise ProviderBusy(
                "too many people sign in just now",
                hint="reload this page in a moment: the sign-in that you began still counts",
            ) from None
        yield


def fetch(url: str, headers: Mapping[str, str] | None = None, *, gate: Gate | None = _KEYS) -> dict[str, object]:
    """The JSON object at an address of the provider; raises ProviderUnavailable, without telling what came instead."""
    answer = _get(url, {"Accept": "application/json", **(headers or {})}, gate)
    if answer.status_code != 200:
        raise ProviderUnavailable(
            f"the identity provider answers with {answer.status_code} where it should not",
            hint="try again later; an administrator can run `veil doctor`",
        )
    return read_object(answer.content)


def status_of(url: str) -> int:
    """The status with which an address of the provider answers a browser; raises ProviderUnavailable."""
    return _get(url, {"Accept": "text/html"}).status_code


def _get(url: str, headers: Mapping[str, str], gate: Gate | None = _KEYS) -> requests.Response:
    try:
        with requests.Session() as session:
            bound(session, gate)
            return session.get(url, headers=dict(headers), allow_redirects=False)
    except (requests.RequestException, OSError) as problem:
        raise unreachable(problem) from None


def read_object(body: bytes) -> dict[str, object]:
    """A body as a JSON object; raises ProviderUnavailable for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise ProviderUnavailable(
            "the identity provider's answer cannot be read",
            hint="try again later; an administrator can run `veil doctor`",
        )
    return read


def unreachable(problem: Exception) -> ProviderUnavailable:
    """What is told of a connection that failed: of which kind the failure was, never its text."""
    if isinstance(problem, requests.exceptions.SSLError):
        what, hint = "has a certificate that is not trusted", "give its authority to the server by REQUESTS_CA_BUNDLE"
    elif isinstance(problem, requests.exceptions.Timeout):
        what, hint = "did not answer in time", "try again later"
    else:
        what, hint = "cannot be reached", "try again later; an administrator can run `veil doctor`"
    return ProviderUnavailable(f"the identity provider {what}", hint=hint)
