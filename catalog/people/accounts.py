"""The store of roles and local users, and the check of their passwords."""

import functools
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.lookup import check_name, row_id
from catalog.names import fold
from catalog.people.model import Attribute, Role, User

PROVIDED = "oidc:"
"""How the names of people begin who come from an identity provider; no local account is called so."""

OPERATOR = "local:"
"""How the names begin, in the journal, of those who work on the machine of the home itself."""

_OTHERS = {
    PROVIDED: "people of the identity provider are called so",
    OPERATOR: "whoever works on this machine is called so",
    "role:": "reports read it as the name of a role",
}
_SHORTEST_PASSWORD = 8
_KIBIBYTES = 65_536
"""Of memory for each password that is looked at: RFC 9106, the second recommended option."""


class Accounts:
    """Roles and users of a catalog; names compare as SQL compares them, so that no user can pose as another.

    Example:
        >>> accounts.put_user(User(name="ada", groups=frozenset({"analysts"})))
        >>> accounts.set_password("ada", "correct horse")
        >>> accounts.check_password("ada", "wrong horse") is None
        True
    """

    def __init__(self, catalog: Catalog, *, hasher: PasswordHasher | None = None) -> None:
        self._catalog = catalog
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=_KIBIBYTES, parallelism=4)

    def put_role(self, role: Role) -> None:
        """Adds a role or replaces the groups that hold it and what it may do."""
        check_name(role.name, "role", may_hold_dot=True)
        with self._catalog.change() as tx:
            tx.execute(
                "INSERT INTO role (name, groups, capabilities) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET groups = excluded.groups, capabilities = excluded.capabilities"
                " WHERE (groups, capabilities) IS NOT (excluded.groups, excluded.capabilities)",
                [role.name, _listed(role.groups), _listed(role.capabilities)],
            )

    def remove_role(self, name: str) -> bool:
        """Takes a role away; policies that name it then bind nobody."""
        with self._catalog.change() as tx:
            return tx.execute("DELETE FROM role WHERE name = ?", [name]) > 0

    def roles(self) -> tuple[Role, ...]:
        """Every role, by name."""
        rows = self._catalog.rows("SELECT name, groups, capabilities FROM role ORDER BY name")
        return tuple(
            Role(
                name=row["name"],
                groups=frozenset(json.loads(row["groups"])),
                capabilities=frozenset(json.loads(row["capabilities"])),
            )
            for row in rows
        )

    def put_user(self, user: User) -> None:
        """Adds a user or replaces groups and attributes; a password stays unless a new hash is given."""
        check_name(user.name, "user", may_hold_dot=True)
        _refuse_others(user.name)
        attributes = json.dumps(dict(user.attributes), sort_keys=True, ensure_ascii=False)
        with self._catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO user (name, groups, attributes, password_hash) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET groups = excluded.groups, attributes = excluded.attributes,"
                " password_hash = coalesce(excluded.password_hash, password_hash)",
                [user.name, _listed(user.groups), attributes, user.password_hash],
            )

    def remove_user(self, name: str) -> bool:
        """Takes a user away together with all of their tokens."""
        with self._catalog.transaction() as tx:
            return tx.execute("DELETE FROM user WHERE name = ?", [name]) > 0

    def is_empty(self) -> bool:
        """Whether there is no local user at all."""
        return self._catalog.row("SELECT 1 FROM user LIMIT 1") is None

    def users(self) -> tuple[User, ...]:
        """Every local user, by name."""
        return tuple(_user(row) for row in self._catalog.rows("SELECT * FROM user ORDER BY name"))

    def user(self, name: str) -> User | None:
        """The user of that name, or None."""
        try:
            row = self._catalog.row("SELECT * FROM user WHERE name = ?", [name])
        except SettingsInvalid:  # a text that nobody can be called
            return None
        return None if row is None else _user(row)

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether some local user is called by one of the names.

        Example:
            >>> accounts.has_any(["clerks", "ADA"])
            True
        """
        listed = json.dumps(list(names))
        return (
            self._catalog.row("SELECT 1 FROM user WHERE name IN (SELECT value FROM json_each(?))", [listed]) is not None
        )

    def set_password(self, name: str, password: str) -> None:
        """Lets a user sign in with this password from now on, and with no other."""
        if len(password) < _SHORTEST_PASSWORD:
            raise SettingsInvalid(
                f"the password for `{name}` is too short", hint=f"take at least {_SHORTEST_PASSWORD} characters"
            )
        encoded = self._hasher.hash(password)
        with self._catalog.transaction() as tx:
            tx.execute("UPDATE user SET password_hash = ? WHERE id = ?", [encoded, row_id(tx, "user", name)])

    def check_password(self, name: str, password: str) -> User | None:
        """The user when the password is right, else None, after the same work whether or not the user exists."""
        user = self.user(name)
        known_hash = user.password_hash if user else None
        decoy = self._decoy
        is_right = self._is_right(known_hash or decoy, password)
        if user is None or known_hash is None or not is_right:
            return None
        if self._hasher.check_needs_rehash(known_hash):
            return replace(user, password_hash=self._rehashed(user.name, known_hash, password))
        return user

    def _is_right(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False

    def _rehashed(self, name: str, known_hash: str, password: str) -> str:
        """The hash at today's cost, which is kept from now on, unless the password was changed meanwhile."""
        fresh = self._hasher.hash(password)
        with self._catalog.bookkeeping() as tx:
            tx.execute(
                "UPDATE user SET password_hash = ? WHERE name = ? AND password_hash = ?", [fresh, name, known_hash]
            )
        return fresh

    @functools.cached_property
    def _decoy(self) -> str:
        """The hash of nobody's password, for the work that an unknown user must cost."""
        return self._hasher.hash("nobody signs in with this")


def is_provided(name: str) -> bool:
    """Whether a name is one of somebody from an identity provider.

    Example:
        >>> is_provided("OIDC:kim"), is_provided("kim")
        (True, False)
    """
    return fold(name).startswith(PROVIDED)


def _refuse_others(name: str) -> None:
    """Raise SettingsInvalid for the name of an account that is read as somebody else's."""
    for start, why in _OTHERS.items():
        if fold(name).startswith(start):
            needless = "; who comes from the provider needs no account here" if start == PROVIDED else ""
            raise SettingsInvalid(f"`{name}` cannot name a local account: {why}", hint=f"leave out `{start}`{needless}")


def _listed(groups: Iterable[str]) -> str:
    return json.dumps(sorted(groups), ensure_ascii=False)


def _user(row: sqlite3.Row) -> User:
    return User(
        name=row["name"],
        groups=frozenset(json.loads(row["groups"])),
        attributes=_attributes(row["attributes"]),
        password_hash=row["password_hash"],
    )


def _attributes(text: str) -> dict[str, Attribute]:
    """A value is kept as a text, several values as a list of texts."""
    kept: dict[str, str | list[str]] = json.loads(text)
    return {name: value if isinstance(value, str) else tuple(value) for name, value in kept.items()}
