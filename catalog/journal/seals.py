"""Seals: the journal's length and last hash, signed, in a file outside of the catalog.

A chain of hashes shows that an event was changed. It cannot show that somebody with the file in hands worked out the
whole chain anew, or cut off its end: a seal that was kept elsewhere does. Signatures are Ed25519 (RFC 8032).
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from catalog.clock import read_time, written_time
from catalog.errors import SealInvalid, SettingsInvalid
from catalog.journal.chain import canonical
from catalog.journal.own_files import opened
from catalog.secret_files import kept_secret

RENEWED = "was the key renewed? name each key that was in use, the older ones too"

_SECRET_BYTES = 32
_MAKERS_MARK = 1
"""What a seal holds as `seal`: the form it is written in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """That the journal had `count` events at that moment, the last with hash `head`; `key` is public, in hex."""

    count: int
    head: str
    at: datetime
    key: str
    signature: str = ""

    @property
    def line(self) -> str:
        """The seal as one line of a file, without the line's end."""
        return canonical({**self._signed(), "signature": self.signature})

    def message(self) -> bytes:
        """What is signed: the canonical text of everything but the signature."""
        return canonical(self._signed()).encode()

    def _signed(self) -> Mapping[str, object]:
        return {
            "seal": _MAKERS_MARK,
            "count": self.count,
            "head": self.head,
            "at": written_time(self.at),
            "key": self.key,
        }


class SealBook:
    """The file of seals of one home, and the key that signs them; `renewed` are public keys that did so before.

    Example:
        >>> book = SealBook(home.path / "seals.jsonl", home.path / "seal.key")
        >>> count, head = journal.head()
        >>> book.add(count, head, at=utc_now()).count
        41
    """

    def __init__(self, file: Path, key_file: Path, renewed: tuple[str, ...] = ()) -> None:
        self.file = file
        self._key_file = key_file
        self._renewed = renewed

    @property
    def key(self) -> str:
        """The public key in hex, for whoever wants to check seals; it is no secret."""
        return self._private().public_key().public_bytes_raw().hex()

    def add(self, count: int, head: str, *, at: datetime) -> Seal:
        """Signs and writes a seal; it is on the disk when this returns. Raises SettingsInvalid when it cannot be."""
        seal = self.signed(count, head, at=at)
        try:
            with os.fdopen(opened(self.file, os.O_RDWR | os.O_APPEND, 0o666), "a+b") as book:
                fcntl.flock(book, fcntl.LOCK_EX)
                _cut_unfinished(book)
                book.write(seal.line.encode() + b"\n")
                book.flush()
                os.fsync(book.fileno())
        except OSError as error:
            raise SettingsInvalid(
                f"the seals cannot be written to `{self.file}`: {error.strerror}",
                hint="check `seals` of [journal] in the settings",
            ) from error
        return seal

    def signed(self, count: int, head: str, *, at: datetime) -> Seal:
        """A seal that is not written down here."""
        private = self._private()
        bare = Seal(count=count, head=head, at=at, key=private.public_key().public_bytes_raw().hex())
        return replace(bare, signature=private.sign(bare.message()).hex())

    @property
    def keys(self) -> tuple[str, ...]:
        """The public keys that this home knows of, the one in use last."""
        return (*self._renewed, self.key)

    def seals(self, *keys: str) -> tuple[Seal, ...]:
        """All seals, oldest first; raises SealInvalid at one that this home, or none of `keys` if given, signed."""
        return _read(self._lines(), *(keys or self.keys)) if self.file.exists() else ()

    def newest(self) -> Seal | None:
        """The last seal if this home signed it; what is wrong with another one is for a verification to tell."""
        try:
            last = read_seal(self._lines()[-1]) if self.file.exists() else None
        except (SettingsInvalid, SealInvalid, IndexError):
            return None
        return last if last and last.key == self.key else None

    def _lines(self) -> list[str]:
        """The lines that were written to their end."""
        text = _text(self.file)
        return text[: text.rfind("\n") + 1].splitlines()

    def _private(self) -> Ed25519PrivateKey:
        secret = kept_secret(self._key_file, length=_SECRET_BYTES, loss="older seals are checked with the older key")
        return Ed25519PrivateKey.from_private_bytes(secret)


def read_seals(file: Path, *keys: str) -> tuple[Seal, ...]:
    """The seals of a file, each checked to be signed by one of `keys`, or by the one key that they all name.

    Raises SealInvalid at the first line that is no good seal, and SettingsInvalid when the file cannot be read.
    """
    return _read(_text(file).splitlines(), *keys)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise SettingsInvalid(
            f"the seals `{file}` cannot be read: {error.strerror}", hint="name another file"
        ) from error


def _cut_unfinished(book: BinaryIO) -> None:
    """Cuts off a line that was not written to its end: nobody was told of its seal, and the next one begins a line."""
    book.seek(0)
    written = book.read()
    whole = written.rfind(b"\n") + 1
    if whole < len(written):
        book.truncate(whole)


def refuse_given_up(seals: Sequence[Seal]) -> None:
    """Raises SealInvalid where a key signs, oldest first, that another one has followed before.

    INVARIANT: whoever comes by a key that was given up cannot seal anew with it.
    """
    given_up: set[str] = set()
    for before, seal in pairwise(seals):
        if before.key != seal.key:
            given_up.add(before.key)
        if seal.key in given_up:
            raise SealInvalid(
                f"the seal of {seal.count:,} events is of a key that had been renewed before",
                hint="somebody may have used a key that was given up: compare with the seals that you keep elsewhere",
            )


def _read(lines: Iterable[str], *keys: str) -> tuple[Seal, ...]:
    seals: list[Seal] = []
    for number, line in enumerate(lines, start=1):
        seals.append(read_seal(line, number))
        keys = keys or (seals[0].key,)
        if seals[-1].key not in keys:
            raise SealInvalid(f"seal {number} names another key", hint=RENEWED)
    refuse_given_up(seals)
    return tuple(seals)


def sealed(seals: Iterable[Seal]) -> Mapping[int, str]:
    """The hash of each event at which a seal was made; raises SealInvalid when two seals speak against each other."""
    heads: dict[int, str] = {}
    for seal in seals:
        if seal.count and heads.setdefault(seal.count, seal.head) != seal.head:
            raise SealInvalid(
                f"two seals tell of different journals with {seal.count:,} events",
                hint="one of them was made of a journal that is not this one",
            )
    return heads


def read_seal(line: str, number: int = 1) -> Seal:
    """The seal that a line holds, signed by the key that it names; raises SealInvalid for any other line."""
    try:
        stored = json.loads(line)
        seal = Seal(
            count=stored["count"],
            head=stored["head"],
            at=read_time(stored["at"]),
            key=stored["key"],
            signature=stored["signature"],
        )
        if seal.line == line and isinstance(seal.count, int) and isinstance(seal.head, str):
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal.key))
            public.verify(bytes.fromhex(seal.signature), seal.message())
            return seal
    except (ValueError, KeyError, TypeError, RecursionError, InvalidSignature):
        pass
    raise SealInvalid(f"seal {number} is not as it was signed", hint="take the seals from the place they were kept in")
