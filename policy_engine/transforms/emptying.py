"""null(), zero(), constant() and redact(): nothing of the value is left, only its type."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from catalog.sources.calculator import value_of
from policy_engine.strength import Strength
from policy_engine.transforms.spec import Arguments, Fragment, Parameter, Place, Takes, Transform
from policy_engine.transforms.types import NUMBERS, ColumnType, Kind

_EPOCH = datetime(1970, 1, 1)
_ZONED = "TIMESTAMP WITH TIME ZONE"


class Null(Transform):
    """The transform `null()`: no value, of the column's type."""

    name = "null"
    example = "null() | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.NULL

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return True

    def render(self, sql: str, at: Place) -> Fragment:
        return Fragment(sql=typed_null(at.column.text))

    def reference(self, value: object, at: Place) -> object:
        return None


class Zero(Transform):
    """The transform `zero()`: the empty text, 0, false or the first of January 1970; NULL where a type has none."""

    name = "zero"
    example = "zero() | DATE | 1984-02-29"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.NULL

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return True

    def render(self, sql: str, at: Place) -> Fragment:
        zero = _zero_sql(at.column)
        if not zero:
            return Fragment(sql=typed_null(at.column.text))
        return Fragment(sql=f"CAST(CASE WHEN ({sql}) IS NOT NULL THEN {zero} END AS {at.column.text})")

    def reference(self, value: object, at: Place) -> object:
        match at.column.kind:
            case Kind.TEXT:
                return ""
            case Kind.DECIMAL:
                return Decimal(0)
            case Kind.BOOLEAN:
                return False
            case Kind.DATE:
                return date(1970, 1, 1)
            case Kind.TIMESTAMP:
                return _EPOCH.replace(tzinfo=UTC) if at.column.text == _ZONED else _EPOCH
            case Kind.TIME:
                return time()
            case Kind.UUID:
                return UUID(int=0)
            case Kind.BLOB:
                return b""
            case kind:
                return 0 if kind in NUMBERS else None


class Constant(Transform):
    """The transform `constant(v)`: every value becomes the same one, which must fit the column's type."""

    name = "constant"
    parameters = (Parameter(name="v", takes=Takes.VALUE),)
    example = "constant('unknown') | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.REDACT

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.TEXT or value_of(_tried(arguments, column)) is not None

    def render(self, sql: str, at: Place) -> Fragment:
        constant = f"CAST({text_literal(at.arguments.text('v'))} AS {at.column.text})"
        return Fragment(sql=f"CASE WHEN ({sql}) IS NOT NULL THEN {constant} END")

    def reference(self, value: object, at: Place) -> object:
        return at.arguments.text("v") if at.column.kind is Kind.TEXT else value_of(_tried(at.arguments, at.column))


class Redact(Transform):
    """The transform `redact(text)`: every text becomes the same word, other types become NULL."""

    name = "redact"
    parameters = (Parameter(name="text", takes=Takes.TEXT, default="***"),)
    example = "redact() | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.REDACT

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return True

    def render(self, sql: str, at: Place) -> Fragment:
        if at.column.kind is not Kind.TEXT:
            return Fragment(sql=typed_null(at.column.text))
        word = text_literal(at.arguments.text("text"))
        return Fragment(sql=f"CAST(CASE WHEN ({sql}) IS NOT NULL THEN {word} END AS VARCHAR)")

    def reference(self, value: object, at: Place) -> object:
        return at.arguments.text("text") if at.column.kind is Kind.TEXT else None


def text_literal(text: str) -> str:
    """A text as a SQL literal; in DuckDB only the quote itself needs doubling."""
    return "'" + text.replace("'", "''") + "'"


def typed_null(type_text: str) -> str:
    """NULL of a type; a column of nothing but NULLs has a type that cannot be cast to."""
    return "NULL" if type_text == '"NULL"' else f"CAST(NULL AS {type_text})"


def _tried(arguments: Arguments, column: ColumnType) -> str:
    return f"TRY_CAST({text_literal(arguments.text('v'))} AS {column.text})"


def _zero_sql(column: ColumnType) -> str:
    if column.text == _ZONED:
        return "make_timestamptz(0)"
    if column.kind in NUMBERS:
        return "0"
    return {
        Kind.TEXT: "''",
        Kind.BOOLEAN: "FALSE",
        Kind.DATE: "DATE '1970-01-01'",
        Kind.TIMESTAMP: "TIMESTAMP '1970-01-01 00:00:00'",
        Kind.TIME: "TIME '00:00:00'",
        Kind.UUID: "'00000000-0000-0000-0000-000000000000'",
        Kind.BLOB: "''",
    }.get(column.kind, "")
