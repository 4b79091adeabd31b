"""redact_text(): personal data found inside free text is replaced by what kind of data it is."""

import re
from collections.abc import Iterator

import pyarrow as pa

from policy_engine.strength import Strength
from policy_engine.transforms.ciphers import each
from policy_engine.transforms.emptying import text_literal
from policy_engine.transforms.spec import Arguments, Fragment, Parameter, Place, Takes, Transform
from policy_engine.transforms.types import ColumnType, Kind

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

# Every pattern takes time in proportion to the text: what repeats is bounded, or cannot match in two ways.
_PATTERNS = {
    "URL": r"\b(?:https?|ftp)://[^\s<>\"']{1,2000}|\bwww\.[^\s<>\"']{1,2000}",
    "EMAIL": r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}",
    "SSN": r"(?<![\w-])(?!000|666|9[0-9]{2})[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![\w-])",
    "CARD": r"(?<![\w-])[0-9](?:[ -]?[0-9]){12,18}(?![\w-])",
    "IP": rf"(?<![\w.]){_OCTET}(?:\.{_OCTET}){{3}}(?![\w]|\.[0-9])"
    r"|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])",
    "PHONE": r"(?<![\w-])(?![12][0-9]{3}-[01][0-9]-[0-3][0-9])(?:\+[0-9]{1,3}[ .-]?)?(?:\([0-9]{1,5}\)[ .-]?)?"
    r"[0-9]{2,5}(?:[ ./-]?[0-9]{2,5}){1,4}(?![\w-])",
}
ENTITIES = tuple(_PATTERNS)
"""In the order in which a text is searched: what is taken for an address is not taken for a number again."""

_COMPILED = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}
_NEEDED = {"URL": re.compile(r"://|www\."), "EMAIL": re.compile("@")}
_HAS_DIGIT_OR_COLON = re.compile("[0-9:]")
_LEAST_PHONE_DIGITS, _MOST_PHONE_DIGITS = 7, 15


class RedactText(Transform):
    """The transform `redact_text(entities)`: emails, URLs, SSNs, cards, IP addresses and phone numbers by `<KIND>`.

    A card number is one only with the right check digit. What is found is a matter of form: names and addresses stay,
    so a text that may hold them needs `redact()`.
    """

    name = "redact_text"
    parameters = (
        Parameter(
            name="entities", takes=Takes.TEXT, default=",".join(ENTITIES).lower(), reads=lambda text: _read(text)
        ),
    )
    example = "redact_text() | VARCHAR | call Ann on 206-555-0147 or write to ann@example.org"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.PARTIAL

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.TEXT

    def render(self, sql: str, at: Place) -> Fragment:
        return Fragment(sql=f"veil_redact_text({sql}, {text_literal(at.arguments.text('entities'))})")

    def reference(self, value: object, at: Place) -> object:
        return redacted(str(value), _kinds(at.arguments.text("entities")))


def redacted(text: str, kinds: tuple[str, ...] = ENTITIES) -> str:
    """The text with every piece of these kinds replaced.

    Example:
        >>> redacted("4539 7977 0575 6008 is not 4539 7977 0575 6009")
        '<CARD> is not 4539 7977 0575 6009'
    """
    for kind in kinds:
        needed = _NEEDED.get(kind, _HAS_DIGIT_OR_COLON)
        if needed.search(text):
            text = _COMPILED[kind].sub(lambda found, kind=kind: _replaced(kind, found[0]), text)  # type: ignore[misc]
    return text


def redacted_column(texts: pa.ChunkedArray, entities: pa.ChunkedArray) -> pa.Array:
    """`redacted` of a column; the kinds are the same for every row."""
    kinds = _kinds(str(entities[0].as_py())) if len(entities) else ()
    return each(texts, lambda text: redacted(text, kinds))


def _replaced(kind: str, piece: str) -> str:
    digits = [int(letter) for letter in piece if letter in "0123456789"]
    is_one = True
    if kind == "CARD":
        is_one = _has_check_digit(digits)
    elif kind == "PHONE":
        is_one = _LEAST_PHONE_DIGITS <= len(digits) <= _MOST_PHONE_DIGITS
    elif kind == "IP" and ":" in piece:
        is_one = "::" in piece or piece.count(":") == 7
    return f"<{kind}>" if is_one else piece


def _has_check_digit(digits: list[int]) -> bool:
    """Luhn's formula, which every payment card's number fulfils."""
    return sum(_doubled(digits)) % 10 == 0 and any(digits)


def _doubled(digits: list[int]) -> Iterator[int]:
    for place, digit in enumerate(reversed(digits)):
        yield digit if place % 2 == 0 else sum(divmod(digit * 2, 10))


def _kinds(entities: str) -> tuple[str, ...]:
    wanted = entities.upper().split(",")
    return tuple(kind for kind in ENTITIES if kind in wanted)


def _read(text: str) -> str:
    wanted = [name.strip().upper() for name in text.split(",")]
    if not set(wanted) <= set(ENTITIES):
        raise ValueError(f"a list such as 'email, phone' of {', '.join(ENTITIES).lower()}")
    return ",".join(kind for kind in ENTITIES if kind in wanted).lower()
