"""How requests reach a server: the one seam for network traffic, and its implementation over HTTP."""

import http.client
import json
import select
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import urlsplit

from veil.errors import Error, InterfaceError, OperationalError, Unavailable, from_problem
from veil.version import __version__

API = "/api/v1"
_MOST_STATUS_LINES = 10
_MOST_TRAILERS = 100
_MOST_LINE = 65_536
_MOST_ERROR, _MOST_JSON = 2**20, 64 * 2**20
_PIECE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How many seconds to wait for a connection, and then for the next byte of an answer."""

    connect: float = 10.0
    silence: float | None = 600.0


class _NeverAnswers(http.client.HTTPException):
    """An answer was announced again and again, or what follows it never ends."""


class _Response(http.client.HTTPResponse):
    """An answer with few `100 Continue` before it and few lines behind it: by itself, http.client reads them for as
    long as they come.
    """

    _lines = 0

    def _read_status(self) -> tuple[str, int, str]:
        self._lines += 1
        if self._lines > _MOST_STATUS_LINES:
            raise _NeverAnswers
        return super()._read_status()  # type: ignore[misc, no-any-return]  # what `begin` reads each line by

    def _read_and_discard_trailer(self) -> None:
        for _ in range(_MOST_TRAILERS):
            if len(line := self.fp.readline(_MOST_LINE + 1)) > _MOST_LINE:
                break
            if line in (b"\r\n", b"\n", b""):
                return
        raise _NeverAnswers


class _Connection(http.client.HTTPConnection):
    response_class = _Response


class _SecureConnection(http.client.HTTPSConnection):
    response_class = _Response


class Reply(Protocol):
    """An answer whose body is read bit by bit; `close` before its end tells the server to stop."""

    status: int
    headers: Mapping[str, str]

    @property
    def closed(self) -> bool: ...
    def read(self, size: int = -1) -> bytes: ...
    def close(self) -> None: ...


class Transport(Protocol):
    """A way to a server. `send` raises the error that an unsuccessful answer stands for.

    A payload goes out as JSON; bytes go out as they are, as a YAML document.
    """

    def send(self, method: str, path: str, payload: object = None) -> Reply: ...
    def close(self) -> None: ...


class HttpTransport:
    """HTTP/1.1 with kept-alive connections; an answer that is still being read has its connection for itself.

    Example:
        >>> transport = HttpTransport("http://127.0.0.1:8080", token="veil_..")
        >>> transport.close()
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeouts: Timeouts = Timeouts(),
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.url, self._secure, self._host, self._port, self._base = _address(url)
        self._token = _plain(token)
        self._timeouts = timeouts
        self._ssl = ssl_context
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def send(self, method: str, path: str, payload: object = None) -> "HttpReply":
        body, content_type = _encoded(payload)
        connection = self._connection()
        try:
            connection.request(method, self._base + path, body, self._headers(content_type))
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unanswered(error) from error
        except BaseException:
            connection.close()
            raise
        reply = HttpReply(response, connection, self._keep)
        if response.status >= 300:
            raise from_problem(response.status, _whole(reply, _MOST_ERROR))
        return reply

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _headers(self, content_type: str) -> dict[str, str]:
        headers = {"User-Agent": f"veil-python/{__version__}", "Accept": "*/*"}
        if content_type:
            headers["Content-Type"] = content_type
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _connection(self) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connected()
            if _is_quiet(connection):
                return connection
            connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._secure:
            context = self._ssl or ssl.create_default_context()
            connection = _SecureConnection(self._host, self._port, timeout=self._timeouts.connect, context=context)
        else:
            connection = _Connection(self._host, self._port, timeout=self._timeouts.connect)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from error
        connection.sock.settimeout(self._timeouts.silence)
        return connection

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _unreachable(self, error: Exception) -> Error:
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unavailable(
                f"the certificate of {self.url} cannot be trusted: {error.verify_message}",
                hint="pass `ssl_context=` with your organisation's authority, or ask who runs the server",
            )
        if isinstance(error, ssl.SSLError):
            return Unavailable(f"{self.url} does not speak TLS", hint="use an address that begins with http://")
        why = "did not answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
        return Unavailable(
            f"the server at {self.url} {why}",
            hint="check the address and that `veil serve` is running there",
        )

    def _unanswered(self, error: Exception) -> Error:
        if isinstance(error, TimeoutError):
            return Unavailable(
                f"the server at {self.url} was silent for {self._timeouts.silence:g} seconds",
                hint="ask for less, or pass a longer `timeout=` to veil.connect",
            )
        if isinstance(error, _NeverAnswers):
            return Unavailable(f"{self.url} announces an answer and never gives it", hint="check the address")
        return Unavailable(
            f"the server at {self.url} closed the connection before it answered", hint="try again in a moment"
        )


