"""tokenize(): a stand-in that is the same for the same value everywhere, so that tokens still join.

A text becomes 32 hexadecimal characters, an integer another integer of its type, a date or timestamp
another one of its period. Other types have no token of their own type: `hash()` serves them.
"""

from datetime import UTC, date, datetime, timedelta

from policy_engine.strength import Strength
from policy_engine.transforms.keys import Key, hmac_sql
from policy_engine.transforms.namespaces import SCOPES
from policy_engine.transforms.periods import DAYS, FIRST_DAY, PERIODS, Period
from policy_engine.transforms.permutation import ROUNDS, half_type, permute, permute_sql
from policy_engine.transforms.spec import Arguments, Fragment, Parameter, Place, Takes, Transform
from policy_engine.transforms.types import ColumnType, Kind

TOKEN_CHARACTERS = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tokenize(Transform):
    """The transform `tokenize(scope)`: a stand-in, the same for the same value wherever the tag stands.

    A text becomes 32 hexadecimal characters; a whole number another one of its type, a date or moment another one of
    its time, one for one. Nothing undoes it. `scope` makes tokens that join for one person, role or column only.
    """

    name = "tokenize"
    parameters = (Parameter(name="scope", takes=Takes.TEXT, default="tag", choices=SCOPES),)
    is_keyed = True
    example = "tokenize() | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.TOKENIZE

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        if column.kind is Kind.TIMESTAMP:
            return column.text in PERIODS
        return column.kind in (Kind.TEXT, Kind.INTEGER, Kind.DATE)

    def render(self, sql: str, at: Place) -> Fragment:
        key, column = at.keys.key(self.name, at.namespace), at.column
        if column.kind is Kind.TEXT:
            token = f"substr({hmac_sql(key, f'encode({sql})')}, 1, {TOKEN_CHARACTERS})"
            return Fragment(sql=f"CAST({token} AS VARCHAR)", parameters=key.blocks())
        match column.kind:
            case Kind.INTEGER:
                token = _integer_sql(sql, column, key)
            case Kind.DATE:
                token = _date_sql(sql, key)
            case _:
                token = _timestamp_sql(sql, PERIODS[column.text], key)
        return Fragment(sql=f"CAST({token} AS {column.text})", parameters=key.rounds(ROUNDS))

    def reference(self, value: object, at: Place) -> object:
        """The token of a value; timestamps are given and returned as units since 1970 or as datetime."""
        key, column = at.keys.key(self.name, at.namespace), at.column
        match value:
            case str():
                return key.digest(value.encode()).hex()[:TOKEN_CHARACTERS]
            case datetime():
                return _datetime_token(value, PERIODS[column.text], key)
            case date():
                day = _permute_within(DAYS, (value - FIRST_DAY).days, key)
                return None if day is None else FIRST_DAY + timedelta(days=day)
            case int() if column.kind is Kind.TIMESTAMP:
                period = PERIODS[column.text]
                units = _permute_within(period, value - period.origin, key)
                return None if units is None else units + period.origin
            case int():
                return _integer_token(value, column, key)
            case _:
                return None


def _integer_sql(sql: str, column: ColumnType, key: Key) -> str:
    """An integer's bits, as two's complement writes them, are what is permuted."""
    half = column.bits // 2
    work = half_type(column.bits)
    wide = work if column.signed else column.text
    mask = f"{(1 << half) - 1}::{wide}"
    high = f"((({sql})::{wide} >> {half}) & {mask})::{work}"
    low = f"(({sql})::{wide} & {mask})::{work}"

    def join_signed(high: str, low: str) -> str:
        sign = f"{1 << (half - 1)}::{work}"
        # Twice half the factor: the lowest HUGEINT is out of reach of one multiplication.
        upper = f"((xor({high}, {sign}) - {sign}) * {1 << (half - 1)}::{work})"
        return f"(({upper} + {low}) + {upper})"

    def join_unsigned(high: str, low: str) -> str:
        return f"(({high})::{wide} * {1 << half}::{wide} + ({low})::{wide})"

    return permute_sql(high, low, column.bits, key, join_signed if column.signed else join_unsigned)


def _integer_token(value: int, column: ColumnType, key: Key) -> int:
    whole = 1 << column.bits
    token = permute(value % whole, column.bits, key)
    return token - whole if column.signed and token >= whole // 2 else token


def _date_sql(sql: str, key: Key) -> str:
    first = f"DATE '{FIRST_DAY.isoformat()}'"
    token = _within_sql(DAYS, f"(({sql}) - {first})", 0, key)
    # A date takes whole days as INTEGER only; blocks keep them far inside its range.
    return f"({first} + ({token})::INTEGER)"


def _timestamp_sql(sql: str, period: Period, key: Key) -> str:
    token = _within_sql(period, period.to_units.format(sql), period.origin, key)
    return period.from_units.format(f"({token} + {period.origin})")


def _within_sql(period: Period, units: str, origin: int, key: Key) -> str:
    """A position, which is units from an origin, permuted within its block; NULL outside the blocks of a period.

    The units are looked at themselves: of the last ones a type holds the position would be too large to work out.
    """
    half, size = period.bits // 2, 1 << period.bits
    mask = (1 << half) - 1
    position = f"({units} - {origin})" if origin else units

    def join(high: str, low: str) -> str:
        return f"(({position} >> {period.bits}) * {size} + {high} * {1 << half} + {low})"

    token = permute_sql(f"(({position} >> {half}) & {mask})", f"({position} & {mask})", period.bits, key, join)
    first, last = period.first * size + origin, (period.last + 1) * size - 1 + origin
    return f"CASE WHEN {units} BETWEEN {first} AND {last} THEN {token} END"


def _permute_within(period: Period, position: int, key: Key) -> int | None:
    block, rest = position >> period.bits, position & ((1 << period.bits) - 1)
    if not period.first <= block <= period.last:
        return None
    return (block << period.bits) + permute(rest, period.bits, key)


def _datetime_token(value: datetime, period: Period, key: Key) -> datetime | None:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    micros = (aware - _EPOCH) // timedelta(microseconds=1)
    units = micros * period.units_a_second // 10**6 - period.origin
    token = _permute_within(period, units, key)
    if token is None:
        return None
    moment = _EPOCH + timedelta(microseconds=(token + period.origin) * 10**6 // period.units_a_second)
    return moment if value.tzinfo else moment.replace(tzinfo=None)
