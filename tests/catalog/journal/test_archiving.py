"""The oldest events move into archives: the chain goes on, nothing is lost wherever it stops, and every touch shows."""

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import ArchiveInvalid, SettingsInvalid
from catalog.journal.archive_files import read_archive
from catalog.journal.archiving import Archivist
from catalog.journal.chain import line_of, link_of, verify_links
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.journal.seals import SealBook, sealed
from catalog.leases import Leases
from tests.catalog.conftest import Clock

ROOT = Path(__file__).parents[3]


@pytest.fixture
def archivist(catalog: Catalog, journal: Journal, clock: Clock, tmp_path: Path) -> Archivist:
    book = SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")
    return Archivist(catalog=catalog, journal=journal, book=book, clock=clock)


@pytest.fixture
def ten_days(journal: Journal, clock: Clock) -> list[Event]:
    """Ten events, one a day."""
    written = []
    for number in range(10):
        event = Event(kind=EventKind.QUERY_BEGIN, user=f"user_{number}", details={"sql": f"select of day {number}"})
        written.append(journal.append(event))
        clock.move(timedelta(days=1))
    return written


def _archived(archivist: Archivist, events: Sequence[Event], count: int, folder: Path, most: int = 100) -> list[Path]:
    """The files of archives of that many of the events."""
    before = events[count].at
    assert before is not None
    folder.mkdir(exist_ok=True)
    return [made.file for made in archivist.archive(before, folder, by="ada", most=most)]


def test_the_chain_goes_on_over_archives(
    archivist: Archivist, journal: Journal, ten_days: list[Event], tmp_path: Path
) -> None:
    archivist.book.add(*journal.head(), at=archivist.clock())
    files = _archived(archivist, ten_days, 7, tmp_path / "a", most=3)
    assert [file.name for file in files] == [
        "journal-000000001-000000003.jsonl.gz",
        "journal-000000004-000000006.jsonl.gz",
        "journal-000000007-000000007.jsonl.gz",
    ]
    assert [event.seq for event in journal.export()] == [8, 9, 10, 11, 12, 13]
    found = journal.verify(sealed(archivist.book.seals()))
    assert (found.ok, found.count, found.head) == (True, 13, journal.head()[1])
    lines = "".join(gzip.decompress(file.read_bytes()).decode().split("\n", 1)[1] for file in files)
    assert lines.splitlines() == [line_of(event) for event in ten_days[:7]]


def test_archived_events_leave_nothing_behind_in_the_catalog(
    archivist: Archivist, journal: Journal, catalog: Catalog, ten_days: list[Event], tmp_path: Path
) -> None:
    assert [event.seq for event in journal.search(text="of day 2")] == [3]
    _archived(archivist, ten_days, 7, tmp_path / "a")
    assert journal.search(text="of day 2") == ()
    assert [event.seq for event in journal.search(text="of day")] == [10, 9, 8]
    kept = {row["value"] for row in catalog.rows("SELECT value FROM term WHERE what IN ('user', 'governed')")}
    assert {"user_7", "select of day 9"} < kept
    assert not {"user_2", "select of day 2"} & kept
    assert catalog.rows("SELECT rowid FROM term_text WHERE value LIKE '%of day 2%'") == []


def test_the_journal_tells_what_was_archived_and_where(
    archivist: Archivist, journal: Journal, ten_days: list[Event], tmp_path: Path
) -> None:
    [file] = _archived(archivist, ten_days, 4, tmp_path / "a")
    [told] = journal.search(kind=EventKind.AUDIT_ARCHIVE)
    assert (told.user, told.details["first"], told.details["last"], told.details["file"]) == ("ada", 1, 4, str(file))
    [archive] = journal.archives()
    assert (archive.head, archive.began_at, archive.ended_at) == (ten_days[3].hash, ten_days[0].at, ten_days[3].at)


def test_nothing_is_archived_before_every_sink_has_it(
    catalog: Catalog, archivist: Archivist, journal: Journal, ten_days: list[Event], tmp_path: Path
) -> None:
    with_sinks = Archivist(
        catalog=catalog, journal=journal, book=archivist.book, clock=archivist.clock, sinks=("file", "siem")
    )
    journal.note_passed_on("file", 6)
    assert _archived(with_sinks, ten_days, 9, tmp_path / "a") == []
    journal.note_passed_on("siem", 4)
    [file] = _archived(with_sinks, ten_days, 9, tmp_path / "a")
    assert file.name == "journal-000000001-000000004.jsonl.gz"


