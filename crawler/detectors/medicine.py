"""Judges codes and words of medicine: diagnoses, procedures and medicines."""

import functools
import itertools
import re
from collections.abc import Iterator

from crawler.detectors import tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, likelihood, told
from crawler.detectors.splitting import plain

_CODES: tuple[tuple[str, str, re.Pattern[str], float, bool], ...] = (
    ("diagnosis", "codes of ICD-10", re.compile(r"[A-TV-Z]\d[\dAB]\.[\dA-Z]{1,4}[+*!]?"), 0.02, True),
    ("diagnosis", "codes of ICD-10", re.compile(r"[A-TV-Z]\d[\dAB](\.?[\dA-Z]{1,4})?[+*!]?"), 0.4, False),
    ("diagnosis", "codes of ICD-9", re.compile(r"\d{3}\.\d{1,2}|V\d\d\.\d{1,2}|E\d{3}\.\d"), 0.3, False),
    ("diagnosis", "codes of SNOMED", re.compile(r"\d{6,9}"), 0.9, False),
    (
        "procedure",
        "codes of CPT or HCPCS",
        re.compile(r"\d{5}(-\d\d|-[A-Z]{2})?|\d{4}[FTU]|[A-CEGHJ-MP-V]\d{4}"),
        0.4,
        False,
    ),
    ("procedure", "codes of OPS", re.compile(r"[1-9]-\d{2}[\da-z](\.[\da-z]{1,2})?"), 0.02, True),
    (
        "procedure",
        "codes of ICD-10-PCS or CCAM",
        re.compile(r"[0-9BCDFGHX][0-9A-HJ-NP-Z]{6}|[A-Z]{4}\d{3}"),
        0.4,
        False,
    ),
    ("medication", "codes of NDC", re.compile(r"\d{4}-\d{4}-\d{2}|\d{5}-\d{3}-\d{2}|\d{5}-\d{4}-\d{1,2}"), 0.03, True),
    ("medication", "codes of ATC", re.compile(r"[ABCDGHJLMNPRSV]\d\d[A-Z]{2}\d\d"), 0.01, True),
)
_DOSE = re.compile(r"(?i)\b\d+(?:[.,]\d+)?\s?(?:mg|mcg|µg|ml|g|iu|ie|units?|tabs?|tablets?|caps(?:ules)?|mg/ml)\b")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_LONGEST_STEM = 5


def judge(column: Column) -> Iterator[Reading]:
    """What codes and words say; the table decides in the end whether they are about people."""
    if column.kind not in (Kind.TEXT, Kind.INTEGER) or not column.few:
        return
    count = len(column.few)
    for detector, what, pattern, chance, is_alone in _CODES:
        hits = sum(bool(pattern.fullmatch(value)) for value in column.few)
        if hits > 0.3 * count:
            weight = min(likelihood(hits, count, chance=chance, expected=0.9), 6.0)
            yield Reading(detector=detector, weight=weight, because=told(hits, count, f"are {what}"), is_alone=is_alone)
    if column.kind is Kind.TEXT:
        for detector, hits, chance in (
            ("medication", sum(map(is_medicine, column.few)), 0.03),
            ("diagnosis", sum(holds(value, "diagnoses") for value in column.few), 0.04),
            ("procedure", sum(holds(value, "procedures") for value in column.few), 0.04),
        ):
            if hits:
                weight = likelihood(hits, count, chance=chance, expected=0.6)
                yield Reading(detector=detector, weight=weight, because=told(hits, count, "hold words of medicine"))


def is_medicine(value: str) -> bool:
    """Whether a value names a medicine: a known one, one with a stem of the WHO's list, or one with a dose.

    Example:
        >>> is_medicine("lisinopril"), is_medicine("Vitamin X 20 mg"), is_medicine("apple")
        (True, True, False)
    """
    if len(value) > 80:
        return False
    words = [plain(word) for word in _WORD.findall(value)]
    known, stems = _plain_phrases("medications"), _stems()
    return bool(_DOSE.search(value) and words) or any(
        word in known or (len(word) >= 7 and word.endswith(stems)) for word in words[:3]
    )


def holds(value: str, vocabulary: str) -> bool:
    """Whether a word or a pair of words of the value is in a list of words."""
    if len(value) > 120:
        return False
    known, words = _plain_phrases(vocabulary), [plain(word) for word in _WORD.findall(value)]
    pairs = [" ".join(pair) for pair in itertools.pairwise(words)]
    return plain(value) in known or any(word in known for word in (*words, *pairs))


@functools.cache
def _plain_phrases(name: str) -> frozenset[str]:
    return frozenset(map(plain, tables.phrases(name)))


def _stems() -> tuple[str, ...]:
    return tables.endings("medications")
