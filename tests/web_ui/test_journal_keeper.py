"""A server keeps its journal: it files new events, and seals them at its start, each day and at its end."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from catalog.database import Catalog
from catalog.errors import SealInvalid
from catalog.journal.archiving import Archivist
from catalog.journal.chain import line_of
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.journal.seals import SealBook, sealed
from catalog.journal.sinks.delivery import Sink
from catalog.journal.sinks.forms import as_json
from catalog.journal.sinks.targets import RotatedFile
from web_ui.failed_sign_ins import FailedSignIns
from web_ui.journal.keeper import SERVER, JournalKeeper

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
READ = Event(kind=EventKind.QUERY_BEGIN, user="ada")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        yield Journal(catalog)


def _served(journal: Journal, folder: Path, at: datetime, hours: float = 24.0) -> int:
    """How many seals there are after a server has run at that moment."""
    book = SealBook(folder / "seals.jsonl", folder / "seal.key")
    keeper = JournalKeeper(journal=journal, book=book, hours=hours, clock=lambda: at)
    keeper.start()
    keeper.close()
    assert journal.verify(sealed(book.seals())).ok
    return len(book.seals())


def test_a_server_seals_at_its_start_and_at_its_end_when_something_happened(journal: Journal, tmp_path: Path) -> None:
    journal.append(READ)
    assert _served(journal, tmp_path, AT) == 1
    assert _served(journal, tmp_path, AT + timedelta(hours=1)) == 1
    journal.append(READ)
    assert _served(journal, tmp_path, AT + timedelta(hours=2)) == 2
    [event, *_] = journal.search(kind=EventKind.AUDIT_SEAL)
    assert (event.user, event.details["count"]) == (SERVER, 3)


def test_a_day_without_events_is_not_sealed(journal: Journal, tmp_path: Path) -> None:
    journal.append(READ)
    assert _served(journal, tmp_path, AT) == 1
    assert _served(journal, tmp_path, AT + timedelta(days=9)) == 1


def test_a_seal_that_does_not_hold_keeps_a_server_from_no_other(journal: Journal, tmp_path: Path) -> None:
    """One that was touched, or of a key that was renewed; a verification says so."""
    book = SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")
    keeper = JournalKeeper(journal=journal, book=book, hours=24.0, clock=lambda: AT)
    book.file.write_text("{}\n")
    keeper.start()
    keeper.close()
    assert book.newest() is not None
    with pytest.raises(SealInvalid, match="seal 1 is not as it was signed"):
        book.seals()


def test_with_no_hours_a_server_makes_none(journal: Journal, tmp_path: Path) -> None:
    journal.append(READ)
    assert _served(journal, tmp_path, AT, hours=0) == 0


def test_a_place_that_cannot_be_written_stops_nothing(
    journal: Journal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = SealBook(tmp_path / "gone" / "seals.jsonl", tmp_path / "seal.key")
    keeper = JournalKeeper(journal=journal, book=book, hours=24, clock=lambda: AT)
    keeper.start()
    keeper.close()
    assert "cannot be sealed" in caplog.text
    assert journal.search() == ()


def test_a_running_server_files_new_events(journal: Journal, tmp_path: Path) -> None:
    book = SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")
    keeper = JournalKeeper(journal=journal, book=book, hours=0, clock=lambda: AT)
    journal.append(READ)
    keeper.start()
    deadline = time.monotonic() + 30
    while _filed(tmp_path) < 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    keeper.close()
    assert _filed(tmp_path) == 1


def _filed(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as connection:
        [(seq,)] = connection.execute("SELECT seq FROM event_filed")
    return int(seq)


def test_a_running_server_passes_events_on(journal: Journal, tmp_path: Path) -> None:
    file = tmp_path / "copy.jsonl"
    sink = Sink(name="copy", target=RotatedFile(file=file, most_bytes=10**6, keep=1), form=as_json)
    book = SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")
    keeper = JournalKeeper(journal=journal, book=book, hours=0, clock=lambda: AT, sinks=(sink,))
    written = journal.append(READ)
    keeper.start()
    deadline = time.monotonic() + 30
    while journal.passed_on("copy") < 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    keeper.close()
    assert file.read_text() == line_of(written) + "\n"


@pytest.mark.parametrize(("days", "archived"), [(0.0, []), (30.0, []), (10.0, [1]), (1.5, [1, 2])])
def test_a_running_server_archives_whole_days_that_are_old_enough(
    tmp_path: Path, days: float, archived: list[int]
) -> None:
    moments = iter([AT, AT + timedelta(days=9), AT + timedelta(days=11)])
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        written = Journal(catalog, clock=lambda: next(moments))
        for _ in range(3):
            written.append(READ)
        now = AT + timedelta(days=11, hours=2)
        journal = Journal(catalog, clock=lambda: now)
        book = SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")
        archivist = Archivist(catalog=catalog, journal=journal, book=book, clock=lambda: now)
        keeper = JournalKeeper(
            journal=journal,
            book=book,
            hours=24,
            clock=lambda: now,
            archivist=archivist,
            archives=tmp_path / "archives",
            keep_days=days,
        )
        keeper.start()
        deadline = time.monotonic() + 30
        while not book.file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        keeper.close()
        numbers = [link.seq for archive in journal.archives() for link in archive.links()]
        assert numbers == archived
        assert journal.verify(sealed(book.seals())).ok


class _Fault:
    """A target that fails in a way that nobody foresaw, or never comes back."""

    longest_line: ClassVar[int | None] = None

    def __init__(self, over: threading.Event | None = None) -> None:
        self._over = over

    def send(self, _: Sequence[str]) -> None:
        if self._over is None:
            raise ValueError("a value that nobody should read")
        self._over.wait(60)


def test_no_sink_waits_for_another_that_hangs_or_fails(journal: Journal, tmp_path: Path) -> None:
    over = threading.Event()
    file = tmp_path / "journal.jsonl"
    good = Sink(name="file", target=RotatedFile(file=file, most_bytes=10**9, keep=1), form=as_json)
    sinks = (
        Sink(name="hangs", target=_Fault(over), form=as_json),
        Sink(name="fails", target=_Fault(), form=as_json),
        good,
    )
    book = SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")
    keeper = JournalKeeper(journal=journal, book=book, hours=0, clock=lambda: AT, sinks=sinks)
    journal.append(READ)
    keeper.start()
    try:
        deadline = time.monotonic() + 60
        while (journal.passed_on("file") < 1 or not sinks[1].problem) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert journal.passed_on("file") == 1
        assert (journal.passed_on("hangs"), journal.passed_on("fails")) == (0, 0)
        assert sinks[1].problem == "ValueError"
    finally:
        over.set()
        keeper.close()


def test_a_pause_after_failed_sign_ins_is_told_when_it_is_over(journal: Journal, tmp_path: Path) -> None:
    failed = FailedSignIns(journal, clock=time.monotonic)
    failed.refused("kim", 0.0, lambda: Event(kind=EventKind.LOGIN_FAIL, user="kim"))
    book = SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")
    keeper = JournalKeeper(journal=journal, book=book, hours=0, clock=lambda: AT, failed_sign_ins=failed)
    keeper.start()
    end = time.monotonic() + 20
    while len(journal.search(kind=EventKind.LOGIN_FAIL)) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert [event.details["pause"] for event in journal.search(kind=EventKind.LOGIN_FAIL)] == ["over", "begins"]
    keeper.close()
