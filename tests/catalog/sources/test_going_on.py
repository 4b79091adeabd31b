"""What goes on when nobody waits for it keeps others from a place only where they are as large."""

import threading
import time

import pytest

from catalog.sources.allowed_time import TimeOver, allowed
from catalog.sources.going_on import GoingOn, Work


def _work(key: str, until: threading.Event, *, is_large: bool) -> Work[str]:
    def do() -> str:
        assert until.wait(30)
        return key

    return Work(key=key, do=do, what=f"{key} is being made", is_large=is_large)


def test_large_works_that_go_on_keep_no_small_one_from_a_place() -> None:
    going_on, end, at_once = GoingOn[str](2), threading.Event(), threading.Event()
    at_once.set()
    for key in ("one", "two"):
        with allowed(0.1), pytest.raises(TimeOver, match=f"{key} is being made, which goes on"):
            going_on.done(_work(key, end, is_large=True))
    with allowed(0.1), pytest.raises(TimeOver, match=r"after 0\.1 seconds: others like it come first"):
        going_on.done(_work("three", at_once, is_large=True))
    with allowed(30.0):
        assert going_on.done(_work("small", at_once, is_large=False)) == "small"
        end.set()
        assert going_on.done(_work("three", at_once, is_large=True)) == "three"


def test_who_asks_for_what_is_under_way_waits_for_the_same() -> None:
    going_on, end, begun = GoingOn[str](1), threading.Event(), []

    def do() -> str:
        begun.append(time.monotonic())
        assert end.wait(30)
        return "made"

    work = Work(key="one", do=do, what="it is being made", is_large=False)
    for _ in range(3):
        with allowed(0.05), pytest.raises(TimeOver):
            going_on.done(work)
    end.set()
    with allowed(30.0):
        assert going_on.done(work) == "made"
    assert len(begun) <= 2  # once, or once more when it had ended


def test_who_may_wait_as_long_as_it_takes_does_it_alone() -> None:
    going_on, end = GoingOn[str](1), threading.Event()
    end.set()
    me = threading.get_ident()
    work = Work(key="one", do=lambda: str(threading.get_ident()), what="it is being made", is_large=False)
    assert going_on.done(work) == str(me)
