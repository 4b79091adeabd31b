"""What is kept of the provider: for an hour, or a day while it is away, and asked for seldom whatever happens."""

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
