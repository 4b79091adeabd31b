"""mask(), redact() and null(): values that keep a shape, a word, or nothing."""

import unicodedata
from decimal import Decimal

from policy_engine.strength import Strength
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.spec import Arguments, Fragment, Parameter
from policy_engine.transforms.types import ColumnType, Kind

_NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)
_KEPT = r"\p{P}\p{S}\p{Z}\p{Cc}"
"""Separators: punctuation, signs, blanks, line ends. All else is masked, also what Unicode adds later."""


class Mask:
    """The transform `mask(char, keep_first, keep_last)`: letters and digits become `char`, numbers zero.

    A text no longer than what would be kept is masked whole.
    """

    name = "mask"
    aliases: tuple[str, ...] = ()
    parameters = (
        Parameter(name="char", default="X", characters=1),
        Parameter(name="keep_first", default=0, least=0),
        Parameter(name="keep_last", default=0, least=0),
    )
    is_keyed = False

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.PARTIAL if arguments["keep_first"] or arguments["keep_last"] else Strength.MASK

    def accepts(self, column: ColumnType) -> bool:
        return column.kind is Kind.TEXT or column.kind in _NUMBERS

    def output_type(self, column: ColumnType) -> str:
        return column.text

    def render(self, arguments: Arguments, sql: str, column: ColumnType, keys: KeyRing, namespace: str) -> Fragment:
        if column.kind in _NUMBERS:
            return Fragment(sql=f"CAST(CASE WHEN ({sql}) IS NOT NULL THEN 0 END AS {column.text})")
        char, first, last = _mask_arguments(arguments)
        whole = _masked_sql(sql, char)
        if not first and not last:
            return Fragment(sql=f"CAST({whole} AS VARCHAR)")
        kept = first + last
        middle = _masked_sql(f"substr({sql}, {first + 1}, length({sql}) - {kept})", char)
        parts = [f"left({sql}, {first})"] * bool(first) + [middle] + [f"right({sql}, {last})"] * bool(last)
        case = f"CASE WHEN length({sql}) > {kept} THEN {' || '.join(parts)} ELSE {whole} END"
        return Fragment(sql=f"CAST({case} AS VARCHAR)")

    def reference(
        self, arguments: Arguments, value: object, column: ColumnType, keys: KeyRing, namespace: str
    ) -> object:
        if value is None:
            return None
        if not isinstance(value, str):
            return Decimal(0) if column.kind is Kind.DECIMAL else 0
        char, first, last = _mask_arguments(arguments)
        end = len(value) - last
        if first + last >= len(value):
            first, end = 0, len(value)
        return "".join(
            letter if not first <= place < end or _is_separator(letter) else char for place, letter in enumerate(value)
        )


class Redact:
    """The transform `redact(text)`: every text becomes the same word, other types become NULL."""

    name = "redact"
    aliases: tuple[str, ...] = ()
    parameters = (Parameter(name="text", default="***"),)
    is_keyed = False

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.REDACT

    def accepts(self, column: ColumnType) -> bool:
        return True

    def output_type(self, column: ColumnType) -> str:
        return column.text

    def render(self, arguments: Arguments, sql: str, column: ColumnType, keys: KeyRing, namespace: str) -> Fragment:
        if column.kind is not Kind.TEXT:
            return Fragment(sql=typed_null(column.text))
        word = text_literal(str(arguments["text"]))
        return Fragment(sql=f"CAST(CASE WHEN ({sql}) IS NOT NULL THEN {word} END AS VARCHAR)")

    def reference(
        self, arguments: Arguments, value: object, column: ColumnType, keys: KeyRing, namespace: str
    ) -> object:
        return arguments["text"] if isinstance(value, str) and column.kind is Kind.TEXT else None


class Null:
    """The transform `null()`: no value, of the column's type."""

    name = "null"
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    is_keyed = False

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.NULL

    def accepts(self, column: ColumnType) -> bool:
        return True

    def output_type(self, column: ColumnType) -> str:
        return column.text

    def render(self, arguments: Arguments, sql: str, column: ColumnType, keys: KeyRing, namespace: str) -> Fragment:
        return Fragment(sql=typed_null(column.text))

    def reference(
        self, arguments: Arguments, value: object, column: ColumnType, keys: KeyRing, namespace: str
    ) -> object:
        return None


def text_literal(text: str) -> str:
    """A text as a SQL literal; in DuckDB only the quote itself needs doubling."""
    return "'" + text.replace("'", "''") + "'"


def typed_null(type_text: str) -> str:
    """NULL of a type; a column of nothing but NULLs has a type that cannot be cast to."""
    return "NULL" if type_text == '"NULL"' else f"CAST(NULL AS {type_text})"


def _mask_arguments(arguments: Arguments) -> tuple[str, int, int]:
    return str(arguments["char"]), int(arguments["keep_first"]), int(arguments["keep_last"])


def _masked_sql(sql: str, char: str) -> str:
    # A backslash in a replacement would refer to a group of the pattern.
    replacement = text_literal("\\\\" if char == "\\" else char)
    return f"regexp_replace({sql}, {text_literal(f'[^{_KEPT}]')}, {replacement}, 'g')"


def _is_separator(letter: str) -> bool:
    category = unicodedata.category(letter)
    return category[0] in "PSZ" or category == "Cc"
