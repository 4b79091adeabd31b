"""The journal: durable, only added to, searched by everything an auditor asks, and telling when it was touched."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import JournalUnavailable, SettingsInvalid
from catalog.journal.chain import line_of, verify_export
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from tests.catalog.conftest import Clock, abandon

READ = Event(
    kind=EventKind.QUERY_BEGIN,
    user="ada",
    datasets=("clinic.patients",),
    tags=("phi.mrn",),
    revision=3,
    decision_id="d1",
    details={"sql": "select \"mrn\" from t where n like '10%'"},
)


def _tamper(catalog_file: Path, *statements: str) -> None:
    """Edits the file as somebody with the disk in hands would: triggers away, then the change."""
    connection = sqlite3.connect(catalog_file)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_event_gets_number_time_and_the_hash_before_it(journal: Journal, clock: Clock) -> None:
    first, second = journal.append(READ), journal.append(READ)
    assert (first.seq, first.at, first.previous_hash) == (1, clock.now, "")
    assert (second.seq, second.previous_hash) == (2, first.hash)
    assert journal.event(2) == second
    assert journal.event(3) is None


def test_an_event_is_there_for_another_process_when_append_returns(journal: Journal, catalog_file: Path) -> None:
    written = journal.append(READ)
    with Catalog(catalog_file) as other:
        assert Journal(other).event(1) == written


def test_an_event_goes_with_the_change_that_it_tells(journal: Journal, catalog: Catalog) -> None:
    with pytest.raises(ZeroDivisionError):
        abandon(catalog, lambda: journal.append(READ))
    assert journal.search() == ()
    assert journal.append(READ).seq == 1
    assert journal.verify().ok


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET body = '{}'",
        "DELETE FROM event",
        "REPLACE INTO event (seq, body, previous_hash, hash) VALUES (1, '{}', '', '')",
        "INSERT INTO event (seq, body, previous_hash, hash) VALUES (0, '{}', '', '')",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(journal: Journal, catalog: Catalog, change: str) -> None:
    written = journal.append(READ)
    with pytest.raises(sqlite3.IntegrityError, match="event of the journal"), catalog.transaction() as tx:
        tx.execute(change)
    assert list(journal.export()) == [written]


def test_nothing_is_served_when_the_journal_cannot_be_written(journal: Journal, catalog_file: Path) -> None:
    journal.append(READ)
    _tamper(catalog_file, "DROP TABLE event")
    with pytest.raises(JournalUnavailable) as caught:
        journal.append(READ)
    assert caught.value.status == 503


def test_a_locked_journal_is_unavailable(journal: Journal, catalog_file: Path) -> None:
    with Catalog(catalog_file, busy_seconds=0.05) as waiting, Catalog(catalog_file) as holding:
        with holding.transaction(), pytest.raises(JournalUnavailable):
            Journal(waiting).append(READ)
        assert Journal(waiting).append(READ).seq == 1


def test_a_read_only_file_is_unavailable(journal: Journal, catalog: Catalog) -> None:
    catalog.rows("PRAGMA query_only = ON")
    with pytest.raises(JournalUnavailable):
        journal.append(READ)
    catalog.rows("PRAGMA query_only = OFF")
    assert journal.search() == ()


@pytest.fixture
def week(journal: Journal, clock: Clock) -> list[Event]:
    """Five events, one a day, each different in one way."""
    events = [
        READ,
        replace(READ, user="bob", decision_id="d2"),
        replace(READ, kind=EventKind.QUERY_DENY, verdict=Verdict.DENY, datasets=("shop.orders", "shop.Items")),
        replace(READ, tags=("pii.email", "phi.mrn")),
        Event(kind=EventKind.LOGIN_FAIL, user="eve", verdict=Verdict.DENY, details={"text": "100_000"}),
    ]
    written = []
    for event in events:
        written.append(journal.append(event))
        clock.move(timedelta(days=1))
    return written


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"user": "BOB"}, [2]),
        ({"dataset": "SHOP.items"}, [3]),
        ({"dataset": "shop"}, []),
        ({"tag": "PII:email"}, [4]),
        ({"kind": EventKind.QUERY_BEGIN}, [4, 2, 1]),
        ({"verdict": Verdict.DENY}, [5, 3]),
        ({"verdict": Verdict.DENY, "user": "ada"}, [3]),
        ({"decision_id": "d2"}, [2]),
        ({"text": 'SELECT "MRN"'}, [4, 3, 2, 1]),
        ({"text": "10%"}, [4, 3, 2, 1]),
        ({"text": "0_0"}, [5]),
        ({"text": "!"}, []),
        ({"limit": 2}, [5, 4]),
        ({"limit": 2, "before_seq": 4}, [3, 2]),
        ({"limit": -1}, []),
    ],
)
def test_search_holds_every_given_part_newest_first(
    journal: Journal, week: list[Event], asked: dict[str, object], found: list[int]
) -> None:
    assert [event.seq for event in journal.search(**asked)] == found  # type: ignore[arg-type]


def test_search_by_time_takes_the_start_and_leaves_the_end(journal: Journal, week: list[Event]) -> None:
    found = journal.search(start=week[1].at, end=week[3].at)
    assert [event.seq for event in found] == [3, 2]


def test_a_moment_without_a_zone_is_refused(journal: Journal) -> None:
    with pytest.raises(SettingsInvalid, match="time zone"):
        journal.search(start=datetime(2026, 11, 22))


def test_export_is_whole_oldest_first_and_verifies_elsewhere(journal: Journal, week: list[Event]) -> None:
    assert list(journal.export()) == week
    result = verify_export(line_of(event) for event in journal.export())
    assert (result.ok, result.count, result.head) == (True, 5, week[-1].hash)


def test_export_goes_through_more_than_one_page(journal: Journal, catalog: Catalog) -> None:
    with catalog.transaction():
        for _ in range(2_345):
            journal.append(READ)
    assert [event.seq for event in journal.export()] == list(range(1, 2_346))
    assert journal.verify().count == 2_345


def test_an_untouched_journal_is_whole(journal: Journal, week: list[Event]) -> None:
    result = journal.verify()
    assert (result.ok, result.count, result.first_break, result.head) == (True, 5, None, week[-1].hash)


def test_an_empty_journal_is_whole(journal: Journal) -> None:
    assert journal.verify().ok


TAMPERED = {
    "an edited event": ("UPDATE event SET body = replace(body, 'bob', 'eve') WHERE seq = 2", 2, "not as it was"),
    "bytes that are no text": (
        "UPDATE event SET body = replace(body, 'bob', CAST(x'FF' AS TEXT)), hash = CAST(x'FF' AS TEXT) WHERE seq = 2",
        2,
        "not as it was",
    ),
    "a removed event": ("DELETE FROM event WHERE seq = 3", 3, "event 3 is missing"),
    "a removed beginning": ("DELETE FROM event WHERE seq < 3", 1, "event 1 is missing"),
    "a cut-off end": ("DELETE FROM event WHERE seq > 3", 4, "all after it are missing"),
    "everything removed": ("DELETE FROM event", 1, "all after it are missing"),
    "a broken link": ("UPDATE event SET previous_hash = hash WHERE seq = 4", 4, "does not follow"),
    "a changed hash": ("UPDATE event SET hash = 'x' || hash WHERE seq = 4", 4, "not as it was"),
    "a changed number": ("UPDATE event SET seq = -3 WHERE seq = 3", 1, "event 1 is missing"),
    "a forged event before": (
        "INSERT INTO event (seq, body, previous_hash, hash) VALUES (0, '{}', '', '')",
        1,
        "event 1 is missing",
    ),
    "a forged event after": (
        "INSERT INTO event (seq, body, previous_hash, hash) SELECT 6, body, previous_hash, hash FROM event WHERE seq=5",
        6,
        "not added by the journal",
    ),
    "a moved head": ("UPDATE journal_head SET hash = 'x'", 5, "last event"),
}


@pytest.mark.parametrize(("statement", "first_break", "says"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_tampered_journal_names_its_first_break(
    journal: Journal, week: list[Event], catalog_file: Path, statement: str, first_break: int, says: str
) -> None:
    _tamper(catalog_file, statement)
    result = journal.verify()
    assert (result.ok, result.first_break) == (False, first_break)
    assert says in result.what


def test_a_cut_off_end_shows_even_after_the_journal_went_on(
    journal: Journal, week: list[Event], catalog_file: Path
) -> None:
    _tamper(catalog_file, "DELETE FROM event WHERE seq > 3")
    assert journal.append(READ).seq == 6
    assert journal.verify().first_break == 4


def test_a_journal_without_its_head_serves_nothing(journal: Journal, week: list[Event], catalog_file: Path) -> None:
    _tamper(catalog_file, "DELETE FROM journal_head")
    calls: tuple[Callable[[], object], ...] = (journal.verify, lambda: journal.append(READ))
    for call in calls:
        with pytest.raises(JournalUnavailable, match="lost its head"):
            call()


def test_an_unreadable_event_is_said_and_not_skipped(journal: Journal, week: list[Event], catalog_file: Path) -> None:
    _tamper(catalog_file, "UPDATE event SET body = '{}' WHERE seq = 2")
    with pytest.raises(JournalUnavailable, match="event 2"):
        list(journal.export())
