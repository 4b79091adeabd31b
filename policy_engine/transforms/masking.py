"""mask(): letters and digits become one character, separators stay, and some may be kept at either end."""

from decimal import Decimal

from policy_engine.strength import Strength
from policy_engine.transforms.emptying import text_literal
from policy_engine.transforms.separators import is_separator
from policy_engine.transforms.spec import Arguments, Fragment, Parameter, Place, Takes, Transform
from policy_engine.transforms.types import NUMBERS, ColumnType, Kind

_KEPT = r"\p{P}\p{S}\p{Z}\p{Cc}"
"""Separators: punctuation, signs, blanks, line ends. All else is masked, also what Unicode adds later."""


class Mask(Transform):
    """The transform `mask(char, keep_first, keep_last)`: letters and digits become `char`, numbers zero.

    A text no longer than what would be kept is masked whole.
    """

    name = "mask"
    parameters = (
        Parameter(name="char", takes=Takes.TEXT, default="X", characters=1),
        Parameter(name="keep_first", takes=Takes.WHOLE, default=0, least=0),
        Parameter(name="keep_last", takes=Takes.WHOLE, default=0, least=0),
    )
    example = "mask(keep_last=>4) | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        keeps = arguments.whole("keep_first") or arguments.whole("keep_last")
        return Strength.PARTIAL if keeps else Strength.MASK

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.TEXT or column.kind in NUMBERS

    def render(self, sql: str, at: Place) -> Fragment:
        if at.column.kind in NUMBERS:
            return Fragment(sql=f"CAST(CASE WHEN ({sql}) IS NOT NULL THEN 0 END AS {at.column.text})")
        char, first, last = arguments_of(at)
        whole = masked_sql(sql, char)
        if not first and not last:
            return Fragment(sql=f"CAST({whole} AS VARCHAR)")
        kept = first + last
        middle = masked_sql(f"substr({sql}, {first + 1}, length({sql}) - {kept})", char)
        parts = [f"left({sql}, {first})"] * bool(first) + [middle] + [f"right({sql}, {last})"] * bool(last)
        case = f"CASE WHEN length({sql}) > {kept} THEN {' || '.join(parts)} ELSE {whole} END"
        return Fragment(sql=f"CAST({case} AS VARCHAR)")

    def reference(self, value: object, at: Place) -> object:
        if not isinstance(value, str):
            return Decimal(0) if at.column.kind is Kind.DECIMAL else 0
        char, first, last = arguments_of(at)
        end = len(value) - last
        if first + last >= len(value):
            first, end = 0, len(value)
        return "".join(
            letter if not first <= place < end or is_separator(letter) else char for place, letter in enumerate(value)
        )


def arguments_of(at: Place) -> tuple[str, int, int]:
    return at.arguments.text("char"), at.arguments.whole("keep_first"), at.arguments.whole("keep_last")


def masked_sql(sql: str, char: str, kept: str = "") -> str:
    """A text with its letters and digits replaced, separators and the `kept` characters (a range) as they are."""
    # A backslash in a replacement would refer to a group of the pattern.
    replacement = text_literal("\\\\" if char == "\\" else char)
    return f"regexp_replace({sql}, {text_literal(f'[^{_KEPT}{kept}]')}, {replacement}, 'g')"
