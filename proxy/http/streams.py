"""Carries an answer's bytes to the client: whole, or so that the client raises."""

import contextlib
import errno
import logging
from collections.abc import Callable, Iterator

import flask

from catalog.errors import VeilError
from proxy.answering.answer import Departed
from proxy.http.problems import trail
from proxy.refusals import ProtocolTooOld

log = logging.getLogger("veil")


class StreamBroken(BrokenPipeError):
    """Tells the server to drop the connection without the last chunk.

    The server takes it for a pipe that broke, which is what the client is to see: an HTTP client
    raises on a chunked body without its end.
    """

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the result ended early")


class Stream:
    """The body of a streamed answer; a failure is logged by its decision id and cuts the connection.

    INVARIANT: what the answer holds is let go of when the server closes the body, whether or not it has begun to send
    it: a client may have left before.
    """

    def __init__(self, pieces: Iterator[bytes], *, decision_id: str, on_failure: Callable[[VeilError], None]) -> None:
        self._pieces = pieces
        self._on_failure = on_failure
        self._decision_id = decision_id
        self._held = contextlib.ExitStack()

    def hold(self, held: contextlib.ExitStack) -> None:
        """Takes over what is to be let go of at the end."""
        self._held = held.pop_all()

    def close(self) -> None:
        """Lets go, once; called at the end, and by the server however the answer ended."""
        self._held.close()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self.close()
            raise
        except Departed:
            raise StreamBroken from None
        except VeilError as error:
            self._on_failure(error)
            log.warning("result cut, decision %s: %s", self._decision_id, error.code)
            raise StreamBroken from None
        except Exception as error:
            log.error("result cut, decision %s: %s", self._decision_id, trail(error))
            raise StreamBroken from None


def refuse_old_protocol() -> None:
    """Raises ProtocolTooOld where the end of an answer would be told by closing alone, so that a part looked whole."""
    if flask.request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        raise ProtocolTooOld(
            "over HTTP/1.0 a result that was cut would look whole",
            hint="speak HTTP/1.1; in nginx: `proxy_http_version 1.1;`",
        )
