"""Within which stretch of time a date or timestamp is permuted, so that its token stays plausible.

Time is cut into blocks of a power of two of the type's unit, the centre one from 1880 (dates) or 1920
(timestamps) on: the days and moments of living people become days and moments of living people.
"""

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Blocks of 2**bits units, counted from the centre one, which is block 0.

    Only the whole blocks from `first` to `last`, inside what the type and a calendar of the years
    1 to 9999 can hold, have tokens; a value outside them becomes NULL.
    """

    bits: int
    first: int
    last: int
    units_a_second: int = 0
    to_units: str = ""
    from_units: str = ""

    @property
    def origin(self) -> int:
        """Where block 0 of a timestamp starts, in units since 1970."""
        return calendar.timegm((1920, 1, 1, 0, 0, 0)) * self.units_a_second


FIRST_DAY = date(1880, 1, 1)

DAYS = Period(bits=16, first=-10, last=44)
"""179 years: 1880-01-01 to 2059-06-06."""

PERIODS = {
    "TIMESTAMP": Period(  # 143 years, to September 2062
        bits=52, first=-13, last=55, units_a_second=10**6, to_units="epoch_us({})", from_units="make_timestamp({})"
    ),
    "TIMESTAMP WITH TIME ZONE": Period(
        bits=52, first=-13, last=55, units_a_second=10**6, to_units="epoch_us({})", from_units="make_timestamptz({})"
    ),
    "TIMESTAMP_NS": Period(  # 146 years, to 2066
        bits=62, first=-1, last=1, units_a_second=10**9, to_units="epoch_ns({})", from_units="make_timestamp_ns({})"
    ),
    "TIMESTAMP_MS": Period(  # 139 years, to 2059
        bits=42,
        first=-13,
        last=56,
        units_a_second=10**3,
        to_units="epoch_ms(TRY_CAST({} AS TIMESTAMP))",
        from_units="make_timestamp_ms({})",
    ),
    "TIMESTAMP_S": Period(  # 136 years, to 2056
        bits=32,
        first=-14,
        last=58,
        units_a_second=1,
        to_units="(epoch_ms(TRY_CAST({} AS TIMESTAMP)) // 1000)",
        from_units="make_timestamp_ms({} * 1000)",
    ),
}
"""By the type's name; the functions are the engine's own between a timestamp and its units."""
