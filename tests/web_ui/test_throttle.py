"""Guessing passwords gets slow, for one name and for one address; others are not kept waiting."""

import pytest

from proxy.refusals import TooMany
from web_ui.throttle import Throttle


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def throttle(time: Time) -> Throttle:
    return Throttle(attempts=3, pause_seconds=60, clock=time)


def attempt(gate: Throttle, name: str = "kim", address: str = "10.0.0.1", times: int = 1) -> None:
    for _ in range(times):
        gate.enter(name, address)


def test_after_some_attempts_there_is_a_pause_that_says_how_long() -> None:
    gate = throttle(Time())
    attempt(gate, times=3)
    with pytest.raises(TooMany) as refused:
        attempt(gate)
    assert refused.value.status == 429
    assert "1 minute" in refused.value.hint


def test_upper_and_lower_case_are_one_name() -> None:
    gate = throttle(Time())
    attempt(gate, times=3)
    with pytest.raises(TooMany):
        attempt(gate, name="KIM")


def test_the_pause_ends() -> None:
    time = Time()
    gate = throttle(time)
    attempt(gate, times=3)
    time.now += 61
    attempt(gate)


def test_others_are_not_kept_waiting() -> None:
    gate = throttle(Time())
    attempt(gate, times=3)
    attempt(gate, name="max")
    attempt(gate, address="10.0.0.2")


def test_a_right_password_forgets_the_wrong_ones() -> None:
    gate = throttle(Time())
    attempt(gate, times=2)
    gate.succeeded("kim", "10.0.0.1")
    attempt(gate, times=3)


def test_one_address_cannot_try_many_names_for_ever() -> None:
    gate = throttle(Time())
    for number in range(30):
        attempt(gate, name=f"user{number}")
    with pytest.raises(TooMany):
        attempt(gate, name="one more")


def test_a_network_of_ipv6_is_one_address() -> None:
    gate = throttle(Time())
    for number in range(3):
        attempt(gate, address=f"2001:db8::{number}")
    with pytest.raises(TooMany):
        attempt(gate, address="2001:db8::4")
    attempt(gate, address="2001:db8:0:1::4")


def test_an_attempt_that_nobody_looked_at_does_not_count() -> None:
    gate = throttle(Time())
    for _ in range(10):
        attempt(gate)
        gate.unlooked("kim", "10.0.0.1")
    attempt(gate, times=3)
    with pytest.raises(TooMany):
        attempt(gate)
