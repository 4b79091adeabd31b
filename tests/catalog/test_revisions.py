"""Revisions: numbered in order, never changed, and part of the transaction that makes them."""

import sqlite3

import pytest

from catalog.database import Catalog
from catalog.errors import LimitExceeded
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
        abandon(catalog, lambda: _add(revisions, ""))
    assert revisions.current_number() == 0
    assert _add(revisions, "").number == 1


@pytest.mark.parametrize("change", ["UPDATE revision SET why = ''", "DELETE FROM revision"])
def test_history_cannot_be_rewritten(revisions: Revisions, catalog: Catalog, change: str) -> None:
    _add(revisions, "")
    with pytest.raises(sqlite3.IntegrityError, match="never"), catalog.transaction() as tx:
        tx.execute(change)
    assert len(revisions.history()) == 1
