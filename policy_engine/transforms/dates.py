"""date_trunc() and date_shift(): days and moments made coarser, or moved by as much for everything of one person."""

import calendar
from datetime import UTC, date, datetime, timedelta

from policy_engine.strength import Strength
from policy_engine.transforms.hashing import bytes_sql, canonical_bytes
from policy_engine.transforms.keys import Key, bound, hmac_sql
from policy_engine.transforms.periods import PERIODS
from policy_engine.transforms.spec import Arguments, Beside, Fragment, Parameter, Place, Takes, Transform
from policy_engine.transforms.types import ColumnType, Kind

_PARTS_OF_A_DAY = ("second", "minute", "hour")
UNITS = (*_PARTS_OF_A_DAY, "day", "week", "month", "quarter", "year")
HASH_DIGITS = 15
_SECONDS_A_DAY = 86_400
_ZONED = "TIMESTAMP WITH TIME ZONE"


class DateTrunc(Transform):
    """The transform `date_trunc(unit)`: the first day or moment of the year, quarter, month, week, day, hour..

    A moment with a time zone is cut in UTC, whatever zone a session is in.
    """

    name = "date_trunc"
    parameters = (Parameter(name="unit", takes=Takes.TEXT, choices=UNITS),)
    example = "date_trunc('month') | DATE | 1984-02-29"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.GENERALIZE

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        is_day = column.kind is Kind.DATE and arguments.text("unit") not in _PARTS_OF_A_DAY
        return is_day or column.text in PERIODS

    def render(self, sql: str, at: Place) -> Fragment:
        return Fragment(sql=truncated_sql(sql, at.arguments.text("unit"), at.column))

    def reference(self, value: object, at: Place) -> object:
        return truncated(value, at.arguments.text("unit"))


class DateShift(Transform):
    """The transform `date_shift(days, by)`: moved by 1 to `days` days, back or forth, the same for one `by` everywhere.

    The shift depends on the value of the column `by` alone, so that all dates of a person move together, in every
    table that knows the person by that value. Where `by` is NULL, or the shifted day could leave the years 1 to 9999,
    the date is NULL: a 9999-12-31 that means "never" would tell the shift.
    """

    name = "date_shift"
    parameters = (
        Parameter(name="days", takes=Takes.WHOLE, default=50, least=1, most=36_500),
        Parameter(name="by", takes=Takes.COLUMN),
    )
    example = "date_shift(days=>50, by=>patient) | DATE | 1984-02-29"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.PERTURB

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.DATE or column.text in PERIODS

    def render(self, sql: str, at: Place) -> Fragment:
        key, days, by = self._given(at)
        hashed = f"('0x' || substr({hmac_sql(key, bytes_sql(by.sql, by.column))}, 1, {HASH_DIGITS}))::BIGINT"
        # 0 .. 2n-1 becomes -n .. -1 and 1 .. n
        shift = f"(veil_shift - {days} + veil_shift // {days})"
        if at.column.kind is Kind.DATE:
            first, last = moments(days)
            within = f"({sql}) BETWEEN DATE '{first.date()}' AND DATE '{last.date()}'"
            moved = f"({sql}) + {shift}::INTEGER"
        else:
            period = PERIODS[at.column.text]
            units = period.to_units.format(sql)
            low, high = (_seconds(moment) * period.units_a_second for moment in moments(days))
            within = f"{units} BETWEEN {low} AND {high}"
            moved = period.from_units.format(f"({units} + {shift} * {_SECONDS_A_DAY * period.units_a_second})")
        case = f"CASE WHEN {within} THEN {moved} END"
        sql = bound("veil_shift", f"{hashed} % {2 * days}", case)
        return Fragment(sql=f"TRY(CAST({sql} AS {at.column.text}))", parameters=key.blocks())

    def reference(self, value: object, at: Place) -> object:
        key, days, by = self._given(at)
        if by.value is None:
            return None
        hashed = int(key.digest(canonical_bytes(by.value, by.column)).hex()[:HASH_DIGITS], 16) % (2 * days)
        shift = timedelta(hashed - days + hashed // days)
        low, high = moments(days)
        if isinstance(value, datetime):
            bare = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            return value + shift if low <= bare <= high else None
        assert isinstance(value, date)
        return value + shift if low.date() <= value <= high.date() else None

    def _given(self, at: Place) -> tuple[Key, int, Beside]:
        by = at.arguments.beside("by")
        assert by is not None
        return at.keys.key(self.name, ""), at.arguments.whole("days"), by


def truncated_sql(sql: str, unit: str, column: ColumnType) -> str:
    """A day or moment cut down to a unit, in its own type."""
    if column.text == _ZONED:
        moment = f"date_trunc('{unit}', make_timestamp(epoch_us({sql})))"
        return f"TRY(make_timestamptz(epoch_us({moment})))"
    return f"TRY_CAST(date_trunc('{unit}', {sql}) AS {column.text})"


def truncated(value: object, unit: str) -> object:
    """What `truncated_sql` gives for a value."""
    if isinstance(value, datetime):
        if unit in _PARTS_OF_A_DAY:
            kept = _PARTS_OF_A_DAY.index(unit)
            minute, second = value.minute if kept < 2 else 0, value.second if kept < 1 else 0
            return value.replace(minute=minute, second=second, microsecond=0)
        day = truncated(value.date(), unit)
        assert isinstance(day, date)
        return datetime(day.year, day.month, day.day, tzinfo=value.tzinfo)
    assert isinstance(value, date)
    match unit:
        case "year":
            return date(value.year, 1, 1)
        case "quarter":
            return date(value.year, (value.month - 1) // 3 * 3 + 1, 1)
        case "month":
            return date(value.year, value.month, 1)
        case "week":
            return value - timedelta(value.weekday())
        case _:
            return value


def moments(days: int) -> tuple[datetime, datetime]:
    """Between which moments a shift of so many days stays within the years 1 to 9999."""
    return datetime.min + timedelta(days), datetime.max.replace(microsecond=0) - timedelta(days)


def _seconds(moment: datetime) -> int:
    return calendar.timegm(moment.timetuple())
