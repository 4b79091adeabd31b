"""What searches go by is verified with the chain: nobody takes an event out of what is found, and leaves no trace."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal

OF_KIM = "(SELECT id FROM term WHERE what IN ('user', 'person') AND key IN ('kim', '6b696d'))"
ALTERED = {
    "who asked is taken away": f"DELETE FROM mention WHERE term IN {OF_KIM}",
    "who asked is another one": "UPDATE term SET key = 'eve' WHERE what = 'user' AND key = 'kim'",
    "the term is gone": "PRAGMA foreign_keys = OFF; DELETE FROM term WHERE what = 'user' AND key = 'kim'",
    "it is filed under another's": """
        UPDATE mention SET term = (SELECT id FROM term WHERE what = 'tag') WHERE term =
        (SELECT id FROM term WHERE what = 'user' AND key = 'kim')""",
    "nothing that can be read": f"UPDATE mention SET seqs = 'lxyz' WHERE term IN {OF_KIM}",
    "nothing at all is filed": "DELETE FROM mention WHERE first >= 4",
}


@pytest.fixture
def filed(journal: Journal) -> Journal:
    """Three events of ada and three of kim, which searches have found."""
    for number in range(6):
        user = "ada" if number < 3 else "kim"
        tags = ("pii.email",) if number == 0 else ()
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, datasets=("shop.orders",), tags=tags))
    assert len(journal.search(user="kim")) == 3
    return journal


def _edit(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
        connection.commit()


@pytest.mark.parametrize("script", ALTERED.values(), ids=ALTERED)
def test_an_event_that_searches_lose_is_named_and_found_again(filed: Journal, catalog_file: Path, script: str) -> None:
    _edit(catalog_file, script)
    found = filed.verify()
    assert (found.ok, found.first_break, found.count) == (False, None, 6)
    assert "searches did not find event 4" in found.what
    assert filed.verify().ok
    assert [event.seq for event in filed.search(user="kim")] == [6, 5, 4]
    assert filed.verify().ok


def test_an_event_that_was_never_filed_is_named(filed: Journal, catalog_file: Path) -> None:
    _edit(catalog_file, "UPDATE event_filed SET seq = 1000")
    filed.append(Event(kind=EventKind.QUERY_BEGIN, user="kim"))
    assert len(filed.search(user="kim")) == 3
    assert not filed.verify().ok
    assert len(filed.search(user="kim")) == 4


def test_what_is_not_filed_yet_is_no_fault(filed: Journal, catalog_file: Path) -> None:
    filed.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", details={"sql": "select '\ud800'"}))
    assert filed.verify().ok
    with Catalog(catalog_file) as other:
        assert len(Journal(other).search(user="kim")) == 4
    assert filed.verify().ok