class HttpReply:
    """An answer over HTTP. Its connection goes back to the transport only when all of it was read."""

    def __init__(
        self,
        response: http.client.HTTPResponse,
        connection: http.client.HTTPConnection,
        keep: "_Keep",
    ) -> None:
        self.status = response.status
        self.headers = cast("Mapping[str, str]", response.headers)  # has `get`, without regard to case, and items
        self._response = response
        self._connection: http.client.HTTPConnection | None = connection
        self._keep = keep

    @property
    def closed(self) -> bool:
        return self._connection is None

    def read(self, size: int = -1) -> bytes:
        if self._connection is None:
            return b""
        try:
            data = self._response.read(None if size < 0 else size)
            if size > 0 and not data and self._response.length:  # of a part http.client does not say that it is one
                raise http.client.IncompleteRead(data, self._response.length)
        except TimeoutError as error:
            self.close()
            raise OperationalError(
                "the server fell silent in the middle of its answer", hint="try again, or ask for less"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OperationalError(
                "the answer was cut short, so nothing of it can be trusted as whole",
                hint="try again; the server's journal says how the query ended",
            ) from error
        except BaseException:
            self.close()
            raise
        if self._response.isclosed():
            self._release()
        return data

    def close(self) -> None:
        """End the answer here. What is unread is dropped with its connection, which stops the query."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._response.close()
            connection.close()

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            self._keep(connection)


class _Keep(Protocol):
    def __call__(self, connection: http.client.HTTPConnection, /) -> None: ...


def read_json(reply: Reply) -> object:
    """The JSON document that an answer holds."""
    body = _whole(reply, _MOST_JSON)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise from_problem(reply.status, b"") from error


def _whole(reply: Reply, most: int) -> bytes:
    """A body of at most so many bytes, piece by piece: room is made for what comes, not for what is announced."""
    body = bytearray()
    try:
        while piece := reply.read(_PIECE):
            body += piece
            if len(body) > most:
                raise OperationalError("the answer is larger than any that Veil gives", hint="check the address")
        return bytes(body)
    finally:
        reply.close()


def _encoded(payload: object) -> tuple[bytes | None, str]:
    if payload is None:
        return None, ""
    if isinstance(payload, bytes):
        return payload, "application/yaml"
    return json.dumps(payload, allow_nan=False).encode(), "application/json"


def _is_quiet(connection: http.client.HTTPConnection) -> bool:
    """Whether a kept connection can be used again: one that has something to say was closed by the server."""
    if connection.sock is None:
        return False
    try:
        return not select.select([connection.sock], [], [], 0)[0]
    except (OSError, ValueError):
        return False


def _plain(token: str | None) -> str | None:
    """A token as a header can carry it, without the blanks and line end that a file has; it is in no error."""
    token = (token or "").strip()
    if not all("!" <= letter <= "~" for letter in token):
        raise InterfaceError("the token is none: it holds a blank or a letter that no token has", hint="copy it whole")
    return token or None


def _address(url: str) -> tuple[str, bool, str, int | None, str]:
    hint = "write it like http://127.0.0.1:8080"
    if "@" in url:  # what stands before it may be a password, which no error shows
        raise InterfaceError("the address holds more than a server and a path", hint="pass the token as `token=`")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InterfaceError(f"`{url}` is no address of a server", hint=hint) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InterfaceError(f"`{url}` is no address of a server", hint=hint)
    if parts.query or parts.fragment:
        raise InterfaceError("the address holds more than a server and a path", hint="pass the token as `token=`")
    base = parts.path.rstrip("/")
    shown = f"{parts.scheme}://{parts.netloc}{base}"
    return shown, parts.scheme == "https", parts.hostname, port, base
