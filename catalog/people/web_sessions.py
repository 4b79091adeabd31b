"""The store of sign-ins: found by a random text that only a browser's cookie holds, with an end, and revocable."""

import json
import secrets
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

from catalog.clock import read_time, written_time
from catalog.database import Catalog
from catalog.people.api_tokens import hashed
from catalog.people.model import Attribute, WebSession

_SELECT = "SELECT * FROM web_session"
_LIVES = "ended_at IS NULL AND expires_at > ? AND seen_at >= ?"
_LONGEST_TEXT = 100


class WebSessions:
    """The sessions of people who signed in, across restarts of the server.

    Example:
        >>> text, session = sessions.begin(WebSession(user="ada", began_at=now, seen_at=now, expires_at=later))
        >>> sessions.find(text, now, idle=timedelta(hours=2)).user
        'ada'
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def begin(self, session: WebSession) -> tuple[str, WebSession]:
        """Keeps a new session: its text, which nobody can read again, and the session with its id.

        Sessions that have run out are forgotten on the way; the journal remembers them.
        """
        text, begun = secrets.token_urlsafe(32), replace(session, id=secrets.token_hex(6))
        told = {name: value if isinstance(value, str) else list(value) for name, value in begun.attributes.items()}
        with self._catalog.bookkeeping() as tx:
            tx.execute("DELETE FROM web_session WHERE expires_at <= ?", [written_time(begun.began_at)])
            tx.execute(
                "INSERT INTO web_session (id, text_hash, user, mark, provider, groups, attributes, logout_hint, client,"
                " began_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    begun.id,
                    hashed(text),
                    begun.user,
                    begun.mark,
                    begun.provider,
                    json.dumps(sorted(begun.groups), ensure_ascii=False),
                    json.dumps(told, sort_keys=True, ensure_ascii=False),
                    begun.logout_hint,
                    begun.client,
                    written_time(begun.began_at),
                    written_time(begun.seen_at),
                    written_time(begun.expires_at),
                ],
            )
        return text, begun

    def find(self, text: str, now: datetime, *, idle: timedelta | None) -> WebSession | None:
        """The session of that text, or None when it is unknown, ended, old or was not used for longer than `idle`.

        With None it may have been left for long: nobody goes on with it, but the tokens that it has lent still count.
        """
        if len(text) > _LONGEST_TEXT or not text.isascii():
            return None
        row = self._catalog.row(f"{_SELECT} WHERE text_hash = ? AND {_LIVES}", [hashed(text), *_bounds(now, idle)])
        return None if row is None else read_session(row)

    def ended(self, text: str, since: datetime) -> WebSession | None:
        """The session of that text if it was ended since a moment, None for any other."""
        if len(text) > _LONGEST_TEXT or not text.isascii():
            return None
        row = self._catalog.row(f"{_SELECT} WHERE text_hash = ? AND ended_at >= ?", [hashed(text), written_time(since)])
        return None if row is None else read_session(row)

    def saw(self, session_id: str, now: datetime) -> None:
        """Notes that the session was used, if that can be done within a moment."""
        self._catalog.jot("UPDATE web_session SET seen_at = ? WHERE id = ?", [written_time(now), session_id])

    def view(self, session_id: str, viewing: str) -> None:
        """Notes as whom the person looks at pages from now on; empty is as oneself."""
        with self._catalog.bookkeeping() as tx:
            tx.execute("UPDATE web_session SET viewing = ? WHERE id = ?", [viewing, session_id])

    def end(self, session_id: str, now: datetime) -> WebSession | None:
        """Ends a session at once; the session when it had not ended before."""
        with self._catalog.bookkeeping() as tx:
            row = tx.row(f"{_SELECT} WHERE id = ? AND ended_at IS NULL", [session_id])
            tx.execute("UPDATE web_session SET ended_at = ? WHERE id = ?", [written_time(now), session_id])
        return None if row is None else read_session(row)

    def living(self, now: datetime, *, idle: timedelta | None, user: str | None = None) -> tuple[WebSession, ...]:
        """The sessions that `find` gives, of one user or of all, the newest first."""
        rows = self._catalog.rows(
            f"{_SELECT} WHERE {_LIVES} AND coalesce(user = ?, TRUE) ORDER BY began_at DESC, id",
            [*_bounds(now, idle), user],
        )
        return tuple(map(read_session, rows))


def _bounds(now: datetime, idle: timedelta | None) -> tuple[str, str]:
    return written_time(now), "" if idle is None else written_time(now - idle)


def read_session(row: sqlite3.Row) -> WebSession:
    """The session in a row of its table."""
    attributes: dict[str, Attribute] = {
        name: value if isinstance(value, str) else tuple(value) for name, value in json.loads(row["attributes"]).items()
    }
    return WebSession(
        id=row["id"],
        user=row["user"],
        mark=row["mark"],
        provider=row["provider"],
        groups=frozenset(json.loads(row["groups"])),
        attributes=attributes,
        logout_hint=row["logout_hint"],
        viewing=row["viewing"],
        client=row["client"],
        began_at=read_time(row["began_at"]),
        seen_at=read_time(row["seen_at"]),
        expires_at=read_time(row["expires_at"]),
    )
