"""Revisions: numbered in order, never changed, and part of the transaction that makes them."""

import re
import sqlite3
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import Internal, LimitExceeded
from catalog.model import Revision
from catalog.revisions import Revisions
from tests.catalog.conftest import Clock, abandon


def _add(revisions: Revisions, state: str) -> Revision:
    return revisions.add(by="ada", why="rule 4", difference="+ grant", state=state)


def test_before_the_first_there_is_none(revisions: Revisions) -> None:
    assert revisions.current_number() == 0
    assert revisions.latest() is None
    assert revisions.history() == ()


def test_revisions_are_numbered_in_order_and_keep_their_state(revisions: Revisions, clock: Clock) -> None:
    first, second = _add(revisions, "{1}"), _add(revisions, "{2}")
    assert first == Revision(number=1, at=clock.now, by="ada", why="rule 4", difference="+ grant")
    assert revisions.current_number() == 2
    assert revisions.latest() == (second, "{2}")
    assert revisions.revision(1) == (first, "{1}")
    assert revisions.revision(3) is None
    assert revisions.history() == (second, first)


def test_a_reason_is_not_too_long_for_every_list_of_revisions(revisions: Revisions) -> None:
    with pytest.raises(LimitExceeded, match="at most 2,000 characters, and this one 2,001"):
        revisions.add(by="ada", why="y" * 2_001, difference="+ grant", state="{}")
    assert revisions.current_number() == 0
    assert revisions.add(by="ada", why="y" * 2_000, difference="+ grant", state="{}").number == 1


def test_a_revision_goes_with_the_transaction_that_made_it(revisions: Revisions, catalog: Catalog) -> None:
    with pytest.raises(ZeroDivisionError):
        abandon(catalog, lambda: _add(revisions, "{}"))
    assert revisions.current_number() == 0
    assert _add(revisions, "{}").number == 1


@pytest.mark.parametrize("change", ["UPDATE revision SET why = ''", "DELETE FROM revision"])
def test_history_cannot_be_rewritten(revisions: Revisions, catalog: Catalog, change: str) -> None:
    _add(revisions, "{}")
    with pytest.raises(sqlite3.IntegrityError, match="never"), catalog.transaction() as tx:
        tx.execute(change)
    assert len(revisions.history()) == 1


def test_a_revision_that_leaves_the_state_keeps_no_copy_of_it(revisions: Revisions, catalog: Catalog) -> None:
    """What is kept here is kept for good, and a verdict on one tag is a revision."""
    states = ["{1}", "{1}", "{1}", "{2}", "{1}", "{1}"]
    for state in states:
        _add(revisions, state)
    kept = [row["state"] for row in catalog.rows("SELECT state FROM revision ORDER BY number")]
    assert kept == ["{1}", "", "", "{2}", "{1}", ""]
    assert [found[1] for number in range(1, 7) if (found := revisions.revision(number))] == states
    assert (latest := revisions.latest()) is not None
    assert (latest[0].number, latest[1]) == (6, "{1}")


def test_a_state_that_was_taken_back_is_no_state_of_those_after_it(revisions: Revisions, catalog: Catalog) -> None:
    _add(revisions, "{1}")
    with pytest.raises(ZeroDivisionError):
        abandon(catalog, lambda: _add(revisions, "{2}"))
    second = _add(revisions, "{2}")
    assert revisions.latest() == (second, "{2}")


def test_revisions_of_an_older_catalog_are_read_as_they_were(tmp_path: Path) -> None:
    """Each kept a copy, whether it was another or not."""
    with Catalog(tmp_path / "catalog.db") as catalog, catalog.transaction() as tx:
        for number, state in enumerate(("{1}", "{1}", "{2}"), 1):
            tx.execute("INSERT INTO revision VALUES (?, '2026-01-01T00:00:00Z', 'ada', '', '', ?)", [number, state])
        tx.execute("DROP INDEX revision_with_state")
        tx.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0027%'")
        tx.execute("PRAGMA user_version = 26")
    with Catalog(tmp_path / "catalog.db") as catalog:
        revisions = Revisions(catalog)
        _add(revisions, "{2}")
        assert [found[1] for number in range(1, 5) if (found := revisions.revision(number))] == [
            *("{1}", "{1}", "{2}", "{2}")
        ]


def test_a_state_is_found_without_reading_what_stands_between(revisions: Revisions, catalog: Catalog) -> None:
    """What thousands of verdicts said may be long, and stands before the state in each row."""
    told = "SELECT state FROM revision INDEXED BY revision_with_state WHERE number <= 9 AND state <> '' ORDER BY number"
    assert "SEARCH revision USING INDEX revision_with_state" in catalog.rows(f"EXPLAIN QUERY PLAN {told} DESC")[0][3]


def test_there_is_no_revision_without_a_state(revisions: Revisions) -> None:
    with pytest.raises(Internal, match="without a state"):
        _add(revisions, "")


def test_no_state_is_read_elsewhere() -> None:
    """An empty one would be taken for what it says."""
    house = Path(__file__).parent.parent.parent
    reads = re.compile(r"\b(FROM|JOIN|INTO|UPDATE)\s+revision\b")
    found = {
        str(path.relative_to(house))
        for room in ("catalog", "crawler", "policy_engine", "proxy", "web_ui", "veil")
        for path in (house / room).rglob("*.py")
        if reads.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"catalog/revisions.py"}
