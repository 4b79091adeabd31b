"""bucket(), round() and generalize(): numbers in steps, and words replaced by what they are a kind of."""

import json
import math
import struct
from decimal import Decimal, localcontext

from policy_engine.strength import Strength
from policy_engine.transforms.emptying import text_literal
from policy_engine.transforms.spec import Arguments, Fragment, Parameter, Place, Takes, Transform
from policy_engine.transforms.types import NUMBERS, ColumnType, Kind

_MOST_WORDS = 1000
_UNSIGNED = " + 0::DOUBLE"
"""What makes 0.0 of -0.0: the sign of a number that comes to nothing would tell what it was."""


class Bucket(Transform):
    """The transform `bucket(width)`: the lower end of the step in which a number lies, steps counted from 0."""

    name = "bucket"
    parameters = (Parameter(name="width", takes=Takes.NUMBER, least=0, most=10**15),)
    example = "bucket(10) | INTEGER | 47"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.GENERALIZE

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        width = Decimal(str(arguments.number("width")))
        if column.kind is Kind.DECIMAL:
            with localcontext(prec=100):
                return width == round(width, column.scale) and fits(width, column)
        whole = width == int(width) and int(width) <= column.bounds[1] if column.kind is Kind.INTEGER else True
        return column.kind in NUMBERS and whole

    def render(self, sql: str, at: Place) -> Fragment:
        width = _digits(at.arguments.number("width"))
        if at.column.kind is Kind.FLOAT:
            lower = f"floor(({sql})::DOUBLE / {width}::DOUBLE) * {width}::DOUBLE{_UNSIGNED}"
        else:
            kind = at.column.text if at.column.kind is Kind.DECIMAL or at.column.bits == 128 else "HUGEINT"
            number, step = f"({sql})::{kind}", f"{width}::{kind}"
            lower = f"{number} - ({number} % {step}) - CASE WHEN ({number} % {step}) < 0 THEN {step} ELSE 0::{kind} END"
        return Fragment(sql=f"TRY(CAST({lower} AS {at.column.text}))")

    def reference(self, value: object, at: Place) -> object:
        width = at.arguments.number("width")
        match value:
            case Decimal():
                with localcontext(prec=100):
                    lower = (value / Decimal(str(width))).__floor__() * Decimal(str(width))
                return lower if fits(lower, at.column) else None
            case float():
                steps = value / float(width)
                return as_type((math.floor(steps) if math.isfinite(steps) else steps) * float(width) + 0.0, at.column)
            case int():
                lowest = value // int(width) * int(width)
                return lowest if lowest >= at.column.bounds[0] else None
            case _:
                return None


class Round(Transform):
    """The transform `round(n)`: rounded to `n` digits after the point, half away from zero; -2 rounds to hundreds."""

    name = "round"
    parameters = (Parameter(name="n", takes=Takes.WHOLE, default=0, least=-18, most=18),)
    example = "round(-2) | INTEGER | 4719"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.GENERALIZE

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind in NUMBERS

    def render(self, sql: str, at: Place) -> Fragment:
        digits = at.arguments.whole("n")
        if at.column.kind is Kind.INTEGER:
            return Fragment(sql=_rounded_integer_sql(sql, digits, at.column))
        if at.column.kind is Kind.DECIMAL and digits >= at.column.scale:
            return Fragment(sql=f"({sql})")
        if at.column.kind is Kind.FLOAT:
            rounded = _rounded_float_sql(f"({sql})::DOUBLE", digits) + _UNSIGNED
        else:
            # The engine rounds a NULL of a DECIMAL to 0 where nothing is left of it.
            rounded = f"CASE WHEN ({sql}) IS NOT NULL THEN round(({sql}), {digits}) END"
        return Fragment(sql=f"TRY(CAST({rounded} AS {at.column.text}))")

    def reference(self, value: object, at: Place) -> object:
        digits = at.arguments.whole("n")
        match value:
            case Decimal():
                rounded = _rounded(value, digits)
                return rounded if fits(rounded, at.column) else None
            case float():
                return as_type(_rounded_float(value, digits) + 0.0, at.column)
            case int():
                lowest, highest = at.column.bounds
                whole = int(_rounded(Decimal(value), digits)) if digits < 0 else value
                return whole if lowest <= whole <= highest else None
            case _:
                return None


