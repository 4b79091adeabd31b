"""Searches sentences for what stands inside them, and short values for what some of them are and others are not:
addresses of mail, numbers of phones and cards, keys.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from crawler.detectors import checksums
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading

_FEWEST, _LEAST_SHARE = 3, 0.02
_LOOKED_AT = 400
_WORDS = 4
_LONG = 40
_WORD = re.compile(r"[^\W\d_]{2,}")


def _always(found: str) -> bool:
    return True


_CALLS = (
    "(?i:tel|tél|telf|tlf|tfn|phone|telephone|telefon|telefono|teléfono|téléphone|telefone|fone|mobile|mobil|handy|cell"
    "|celular|cel|móvil|movil|portable|cellulare|whatsapp|gsm|number is|тел|телефон|電話|电话|手机|전화|연락처"
    "|call (?:me |him |her |them |us |back )?(?:at|on)|reach (?:me|him|her|them|us) (?:at|on)"
    "|llam(?:ar|e|en|arme|arle) al?"
    "|appeler au|rappeler au|joindre au|joignable au|erreichbar unter|mich unter|chiamare (?:al|il)|ligar para|bel op)"
)
"""Words that a number of a phone follows, however it is written."""

_INSIDE: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email_address", re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}\b"), _always),
    ("ssn", re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])"), _always),
    (
        "credit_card",
        re.compile(r"(?<![\w.-])(?:\d{4}[ -]?){3}\d{1,7}(?![\w-])|(?<!\w)3[47]\d{13}(?!\w)"),
        checksums.card,
    ),
    (
        "iban",
        re.compile(r"(?<!\w)[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?(?!\w)"),
        checksums.standard("iban"),
    ),
    ("mrn", re.compile(r"\bMRN[:#\s-]{0,3}\d{4,12}\b"), _always),
    ("api_key", re.compile(r"\b(?:AKIA[A-Z0-9]{16}|gh[pousr]_\w{30,}|sk_live_\w{16,}|AIza[\w-]{35})"), _always),
    ("token", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{5,}\.[\w-]*"), _always),
    ("private_key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"), _always),
    (
        "phone_number",
        re.compile(
            r"(?<![\w.+-])(?:\+\d{1,3}[ .(-]{0,2}\d[\d ().-]{6,16}\d|\(\d{2,5}\)[ -]?\d{2,5}(?:[ .-]\d{2,5}){1,3}"
            r"|\d{3}[.-]\d{3}[.-]\d{4}|0\d{1,4}[ /-]\d{2,4}(?:[ -]?\d{2,4}){1,4}"
            r"|(?<=[Pp]hone )\d{9,12}|(?<=[Tt]el )\d{9,12}|(?<=call )\d{9,12})(?![\w-]|\.\d)"
            rf"|(?<!\w){_CALLS}[\s.:]{{1,3}}\(?\d(?:[ ./()-]{{0,2}}\d){{6,12}}(?![\w-]|\.\d)"
        ),
        _always,
    ),
)
"""What is looked for, in this order: what one has found the later ones do not look at."""
_UNMISTAKABLE = frozenset("email_address api_key token private_key".split())
_WAYS_TO_REACH = frozenset({"email_address", "phone_number"})


def is_free_text(column: Column) -> bool:
    """Whether most values are sentences or other long texts."""
    if column.kind is not Kind.TEXT or not column.few:
        return False
    long = sum(len(value) > _LONG or len(_WORD.findall(value)) > _WORDS for value in column.few)
    return long > 0.4 * len(column.few)


def search(column: Column) -> Iterator[Reading]:
    """What is found inside at least three values and two of a hundred.

    Example: a column of notes, some with "call me at (312) 504-4762", speaks for `phone_number`.
    """
    values = column.values[:_LOOKED_AT]
    hits = Counter(detector for value in values for detector in _inside(value))
    yield from _counted(hits, len(values), "found inside {share} of {count:,} texts")


def mixed(column: Column) -> Iterator[Reading]:
    """What at least three of a column's short values are and two of a hundred, if it cannot be mistaken; phone numbers
    only beside addresses of mail.

    Example: the values of contacts, `ann@example.org` here and `+44 20 7946 0958` there.
    """
    values = column.values[:_LOOKED_AT]
    hits = Counter(
        detector for value in values for detector, form, holds in _INSIDE if form.fullmatch(value) and holds(value)
    )
    told = {each for each in _UNMISTAKABLE | _WAYS_TO_REACH if hits[each] >= _FEWEST}
    wanted = told if told >= _WAYS_TO_REACH else told & _UNMISTAKABLE
    yield from _counted(
        Counter({each: hits[each] for each in wanted}), len(values), "{share} of {count:,} values are such"
    )


def _counted(hits: Counter[str], count: int, told: str) -> Iterator[Reading]:
    for detector, _, _ in _INSIDE:
        if hits[detector] >= _FEWEST and hits[detector] >= _LEAST_SHARE * count:
            share = f"{max(1, 100 * hits[detector] // count)} %"
            yield Reading(detector=detector, weight=7.0, because=told.format(share=share, count=count))


def _inside(value: str) -> set[str]:
    """The detectors whose kind of data stands in a text."""
    found = set()
    for detector, pattern, holds in _INSIDE:
        for match in pattern.findall(value):
            if holds(match):
                found.add(detector)
                value = value.replace(match, " ; ")
    return found
