"""What is kept of the provider: for an hour, or a day while it is away, and asked for seldom whatever happens."""

import threading

import pytest

from web_ui.identity.fetching import ProviderUnavailable
from web_ui.identity.kept import FRESH_SECONDS, PAUSE_SECONDS, RETRY_SECONDS, STALE_SECONDS, Kept


class Source:
    """Something to ask, which counts how often it was, and can be away."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.is_away = False
        self.kept = Kept(self._ask, clock=lambda: self.now)

    def _ask(self) -> int:
        self.asked += 1
        if self.is_away:
            raise ProviderUnavailable("it is away", hint="wait")
        return self.asked


def test_a_value_is_asked_for_once_and_anew_after_an_hour() -> None:
    source = Source()
    assert [source.kept.value() for _ in range(3)] == [1, 1, 1]
    source.now = FRESH_SECONDS
    assert source.kept.value() == 1
    source.now += 1
    assert source.kept.value() == 2


def test_the_newest_value_is_asked_for_unless_that_was_done_a_moment_ago() -> None:
    source = Source()
    source.kept.value()
    assert source.kept.newest() == 1
    source.now = PAUSE_SECONDS
    assert [source.kept.newest() for _ in range(5)] == [2] * 5


def test_while_it_is_away_the_older_value_serves_for_a_day() -> None:
    source = Source()
    source.kept.value()
    source.is_away = True
    source.now = STALE_SECONDS
    assert source.kept.value() == 1
    source.now += RETRY_SECONDS
    with pytest.raises(ProviderUnavailable, match="it is away"):
        source.kept.value()
    with pytest.raises(ProviderUnavailable, match="it is away"):
        source.kept.newest()


def test_a_failure_is_remembered_for_some_seconds_and_then_forgotten() -> None:
    source = Source()
    source.is_away = True
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            source.kept.value()
    assert source.asked == 1
    source.is_away = False
    source.now = RETRY_SECONDS
    assert source.kept.value() == 2


def test_while_one_asks_few_wait_and_what_is_known_serves() -> None:
    source, answered, asked = Source(), threading.Event(), threading.Event()

    def ask() -> int:
        asked.set()
        answered.wait(20)
        return source._ask()

    source.kept = Kept(ask, clock=lambda: source.now)
    told: list[object] = []

    def value() -> None:
        try:
            told.append(source.kept.value())
        except ProviderUnavailable as error:
            told.append(error.detail)

    threads = [threading.Thread(target=value) for _ in range(8)]
    threads[0].start()
    assert asked.wait(5)
    for thread in threads[1:]:
        thread.start()
    for thread in threads[1:]:
        thread.join(10)
    assert told == ["the identity provider has not answered yet"] * 7  # four after a while, the others at once
    with pytest.raises(ProviderUnavailable, match="has not answered yet"):
        source.kept.newest()
    answered.set()
    threads[0].join(5)
    assert (told[-1], source.asked) == (1, 1)
    answered.clear()
    source.now = FRESH_SECONDS + 1
    asking = threading.Thread(target=value)
    asked.clear()
    asking.start()
    assert asked.wait(5)
    assert source.kept.value() == 1
    answered.set()
    asking.join(5)
    assert (told[-1], source.kept.value()) == (2, 2)


def test_the_pause_after_a_failure_begins_when_that_is_there() -> None:
    source = Source()
    source.is_away = True

    def ask() -> int:
        source.now += 10
        return source._ask()

    source.kept = Kept(ask, clock=lambda: source.now)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            source.kept.value()
    assert source.asked == 1
