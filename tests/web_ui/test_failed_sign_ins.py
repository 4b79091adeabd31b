"""However many sign-ins are refused, the journal keeps a few of them, and how many there were."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import JournalUnavailable
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.people.accounts import Accounts
from catalog.people.model import User
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.failed_sign_ins import FailedSignIns
from web_ui.settings import SessionSettings, Settings

REFUSED = Event(kind=EventKind.LOGIN_FAIL, user="kim", verdict=Verdict.DENY, client="10.0.0.1", decision_id="d")


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        yield Journal(catalog)


def told(journal: Journal) -> list[tuple[str, object, object]]:
    events = reversed(journal.search(limit=1_000))
    return [(event.user, event.details["pause"], event.details.get("refused")) for event in events]


def test_a_pause_is_told_when_it_begins_and_when_it_is_over(journal: Journal) -> None:
    time = Time()
    failed = FailedSignIns(journal, clock=time)
    for _ in range(400):
        failed.refused("kim", 60.0, lambda: REFUSED)
    failed.tell_over()
    assert told(journal) == [("kim", "begins", None)]
    time.now += 60
    failed.tell_over()
    failed.tell_over()
    assert told(journal) == [("kim", "begins", None), ("kim", "over", 400)]
    [over, begin] = journal.search()
    assert (begin.decision_id, over.decision_id, over.client) == ("d", "", "10.0.0.1")


def test_the_next_pause_is_another_one_and_each_counts_its_own(journal: Journal) -> None:
    time = Time()
    failed = FailedSignIns(journal, clock=time)
    for what, times in (("kim", 3), ("max", 2)):
        for _ in range(times):
            failed.refused(what, 60.0, lambda: REFUSED)
    time.now += 61
    failed.refused("kim", 60.0, lambda: REFUSED)
    failed.close()
    assert [what for _, what, _ in told(journal)] == ["begins"] * 3 + ["over"] * 3
    assert sorted(str(count) for _, what, count in told(journal) if what == "over") == ["1", "2", "3"]


def test_many_at_once_begin_one_pause_and_none_is_lost(journal: Journal) -> None:
    failed = FailedSignIns(journal, clock=Time())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: failed.refused("kim", 60.0, lambda: REFUSED), range(200)))
    failed.close()
    assert told(journal) == [("kim", "begins", None), ("kim", "over", 200)]


class Busy(Journal):
    """A journal that takes nothing for a while."""

    is_busy = False

    def append(self, event: Event) -> Event:
        if self.is_busy:
            raise JournalUnavailable("the journal is being written by somebody else")
        return super().append(event)


def test_a_journal_that_is_busy_for_a_moment_loses_no_pause(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        journal, clock = Busy(catalog), Time()
        failed = FailedSignIns(journal, clock=clock)
        failed.refused("max", 60.0, lambda: REFUSED)
        journal.is_busy = True
        for _ in range(2):
            with pytest.raises(JournalUnavailable):
                failed.refused("kim", 60.0, lambda: REFUSED)
        journal.is_busy = False
        for what in ("kim", "kim", "max"):
            failed.refused(what, 60.0, lambda: REFUSED)
        assert [what for _, what, _ in told(journal)] == ["begins", "begins"]
        clock.now, journal.is_busy = clock.now + 61, True
        for _ in range(3):
            with pytest.raises(JournalUnavailable):
                failed.tell_over()
        journal.is_busy = False
        failed.tell_over()
        failed.close()
        assert sorted(str(count) for _, what, count in told(journal) if what == "over") == ["2", "4"]


def test_wrong_passwords_during_a_pause_fill_no_journal(tmp_path: Path) -> None:
    with open_shop(tmp_path, Settings(session=SessionSettings(attempts=3))) as parts:
        client = create_app(parts).test_client()
        statuses = [sign_in(client, "kim", "wrong wrong").status_code for _ in range(20)]
        assert statuses == [401] * 3 + [429] * 17
        events = parts.journal.search(kind=EventKind.LOGIN_FAIL, limit=50)
        assert [event.details.get("pause") for event in events] == ["begins", None, None, None]
        parts.keeper.close()
        [over] = parts.journal.search(kind=EventKind.LOGIN_FAIL, limit=1)
        assert (over.user, over.groups, over.client) == ("kim", ("clerks", "kim"), "127.0.0.1")
        assert over.details == {"by": "password", "pause": "over", "refused": 17}
        sign_in(client, "ada")
        assert "in which 17 sign-ins were refused" in client.get(f"/audit/{over.seq}").text
        assert "counted and not told one by one" in client.get(f"/audit/{over.seq - 1}").text


def test_names_that_are_none_are_counted_alike_and_not_kept(tmp_path: Path) -> None:
    with open_shop(tmp_path, Settings(session=SessionSettings(attempts=1))) as parts:
        client = create_app(parts).test_client()
        token = csrf_token(client.get("/sign-in"))
        for number in range(40):
            client.post("/sign-in", data={"csrf_token": token, "name": f"hunter{number}", "password": "nope nope"})
        parts.failed_sign_ins.close()
        events = parts.journal.search(kind=EventKind.LOGIN_FAIL, limit=50)
        assert len(events) == 12, "ten of one address, and the pause"
        assert (events[0].user, events[0].details["refused"]) == ("", 30)
        assert parts.journal.search(text="hunter") == ()


def test_a_crowd_of_sign_ins_is_looked_at_a_few_at_a_time_and_the_rest_is_told_once(tmp_path: Path) -> None:
    lock, inside, most = threading.Lock(), [0], [0]

    class Slow(Accounts):
        def check_password(self, name: str, password: str) -> User | None:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.3)
            with lock:
                inside[0] -= 1
            return super().check_password(name, password)

    with open_shop(tmp_path) as shop:
        app = create_app(replace(shop, accounts=Slow(shop.catalog)))
        forms = [app.test_client() for _ in range(30)]
        tokens = [csrf_token(client.get("/sign-in")) for client in forms]

        def attempt(number: int) -> int:
            form = {"csrf_token": tokens[number], "name": f"nobody{number}", "password": "wrong"}
            return forms[number].post("/sign-in", data=form).status_code

        with ThreadPoolExecutor(30) as pool:
            statuses = list(pool.map(attempt, range(30)))
        assert most[0] <= 2
        assert set(statuses) == {401, 429}
        failed = [event for event in shop.journal.export() if event.kind is EventKind.LOGIN_FAIL]
        assert len(failed) == statuses.count(401) + 1
        assert sign_in(app.test_client(), "kim").status_code == 303
