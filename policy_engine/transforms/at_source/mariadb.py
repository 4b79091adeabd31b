"""The words of MariaDB, and of MySQL from version 8.0.4 on: texts are compared byte by byte, patterns know no classes.

A subquery cannot keep a value for the expression that holds it, so what is needed twice is worked out twice. Dates
come as the text of them. The server holds days and moments that are none (2020-02-30, 0000-00-00): they are NULL.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from catalog.sources.remote.bound_keys import mariadb_key
from catalog.sources.remote.mariadb_types import characters, literal
from policy_engine.transforms.at_source.dialect import Dialect, NoForm, mark
from policy_engine.transforms.keys import Key
from policy_engine.transforms.periods import FIRST_DAY
from policy_engine.transforms.permutation import padding
from policy_engine.transforms.types import ColumnType, Kind

_ZONED = "TIMESTAMP WITH TIME ZONE"
_CENTRE = "TIMESTAMP'1920-01-01 00:00:00'"
_DATES = {
    "year": "%Y-01-01",
    "month": "%Y-%m-01",
    "day": "%Y-%m-%d",
    "hour": "%Y-%m-%d %H:00:00",
    "minute": "%Y-%m-%d %H:%i:00",
    "second": "%Y-%m-%d %H:%i:%s",
}


class MariaDb(Dialect):
    """SQL of MariaDB."""

    end = "\\z"

    def text(self, text: str) -> str:
        return literal(text)

    def value(self, value: object, column: ColumnType) -> str:
        match value:
            case bytes():
                return f"x'{value.hex()}'"
            case bool() | int() | Decimal():
                return literal(value)
            case float():
                return f"{value!r}e0" if "e" not in repr(value) else repr(value)  # else it would be a decimal
            case str() | UUID():
                return literal(str(value))
            case datetime():
                return literal(value.replace(tzinfo=None).isoformat(" ") + ("Z" if value.tzinfo else ""))
            case date():
                return literal(value.isoformat())
            case _:
                raise NoForm("the value has no literal there")

    def raw(self, place: int, column: ColumnType) -> str:
        match column.kind:
            case Kind.TEXT | Kind.JSON | Kind.UUID:
                return f"({characters(mark(place))} COLLATE utf8mb4_bin)"  # a pattern fits nothing else
            case Kind.DATE | Kind.TIMESTAMP:  # a sum with what is no day is NULL
                return f"({mark(place)} + INTERVAL 0 DAY)"
            case Kind.INTEGER:  # without zeros in front, and no year
                return f"CAST({mark(place)} AS {'SIGNED' if column.signed else 'UNSIGNED'})"
            case _:
                return f"({mark(place)})"

    def out(self, sql: str, column: ColumnType) -> str:
        if column.kind is Kind.TEXT:
            return f"({sql})"
        if column.kind is Kind.DECIMAL:
            most = Decimal(10) ** (column.width - column.scale)
            return f"CASE WHEN ABS({sql}) < {most:f} THEN {sql} END"
        within = "{} AND {}".format(*column.bounds)
        return f"CASE WHEN {sql} BETWEEN {within} THEN CAST({sql} AS {'SIGNED' if column.signed else 'UNSIGNED'}) END"

    def canonical(self, sql: str, column: ColumnType) -> str:
        match column.kind:
            case Kind.TEXT | Kind.JSON | Kind.UUID:
                return sql
            case Kind.FLOAT:
                raise NoForm("it writes floating point in other digits than `%.17g`")
            case Kind.DECIMAL:
                text = f"CAST({self.exact(sql, column.scale)} AS CHAR)"
                return f"REPLACE({text}, '0.', '.')" if column.scale and column.scale == column.width else text
            case Kind.TIMESTAMP:
                text = f"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(CAST({sql} AS DATETIME(6)) AS CHAR)))"
                return f"CONCAT({text}, 'Z')" if column.text == _ZONED else text
            case _:
                return f"CAST({sql} AS CHAR)"

    def utf8(self, sql: str) -> str:
        return f"CAST(CONVERT({sql} USING utf8mb4) AS BINARY)"

    def joined(self, *texts: str) -> str:
        return f"CONCAT({', '.join(texts)})"

    def hmac(self, key: Key, message: str) -> str:
        inner = f"UNHEX(SHA2(CONCAT({mariadb_key(f'{key.name}_i')}, {message}), 256))"
        return f"SHA2(CONCAT({mariadb_key(f'{key.name}_o')}, {inner}), 256)"

    def from_hex(self, sql: str, digits: int) -> str:
        return f"CAST(CONV(LEFT({sql}, {digits}), 16, 10) AS SIGNED)"

    def exact(self, sql: str, scale: int) -> str:
        return f"CAST({sql} AS DECIMAL(65,{scale}))"

    def divided(self, number: str, by: int) -> str:
        return f"(({number}) DIV {by})"

    def masked(self, sql: str, char: str, kept: str = "") -> str:
        # REGEXP_REPLACE looks at the whole rest of a text for each character that it replaces, and hears of no limit
        # and no KILL meanwhile: some hundred thousand letters keep a thread busy for minutes, some millions for hours.
        raise NoForm("a long text would keep the database busy by the square of its length")

    def part(self, sql: str, pattern: str) -> str:
        return f"REGEXP_SUBSTR({sql}, {_pattern(pattern)})"

    def has(self, sql: str, pattern: str) -> str:
        return f"({sql}) REGEXP {_pattern(pattern)}"

    def same(self, sql: str, text: str) -> str:
        return f"{self.utf8(sql)} = x'{text.encode().hex()}'"

    def network(self, sql: str) -> str:
        return f"INET6_NTOA(CONCAT(LEFT(INET6_ATON({sql}), 6), x'{'00' * 10}'))"

    def truncated(self, sql: str, unit: str, column: ColumnType) -> str:
        day = sql
        if unit == "week":
            day = f"({sql} - INTERVAL WEEKDAY({sql}) DAY)"
        elif unit == "quarter":
            day = f"({sql} - INTERVAL (MONTH({sql}) - 1) % 3 MONTH)"
        form = _DATES[{"week": "day", "quarter": "month"}.get(unit, unit)]
        if column.kind is Kind.TIMESTAMP and " " not in form:
            form += " 00:00:00"
        return f"DATE_FORMAT({day}, '{form}{'Z' if column.text == _ZONED else ''}')"

    def moved(self, sql: str, days: str, column: ColumnType, within: tuple[str, str]) -> str:
        kind = "DATE" if column.kind is Kind.DATE else "TIMESTAMP"
        first, last = (f"{kind}'{each[:10] if kind == 'DATE' else each}'" for each in within)
        return f"CASE WHEN {sql} BETWEEN {first} AND {last} THEN {_shown(f'({sql} + INTERVAL {days} DAY)', column)} END"

    def halves(self, sql: str, bits: int) -> tuple[str, str]:
        mask = (1 << bits // 2) - 1
        return f"(({sql} >> {bits // 2}) & {mask})", f"({sql} & {mask})"

    def permuted(self, high: str, low: str, bits: int, key: Key) -> str:
        half = bits // 2
        first = f"({high} ^ {_mix(key, 1, low, half)})"
        second = f"({low} ^ {_mix(key, 2, first, half)})"
        third = f"({first} ^ {_mix(key, 3, second, half)})"
        fourth = f"({second} ^ {_mix(key, 4, third, half)})"
        return f"(({third} << {half}) | {fourth})"

    def whole(self, token: str, column: ColumnType) -> str:
        if not column.signed:
            return token
        if column.bits == 64:
            return f"CAST({token} AS SIGNED)"
        sign = 1 << (column.bits - 1)
        return f"(CAST({token} ^ {sign} AS SIGNED) - {sign})"

    def position(self, sql: str, column: ColumnType) -> str:
        if column.kind is Kind.DATE:
            return f"DATEDIFF({sql}, DATE'{FIRST_DAY}')"
        return f"TIMESTAMPDIFF(MICROSECOND, {_CENTRE}, {sql})"

    def moment(self, position: str, size: int, token: str, column: ColumnType) -> str:
        units = f"({position} - CAST({position} & {size - 1} AS SIGNED) + CAST({token} AS SIGNED))"
        if column.kind is Kind.DATE:
            return f"CAST(DATE'{FIRST_DAY}' + INTERVAL {units} DAY AS CHAR)"
        return _shown(f"TIMESTAMPADD(MICROSECOND, {units}, {_CENTRE})", column)


def _mix(key: Key, place: int, low: str, half: int) -> str:
    """A round's hash (permutation.py) of a half."""
    hashed = f"SHA2(CONCAT({mariadb_key(f'{key.name}_{place}')}, CAST({low} + {padding(half)} AS CHAR)), 256)"
    return f"CAST(CONV(LEFT({hashed}, {half // 4}), 16, 10) AS UNSIGNED)"


def _pattern(pattern: str) -> str:
    """A pattern that tells upper from lower case, whatever the collation."""
    return literal(f"(?-i){pattern}")


def _shown(sql: str, column: ColumnType) -> str:
    return f"CONCAT({sql}, 'Z')" if column.text == _ZONED else f"CAST({sql} AS CHAR)"