def test_what_archiving_tells_is_not_archived_by_it(
    archivist: Archivist, journal: Journal, ten_days: list[Event], clock: Clock, tmp_path: Path
) -> None:
    made = list(archivist.archive(clock.now + timedelta(days=9), tmp_path, by="ada", most=6))
    assert [(each.first, each.last) for each in made] == [(1, 6), (7, 10)]
    assert [event.kind for event in journal.export()] == [EventKind.AUDIT_ARCHIVE] * 2
    assert journal.verify().ok


def test_an_event_is_deleted_only_when_it_is_archived(
    archivist: Archivist, catalog: Catalog, ten_days: list[Event], tmp_path: Path
) -> None:
    _archived(archivist, ten_days, 4, tmp_path / "a")
    for change in ("DELETE FROM event WHERE seq = 5", "DELETE FROM journal_archive"):
        with pytest.raises(sqlite3.IntegrityError), catalog.transaction() as tx:
            tx.execute(change)


def test_a_journal_that_does_not_hold_is_not_archived(
    archivist: Archivist, journal: Journal, catalog_file: Path, ten_days: list[Event], tmp_path: Path
) -> None:
    with sqlite3.connect(catalog_file) as connection:
        connection.execute("DROP TRIGGER event_stays")
        connection.execute("UPDATE event SET body = replace(body, 'user_2', 'nobody') WHERE seq = 3")
    connection.close()
    with pytest.raises(ArchiveInvalid, match="event 3 is not as it was written"):
        _archived(archivist, ten_days, 7, tmp_path / "a")
    assert journal.event(1) is not None
    assert journal.archives() == ()


def test_two_do_not_archive_at_once(
    archivist: Archivist, catalog_file: Path, ten_days: list[Event], tmp_path: Path
) -> None:
    with (
        Leases(catalog_file.with_name("leases")).taken("journal:archive"),
        pytest.raises(SettingsInvalid, match="being archived"),
    ):
        _archived(archivist, ten_days, 7, tmp_path / "a")


def test_nothing_is_archived_through_a_link(
    archivist: Archivist, journal: Journal, ten_days: list[Event], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".journal-000000001-000000007.jsonl.gz.part").symlink_to(other)
    with pytest.raises(SettingsInvalid, match="cannot be written"):
        _archived(archivist, ten_days, 7, tmp_path / "a")
    assert other.read_text() == "kept"
    assert journal.archives() == ()


