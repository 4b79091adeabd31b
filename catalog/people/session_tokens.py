"""Tokens of people who have no account here: made in a sign-in, worth what it is worth, and over when it is."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from catalog.clock import read_time, written_time
from catalog.database import Catalog
from catalog.people.api_tokens import ApiToken, hashed, read_scopes, token_of, written_scopes
from catalog.people.model import WebSession
from catalog.people.web_sessions import read_session

_FORM = re.compile(r"veil_[A-Za-z0-9_-]{43}")
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_SELECT = "SELECT t.*, s.user, s.expires_at FROM session_token t JOIN web_session s ON s.id = t.session_id"
_LIVES = "t.revoked_at IS NULL AND s.ended_at IS NULL AND s.expires_at > ?"


class SessionTokens:
    """The tokens that sign-ins have lent to programs.

    Example:
        >>> text, token = tokens.create(session.id, "notebook", now)
        >>> tokens.find(text, now) == session
        True
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(
        self, session_id: str, name: str, now: datetime, *, scopes: Iterable[str] | None = None
    ) -> tuple[str, ApiToken]:
        """A new token of a session: its text, which nobody can read again, and what is kept of it."""
        text, token_id = "veil_" + secrets.token_urlsafe(32), secrets.token_hex(6)
        with self._catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO session_token (id, session_id, name, token_hash, created_at, scopes)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [token_id, session_id, name, hashed(text), written_time(now), written_scopes(scopes)],
            )
            [row] = tx.rows(f"{_SELECT} WHERE t.id = ?", [token_id])
        return text, token_of(row)

    def find(self, text: str, now: datetime) -> WebSession | None:
        """The session of the token of that text, with its scopes; None when it is unknown or either has ended."""
        if _FORM.fullmatch(text) is None:
            return None
        row = self._catalog.row(
            "SELECT s.*, t.id AS token_id, t.last_used_at, t.scopes"
            f" FROM session_token t JOIN web_session s ON s.id = t.session_id WHERE t.token_hash = ? AND {_LIVES}",
            [hashed(text), written_time(now)],
        )
        if row is None:
            return None
        if row["last_used_at"] is None or now - read_time(row["last_used_at"]) >= _USE_IS_NOTED_EVERY:
            self._note_use(row["token_id"], now)
        return replace(read_session(row), token=row["token_id"], scopes=read_scopes(row["scopes"]))

    def revoke(self, token_id: str, now: datetime) -> bool:
        """Ends a token at once; True when it was not revoked before."""
        with self._catalog.transaction() as tx:
            revoked = tx.execute(
                "UPDATE session_token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                [written_time(now), token_id],
            )
        return revoked > 0

    def tokens(self, user: str, now: datetime) -> tuple[ApiToken, ...]:
        """The tokens of somebody that work now, newest first."""
        rows = self._catalog.rows(
            f"{_SELECT} WHERE s.user = ? AND {_LIVES} ORDER BY t.created_at DESC, t.id", [user, written_time(now)]
        )
        return tuple(map(token_of, rows))

    def _note_use(self, token_id: str, now: datetime) -> None:
        self._catalog.jot("UPDATE session_token SET last_used_at = ? WHERE id = ?", [written_time(now), token_id])
