"""Where lines can be sent: a file that is rotated, syslog, or a web address. Each takes all of them or fails."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from catalog.errors import SettingsInvalid, SinkUnavailable
from catalog.journal.own_files import opened

_SECONDS = 10.0
_PATIENCE_SECONDS = 2.0
_AUDIT_INFORMATIONAL = 13 * 8 + 6  # facility "log audit", severity "informational" (RFC 5424, section 6.2.1)
_LONGEST_LINE = 60_000
"""So many bytes of a line go into a datagram, which takes 65,507 with what stands before it."""

_ABOUT_CONTENT = frozenset({400, 403, 406, 413, 422})
"""Statuses of who would take something else: less at once, or texts that do not look like an attack."""


class SinkRefused(SinkUnavailable):
    """A place that the journal is passed on to refuses what it was sent; it gets it in smaller parts, or briefly."""


class Target(Protocol):
    """A place that takes lines; one of more than `longest_line` bytes it cannot take at all (None: it takes any)."""

    @property
    def longest_line(self) -> int | None: ...

    def send(self, lines: Sequence[str]) -> None:
        """Takes every line; raises SinkUnavailable when that is not sure, SinkRefused where fewer may be taken."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedFile:
    """A file of lines; one that has grown to `most_bytes` is put aside as `.1`, and at most `keep` of them are kept."""

    file: Path
    most_bytes: int
    keep: int
    longest_line: ClassVar[int | None] = None

    def send(self, lines: Sequence[str]) -> None:
        try:
            with contextlib.suppress(FileNotFoundError):
                there = os.lstat(self.file)
                if stat.S_ISREG(there.st_mode) and there.st_size >= self.most_bytes:
                    self._rotate()
            handle = opened(self.file, os.O_RDWR | os.O_APPEND)
            with os.fdopen(handle, "ab") as out:
                end = os.fstat(handle).st_size
                if end and os.pread(handle, 1, end - 1) != b"\n":  # a write that was cut off; no line may go on there
                    out.write(b"\n")
                out.write("".join(f"{line}\n" for line in lines).encode())
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise SinkUnavailable(f"`{self.file}` cannot be written: {error.strerror}") from error

    def _rotate(self) -> None:
        for number in range(self.keep, 0, -1):
            older = Path(f"{self.file}.{number}")
            newer = Path(f"{self.file}.{number - 1}") if number > 1 else self.file
            if newer.exists():
                os.replace(newer, older)


@dataclass(frozen=True, slots=True, kw_only=True)
class Syslog:
    """Syslog in the form of RFC 5424, over UDP (RFC 5426), TCP with counted octets (RFC 6587), or a local socket."""

    address: str

    @property
    def longest_line(self) -> int | None:
        """That of a datagram; over TCP none."""
        return None if urlsplit(self.address).scheme == "tcp" else _LONGEST_LINE

    def send(self, lines: Sequence[str]) -> None:
        try:
            self._sent([_message(line) for line in lines])
        except OSError as error:
            raise SinkUnavailable(f"syslog at `{self.address}` cannot be reached: {error.strerror or error}") from error

    def _sent(self, messages: Sequence[bytes]) -> None:
        where = urlsplit(self.address)
        if where.scheme == "tcp":
            with socket.create_connection((where.hostname or "", where.port or 601), _SECONDS) as stream:
                stream.sendall(b"".join(b"%d %b" % (len(message), message) for message in messages))
                stream.shutdown(socket.SHUT_WR)
                stream.settimeout(_PATIENCE_SECONDS)
                with contextlib.suppress(TimeoutError):
                    stream.recv(1)  # whoever closes its own end has read all; syslog knows no other receipt
            return
        family, place = _datagram(where.scheme, where.hostname, where.port, where.path)
        with socket.socket(family, socket.SOCK_DGRAM) as out:
            out.settimeout(_SECONDS)
            out.connect(place)
            for message in messages:
                out.send(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A web address that takes a JSON array by POST within some seconds; `token` is a bearer token and never told."""

    url: str
    token: str = field(default="", repr=False)
    seconds: float = _SECONDS
    longest_line: ClassVar[int | None] = None

    def send(self, lines: Sequence[str]) -> None:
        body = f"[{', '.join(map(_element, lines))}]".encode()
        headers = {"Content-Type": "application/json", "User-Agent": "veil"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            status = self._posted(body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SinkUnavailable(f"`{without_secrets(self.url)}` cannot be reached") from error
        if not 200 <= status < 300:
            fault = SinkRefused if status in _ABOUT_CONTENT else SinkUnavailable
            raise fault(f"`{without_secrets(self.url)}` answered {status}")

    def _posted(self, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer. No redirect is followed: it would carry the record, and the token, elsewhere."""
        where = urlsplit(self.url)
        host, port = where.hostname or "", where.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=self.seconds, context=_TRUSTED)
            if where.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=self.seconds)
        )
        with contextlib.closing(connection):
            connection.connect()
            with _ended_within(self.seconds, connection.sock):
                with contextlib.suppress(ConnectionError):  # who takes no more of a body may have answered already
                    connection.request("POST", f"{where.path or '/'}{where.query and f'?{where.query}'}", body, headers)
                return connection.getresponse().status


