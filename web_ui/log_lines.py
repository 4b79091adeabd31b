"""What the server's log tells: a line for each thing, and nothing of what was sent to it or is in the data."""

import logging
from typing import Any

from proxy.http.problems import trail

_OF_REQUESTS = ("Invalid request from ", "Error handling request", "Socket error processing request")
"""How gunicorn begins to tell of a request: with its line, a header of it, or a traceback, which may hold values."""


class Lines(logging.Formatter):
    """Has no sign in a message begin a line of its own or steer a terminal; of an exception it tells where it was.

    INVARIANT: whoever logs one, its text and the lines of its traceback stay out: they may hold values of data.

    Example: `a\\nb` is written as `a\\x0ab`.
    """

    def formatException(self, ei: Any) -> str:
        return trail(ei[1]) if ei and ei[1] is not None else ""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = "".join(sign if sign.isprintable() else _escaped(sign) for sign in record.message)
        return super().formatMessage(record)


class OwnWords(logging.Filter):
    """Leaves out what gunicorn tells of a request: `told` says it without what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(_OF_REQUESTS)


def told(error: BaseException, address: Any) -> str:
    """That a request from an address, as gunicorn has it, could not be read or answered.

    Example:
        >>> told(ValueError("of a card"), ("10.1.2.3", 4711))
        'a request from 10.1.2.3 came to nothing: ValueError at an unknown place'
    """
    return f"a request from {address[0] if address else 'a socket'} came to nothing: {trail(error)}"


def _escaped(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65_536 else f"\\U{number:08x}"