class Generalize(Transform):
    """The transform `generalize(map, otherwise)`: words by their kind; others become `otherwise` or NULL."""

    name = "generalize"
    parameters = (
        Parameter(name="map", takes=Takes.TEXT, reads=lambda text: _read_map(text)),
        Parameter(name="otherwise", takes=Takes.TEXT, is_optional=True),
    )
    example = """generalize('{"Seattle":"west","Boston":"east"}', otherwise=>'elsewhere') | VARCHAR | Seattle"""

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.GENERALIZE

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.TEXT

    def render(self, sql: str, at: Place) -> Fragment:
        words, otherwise = words_of(at.arguments)
        branches = " ".join(f"WHEN {text_literal(old)} THEN {text_literal(new)}" for old, new in words.items())
        rest = "NULL" if otherwise is None else f"CASE WHEN ({sql}) IS NOT NULL THEN {text_literal(otherwise)} END"
        return Fragment(sql=f"CAST(CASE ({sql}) {branches} ELSE {rest} END AS VARCHAR)")

    def reference(self, value: object, at: Place) -> object:
        words, otherwise = words_of(at.arguments)
        return words.get(str(value), otherwise)


def as_type(value: float, column: ColumnType) -> float | None:
    """A float as the column's type holds it: FLOAT has fewer digits, and what it cannot hold is None."""
    if column.text == "DOUBLE":
        return value
    try:
        [single] = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return None
    return float(single)


def fits(value: Decimal, column: ColumnType) -> bool:
    """Whether a DECIMAL type has enough digits before the point."""
    return value.copy_abs() < Decimal(10) ** (column.width - column.scale)


def words_of(arguments: Arguments) -> tuple[dict[str, str], str | None]:
    otherwise = arguments.text("otherwise") if arguments.is_given("otherwise") else None
    return json.loads(arguments.text("map")), otherwise


def _read_map(text: str) -> str:
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    is_map = isinstance(words, dict) and all(isinstance(word, str) and "\0" not in word for word in words.values())
    if not is_map or not 0 < len(words) <= _MOST_WORDS or any("\0" in word for word in words):
        raise ValueError(f"""a JSON object of 1 to {_MOST_WORDS} texts, for example '{{"Seattle":"west"}}'""")
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))


def _digits(number: int | float) -> str:
    return f"{Decimal(str(number)):f}"


def _rounded_integer_sql(sql: str, digits: int, column: ColumnType) -> str:
    if digits >= 0:
        return f"({sql})"
    kind = column.text if column.bits == 128 else "HUGEINT"
    number, step = f"({sql})::{kind}", f"{10**-digits}::{kind}"
    rest, half = f"({number} % {step})", f"{10**-digits // 2}::{kind}"
    down = f"WHEN {rest} <= 0::{kind} - {half} THEN {number} - {rest} - {step} " if column.signed else ""
    up = f"WHEN {rest} >= {half} THEN {number} - {rest} + {step}"
    return f"TRY(CAST(CASE {down}{up} ELSE {number} - {rest} END AS {column.text}))"


def _rounded(value: Decimal, digits: int) -> Decimal:
    with localcontext(prec=100, rounding="ROUND_HALF_UP"):
        return value.quantize(Decimal(1).scaleb(-digits)) if _scale(value) > digits else value


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _rounded_float_sql(number: str, digits: int) -> str:
    """As the reference does it: engines, and their versions, differ in how they round a fraction to digits."""
    factor = f"1e{abs(digits)}::DOUBLE"
    scale, back = ("*", "/") if digits >= 0 else ("/", "*")
    scaled = f"({number} {scale} {factor})"
    return f"CASE WHEN isfinite({scaled}) THEN round({scaled}) {back} {factor} ELSE {number} END"


def _rounded_float(value: float, digits: int) -> float:
    """As C does it: scaled, rounded half away from zero, and scaled back."""
    factor = 10.0 ** abs(digits)
    if not math.isfinite(value):
        return value
    scaled = value * factor if digits >= 0 else value / factor
    if not math.isfinite(scaled):
        return value
    lower = math.floor(abs(scaled))
    rounded = math.copysign(lower + (abs(scaled) - lower >= 0.5), scaled)
    return rounded / factor if digits >= 0 else rounded * factor
