"""The values that tell of people: what a role, an account and a sign-in are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A name that policies are written for, with the groups that hold it.

    `capabilities` are what its holders may do besides reading data, as `policy:write on medical_charges`.
    """

    name: str
    groups: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()


Attribute = str | tuple[str, ...]
"""What is known of a person under one name: one value, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A local account; `password_hash` is argon2's encoded form, None when no password signs in."""

    name: str
    groups: frozenset[str] = frozenset()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    password_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """What is kept of a sign-in: never the text in the browser's cookie, only its hash.

    A local account's session holds a `mark` of its password; groups and attributes are looked up in the account. A
    session of the identity `provider` (its issuer) holds what the provider told of the person at the sign-in, and a
    `logout_hint` for signing out there. `viewing` says as whom the person looks at pages, as JSON; empty is as oneself.
    Found by a token that it has lent, it has the id of the `token` and its `scopes`.
    """

    user: str
    began_at: datetime
    seen_at: datetime
    expires_at: datetime
    id: str = ""
    mark: str = ""
    provider: str = ""
    groups: frozenset[str] = frozenset()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    logout_hint: str = ""
    client: str = ""
    viewing: str = ""
    token: str = ""
    scopes: tuple[str, ...] | None = None
