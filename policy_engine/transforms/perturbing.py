"""perturb(): a number moved by noise that is bounded, and the same each time the same cell is asked for."""

from decimal import Decimal, localcontext

from policy_engine.strength import Strength
from policy_engine.transforms.generalizing import as_type, fits
from policy_engine.transforms.hashing import canonical_text, text_sql
from policy_engine.transforms.keys import Key, bound, hmac_sql
from policy_engine.transforms.spec import Arguments, Fragment, Parameter, Place, Takes, Transform
from policy_engine.transforms.types import NUMBERS, ColumnType, Kind

HASH_DIGITS = 13
"""52 bits, which a double holds exactly."""
BETWEEN = "\x1f"


class Perturb(Transform):
    """The transform `perturb(scale, by)`: a number plus noise between -scale and +scale, evenly spread.

    The noise is drawn by the key from the value itself and, where it is given, the column `by`: asking again or
    averaging repeats gains nothing. With `by` naming what tells rows apart, equal values get different noise.
    Where `by` is NULL, or the sum does not fit the type, the number is NULL.
    """

    name = "perturb"
    parameters = (
        Parameter(name="scale", takes=Takes.NUMBER, least=0, most=10**15),
        Parameter(name="by", takes=Takes.COLUMN, is_optional=True),
    )
    is_keyed = True
    example = "perturb(500) | INTEGER | 4719"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.PERTURB

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.FLOAT or (column.kind in NUMBERS and steps(arguments, column) > 0)

    def render(self, sql: str, at: Place) -> Fragment:
        key, column = at.keys.key(self.name, at.namespace), at.column
        message, by = text_sql(sql, column), at.arguments.beside("by")
        if by is not None:
            message = f"({text_sql(by.sql, by.column)}) || chr({ord(BETWEEN)}) || ({message})"
        noise = f"('0x' || substr({hmac_sql(key, f'encode({message})')}, 1, {HASH_DIGITS}))::BIGINT"
        if column.kind is Kind.FLOAT:
            scale = f"{Decimal(str(at.arguments.number('scale'))):f}::DOUBLE"
            sum_ = f"({sql})::DOUBLE + {scale} * (veil_noise::DOUBLE / {2**51}::DOUBLE - 1::DOUBLE)"
        else:
            units = steps(at.arguments, column)
            sum_ = _sum_sql(sql, column, f"(veil_noise % {2 * units + 1} - {units})")
        return Fragment(sql=f"TRY(CAST({bound('veil_noise', noise, sum_)} AS {column.text}))", parameters=key.blocks())

    def reference(self, value: object, at: Place) -> object:
        column, by = at.column, at.arguments.beside("by")
        message = canonical_text(value, column)
        if by is not None:
            if by.value is None:
                return None
            message = canonical_text(by.value, by.column) + BETWEEN + message
        noise = _noise(at.keys.key(self.name, at.namespace), message)
        if isinstance(value, float):
            return as_type(value + float(at.arguments.number("scale")) * (noise / 2**51 - 1), column)
        units = steps(at.arguments, column)
        moved = noise % (2 * units + 1) - units
        if isinstance(value, Decimal):
            with localcontext(prec=100):
                total = value + Decimal(moved).scaleb(-column.scale)
            return total if fits(total, column) else None
        assert isinstance(value, int)
        return value + moved if column.bounds[0] <= value + moved <= column.bounds[1] else None


def _noise(key: Key, message: str) -> int:
    return int(key.digest(message.encode()).hex()[:HASH_DIGITS], 16)


def steps(arguments: Arguments, column: ColumnType) -> int:
    """The scale in the smallest steps of the type; 0 where it is less than one, or too many."""
    units = int(Decimal(str(arguments.number("scale"))).scaleb(column.scale))
    return units if units < 2**50 else 0


def _sum_sql(sql: str, column: ColumnType, noise: str) -> str:
    if column.kind is Kind.DECIMAL:
        step = f"{Decimal(1).scaleb(-column.scale):f}::DECIMAL({column.scale + 1},{column.scale})"
        # 17 digits hold the noise; the sum has the column's own scale.
        return f"({sql}) + ({noise}::DECIMAL(18,0) * {step})::DECIMAL(38,{column.scale})"
    if column.text == "UHUGEINT":
        return f"CASE WHEN {noise} < 0 THEN ({sql}) - (0 - {noise})::UHUGEINT ELSE ({sql}) + {noise}::UHUGEINT END"
    return f"({sql})::HUGEINT + {noise}::HUGEINT"
