"""Keeps what the identity provider told, so that it is asked seldom and may be away for a while."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from web_ui.identity.fetching import ProviderUnavailable
from web_ui.identity.gate import Gate, GateClosed

FRESH_SECONDS = 3600.0
STALE_SECONDS = 24 * 3600.0
PAUSE_SECONDS = 15.0
RETRY_SECONDS = 3.0

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """A value that is asked for when it is needed, and anew after an hour; on failure the older one serves for a day.

    Whatever happens, the provider is asked by one at a time, and at most once in some seconds; few wait for that one.

    Example:
        >>> kept = Kept(lambda: fetch(url), clock=time.monotonic)
        >>> kept.value() is kept.value()
        True
    """

    def __init__(self, ask: Callable[[], Value], *, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._guard = threading.Lock()
        self._asking = Gate(at_once=1)
        self._known: tuple[float, Value] | None = None
        self._asked_at = float("-inf")
        self._failure: ProviderUnavailable | None = None

    def value(self) -> Value:
        """What is known if that is fresh, else what the provider tells now; raises ProviderUnavailable.

        While somebody else asks, what is known serves.
        """
        if (known := self._known_for(FRESH_SECONDS)) is not None:
            return known[1]
        self._renew()
        if (known := self._known_for(STALE_SECONDS)) is not None:
            return known[1]
        raise self._told()

    def newest(self) -> Value:
        """What the provider tells now, or told some seconds ago; raises ProviderUnavailable."""
        is_new = self._renew()
        with self._guard:
            if is_new and self._known is not None and self._failure is None:
                return self._known[1]
        raise self._told()

    def _known_for(self, seconds: float) -> tuple[float, Value] | None:
        with self._guard:
            return self._known if self._known is not None and self._clock() - self._known[0] <= seconds else None

    def _renew(self) -> bool:
        """Asks, unless that was done a moment ago; False when others ask already, and have for too long."""
        try:
            with self._asking.inside():
                if not self._was_asked_just_now():
                    self._ask_now()
        except GateClosed:
            return False
        return True

    def _was_asked_just_now(self) -> bool:
        with self._guard:
            pause = PAUSE_SECONDS if self._failure is None else RETRY_SECONDS
            return self._clock() - self._asked_at < pause

    def _ask_now(self) -> None:
        """INVARIANT: nothing is locked while the provider is asked."""
        begun = self._clock()
        told: Value | None = None
        failure: ProviderUnavailable | None = None
        try:
            told = self._ask()
        except ProviderUnavailable as problem:
            failure = problem
        with self._guard:
            self._asked_at, self._failure = self._clock(), failure  # a failure may have taken long
            if told is not None:
                self._known = begun, told

    def _told(self) -> ProviderUnavailable:
        with self._guard:
            failure = self._failure
        if failure is None:
            return ProviderUnavailable("the identity provider has not answered yet", hint="try again in a moment")
        return ProviderUnavailable(failure.detail, hint=failure.hint)
