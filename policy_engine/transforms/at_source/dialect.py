"""What a database's SQL must be able to say for forms to be written in it, and what a form is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.sources.source_work import SourceFunction
from policy_engine.transforms.keys import Key
from policy_engine.transforms.types import ColumnType


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """SQL of a database over the marks of columns (`mark`), with the keys to bind, which no repr shows.

    `functions` are to be known to the database under these names; only one within Veil's own process can take them.
    """

    sql: str
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    functions: Mapping[str, SourceFunction] = field(default_factory=dict, repr=False)


class NoForm(Exception):
    """A transform has no exact form in a database; `because` says why."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


def mark(place: int) -> str:
    """What stands in a form for the expression of a column: 0 is the column itself, 1 the one it goes by.

    Beside it a form is plain ASCII, whatever texts a policy gives: those are written byte by byte.
    """
    return f"«{place}»"


class Dialect(ABC):
    """The words of one database: SQL in, SQL out, and none of it can raise on any value.

    A `raw` value is the column's; `out` is what a value must look like to be read as one of the column's type.
    """

    end = "$"
    """The very end of a text, in a pattern."""

    @abstractmethod
    def text(self, text: str) -> str:
        """A text as a literal in ASCII."""

    @abstractmethod
    def value(self, value: object, column: ColumnType) -> str:
        """A value of a type, to come out."""

    @abstractmethod
    def raw(self, place: int, column: ColumnType) -> str:
        """The column of a mark, NULL where it holds what is no value of the type."""

    @abstractmethod
    def out(self, sql: str, column: ColumnType) -> str:
        """A text, whole number or decimal as one of the type; NULL where the type cannot hold it."""

    @abstractmethod
    def canonical(self, sql: str, column: ColumnType) -> str:
        """The exact text of a raw value whose fingerprint is taken (hashing.py); raises NoForm."""

    @abstractmethod
    def utf8(self, sql: str) -> str:
        """The bytes of a text."""

    @abstractmethod
    def joined(self, *texts: str) -> str:
        """Texts one behind the other; NULL where one is."""

    @abstractmethod
    def hmac(self, key: Key, message: str) -> str:
        """HMAC-SHA-256 of bytes, as 64 hexadecimal characters."""

    @abstractmethod
    def from_hex(self, sql: str, digits: int) -> str:
        """The first digits, at most 15, of hexadecimal characters, as a whole number."""

    @abstractmethod
    def exact(self, sql: str, scale: int) -> str:
        """A number with room for all that is reckoned with it, so many digits of it behind the point."""

    @abstractmethod
    def divided(self, number: str, by: int) -> str:
        """The whole quotient of whole numbers that are not negative."""

    @abstractmethod
    def masked(self, sql: str, char: str, kept: str = "") -> str:
        """A text with all but separators and what is kept (a range in a pattern) replaced; raises NoForm."""

    @abstractmethod
    def part(self, sql: str, pattern: str) -> str:
        """The first part of a text that a pattern fits; '' where there is none."""

    @abstractmethod
    def has(self, sql: str, pattern: str) -> str:
        """Whether a pattern fits some part of a text."""

    @abstractmethod
    def same(self, sql: str, text: str) -> str:
        """Whether a text is this one, byte by byte."""

    @abstractmethod
    def network(self, sql: str) -> str:
        """A text that has the form of an IPv6 address with all but the first 48 bits zeroed, in its short form."""

    @abstractmethod
    def truncated(self, sql: str, unit: str, column: ColumnType) -> str:
        """A raw day or moment cut down to a unit, to come out."""

    @abstractmethod
    def moved(self, sql: str, days: str, column: ColumnType, within: tuple[str, str]) -> str:
        """A raw day or moment moved by days, to come out; NULL where it does not lie within two moments (ISO)."""

    @abstractmethod
    def halves(self, sql: str, bits: int) -> tuple[str, str]:
        """The upper and the lower half of a whole number's lowest bits, as two's complement has them."""

    @abstractmethod
    def permuted(self, high: str, low: str, bits: int, key: Key) -> str:
        """The token (permutation.py) of a number of so many bits that is given as its halves."""

    @abstractmethod
    def whole(self, token: str, column: ColumnType) -> str:
        """A token as the whole number of the type with the same bits, to come out."""

    @abstractmethod
    def position(self, sql: str, column: ColumnType) -> str:
        """Days since 1880, or microseconds since 1920 in UTC, of a raw day or moment."""

    @abstractmethod
    def moment(self, position: str, size: int, token: str, column: ColumnType) -> str:
        """The day or moment with the token in place of its position in a block of a size, to come out."""

    def matches(self, sql: str, pattern: str) -> str:
        """Whether a pattern fits the whole of a text."""
        return self.has(sql, f"^(?:{pattern}){self.end}")

    def tail(self, sql: str, pattern: str) -> str:
        """What a pattern fits at the end of a text; '' where it does not."""
        return self.part(sql, f"(?:{pattern}){self.end}")
