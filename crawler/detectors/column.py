"""One column as detectors look at it: its name, the kind of its type, and its distinct values with their counts."""

import functools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import pyarrow as pa
import pyarrow.compute as pc

from crawler.cells import arrays, text_of
from crawler.detectors import tables

MANY = 120
"""So many distinct values are looked at where looking is dear."""

_LONGEST = 512
_LARGEST = 10.0**15
_FLAGS = frozenset(
    "0 1 true false t f yes no y n ja nein j oui non o si sí s não da nu tak nie да нет evet hayır e h".split()
)


class Kind(Enum):
    """What the type of a column allows it to hold."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    DATE = "date"
    MOMENT = "moment"
    FLAG = "flag"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Column:
    """A column's name and its distinct values, words that say "nothing" left out; `comment` is the source's."""

    path: tuple[str, ...]
    kind: Kind
    counts: Mapping[str, int]
    comment: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path[-1]

    @functools.cached_property
    def values(self) -> tuple[str, ...]:
        """The distinct values."""
        return tuple(self.counts)

    @functools.cached_property
    def few(self) -> tuple[str, ...]:
        """As many of the values as suffice to judge, spread over all."""
        return self.values[:: max(1, len(self.values) // MANY)][:MANY]

    @functools.cached_property
    def count(self) -> int:
        """How many cells hold something."""
        return sum(self.counts.values())

    @functools.cached_property
    def distinct(self) -> float:
        """The share of distinct values among all cells."""
        return len(self.counts) / self.count if self.count else 0.0

    @functools.cached_property
    def is_flag(self) -> bool:
        """Whether it only says yes or no."""
        return len(self.counts) <= 3 and all(value.casefold() in _FLAGS for value in self.counts)

    @functools.cached_property
    def numbers(self) -> tuple[float, ...]:
        """The values that are numbers, as numbers."""
        return tuple(float(value) for value in self.values if _NUMBER.fullmatch(value))

    def share(self, pattern: re.Pattern[str]) -> float:
        """The share of the looked-at values that match whole."""
        return sum(bool(pattern.fullmatch(value)) for value in self.few) / len(self.few) if self.few else 0.0


_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,12})?")


def column(sample: pa.Table, path: tuple[str, ...], comment: str = "") -> Column:
    """The column at a path of a sample."""
    kind, found = Kind.UNKNOWN, Counter[str]()
    empty = tables.phrases("null_words")
    for array in arrays(sample, path):
        kind = _kind(array.type) if kind is Kind.UNKNOWN else kind
        for value, count in text_of(_whole(array)):
            if value and value.casefold() not in empty:
                found[value[:_LONGEST]] += count
    if kind is Kind.FLOAT and found and all(value.isdigit() for value in found):
        kind = Kind.INTEGER
    if kind is Kind.INTEGER:
        found = _padded(found)
    if kind is Kind.MOMENT and found and all(value[10:].strip(" T0:.Z+") == "" for value in found):
        kind, found = Kind.DATE, Counter({value[:10]: count for value, count in found.items()})
    return Column(path=path, kind=kind, counts=found, comment=comment)


def _whole(array: pa.Array) -> pa.Array:
    """Fractions without a fraction as whole numbers: a column with gaps often holds its numbers so."""
    if not pa.types.is_floating(array.type) or not pc.all(pc.is_finite(array)).as_py():
        return array
    is_whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), _LARGEST))
    return array.cast(pa.int64()) if pc.all(is_whole).as_py() else array


def _padded(found: Counter[str]) -> Counter[str]:
    """Whole numbers with the zeros that a number loses in front, when nearly all are of one length."""
    width = max(map(len, found), default=0)
    if width < 4 or sum(len(value) == width for value in found) < 0.6 * len(found):
        return found
    if not all(value.isdigit() and len(value) >= width - 3 for value in found):
        return found
    return Counter({value.zfill(width): count for value, count in found.items()})


def _kind(type_: pa.DataType) -> Kind:
    kinds = (
        (Kind.TEXT, (pa.types.is_string, pa.types.is_large_string)),
        (Kind.INTEGER, (pa.types.is_integer,)),
        (Kind.FLOAT, (pa.types.is_floating, pa.types.is_decimal)),
        (Kind.DATE, (pa.types.is_date,)),
        (Kind.MOMENT, (pa.types.is_timestamp,)),
        (Kind.FLAG, (pa.types.is_boolean,)),
        (Kind.UNKNOWN, (pa.types.is_null,)),
    )
    return next((kind for kind, tests in kinds if any(test(type_) for test in tests)), Kind.NOTHING)
