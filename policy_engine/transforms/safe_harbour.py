"""phi_age(), phi_zip3(), phi_dob() and phi_date(): what HIPAA's safe harbour method leaves of ages, places and dates.

See 45 CFR 164.514(b)(2). Ages over 89 are one class, dates are years, and of a postal code three digits stay, or
000 where fewer than 20,000 people share them.
"""

import re
from datetime import date, datetime
from decimal import Decimal

from catalog.sources.calculator import value_of
from policy_engine.strength import Strength
from policy_engine.transforms.dates import truncated, truncated_sql
from policy_engine.transforms.emptying import text_literal
from policy_engine.transforms.periods import PERIODS
from policy_engine.transforms.spec import Arguments, Fragment, Place, Transform
from policy_engine.transforms.types import NUMBERS, ColumnType, Kind

OLDEST = 90

SMALL_AREAS = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893".split()
"""Three-digit ZIP codes of 20,000 people or fewer in the census of 2000, as the HHS guidance lists them."""

ZIP = "([0-9]{3})(?:[0-9]{2}(?:-?[0-9]{4})?)?"
_THIS_YEAR = "year(make_timestamp(epoch_us(now())))"


class _SafeHarbour(Transform):
    """What these transforms have in common: they generalize."""

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.GENERALIZE


class PhiAge(_SafeHarbour):
    """The transform `phi_age()`: ages of 90 and more become 90."""

    name = "phi_age"
    example = "phi_age() | INTEGER | 97"

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind in NUMBERS

    def render(self, sql: str, at: Place) -> Fragment:
        return Fragment(
            sql=f"TRY_CAST(CASE WHEN ({sql}) >= {OLDEST} THEN {OLDEST} ELSE ({sql}) END AS {at.column.text})"
        )

    def reference(self, value: object, at: Place) -> object:
        assert isinstance(value, int | float | Decimal)
        # The engine holds NaN to be greater than every number.
        return OLDEST if value >= OLDEST or value != value else value


class PhiZip3(_SafeHarbour):
    """The transform `phi_zip3()`: the first three digits of a US postal code, 000 for areas of few people.

    A number is read as five digits, or as nine where it has more; a text that is no such code becomes NULL.
    """

    name = "phi_zip3"
    example = "phi_zip3() | VARCHAR | 98104-1205"

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind in (Kind.TEXT, Kind.INTEGER)

    def render(self, sql: str, at: Place) -> Fragment:
        if at.column.kind is Kind.TEXT:
            areas = ", ".join(map(text_literal, SMALL_AREAS))
            area = f"left({sql}, 3)"
            case = f"CASE WHEN {area} IN ({areas}) THEN '000' ELSE {area} END"
            return Fragment(sql=f"CAST(CASE WHEN regexp_full_match({sql}, '{ZIP}') THEN {case} END AS VARCHAR)")
        areas = ", ".join(str(int(area)) for area in SMALL_AREAS)
        number = f"({sql})::{'UHUGEINT' if at.column.text == 'UHUGEINT' else 'HUGEINT'}"
        area = f"CASE WHEN {number} BETWEEN 0 AND 99999 THEN {number} // 100"
        area += f" WHEN {number} BETWEEN 100000 AND 999999999 THEN {number} // 1000000 END"
        return Fragment(sql=f"TRY_CAST(CASE WHEN ({area}) IN ({areas}) THEN 0 ELSE ({area}) END AS {at.column.text})")

    def reference(self, value: object, at: Place) -> object:
        if isinstance(value, str):
            found = re.fullmatch(ZIP, value)
            return None if found is None else "000" if found[1] in SMALL_AREAS else found[1]
        assert isinstance(value, int)
        if not 0 <= value <= 999_999_999:
            return None
        area = value // 100 if value <= 99_999 else value // 1_000_000
        return 0 if f"{area:03}" in SMALL_AREAS else area


class PhiDate(_SafeHarbour):
    """The transform `phi_date()`: the first of January of the same year."""

    name = "phi_date"
    example = "phi_date() | DATE | 2026-05-17"

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.DATE or column.text in PERIODS

    def render(self, sql: str, at: Place) -> Fragment:
        return Fragment(sql=truncated_sql(sql, "year", at.column))

    def reference(self, value: object, at: Place) -> object:
        return truncated(value, "year")


class PhiDob(PhiDate):
    """The transform `phi_dob()`: the first of January of the year of birth; whoever may be 90 shares one year.

    That year is reckoned from the day on which a query runs, in UTC.
    """

    name = "phi_dob"
    example = "phi_dob() | DATE | 1958-05-17"

    def render(self, sql: str, at: Place) -> Fragment:
        year = truncated_sql(sql, "year", at.column)
        oldest = f"make_date({_THIS_YEAR} - {OLDEST}, 1, 1)"
        if at.column.text == "TIMESTAMP WITH TIME ZONE":
            oldest = f"make_timestamptz(epoch_us({oldest}::TIMESTAMP))"
        return Fragment(
            sql=f"CASE WHEN ({sql}) IS NOT NULL THEN TRY_CAST(greatest({year}, {oldest}) AS {at.column.text}) END"
        )

    def reference(self, value: object, at: Place) -> object:
        # The clock is the engine's in both forms, so that judging itself never asks what time it is.
        oldest = int(str(value_of(_THIS_YEAR))) - OLDEST
        year = truncated(value, "year")
        assert isinstance(year, date)
        return max(year, year.replace(year=oldest) if isinstance(year, datetime) else date(oldest, 1, 1))
