"""Takes a column's name apart into words, in any script, and brings words into one spelling."""

import re
import unicodedata

from catalog.remembered import remembered

_SPOKEN = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_NORDIC = str.maketrans({"ø": "oe"})
_DANISH = str.maketrans({"å": "aa"})
_CAMEL = re.compile(r"(?<=[a-zà-ÿα-ωа-я0-9])(?=[A-ZÀ-ÞΑ-ΩА-Я])|(?<=[A-ZÀ-ÞΑ-ΩА-Я])(?=[A-ZÀ-ÞΑ-ΩА-Я][a-zà-ÿα-ωа-я])")
_MARKS = ("Mn",)
_LONGEST_NAME = 300  # letters, as a question of a survey may have
_SIGNS = "".join(map(chr, filter(lambda code: unicodedata.category(chr(code))[0] == "M", range(0x300, 0x1100))))
"""Signs that belong to the letter before them: accents, and the vowels of the scripts of India and its neighbours."""
_PARTS = re.compile(rf"[^\W\d_]+(?:[{_SIGNS}]+[^\W\d_]*)*|\d+")


@remembered(20_000)
def plain(text: str) -> str:
    """A word in lower case, without accents.

    Example:
        >>> plain("Prénom"), plain("Straße")
        ('prenom', 'strasse')
    """
    lowered = unicodedata.normalize("NFKC", text).casefold().translate(_SPOKEN)
    if lowered.isascii():
        return lowered
    bare = "".join(char for char in unicodedata.normalize("NFD", lowered) if not _is_accent(char))
    return unicodedata.normalize("NFC", bare)


def spellings(phrase: str) -> frozenset[str]:
    """The spellings of a phrase in column names: without accents, and with the letters that stand in for them."""
    lowered = unicodedata.normalize("NFKC", phrase).casefold()
    return frozenset(squeezed(form) for form in (lowered, *map(lowered.translate, (_GERMAN, _NORDIC, _DANISH))))


def squeezed(phrase: str) -> str:
    """The letters of a phrase without digits and what stands between them."""
    return "".join(plain(part) for part in _PARTS.findall(unicodedata.normalize("NFKC", phrase)) if not part.isdigit())


def parts(name: str) -> tuple[str, ...]:
    """The words of a column's name, in one spelling; numbers are left out, and what is too long to be part of a name.

    Example:
        >>> parts("custEMail_1")
        ('cust', 'e', 'mail')
    """
    split = _CAMEL.sub(" ", unicodedata.normalize("NFKC", name[:_LONGEST_NAME]))
    found = [plain(part) for part in _PARTS.findall(split)]
    return tuple(part for part in found if not part.isdigit())


def _is_accent(char: str) -> bool:
    """Whether a mark only colours a letter of the Latin, Greek, Cyrillic or Arabic script; of others it is a letter."""
    return unicodedata.category(char) in _MARKS and (char < "\u0900" or "\u1ab0" <= char < "\u2000")
