"""Seals: what a chain of hashes alone cannot show, a signature kept elsewhere does."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.errors import SealInvalid, SettingsInvalid
from catalog.journal.chain import Link, event_of, line_of, link, verify_export
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.journal.seals import Seal, SealBook, read_seals, sealed

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path) -> SealBook:
    return SealBook(tmp_path / "seals.jsonl", tmp_path / "seal.key")


def _fill(journal: Journal, count: int) -> None:
    for number in range(count):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user=f"user{number}"))


def _sealed(journal: Journal, book: SealBook) -> Seal:
    count, head = journal.head()
    return book.add(count, head, at=AT)


def _lines(journal: Journal) -> list[str]:
    return [line_of(event) for event in journal.export()]


def _written_anew(lines: list[str], change: Callable[[Event], Event]) -> list[str]:
    """The export with one change in each event, its chain worked out again from the start."""
    made, previous = [], ""
    for line in lines:
        value = json.loads(line)
        links = {name: value.pop(name) for name in ("previous_hash", "hash")}
        event = event_of(Link(seq=value["seq"], body=json.dumps(value), **links))
        bound = link(change(event), previous)
        made.append(line_of(event_of(bound)))
        previous = bound.hash
    return made


def test_a_seal_is_signed_and_read_again(journal: Journal, book: SealBook) -> None:
    _fill(journal, 3)
    seal = _sealed(journal, book)
    assert (seal.count, seal.key) == (3, book.key)
    assert book.seals() == read_seals(book.file) == (seal,)
    assert verify_export(_lines(journal), sealed(book.seals())).ok
    assert journal.verify(sealed(book.seals())).ok


def test_events_after_the_last_seal_hold_too(journal: Journal, book: SealBook) -> None:
    _fill(journal, 2)
    _sealed(journal, book)
    _fill(journal, 2)
    assert verify_export(_lines(journal), sealed(book.seals())).count == 4


def test_a_chain_written_anew_breaks_at_the_first_seal(journal: Journal, book: SealBook) -> None:
    _fill(journal, 4)
    _sealed(journal, book)
    forged = _written_anew(_lines(journal), lambda event: replace(event, user="somebody else"))
    assert verify_export(forged).ok  # the hashes alone do not show it
    found = verify_export(forged, sealed(book.seals()))
    assert (found.ok, found.first_break) == (False, 4)
    assert "not the one that was sealed" in found.what


def test_an_end_that_was_cut_off_shows(journal: Journal, book: SealBook) -> None:
    _fill(journal, 4)
    _sealed(journal, book)
    cut = _lines(journal)[:2]
    assert verify_export(cut).ok  # the hashes alone do not show it
    found = verify_export(cut, sealed(book.seals()))
    assert (found.ok, found.first_break) == (False, 3)
    assert "cut off: a seal tells of 4 events" in found.what


def test_an_end_that_was_cut_off_with_its_head_shows(journal: Journal, book: SealBook, catalog_file: Path) -> None:
    _fill(journal, 3)
    _sealed(journal, book)
    second = journal.event(2)
    assert second is not None
    with sqlite3.connect(catalog_file) as connection:
        connection.execute("DROP TRIGGER event_is_kept")
        connection.execute("DELETE FROM event WHERE seq > 2")
        connection.execute("UPDATE journal_head SET seq = 2, hash = ?", [second.hash])
    connection.close()
    assert journal.verify().ok
    assert journal.verify(sealed(book.seals())).first_break == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace('"count":2', '"count":1'),
        lambda line: line.replace('"head":"', '"head":"0'),
        lambda line: line.replace("2026", "2025"),
        lambda line: line[:-1],
        lambda line: line.replace('"seal":1', '"seal": 1'),
        lambda line: "",
        lambda line: "[]",
        lambda line: '{"seal":1}',
    ],
)
def test_a_seal_that_was_touched_is_refused(journal: Journal, book: SealBook, change: Callable[[str], str]) -> None:
    _fill(journal, 2)
    _sealed(journal, book)
    book.file.write_text(change(book.file.read_text().rstrip("\n")) + "\n")
    with pytest.raises(SealInvalid, match="seal 1 is not as it was signed"):
        book.seals()


def test_a_seal_of_another_key_is_refused(journal: Journal, book: SealBook, tmp_path: Path) -> None:
    _fill(journal, 2)
    other = SealBook(book.file, tmp_path / "other.key")
    _sealed(journal, other)
    with pytest.raises(SealInvalid, match="names another key"):
        book.seals()
    assert read_seals(book.file, other.key)
    _sealed(journal, book)
    with pytest.raises(SealInvalid, match="seal 2 names another key"):
        read_seals(book.file)
    assert len(read_seals(book.file, other.key, book.key)) == 2
    assert len(SealBook(book.file, tmp_path / "seal.key", (other.key,)).seals()) == 2


def test_a_key_that_was_given_up_seals_no_more(journal: Journal, book: SealBook, tmp_path: Path) -> None:
    """Whoever comes by it could otherwise seal a journal that was worked out anew."""
    _fill(journal, 2)
    older = SealBook(book.file, tmp_path / "older.key")
    for sealing in (older, older, book, book):
        _sealed(journal, sealing)
    renewed = SealBook(book.file, tmp_path / "seal.key", (older.key,))
    assert len(renewed.seals()) == 4
    forged = _sealed(journal, older)
    told = f"the seal of {forged.count} events is of a key that had been renewed before"
    with pytest.raises(SealInvalid, match=told):
        renewed.seals()
    with pytest.raises(SealInvalid, match=told):
        read_seals(book.file, book.key, older.key)


def test_a_seal_that_was_not_written_to_its_end_is_none(journal: Journal, book: SealBook) -> None:
    """As a server leaves it that is stopped in the middle; the next one begins a line of its own."""
    _fill(journal, 2)
    first = _sealed(journal, book)
    line = book.file.read_bytes()
    book.file.write_bytes(line + line[:99])
    assert (book.seals(), book.newest()) == ((first,), first)
    second = _sealed(journal, book)
    assert book.seals() == read_seals(book.file) == (first, second)
    assert book.newest() == second


def test_the_newest_seal_is_one_that_holds(journal: Journal, book: SealBook, tmp_path: Path) -> None:
    assert book.newest() is None
    _fill(journal, 2)
    for touched in ("{}\n", _sealed(journal, SealBook(tmp_path / "others", tmp_path / "other.key")).line + "\n", ""):
        book.file.write_text(touched)
        assert book.newest() is None
    assert _sealed(journal, book) == book.newest()


def test_seals_that_speak_against_each_other_are_refused(book: SealBook) -> None:
    book.add(2, "a" * 64, at=AT)
    book.add(2, "a" * 64, at=AT)
    assert sealed(book.seals()) == {2: "a" * 64}
    book.add(2, "b" * 64, at=AT)
    with pytest.raises(SealInvalid, match="different journals with 2 events"):
        sealed(book.seals())


def test_the_private_key_is_the_owners_alone_and_in_no_seal(journal: Journal, book: SealBook, tmp_path: Path) -> None:
    _sealed(journal, book)
    secret = (tmp_path / "seal.key").read_bytes()
    assert (tmp_path / "seal.key").stat().st_mode & 0o777 == 0o600
    assert secret.hex() not in book.file.read_text()


def test_a_place_that_cannot_be_written_is_told(journal: Journal, tmp_path: Path) -> None:
    book = SealBook(tmp_path / "gone" / "seals.jsonl", tmp_path / "seal.key")
    with pytest.raises(SettingsInvalid, match="cannot be written"):
        _sealed(journal, book)
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        read_seals(tmp_path / "gone" / "seals.jsonl")
