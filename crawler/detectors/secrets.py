"""Judges keys, tokens, hashes and passwords: by the marks their makers give them, and by how little they repeat."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from crawler.detectors import tables
from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, likelihood, told

_MARKED = tuple((row["detector"], row["name"], re.compile(row["regex"])) for row in tables.rows("secrets"))
_HEX_HASH = re.compile(r"(?i)[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
_RANDOM = re.compile(r"[\w+/=.~-]{16,512}")
_UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z0-9])(?=.*[^\w\s]|.*\d)[!-~]{6,40}")


def judge(column: Column) -> Iterator[Reading]:
    """What the values say of secrets."""
    if column.kind is not Kind.TEXT or not column.few:
        return
    count = len(column.few)
    for detector, what, pattern in _MARKED:
        hits = sum(bool(pattern.fullmatch(value)) for value in column.few)
        if hits:
            weight = likelihood(hits, count, chance=0.002, expected=0.8)
            yield Reading(detector=detector, weight=weight, because=told(hits, count, f"are {what}"))
    hashes = sum(bool(_HEX_HASH.fullmatch(value)) for value in column.few)
    unguessable = sum(
        bool(_RANDOM.fullmatch(value)) and not _UUID.fullmatch(value) and entropy(value) > 3.0 for value in column.few
    )
    if hashes:
        yield _hint("password_hash", hashes, count, "are as long as hashes", 0.5)
    if unguessable:
        yield _hint("token", unguessable, count, "look drawn at random", 0.4)
        yield _hint("api_key", unguessable, count, "look drawn at random", 0.4)
    passwords = sum(bool(_PASSWORD.fullmatch(value)) for value in column.few)
    if passwords:
        yield _hint("password", passwords, count, "mix letters, digits and signs", 0.4)


def entropy(text: str) -> float:
    """The bits for each character that the frequencies of a text's characters make."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _hint(detector: str, hits: int, count: int, what: str, chance: float) -> Reading:
    weight = likelihood(hits, count, chance=chance, expected=0.9)
    return Reading(
        detector=detector, weight=max(-2.0, min(weight, 2.0)), because=told(hits, count, what), is_alone=False
    )