_TRUSTED = ssl.create_default_context()


@contextlib.contextmanager
def _ended_within(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Ends a connection whose other end keeps it up with a byte now and then, which no timeout of reading does."""

    def end() -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def target(to: str, *, most_bytes: int, keep: int, token_env: str, environ: Mapping[str, str]) -> Target:
    """The target that an address means; raises SettingsInvalid for any that is not known.

    Example:
        >>> target("udp://logs.example:514", most_bytes=0, keep=0, token_env="", environ={})
        Syslog(address='udp://logs.example:514')
    """
    match _scheme(to):
        case "file":
            return RotatedFile(file=Path(urlsplit(to).path), most_bytes=most_bytes, keep=keep)
        case "udp" | "tcp" | "unix":
            return Syslog(address=to)
        case "https" | "http":
            token = environ.get(token_env, "") if token_env else ""
            if token_env and not token:
                raise SettingsInvalid(f"`{token_env}` is not set", hint="a sink takes its token from there")
            return Webhook(url=to, token=token)
    raise SettingsInvalid(
        "a sink's address is of no known kind",
        hint="write `file:///var/log/veil.jsonl`, `udp://host:514`, `tcp://host:601`, `unix:///dev/log` or `https://..`",
    )


def _scheme(to: str) -> str:
    """Of what kind an address is, nothing for one that is none."""
    try:
        where = urlsplit(to)
        return "" if where.port == 0 else where.scheme
    except ValueError:  # a port that is none
        return ""


def _message(line: str) -> bytes:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"<{_AUDIT_INFORMATIONAL}>1 {at} {socket.gethostname() or '-'} veil {os.getpid()} - - {line}".encode()


def _datagram(
    scheme: str, host: str | None, port: int | None, path: str
) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    if scheme == "unix":
        return socket.AF_UNIX, path
    found = socket.getaddrinfo(host, port or 514, type=socket.SOCK_DGRAM)
    family, _, _, _, place = found[0]
    return family, (str(place[0]), int(place[1]))


def _element(line: str) -> str:
    """A line of JSON as it stands, any other as a text of JSON."""
    return line if line.startswith("{") else json.dumps(line)


def without_secrets(url: str) -> str:
    """A web address without what may be secret in it: path and query of a collector are often what opens it.

    Example:
        >>> without_secrets("https://u:hush@logs.example:8088/services/T0?key=hush")
        'https://logs.example:8088/..'
    """
    where = urlsplit(url)
    host = f"[{where.hostname}]" if ":" in (where.hostname or "") else where.hostname
    port = f":{where.port}" if where.port is not None else ""
    return f"{where.scheme}://{host}{port}{'/..' if where.path.strip('/') or where.query or where.fragment else ''}"
