"""A catalog in which somebody has left what acts by itself is not opened, and not written from that moment on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import JournalUnavailable
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.migrations import NEWEST

UNTOLD = (
    """CREATE TRIGGER tidy BEFORE INSERT ON event WHEN NEW.body LIKE '%"user":"kim"%' BEGIN SELECT RAISE(IGNORE); END"""
)
LEFT = {
    "an event is not written": UNTOLD,
    "the head is not moved": "CREATE TRIGGER tidy BEFORE UPDATE ON journal_head BEGIN SELECT RAISE(IGNORE); END",
    "what is filed is taken away": "CREATE TRIGGER tidy AFTER UPDATE ON event_filed BEGIN DELETE FROM mention; END",
    "a trigger of the same name": "DROP TRIGGER event_stays;"
    "CREATE TRIGGER event_stays AFTER INSERT ON event BEGIN DELETE FROM mention; END",
    "a view": "CREATE VIEW tidy AS SELECT 1",
}


def _edit(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
        connection.commit()


@pytest.mark.parametrize("script", LEFT.values(), ids=LEFT)
def test_a_catalog_that_acts_by_itself_is_not_opened(catalog: Catalog, catalog_file: Path, script: str) -> None:
    _edit(catalog_file, script)
    with pytest.raises(JournalUnavailable, match="that Veil did not make"):
        Catalog(catalog_file)


@pytest.mark.parametrize("script", LEFT.values(), ids=LEFT)
def test_nothing_is_written_once_a_catalog_acts_by_itself(
    catalog: Catalog, journal: Journal, catalog_file: Path, script: str
) -> None:
    journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada"))
    _edit(catalog_file, script)
    with pytest.raises(JournalUnavailable, match="that Veil did not make"):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada"))
    assert journal.head()[0] == 1


def test_nothing_is_written_once_a_newer_version_has_the_catalog(journal: Journal, catalog_file: Path) -> None:
    """A server that runs while its home is taken over would not understand all that is written there from then on."""
    journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada"))
    _edit(catalog_file, f"PRAGMA user_version = {NEWEST + 1}")
    with pytest.raises(JournalUnavailable, match="newer Veil has taken the catalog over"):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada"))
    assert journal.head()[0] == 1


def test_a_catalog_is_written_whatever_tables_somebody_has_made(journal: Journal, catalog_file: Path) -> None:
    _edit(catalog_file, "CREATE TABLE theirs (a); CREATE UNIQUE INDEX by_a ON theirs (a); DROP TRIGGER event_stays")
    assert journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada")).seq == 1
    Catalog(catalog_file).close()


def test_an_event_that_the_file_does_not_take_is_a_refusal(catalog: Catalog, catalog_file: Path) -> None:
    column = "untold TEXT NOT NULL ON CONFLICT IGNORE AS (nullif(json_extract(body, ''$.user''), ''kim''))"
    _edit(
        catalog_file,
        "PRAGMA writable_schema = ON;"
        f"UPDATE sqlite_master SET sql = replace(sql, 'kind TEXT AS', '{column}, kind TEXT AS') WHERE name = 'event'",
    )
    with Catalog(catalog_file) as edited:
        journal = Journal(edited)
        assert journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada")).seq == 1
        with pytest.raises(JournalUnavailable, match="does not take an event"):
            journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim"))
        assert journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada")).seq == 2
