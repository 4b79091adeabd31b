"""The two ciphers behind fpe() and encrypt(), as functions of the engine's process: no value makes them fail.

FF1 is that of libffx, tested here against NIST's sample vectors; AES-SIV (RFC 5297) is that of `cryptography`.
"""

import base64
import binascii
import functools
import hmac
import math
from collections.abc import Callable

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from ffx import FF1

from policy_engine.transforms.separators import is_separator

SMALLEST_DOMAIN = 1_000_000
"""With fewer possible values format-preserving encryption is no protection: SP 800-38G, revision 1."""

LONGEST = 256
"""Letters and digits in one text; a longer one is no identifier, and would take long."""

_CLASSES = (("0", "9", 10), ("a", "z", 26), ("A", "Z", 26))


def fpe_text(secret: bytes, text: str, *, back: bool = False) -> str | None:
    """A text with its digits and ASCII letters enciphered in their places; None where that cannot protect it.

    That is, where there are fewer than a million texts of the same form, where it is very long, or where it holds
    a letter of another alphabet, which could only stay as it is.
    """
    places = [place for place, letter in enumerate(text) if _class(letter) is not None]
    stays = (letter for letter in text if _class(letter) is None)
    if not places or len(places) > LONGEST or not all(map(is_separator, stays)):
        return None
    plain = "".join(text[place] for place in places)
    shown = _digits(secret, plain, back) if plain.isdigit() else _letters(secret, plain, back)
    if shown is None:
        return None
    letters = list(text)
    for place, letter in zip(places, shown, strict=True):
        letters[place] = letter
    return "".join(letters)


def fpe_number(secret: bytes, number: int, least: int, most: int, *, back: bool = False) -> int | None:
    """A whole number enciphered among those with as many digits and the same sign, within a type's bounds."""
    sign, size = (-1, -number) if number < 0 else (1, number)
    first = 10 ** (len(str(size)) - 1) if size > 9 else 0
    last = min(10 ** len(str(size)) - 1, most if sign > 0 else -least)
    domain = last - first + 1
    if domain < SMALLEST_DOMAIN:
        return None
    cipher, tweak = _ff1(secret), b"-" if sign < 0 else b"+"
    change = cipher.decrypt_int if back else cipher.encrypt_int
    return sign * (int(change(size - first, domain=domain, tweak=tweak)) + first)


def encrypted(secret: bytes, text: str) -> str:
    """A text under AES-256 in SIV mode, as base64url; equal texts give equal ones."""
    return base64.urlsafe_b64encode(_siv(secret).encrypt(text.encode(), None)).decode().rstrip("=")


def decrypted(secret: bytes, token: str) -> str | None:
    """The text that `encrypted` hid; None where the token is none of this key's."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return _siv(secret).decrypt(sealed, None).decode()
    except (InvalidTag, binascii.Error, ValueError):
        return None


def fpe_text_column(secrets: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.Array:
    """`fpe_text` of a column."""
    return each(texts, lambda text: fpe_text(_one(secrets), text))


def fpe_number_column(
    secrets: pa.ChunkedArray, numbers: pa.ChunkedArray, least: pa.ChunkedArray, most: pa.ChunkedArray
) -> pa.Array:
    """`fpe_number` of a column of numbers written as digits, between bounds written so too."""

    def change(text: str) -> str | None:
        changed = fpe_number(_one(secrets), int(text), int(least[0].as_py()), int(most[0].as_py()))
        return None if changed is None else str(changed)

    return each(numbers, change)


def encrypted_column(secrets: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.Array:
    """`encrypted` of a column."""
    return each(texts, lambda text: encrypted(_one(secrets), text))


def each(texts: pa.ChunkedArray, change: Callable[[str], str | None]) -> pa.Array:
    """A column of texts changed one by one, equal ones once; what nobody foresaw becomes NULL, never an error."""
    known: dict[str | None, str | None] = {None: None}
    for text in texts.to_pylist():
        if text not in known:
            try:
                known[text] = change(text)
            except (ValueError, ArithmeticError, RuntimeError):
                known[text] = None
    return pa.array([known[text] for text in texts.to_pylist()], pa.string())


def _one(secrets: pa.ChunkedArray) -> bytes:
    """The key, which is bound once and stands beside every row."""
    secret = secrets[0].as_py()
    assert isinstance(secret, bytes)
    return secret


@functools.lru_cache(maxsize=256)
def _ff1(secret: bytes) -> FF1:
    return FF1(secret, radix=10)


@functools.lru_cache(maxsize=256)
def _siv(secret: bytes) -> AESSIV:
    return AESSIV(hmac.digest(secret, b"veil/aes-256-siv/v1", "sha512"))


def _class(letter: str) -> tuple[int, int] | None:
    """The first letter of a class, as a number, and how many there are; None for what stays."""
    for first, last, count in _CLASSES:
        if first <= letter <= last:
            return ord(first), count
    return None


def _digits(secret: bytes, plain: str, back: bool) -> str | None:
    if 10 ** len(plain) < SMALLEST_DOMAIN:
        return None
    cipher = _ff1(secret)
    return str(cipher.decrypt(plain) if back else cipher.encrypt(plain))


def _letters(secret: bytes, plain: str, back: bool) -> str | None:
    """The text's number among all texts of its form, enciphered, and the text of that number."""
    classes = [found for letter in plain if (found := _class(letter))]
    domain = math.prod(count for _, count in classes)
    if domain < SMALLEST_DOMAIN:
        return None
    number = 0
    for letter, (first, count) in zip(plain, classes, strict=True):
        number = number * count + ord(letter) - first
    tweak = "".join(chr(first) for first, _ in classes).encode()
    cipher = _ff1(secret)
    change = cipher.decrypt_int if back else cipher.encrypt_int
    number = change(number, domain=domain, tweak=tweak)
    letters: list[str] = []
    for first, count in reversed(classes):
        number, rest = divmod(number, count)
        letters.append(chr(first + rest))
    return "".join(reversed(letters))
