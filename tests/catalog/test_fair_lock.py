"""Whoever has the catalog's lock again and again lets those who wait go first."""

import threading
import time

from catalog.fair_lock import FairLock, FairLocks


def test_it_goes_to_who_waits_and_not_back_to_who_lets_go() -> None:
    lock, order = FairLock(), list[str]()
    assert lock.acquire(timeout=1)

    def wait(name: str) -> None:
        assert lock.acquire(timeout=60)
        order.append(name)
        lock.release()

    threads = []
    for name in ("first", "second", "third"):
        threads.append(threading.Thread(target=wait, args=[name]))
        threads[-1].start()
        while len(lock._waiting) < len(threads):
            time.sleep(0.001)
    lock.release()
    assert lock.acquire(timeout=60)
    assert order == ["first", "second", "third"]
    lock.release()
    for thread in threads:
        thread.join()


def test_who_has_waited_for_too_long_is_forgotten() -> None:
    lock = FairLock()
    assert lock.acquire(timeout=0)
    assert not lock.acquire(timeout=0.01)
    lock.release()
    assert lock.acquire(timeout=0)


def test_each_name_has_a_lock_of_its_own_and_none_is_kept() -> None:
    locks = FairLocks()
    with locks.held("kim", timeout=0) as mine, locks.held("max", timeout=0) as theirs:
        assert mine
        assert theirs
        with locks.held("kim", timeout=0.01) as again:
            assert not again
        with locks.held("kim", timeout=0.01) as again:
            assert not again, "who did not get it gives nothing back"
    assert not locks._locks
    with locks.held("kim", timeout=0) as mine:
        assert mine