def _edited(edit: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def touch(file: Path) -> None:
        lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
        file.write_bytes(gzip.compress("".join(edit(lines)).encode()))

    return touch


def _written(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def touch(file: Path) -> None:
        file.write_bytes(change(file.read_bytes()))

    return touch


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


TOUCHED: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "missing": (Path.unlink, 4, "is missing"),
    "cut off": (_written(lambda whole: whole[:100]), 4, "cut off or damaged"),
    "cut between lines": (_edited(lambda lines: lines[:-1]), 6, "ends with event 5, not with 6"),
    "changed": (
        _edited(lambda lines: [line.replace("of day 4", "of day 9") for line in lines]),
        5,
        "event 5 is not as it was written",
    ),
    "reordered": (_edited(lambda lines: [lines[0], lines[2], lines[1], lines[3]]), 4, "event 4 is missing"),
    "one event less": (_edited(lambda lines: [lines[0], lines[2], lines[3]]), 4, "event 4 is missing"),
    "one line more": (_edited(lambda lines: [*lines, "{}\n"]), 7, "does not follow"),
    "another head": (_edited(lambda lines: [lines[0].replace("2026", "2027"), *lines[1:]]), 4, "head of the archive"),
    "another first": (
        _edited(lambda lines: [lines[0].replace('"first":4', '"first":4.5'), *lines[1:]]),
        4,
        "head of the archive",
    ),
    "a head without end": (_edited(lambda lines: ["[" * 100_000 + "\n", *lines[1:]]), 4, "head of the archive"),
    "compressed anew": (_edited(lambda lines: lines), 7, "not the file that was written"),
    "a pipe": (_pipe, 4, "cut off or damaged"),
    "no archive": (_written(lambda _: b"{}"), 4, "cut off or damaged"),
}


@pytest.mark.parametrize(("touch", "first_break", "says"), TOUCHED.values(), ids=TOUCHED.keys())
def test_an_archive_that_was_touched_names_the_first_break(
    archivist: Archivist,
    journal: Journal,
    ten_days: list[Event],
    tmp_path: Path,
    touch: Callable[[Path], None],
    first_break: int,
    says: str,
) -> None:
    files = _archived(archivist, ten_days, 9, tmp_path / "a", most=3)
    touch(files[1])
    found = journal.verify()
    assert (found.ok, found.first_break) == (False, first_break), found.what
    assert says in found.what


def test_archives_that_were_moved_are_read_where_they_lie(
    archivist: Archivist, journal: Journal, ten_days: list[Event], tmp_path: Path
) -> None:
    _archived(archivist, ten_days, 7, tmp_path / "a", most=3)
    (tmp_path / "a").rename(tmp_path / "b")
    assert journal.verify().first_break == 1
    assert journal.verify(folder=tmp_path / "b").ok


def test_an_archive_is_verified_by_itself(
    archivist: Archivist, journal: Journal, ten_days: list[Event], tmp_path: Path
) -> None:
    files = _archived(archivist, ten_days, 7, tmp_path / "a", most=4)
    with read_archive(files[1]) as (head, links):
        found = verify_links(links, {7: head.seal.head}, after=head.first - 1, previous=head.previous_hash)
    assert (found.ok, found.count, head.seal.key) == (True, 7, archivist.book.key)
    with read_archive(files[0]) as (_, links):
        rest = (link_of(line_of(event), event.seq) for event in journal.export())
        assert verify_links([*links, *rest]).first_break == 5


ARCHIVE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from catalog.journal.archiving import Archivist
from catalog.database import Catalog
from catalog.journal.journal import Journal
from catalog.journal.seals import SealBook
folder, step = Path(sys.argv[1]), sys.argv[2]
def die(at):
    if at == step:
        os.kill(os.getpid(), signal.SIGKILL)
with Catalog(folder / "catalog.sqlite") as catalog:
    clock = lambda: datetime(2026, 12, 31, tzinfo=UTC)
    book = SealBook(folder / "seals.jsonl", folder / "seal.key")
    archivist = Archivist(catalog=catalog, journal=Journal(catalog), book=book, clock=clock)
    for made in archivist.archive(datetime(2026, 11, 29, tzinfo=UTC), folder / "a", by="ada", at_step=die):
        pass
"""


@pytest.mark.parametrize("step", ["written", "verified", "named", "removing", "told", "done"])
def test_killed_at_any_step_nothing_is_lost_and_the_next_attempt_goes_on(
    journal: Journal, ten_days: list[Event], tmp_path: Path, step: str
) -> None:
    (tmp_path / "a").mkdir()
    command = [sys.executable, "-c", ARCHIVE, str(tmp_path)]
    killed = subprocess.run([*command, step], cwd=ROOT, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert _everything(journal, tmp_path) == [line_of(event) for event in ten_days]
    assert journal.verify().ok
    subprocess.run([*command, "never"], cwd=ROOT, timeout=60, check=True)
    assert [archive.last for archive in journal.archives()] == [7]
    assert journal.verify().ok
    assert _everything(journal, tmp_path) == [line_of(event) for event in ten_days]
    assert [name for name in os.listdir(tmp_path / "a") if name.startswith(".")] == []


def _everything(journal: Journal, folder: Path) -> list[str]:
    """The first ten events, from what the catalog says are its archives, and from the catalog."""
    archived = [link for archive in journal.archives() for link in archive.links()]
    numbers = [link.seq for link in archived] + [event.seq for event in journal.export()]
    assert numbers == list(range(1, len(numbers) + 1))
    bodies = {link.seq: link.hash for link in archived} | {event.seq: event.hash for event in journal.export()}
    assert len(bodies) >= 10
    lines = [
        line
        for file in sorted((folder / "a").glob("journal-*"))
        if archived
        for line in gzip.decompress(file.read_bytes()).decode().splitlines()[1:]
    ]
    return (lines + [line_of(event) for event in journal.export()])[:10]
