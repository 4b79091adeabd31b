"""The keys of keyed transforms, derived from one master secret; they travel as bound parameters only."""

import copy
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

_BLOCK = 64
_LEAST_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A secret and the name under which SQL refers to it; the name says nothing about the secret."""

    name: str
    secret: bytes = field(repr=False)

    def digest(self, message: bytes) -> bytes:
        """HMAC-SHA-256 of the message under this key."""
        return hmac.digest(self.secret, message, "sha256")

    def blocks(self) -> dict[str, bytes]:
        """The two padded key blocks from which SQL composes HMAC out of plain SHA-256."""
        block = self.secret.ljust(_BLOCK, b"\0")
        return {
            f"{self.name}_i": bytes(byte ^ 0x36 for byte in block),
            f"{self.name}_o": bytes(byte ^ 0x5C for byte in block),
        }

    def rounds(self, count: int) -> dict[str, bytes]:
        """Independent keys for the rounds of a permutation."""
        return {f"{self.name}_{number}": self.digest(b"round %d" % number) for number in range(1, count + 1)}

    def cipher(self) -> dict[str, bytes]:
        """One key for a cipher inside the process."""
        return {f"{self.name}_c": self.secret}


class KeyRing:
    """Derives a key for each transform and namespace; holds the master secret and never shows it.

    `id` names the master secret, `older` are the ones before it: what was encrypted under them can still be read.

    Example:
        >>> KeyRing(b"0" * 32)
        <KeyRing>
    """

    def __init__(self, master: bytes, *, id: str = "", older: Mapping[str, bytes] | None = None) -> None:
        if len(master) < _LEAST_BYTES:
            raise ValueError(f"a master key has at least {_LEAST_BYTES} bytes")
        self.id = id
        self._master = master
        self._older = dict(older or {})
        self._keys: dict[tuple[str, str], Key] = {}

    def key(self, transform: str, namespace: str) -> Key:
        """The key of a transform in a namespace (a tag)."""
        place = (transform, namespace)
        if place not in self._keys:
            if not self._master:
                raise ValueError("this ring knows the keys of one transform only")
            label = f"veil/{transform}/v1/{namespace}".encode()
            name = f"k_{hashlib.sha256(label).hexdigest()[:16]}"
            self._keys[place] = Key(name=name, secret=hmac.digest(self._master, label, "sha256"))
        return self._keys[place]

    def under(self, id: str) -> "KeyRing | None":
        """The ring of the master key whose id begins so; None when no such key is known."""
        if self.id.startswith(id):
            return self
        return next((KeyRing(key, id=name) for name, key in self._older.items() if name.startswith(id)), None)

    def only(self, transform: str, namespace: str) -> "KeyRing":
        """A ring that knows the keys of one transform in a namespace and in none, and no master secret."""
        ring = copy.copy(self)
        ring._master, ring._older = b"", {}
        ring._keys = {(transform, each): self.key(transform, each) for each in (namespace, "")}
        return ring

    def __repr__(self) -> str:
        return "<KeyRing>"


def hmac_sql(key: Key, message: str) -> str:
    """HMAC-SHA-256 in SQL, as 64 hexadecimal characters, of an expression that gives a BLOB."""
    inner = f"sha256(${key.name}_i::BLOB || {message})"
    return f"sha256(${key.name}_o::BLOB || unhex({inner}))"


def bound(name: str, value: str, body: str) -> str:
    """An expression that uses a value by name; the engine computes it once, which it does not inside a CASE."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"
