"""The store of API tokens: random, shown once, kept as a hash, with an end."""

import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.clock import read_time, utc_now, written_time
from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.lookup import row_id

_FORM = re.compile(r"veil_[A-Za-z0-9_-]{43}")
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_SELECT = "SELECT k.*, u.name AS user FROM api_token k JOIN user u ON u.id = k.user_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What is kept of an API token: never the token, only its hash.

    `scopes` are the capabilities that it carries, as far as its owner holds them; None is everything the owner may do.
    """

    id: str
    user: str
    created_at: datetime
    expires_at: datetime
    name: str = ""
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    scopes: tuple[str, ...] | None = None

    @property
    def carries(self) -> str:
        """The scopes in words."""
        return "everything" if self.scopes is None else ", ".join(self.scopes) or "reading data only"


class ApiTokens:
    """The tokens of a catalog's users.

    Example:
        >>> text, token = tokens.create("ada", "notebook", timedelta(days=30))
        >>> tokens.find(text, utc_now()).user
        'ada'
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(
        self,
        user: str,
        name: str,
        lifetime: timedelta,
        *,
        scopes: Iterable[str] | None = None,
        now: datetime | None = None,
    ) -> tuple[str, ApiToken]:
        """A new token: its text, which nobody can read again, and what is kept of it. Scopes of None are everything."""
        if lifetime <= timedelta(0):
            raise SettingsInvalid("a token's lifetime must be longer than nothing", hint="say for example `30d`")
        created_at = now or utc_now()
        try:
            expires_at = created_at + lifetime
        except OverflowError:
            raise SettingsInvalid("a token's lifetime is too long", hint="say for example `365d`") from None
        text = "veil_" + secrets.token_urlsafe(32)
        token_id = secrets.token_hex(6)
        with self._catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO api_token (id, user_id, name, token_hash, created_at, expires_at, scopes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    token_id,
                    row_id(tx, "user", user),
                    name,
                    hashed(text),
                    written_time(created_at),
                    written_time(expires_at),
                    written_scopes(scopes),
                ],
            )
            [row] = tx.rows(f"{_SELECT} WHERE k.id = ?", [token_id])
        return text, token_of(row)

    def find(self, text: str, now: datetime) -> ApiToken | None:
        """The token of that text, or None when it is unknown, expired or revoked."""
        if _FORM.fullmatch(text) is None:
            return None
        row = self._catalog.row(f"{_SELECT} WHERE k.token_hash = ?", [hashed(text)])
        if row is None:
            return None
        token = token_of(row)
        if token.revoked_at is not None or token.expires_at <= now:
            return None
        if token.last_used_at is None or now - token.last_used_at >= _USE_IS_NOTED_EVERY:
            self._note_use(token.id, now)
        return token

    def revoke(self, token_id: str, *, now: datetime | None = None) -> bool:
        """Ends a token at once; True when it was not revoked before."""
        with self._catalog.transaction() as tx:
            revoked = tx.execute(
                "UPDATE api_token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                [written_time(now or utc_now()), token_id],
            )
        return revoked > 0

    def tokens(self, user: str | None = None) -> tuple[ApiToken, ...]:
        """Every token, or those of one user, newest first."""
        rows = self._catalog.rows(
            f"{_SELECT} WHERE :user IS NULL OR u.name = :user ORDER BY k.created_at DESC, k.id", {"user": user}
        )
        return tuple(token_of(row) for row in rows)

    def _note_use(self, token_id: str, now: datetime) -> None:
        self._catalog.jot("UPDATE api_token SET last_used_at = ? WHERE id = ?", [written_time(now), token_id])


def hashed(text: str) -> bytes:
    """A plain hash is enough: the text is 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(text.encode("ascii")).digest()


def written_scopes(scopes: Iterable[str] | None) -> str | None:
    """Scopes as they are kept."""
    return None if scopes is None else json.dumps(sorted(set(scopes)), ensure_ascii=False)


def read_scopes(written: str | None) -> tuple[str, ...] | None:
    """Scopes from what is kept."""
    return None if written is None else tuple(json.loads(written))


def token_of(row: sqlite3.Row) -> ApiToken:
    """The token that a row tells of."""
    return ApiToken(
        id=row["id"],
        user=row["user"],
        created_at=read_time(row["created_at"]),
        expires_at=read_time(row["expires_at"]),
        name=row["name"],
        revoked_at=read_time(row["revoked_at"]) if row["revoked_at"] else None,
        last_used_at=read_time(row["last_used_at"]) if row["last_used_at"] else None,
        scopes=read_scopes(row["scopes"]),
    )
