"""Ways to draw texts, days and codes at random, of which the makers are made."""

import base64
import hashlib
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

from faker import Faker

Make = Callable[[Faker, random.Random], object]

CUTS = "Unfortunately|the parcel|arrived late|and nobody|could tell|why the|machine stopped|after lunch|again".split(
    "|"
)
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def text(drawn: random.Random, alphabet: str, length: int) -> str:
    return "".join(drawn.choices(alphabet, k=length))


def day(drawn: random.Random, years: tuple[int, int]) -> date:
    return date(drawn.randint(*years), drawn.randint(1, 12), drawn.randint(1, 28))


def moment(drawn: random.Random) -> datetime:
    return datetime(2023, 1, 1) + timedelta(seconds=drawn.randrange(80_000_000))


def prose(drawn: random.Random) -> str:
    return " ".join(drawn.choices(CUTS, k=drawn.randint(3, 6))) + "."


def beside(inside: Make) -> Make:
    """Sentences of which a fifth hold something."""
    return lambda fake, drawn: prose(drawn) + (f" ({inside(fake, drawn)})" if drawn.random() < 0.2 else "")


def gaps(make: Make) -> Make:
    """Cells of which some say that there is nothing, in several words, and some are padded."""
    nothing: tuple[object, ...] = (None, "", "N/A", "-", "unknown", "NULL")
    return lambda fake, drawn: drawn.choice(nothing) if drawn.random() < 0.3 else f"  {make(fake, drawn)} "


def of(name: str) -> Make:
    return lambda fake, drawn: str(getattr(fake, name)()).replace("\n", ", ")


def first_of(*names: str) -> Make:
    """The first of several kinds that a country's Faker knows."""

    def make(fake: Faker, drawn: random.Random) -> object:
        return str(getattr(fake, next(name for name in names if hasattr(fake, name)))())

    return make


def upper(make: Make) -> Make:
    return lambda fake, drawn: str(make(fake, drawn)).upper()


def choice(words: list[str]) -> Make:
    return lambda fake, drawn: drawn.choice(words)


def digits(length: int) -> Make:
    return lambda fake, drawn: text(drawn, "0123456789", length)


def code(length: int) -> Make:
    return lambda fake, drawn: text(drawn, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", length)


def hexed(length: int) -> Make:
    return lambda fake, drawn: text(drawn, "0123456789abcdef", length)


def birth(form: str) -> Make:
    return lambda fake, drawn: day(drawn, (1938, 2006)).strftime(form)


def base58(drawn: random.Random) -> str:
    raw = b"\0" + drawn.randbytes(20)
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def jwt(drawn: random.Random) -> str:
    part = [base64.urlsafe_b64encode(drawn.randbytes(length)).rstrip(b"=").decode() for length in (40, 32)]
    return f"eyJhbGciOiJIUzI1NiJ9.eyJ{part[0]}.{part[1]}"


def phone(form: str) -> Make:
    return lambda fake, drawn: form.format(drawn.randint(212, 989), drawn.randint(200, 999), drawn.randint(0, 9999))


def spaced(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def filled(*forms: str) -> Make:
    """Texts of one of the forms, in which 9 is a digit, K a letter, M zero or one."""
    return lambda fake, drawn: "".join(_filled(char, drawn) for char in drawn.choice(forms))


def _filled(char: str, drawn: random.Random) -> str:
    return drawn.choice({"9": "0123456789", "K": "ACDEFGHJKMNPQRTUVWXY", "M": "01"}.get(char, char))
