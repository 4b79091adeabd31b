"""What a worker is asked comes as a table, or ends with the worker: in time, when unwanted, or by what it takes."""

import os
import threading
import time

import pyarrow as pa
import pytest

from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable
from catalog.sources.allowed_time import allowed
from catalog.sources.connector import LookStopped
from catalog.sources.workers.apart import Asking
from catalog.sources.world import Resources
from tests.catalog.sources.workers.ground import eventually


def told(resources: Resources, answer: str) -> pa.Table:
    if answer == "memory":
        bytes(2**33)
    if answer == "crash":
        os.abort()
    if answer == "long":
        time.sleep(60)
    if answer == "refused":
        raise SourceUnavailable("there is nothing", hint="look elsewhere")
    return pa.table({"pid": [os.getpid()], "answer": [answer]})


@pytest.fixture
def asking() -> Asking:
    return Asking(__name__)


def test_each_question_has_a_worker_unless_they_are_kept(asking: Asking) -> None:
    def pid() -> int:
        return _pid(asking)

    assert len({os.getpid(), pid(), pid()}) == 3
    with asking.kept():
        kept = pid()
        assert pid() == kept
        with pytest.raises(SourceUnavailable, match="there is nothing"):
            asking.ask(60, told, "refused")
        assert pid() != kept
        last = pid()
    assert pid() != last
    assert eventually(lambda: not os.path.exists(f"/proc/{last}"))


def test_a_worker_waits_for_being_asked_again_and_ends_when_it_is_not() -> None:
    asking = Asking(__name__, idle_seconds=3.0)
    waiting = _pid(asking)
    assert _pid(asking) == waiting
    assert eventually(lambda: not _runs(waiting))
    last = _pid(asking)
    assert last != waiting
    del asking
    assert eventually(lambda: not _runs(last))


def _pid(asking: Asking) -> int:
    [row] = asking.ask(60, told, "x").to_pylist()
    return int(row["pid"])


def _runs(pid: int) -> bool:
    """Whether the process is there; one that was killed may not be buried yet."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("answer", ["memory", "crash"])
def test_what_takes_a_worker_down_is_told_as_too_much(asking: Asking, answer: str) -> None:
    with pytest.raises(LimitExceeded):
        asking.ask(60, told, answer)


def test_an_answer_is_waited_for_as_long_as_it_may_take(asking: Asking) -> None:
    began = time.monotonic()
    with pytest.raises(LimitExceeded, match="more memory or time than it may"):
        asking.ask(0.5, told, "long")
    assert time.monotonic() - began < 20


def test_a_question_that_becomes_unwanted_ends_with_its_worker(asking: Asking) -> None:
    unwanted = threading.Event()
    asking.is_unwanted = unwanted.is_set
    threading.Timer(0.5, unwanted.set).start()
    began = time.monotonic()
    with pytest.raises(LookStopped):
        asking.ask(60, told, "long")
    assert time.monotonic() - began < 20


def test_a_question_of_a_query_ends_with_the_time_that_it_has(asking: Asking) -> None:
    began = time.monotonic()
    with allowed(0.5), pytest.raises(SourceTimeout, match=r"the query was stopped after 0\.5 seconds"):
        asking.ask(60, told, "long")
    assert time.monotonic() - began < 20
    assert asking.ask(60, told, "x").num_rows == 1
