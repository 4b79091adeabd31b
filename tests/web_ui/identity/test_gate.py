"""The gate before the provider: a few inside, a few who wait in turn, and nobody who keeps all places."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from tests.web_ui.identity.world import World, words
from web_ui.identity import fetching
from web_ui.identity.gate import Gate, GateClosed, origin_of


class People:
    """People before a gate, who stay inside until they are let out."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside: list[str] = []
        self.pool = ThreadPoolExecutor(40)
        self._out: dict[str, threading.Event] = {}

    def come(self, name: str, origin: str) -> "Future[str]":
        """Somebody who comes, once they are inside or wait, or were sent away."""
        self._out[name] = threading.Event()
        before = self._there(origin)
        coming = self.pool.submit(self._stay, name, origin)
        _until(lambda: coming.done() or self._there(origin) > before)
        return coming

    def _there(self, origin: str) -> int:
        return [each.origin for each in self.gate._queue].count(origin) + self.gate._inside[origin]

    def is_alone(self, name: str) -> bool:
        """Whether this one alone is inside."""
        return self.inside == [name]

    def leave(self, name: str) -> None:
        """Let somebody out who is inside."""
        self._out[name].set()

    def _stay(self, name: str, origin: str) -> str:
        try:
            with self.gate.inside(origin):
                self.inside.append(name)
                self._out[name].wait(20)
                self.inside.remove(name)
        except GateClosed:
            return "sent away"
        return "was inside"


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


@contextmanager
def _people(gate: Gate) -> Iterator[People]:
    people = People(gate)
    try:
        yield people
    finally:
        for out in people._out.values():
            out.set()
        people.pool.shutdown()


def test_who_waits_comes_in_by_turn() -> None:
    with _people(Gate(at_once=1, waiting=3, seconds=15)) as people:
        for number in range(4):
            people.come(f"a{number}", "a")
        for name in ("a0", "a1", "a2", "a3"):
            _until(partial(people.is_alone, name))
            people.leave(name)


def test_a_crowd_from_one_place_keeps_nobody_else_away() -> None:
    with _people(Gate(at_once=2, waiting=3, seconds=15)) as people:
        crowd = [people.come(f"a{number}", "a") for number in range(5)]
        assert people.come("a5", "a").result(5) == "sent away"
        other = people.come("b0", "b")
        assert crowd[4].result(5) == "sent away", "the last of the crowd gives the place"
        people.leave("a0")
        _until(lambda: "b0" in people.inside)
        people.leave("b0")
        assert other.result(5) == "was inside"


def test_where_everybody_comes_from_elsewhere_nobody_is_sent_away_for_another() -> None:
    with _people(Gate(at_once=1, waiting=2, seconds=15)) as people:
        for name in "abc":
            people.come(f"{name}0", name)
        assert people.come("d0", "d").result(5) == "sent away"


def test_who_waits_too_long_is_sent_away_and_leaves_no_trace() -> None:
    with _people(Gate(at_once=1, waiting=2, seconds=0.1)) as people:
        people.come("a0", "a")
        assert people.come("b0", "b").result(5) == "sent away"
        assert people.gate._queue == []
        people.leave("a0")
        _until(lambda: people.inside == [])
        with people.gate.inside("c"):
            assert dict(people.gate._inside) == {"c": 1}
    assert dict(people.gate._inside) == {}


def test_one_network_of_ipv6_is_one_origin() -> None:
    assert origin_of("2001:db8::1") == origin_of("2001:db8::ffff:1") != origin_of("2001:db8:0:1::1")
    assert origin_of("::ffff:192.0.2.1") == origin_of("192.0.2.1") == "192.0.2.1"
    assert origin_of("unix:") == "unix:"


def test_an_attempt_that_finds_no_place_counts_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kim = world.browser()
    address = kim.returned("1001")
    asked = world.provider.asked("/token")
    with monkeypatch.context() as full:
        full.setattr(fetching, "SIGN_INS", Gate(at_once=0, waiting=0))
        answer = kim.open(address)
        assert answer.status_code == 502
        assert "Too many people sign in just now" in words(answer)
        assert "still counts" in words(answer)
    assert world.provider.asked("/token") == asked
    assert kim.open(address).status_code == 200
    assert kim.is_signed_in()
    assert kim.open(address, follow=False).headers["Location"] == "/sign-in", "and once"
