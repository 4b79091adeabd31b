"""Carries an answer's bytes to the client: whole, or so that the client raises."""

import errno
import logging
from collections.abc import Callable, Iterator

from catalog.errors import VeilError
from proxy.departures import ClientGone
from proxy.problems import trail

log = logging.getLogger("veil")


class StreamBroken(BrokenPipeError):
    """Tells the server to drop the connection without the last chunk.

    The server takes it for a pipe that broke, which is what the client is to see: an HTTP client
    raises on a chunked body without its end.
    """

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the result ended early")


class Stream:
    """The body of a streamed answer; closing it before its end cancels the query."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        *,
        decision_id: str,
        cancel: Callable[[Exception], None],
    ) -> None:
        self._pieces = pieces
        self._decision_id = decision_id
        self._cancel = cancel
        self._is_done = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self._is_done = True
            raise
        except ClientGone:
            self._is_done = True
            raise StreamBroken from None
        except VeilError as error:
            self._is_done = True
            log.warning("result cut, decision %s: %s", self._decision_id, error.code)
            raise StreamBroken from None
        except Exception as error:
            self._is_done = True
            log.error("result cut, decision %s: %s", self._decision_id, trail(error))
            raise StreamBroken from None

    def close(self) -> None:
        """Cancel the query when its result was not read to the end."""
        if not self._is_done:
            self._is_done = True
            self._cancel(ClientGone())
