"""The words of PostgreSQL, from version 11 on: every function is its own, and no collation or setting has a say."""

from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from catalog.sources.remote.bound_keys import postgres_key
from policy_engine.transforms.at_source.dialect import Dialect, NoForm, mark
from policy_engine.transforms.keys import Key
from policy_engine.transforms.periods import FIRST_DAY
from policy_engine.transforms.permutation import padding
from policy_engine.transforms.separators import SEPARATORS
from policy_engine.transforms.types import ColumnType, Kind

_TYPES = {
    "VARCHAR": "text",
    "UUID": "text",
    "JSON": "text",
    "BOOLEAN": "bool",
    "BLOB": "bytea",
    "DATE": "date",
    "FLOAT": "float4",
    "DOUBLE": "float8",
    "SMALLINT": "int2",
    "INTEGER": "int4",
    "BIGINT": "int8",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
_ZONED = "TIMESTAMP WITH TIME ZONE"
_DAY = 86_400 * 10**6


class Postgres(Dialect):
    """SQL of PostgreSQL."""

    def text(self, text: str) -> str:
        return f"convert_from('\\x{text.encode().hex()}'::bytea, 'UTF8')"

    def value(self, value: object, column: ColumnType) -> str:
        match value:
            case bytes():
                return f"'\\x{value.hex()}'::bytea"
            case bool() | int() | Decimal():
                shown = f"{value:f}" if isinstance(value, Decimal) else str(value).lower()
            case float() | date() | datetime() | time():
                shown = f"'{value}'"
            case str() | UUID():
                shown = self.text(str(value))
            case _:
                raise NoForm("the value has no literal there")
        return f"({shown})::{_type(column)}"

    def raw(self, place: int, column: ColumnType) -> str:
        match column.kind:
            case Kind.TEXT:  # a collation may hold different texts equal, and some know no patterns
                return f'(({mark(place)})::text COLLATE "C")'
            case Kind.DECIMAL:
                return f"nullif({mark(place)}, 'NaN')"
            case _:
                return f"({mark(place)})"

    def out(self, sql: str, column: ColumnType) -> str:
        if column.kind is Kind.TEXT:
            return f"({sql})"
        if column.kind is Kind.DECIMAL:
            most = Decimal(10) ** (column.width - column.scale)
            fits = f"abs(veil_n) < {most:f}"
        else:
            fits = "veil_n BETWEEN {} AND {}".format(*column.bounds)
        return (
            f"(SELECT CASE WHEN {fits} THEN veil_n::{_type(column)} END FROM (SELECT {sql} AS veil_n OFFSET 0) veil_a)"
        )

    def canonical(self, sql: str, column: ColumnType) -> str:
        match column.kind:
            case Kind.TEXT | Kind.JSON | Kind.UUID:
                return sql
            case Kind.FLOAT:
                raise NoForm("it writes floating point in other digits than `%.17g`")
            case Kind.DECIMAL if column.scale and column.scale == column.width:
                return f"replace({sql}::text, '0.', '.')"
            case Kind.DATE:
                return f"replace({sql}::text, ' BC', ' (BC)')"
            case Kind.TIMESTAMP:
                moment = f"({sql} AT TIME ZONE 'UTC')" if column.text == _ZONED else sql
                text = f"regexp_replace({moment}::text, '^(\\S+) (\\S+) BC$', '\\1 (BC) \\2')"
                return f"CASE WHEN isfinite({sql}) THEN {text} || 'Z' END" if column.text == _ZONED else text
            case _:
                return f"{sql}::text"

    def utf8(self, sql: str) -> str:
        return f"convert_to({sql}, 'UTF8')"

    def joined(self, *texts: str) -> str:
        return " || ".join(f"({text})" for text in texts)

    def hmac(self, key: Key, message: str) -> str:
        inner = f"sha256({postgres_key(f'{key.name}_i')} || {message})"
        return f"encode(sha256({postgres_key(f'{key.name}_o')} || {inner}), 'hex')"

    def from_hex(self, sql: str, digits: int) -> str:
        return f"('x' || left({sql}, {digits}))::bit({4 * digits})::int8"

    def exact(self, sql: str, scale: int) -> str:
        return f"{sql}::numeric"

    def divided(self, number: str, by: int) -> str:
        return f"div(({number})::numeric, {by})"

    def masked(self, sql: str, char: str, kept: str = "") -> str:
        by = self.text("\\\\" if char == "\\" else char)
        ranges = "".join(f"{_character(first)}-{_character(last)}" for first, last in SEPARATORS)
        return f"regexp_replace({sql}, '[^{ranges}{kept}]', {by}, 'g')"

    def part(self, sql: str, pattern: str) -> str:
        return f"CASE WHEN {sql} IS NOT NULL THEN coalesce(substring({sql} from '{pattern}'), '') END"

    def has(self, sql: str, pattern: str) -> str:
        return f"({sql}) ~ '{pattern}'"

    def same(self, sql: str, text: str) -> str:
        return f"{sql} = {self.text(text)}"

    def network(self, sql: str) -> str:
        groups = f"array_length(string_to_array(trim(both ':' from {sql}), ':'), 1)"
        # Of what has the form of an address only what leaves no room for `::` is none.
        is_one = f"(strpos({sql}, '::') = 0 OR coalesce({groups}, 0) - (btrim({sql}, ':') LIKE '%::%')::int4 < 8)"
        return f"CASE WHEN {is_one} THEN host(network(set_masklen(({sql})::inet, 48))) END"

    def truncated(self, sql: str, unit: str, column: ColumnType) -> str:
        if column.text == _ZONED:
            moment, otherwise = f"(date_trunc('{unit}', {sql} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')", "NULL"
        else:
            moment, otherwise = f"date_trunc('{unit}', {sql}::timestamp)::{_type(column)}", sql
        # Beyond these years one of the two cannot hold what comes out; the zoned infinity has no units in the engine.
        case = f"CASE WHEN {sql} BETWEEN '4713-01-01 BC' AND '294246-12-31' THEN {moment}"
        return f"{case} WHEN NOT isfinite({sql}) THEN {otherwise} END"

    def moved(self, sql: str, days: str, column: ColumnType, within: tuple[str, str]) -> str:
        kind = "date" if column.kind is Kind.DATE else "timestamp"
        moment = f"({sql} AT TIME ZONE 'UTC')" if column.text == _ZONED else sql
        first, last = (f"{kind} '{each[:10] if kind == 'date' else each}'" for each in within)
        step = f"({days})::int4" if kind == "date" else f"({days})::int4 * interval '1 day'"
        return f"CASE WHEN {moment} BETWEEN {first} AND {last} THEN {self._zoned(f'({moment} + {step})', column)} END"

    def halves(self, sql: str, bits: int) -> tuple[str, str]:
        number, half = f"{sql}::int8", bits // 2
        mask = (1 << half) - 1
        return f"(({number} >> {half}) & {mask})", f"({number} & {mask})"

    def permuted(self, high: str, low: str, bits: int, key: Key) -> str:
        half = bits // 2
        one, two, three, four = (self._mix(key, place, half) for place in range(1, 5))
        # OFFSET 0 keeps each subquery apart, so that each round is worked out once.
        sql = f"SELECT {high} AS veil_h, {low} AS veil_l OFFSET 0"
        sql = f"SELECT veil_l, veil_h # {one.format('veil_l')} AS veil_1 FROM ({sql}) veil_a OFFSET 0"
        sql = f"SELECT veil_1, veil_l # {two.format('veil_1')} AS veil_2 FROM ({sql}) veil_b OFFSET 0"
        sql = f"SELECT veil_2, veil_1 # {three.format('veil_2')} AS veil_3 FROM ({sql}) veil_c OFFSET 0"
        return f"(SELECT (veil_3 << {half}) | (veil_2 # {four.format('veil_3')}) FROM ({sql}) veil_d)"

    def whole(self, token: str, column: ColumnType) -> str:
        if column.bits == 64:
            return token
        sign = 1 << (column.bits - 1)
        return f"(({token} # {sign}) - {sign})::{_type(column)}"

    def position(self, sql: str, column: ColumnType) -> str:
        if column.kind is Kind.DATE:
            return f"(CASE WHEN isfinite({sql}) THEN {sql} - date '{FIRST_DAY}' END)"
        moment = f"({sql} AT TIME ZONE 'UTC')" if column.text == _ZONED else sql
        seconds = f"extract(epoch FROM {moment}::time)"
        within = f"{sql} BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'"
        units = f"({moment}::date - date '1920-01-01')::int8 * {_DAY} + round({seconds} * 1000000)::int8"
        return f"(CASE WHEN {within} THEN {units} END)"

    def moment(self, position: str, size: int, token: str, column: ColumnType) -> str:
        units = f"({position} - ({position} & {size - 1}) + {token})"
        if column.kind is Kind.DATE:
            return f"(date '{FIRST_DAY}' + {units}::int4)"
        seconds, rest = "(veil_u / 1000000) * interval '1 second'", "(veil_u % 1000000) * interval '1 microsecond'"
        moment = self._zoned(f"(timestamp '1920-01-01' + {seconds} + {rest})", column)
        return f"(SELECT {moment} FROM (SELECT {units} AS veil_u OFFSET 0) veil_e)"

    def _zoned(self, sql: str, column: ColumnType) -> str:
        return f"({sql} AT TIME ZONE 'UTC')" if column.text == _ZONED else sql

    def _mix(self, key: Key, place: int, half: int) -> str:
        """A round's hash (permutation.py) of a half, for which braces stand."""
        digits = self.utf8(f"({{}} + {padding(half)})::text")
        hashed = f"encode(sha256({postgres_key(f'{key.name}_{place}')} || {digits}), 'hex')"
        return self.from_hex(hashed, half // 4)


def _character(code: int) -> str:
    """A character in a pattern, by its number."""
    return f"\\U{max(code, 1):08x}"  # no text holds a zero byte


def _type(column: ColumnType) -> str:
    if column.kind is Kind.DECIMAL:
        return f"numeric({column.width},{column.scale})"
    try:
        return _TYPES[column.text]
    except KeyError:
        raise NoForm(f"there is no {column.text}") from None
