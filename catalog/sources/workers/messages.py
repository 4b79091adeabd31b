"""What passes between the server and a worker.

Down go pickled tasks, since a worker trusts the server. Up comes only data: Arrow IPC for batches and JSON for how
it ended, since a worker that a query has taken over must not be believed more than that.
"""

import json
import pickle
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import pyarrow as pa

from catalog.errors import (
    Internal,
    LimitExceeded,
    SettingsInvalid,
    SourceTimeout,
    SourceUnavailable,
    SqlInvalid,
    SqlUnsupported,
    VeilError,
)
from catalog.sources.connector import Limits
from catalog.sources.opening import Part
from catalog.sources.source_work import Work

CANCEL = struct.Struct("<Q")
"""The number of a task that is to be cancelled, on a connection of its own."""

FRAME_BYTES = 2**23
"""About so much of an answer comes in one frame, unless one row has more."""

ROW_BYTES = 2**26
"""No row of an answer may have more."""

_LENGTH = struct.Struct("<Q")
_HEADER = struct.Struct("<cQ")
_PIECES_AT_ONCE = 512  # the system takes 1024
_END_BYTES = 65_536
_SCHEMA_BYTES = 2**22  # some fifty thousand columns of usual names
_KINDS: Mapping[str, type[VeilError]] = {
    kind.code: kind
    for kind in (LimitExceeded, SettingsInvalid, SourceTimeout, SourceUnavailable, SqlInvalid, SqlUnsupported)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A world to be opened: its key, its relations, and in the same order the names under which SQL knows them."""

    key: str
    parts: tuple[Part, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A statement for one world, named by its key when the worker has it open; no SQL: open it, no more."""

    number: int
    opening: Opening | str
    limits: Limits
    sql: str | None = field(default=None, repr=False)
    parameters: Mapping[str, object] = field(default_factory=dict, repr=False)
    work: Work = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        """The key of its world."""
        return self.opening if isinstance(self.opening, str) else self.opening.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """A world to be closed; there is no answer."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of Veil's own to be called, which may take so many seconds of a processor."""

    function: Callable[..., object]
    arguments: tuple[object, ...]
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A function of Veil's own to be asked: it is given the worker's resources and its arguments, and gives a table."""

    function: Callable[..., pa.Table]
    arguments: tuple[object, ...]


class Kind(Enum):
    """What an answer's frame holds."""

    SCHEMA = b"S"
    BATCHES = b"B"
    END = b"E"


class Hangup(Exception):
    """The other side is gone."""


def send_down(connection: socket.socket, message: Task | Forget | Call | Ask) -> None:
    """Sends a task; raises OSError when nobody is there."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    connection.sendall(_LENGTH.pack(len(content)) + content)


def receive_down(connection: socket.socket) -> Task | Forget | Call | Ask:
    """The next task; raises Hangup when there will be none."""
    (length,) = _LENGTH.unpack(exactly(connection, _LENGTH.size))
    message: Task | Forget | Call | Ask = pickle.loads(exactly(connection, length))
    return message


def send_frame(connection: socket.socket, kind: Kind, pieces: list[memoryview]) -> None:
    """Sends a frame from where its pieces lie, without putting them together first."""
    header = memoryview(_HEADER.pack(kind.value, sum(piece.nbytes for piece in pieces)))
    left = [header, *(piece for piece in pieces if piece.nbytes)]
    left.reverse()
    while left:
        sent = connection.sendmsg(left[: -_PIECES_AT_ONCE - 1 : -1])
        while left and sent >= left[-1].nbytes:
            sent -= left.pop().nbytes
        if sent:
            left[-1] = left[-1][sent:]


def send_schema(connection: socket.socket, schema: pa.Schema) -> None:
    """Sends the columns of an answer; raises LimitExceeded where their names and types are too large.

    A type holds names and may stand for each of thousands of columns, and the server keeps all of them, several times.
    """
    content = memoryview(schema.serialize())
    if content.nbytes > _SCHEMA_BYTES:
        raise LimitExceeded(
            f"the names and types of the result's columns have more than {_SCHEMA_BYTES // 2**20} MiB",
            hint="select fewer columns, or give the fields of structs shorter names",
        )
    send_frame(connection, Kind.SCHEMA, [content])


def receive_header(connection: socket.socket) -> tuple[Kind, int]:
    """The kind and length of the next frame; raises Hangup."""
    kind, length = _HEADER.unpack(exactly(connection, _HEADER.size))
    try:
        return Kind(kind), length
    except ValueError:
        raise Hangup from None


def schema_of(connection: socket.socket, length: int) -> pa.Schema:
    """The schema that a frame holds; raises Hangup."""
    if length > _SCHEMA_BYTES:
        raise Hangup
    return pa.ipc.read_schema(pa.py_buffer(exactly(connection, length)))


def ended(connection: socket.socket, length: int) -> "End":
    """How a task ended, as a frame tells it; raises Hangup when it cannot be read."""
    if length > _END_BYTES:
        raise Hangup
    try:
        told = json.loads(exactly(connection, length))
        return End(code=str(told["code"]), detail=str(told["detail"]), hint=str(told["hint"]))
    except (ValueError, KeyError, TypeError):
        raise Hangup from None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a task ended: well when there is no code."""

    code: str = ""
    detail: str = ""
    hint: str = ""

    @classmethod
    def of(cls, error: VeilError) -> "End":
        """The end that tells of an error."""
        return cls(code=error.code, detail=error.detail, hint=error.hint)

    @property
    def error(self) -> VeilError | None:
        """The error it tells of."""
        if not self.code:
            return None
        return _KINDS.get(self.code, Internal)(self.detail, hint=self.hint)

    def pieces(self) -> list[memoryview]:
        """What a frame of it holds."""
        told = {"code": self.code, "detail": self.detail, "hint": self.hint}
        return [memoryview(json.dumps(told).encode())]


def exactly(connection: socket.socket, length: int) -> bytearray:
    """So many bytes; raises Hangup when they do not come."""
    content = bytearray(length)
    fill(connection, memoryview(content))
    return content


def fill(connection: socket.socket, space: memoryview) -> None:
    """Fills the space with the next bytes; raises Hangup when they do not come."""
    filled = 0
    while filled < len(space):
        got = connection.recv_into(space[filled:], 0, socket.MSG_WAITALL)
        if not got:
            raise Hangup
        filled += got
