"""Whoever has the catalog's lock again and again lets those who wait go first."""

import threading
import time

from catalog.fair_lock import FairLock


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
