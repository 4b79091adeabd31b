"""Keeps what the identity provider told, so that it is asked seldom and may be away for a while."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from web_ui.identity.fetching import ProviderUnavailable

FRESH_SECONDS = 3600.0
STALE_SECONDS = 24 * 3600.0
PAUSE_SECONDS = 15.0
RETRY_SECONDS = 3.0

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """A value that is asked for when it is needed, and anew after an hour; on failure the older one serves for a day.

    Whatever happens, the provider is asked at most once in some seconds.

    Example:
        >>> kept = Kept(lambda: fetch(url), clock=time.monotonic)
        >>> kept.value() is kept.value()
        True
    """

    def __init__(self, ask: Callable[[], Value], *, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, Value] | None = None
        self._asked_at = float("-inf")
        self._failure: ProviderUnavailable | None = None

    def value(self) -> Value:
        """What is known if that is fresh, else what the provider tells now; raises ProviderUnavailable."""
        with self._lock:
            now = self._clock()
            if self._known is not None and now - self._known[0] <= FRESH_SECONDS:
                return self._known[1]
            self._renew(now)
            if self._known is None or now - self._known[0] > STALE_SECONDS:
                raise self._told()
            return self._known[1]

    def newest(self) -> Value:
        """What the provider tells now, or told some seconds ago; raises ProviderUnavailable."""
        with self._lock:
            self._renew(self._clock())
            if self._known is None or self._failure is not None:
                raise self._told()
            return self._known[1]

    def _renew(self, now: float) -> None:
        """Ask, unless that was done a moment ago."""
        if now - self._asked_at < (PAUSE_SECONDS if self._failure is None else RETRY_SECONDS):
            return
        self._asked_at = now
        try:
            self._known, self._failure = (now, self._ask()), None
        except ProviderUnavailable as failure:
            self._failure = failure

    def _told(self) -> ProviderUnavailable:
        assert self._failure is not None
        return ProviderUnavailable(self._failure.detail, hint=self._failure.hint)
