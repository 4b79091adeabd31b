"""Sign-ins kept at the server: found by a text that nobody can read there, ended by time, by idleness or by a word."""

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.database import Catalog
from catalog.people.model import WebSession
from catalog.people.web_sessions import WebSessions
from tests.catalog.conftest import Clock

HOUR = timedelta(hours=1)


def session(clock: Clock, user: str = "ada") -> WebSession:
    return WebSession(user=user, began_at=clock.now, seen_at=clock.now, expires_at=clock.now + 12 * HOUR)


def test_a_session_is_found_by_its_text_alone_and_is_what_was_kept(web_sessions: WebSessions, clock: Clock) -> None:
    kept = replace(
        session(clock),
        provider="https://id.example",
        groups=frozenset({"clerks", "Ärzte"}),
        attributes={"land": "NO", "sites": ("Oslo", "Bergen")},
        logout_hint="a.b.c",
        client="10.0.0.1",
        mark="0f",
    )
    text, begun = web_sessions.begin(kept)
    assert begun == replace(kept, id=begun.id)
    assert web_sessions.find(text, clock.now, idle=HOUR) == begun
    assert web_sessions.find(begun.id, clock.now, idle=HOUR) is None


def test_the_text_is_nowhere_in_the_file(web_sessions: WebSessions, catalog: Catalog, clock: Clock) -> None:
    text, _ = web_sessions.begin(session(clock))
    assert all(text not in str(value) for row in catalog.rows("SELECT * FROM web_session") for value in tuple(row))


@pytest.mark.parametrize("text", ["", "A" * 43, "ä" * 43, "\ud800", "x" * 1_000_000])
def test_an_unknown_text_is_nobodys(web_sessions: WebSessions, clock: Clock, text: str) -> None:
    web_sessions.begin(session(clock))
    assert web_sessions.find(text, clock.now, idle=HOUR) is None


def test_a_session_ends_at_the_very_moment_it_says(web_sessions: WebSessions, clock: Clock) -> None:
    text, begun = web_sessions.begin(session(clock))
    tick = timedelta(microseconds=1)
    assert web_sessions.find(text, begun.expires_at - tick, idle=24 * HOUR) is not None
    assert web_sessions.find(text, begun.expires_at, idle=24 * HOUR) is None


def test_a_session_that_is_not_used_ends_and_one_that_is_used_goes_on(web_sessions: WebSessions, clock: Clock) -> None:
    (used, begun), (left, _) = web_sessions.begin(session(clock)), web_sessions.begin(session(clock))
    clock.move(HOUR)
    assert web_sessions.find(left, clock.now, idle=HOUR) is not None
    web_sessions.saw(begun.id, clock.now)
    clock.move(timedelta(seconds=1))
    assert web_sessions.find(left, clock.now, idle=HOUR) is None
    assert web_sessions.find(used, clock.now, idle=HOUR) is not None
    assert [each.id for each in web_sessions.living(clock.now, idle=HOUR)] == [begun.id]
    assert web_sessions.find(left, clock.now, idle=None) is not None
    assert len(web_sessions.living(clock.now, idle=None)) == 2


def test_an_ended_session_is_nobodys_and_ends_once(web_sessions: WebSessions, clock: Clock) -> None:
    text, begun = web_sessions.begin(session(clock))
    assert web_sessions.end(begun.id, clock.now) == begun
    assert web_sessions.end(begun.id, clock.now) is None
    assert web_sessions.find(text, clock.now, idle=HOUR) is None
    assert web_sessions.living(clock.now, idle=HOUR) == ()


def test_sessions_are_listed_by_user_as_names_compare(web_sessions: WebSessions, clock: Clock) -> None:
    for user in ("ada", "bob", "ada"):
        web_sessions.begin(session(clock, user))
    assert [each.user for each in web_sessions.living(clock.now, idle=HOUR, user="Ada")] == ["ada", "ada"]
    assert len(web_sessions.living(clock.now, idle=HOUR)) == 3


def test_what_has_run_out_is_forgotten_when_another_begins(
    web_sessions: WebSessions, catalog: Catalog, clock: Clock
) -> None:
    web_sessions.begin(session(clock))
    clock.move(13 * HOUR)
    _, begun = web_sessions.begin(session(clock))
    assert [row["id"] for row in catalog.rows("SELECT id FROM web_session")] == [begun.id]


def test_as_whom_one_looks_is_kept_until_one_leaves(web_sessions: WebSessions, clock: Clock) -> None:
    text, begun = web_sessions.begin(session(clock))
    web_sessions.view(begun.id, '{"user": "kim"}')
    assert web_sessions.find(text, clock.now, idle=HOUR) == replace(begun, viewing='{"user": "kim"}')
    other, _ = web_sessions.begin(session(clock))
    found = web_sessions.find(other, clock.now, idle=HOUR)
    assert (found and found.viewing) == ""
    web_sessions.view(begun.id, "")
    assert web_sessions.find(text, clock.now, idle=HOUR) == begun
