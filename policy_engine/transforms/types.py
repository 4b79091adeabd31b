"""What a transform must know of a column's type, read from the type's text as DuckDB writes it."""

import re
from dataclasses import dataclass
from enum import Enum

from catalog.remembered import remembered


class Kind(Enum):
    """The families of types that transforms tell apart; everything not listed is OTHER."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    UUID = "uuid"
    BLOB = "blob"
    JSON = "json"
    OTHER = "other"


NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """A column's type: the text for CAST, its family and, for numbers, its width.

    `bits` and `signed` are those of an integer; `width` and `scale` are those of a decimal.
    """

    text: str
    kind: Kind
    bits: int = 0
    signed: bool = True
    width: int = 0
    scale: int = 0

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest value of an integer type."""
        if self.signed:
            return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1
        return 0, (1 << self.bits) - 1


INTEGER_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
TIMESTAMPS = (
    "TIMESTAMP",
    "TIMESTAMP_S",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMP WITH TIME ZONE",
)
_PLAIN = {
    "VARCHAR": Kind.TEXT,
    "FLOAT": Kind.FLOAT,
    "DOUBLE": Kind.FLOAT,
    "BOOLEAN": Kind.BOOLEAN,
    "DATE": Kind.DATE,
    "TIME": Kind.TIME,
    "UUID": Kind.UUID,
    "BLOB": Kind.BLOB,
    "JSON": Kind.JSON,
    **dict.fromkeys(TIMESTAMPS, Kind.TIMESTAMP),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)\Z")


@remembered(4096)
def read_type(text: str) -> ColumnType:
    """The type that a text names; lists, structs, maps, enums and the unknown are OTHER.

    Example:
        >>> read_type("UINTEGER").bits, read_type("DECIMAL(12,2)").scale, read_type("VARCHAR[]").kind
        (32, 2, <Kind.OTHER: 'other'>)
    """
    name = text.upper()
    if kind := _PLAIN.get(name):
        return ColumnType(text=name, kind=kind)
    signed = not name.startswith("U")
    if bits := INTEGER_BITS.get(name if signed else name[1:]):
        return ColumnType(text=name, kind=Kind.INTEGER, bits=bits, signed=signed)
    if decimal := _DECIMAL.match(name):
        return ColumnType(text=name, kind=Kind.DECIMAL, width=int(decimal[1]), scale=int(decimal[2]))
    return ColumnType(text=text, kind=Kind.OTHER)
