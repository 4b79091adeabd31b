"""The words of a row filter: operators, types, functions and facts about who asks, as lists that can be read.

Whatever is not here is refused. Each function is pure and total: the same arguments give the same value, and no
value of data makes it fail. Arithmetic may overflow, so it is bound to give NULL then.
"""

from collections.abc import Mapping
from types import MappingProxyType

from sqlglot import exp

OPERATORS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.And, exp.Or, exp.Not, exp.Paren, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.DPipe, exp.Case, exp.If),
        *(exp.Literal, exp.Boolean, exp.Null, exp.Column, exp.Dot, exp.Identifier),
        *(exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var),
    }
)

ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs)
"""What may overflow or divide by zero."""

_REASONS: Mapping[str, tuple[type[exp.Expr], ...]] = {
    "compares texts whatever their case and blanks": (exp.Lower, exp.Upper, exp.Trim),
    "looks into a text": (exp.StartsWith, exp.EndsWith, exp.Contains, exp.StrPosition, exp.Length),
    "takes a text apart or puts one together": (
        *(exp.Substring, exp.Left, exp.Right, exp.SplitPart, exp.Replace, exp.Concat),
    ),
    "chooses between its arguments": (exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least),
    "calculates with a number": (exp.Abs, exp.Round, exp.Floor, exp.Ceil),
    "takes a date or time apart": (
        *(exp.Year, exp.Quarter, exp.Month, exp.Day, exp.Hour, exp.DayOfWeek, exp.DayOfWeekIso),
    ),
    "compares dates and times in whole units": (exp.TimestampTrunc, exp.DateTrunc, exp.DateDiff),
    "looks into a list": (exp.ArrayContains,),
    "tells who asks and when": (exp.CurrentUser, exp.CurrentTimestamp, exp.CurrentDate),
}

FUNCTIONS: Mapping[type[exp.Expr], str] = MappingProxyType(
    {kind: reason for reason, kinds in _REASONS.items() for kind in kinds}
)
"""Each function that a filter may call, with what it is there for."""

FACTS: Mapping[str, str] = MappingProxyType(
    {
        "user_attribute": "one text in single quotes",
        "has_role": "one text in single quotes",
        "in_group": "one text in single quotes",
        "now": "no argument",
        "purpose": "no argument",
        "in_set": "a value, and a text in single quotes or `user_attribute('..')`",
        "has_tag": "a column, and a tag in single quotes",
        "columns_with_attribute": "a tag in single quotes",
    }
)
"""Functions about who asks, when, for what, and about tags, with what each takes; `current_user()` is syntax."""

UNITS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"})
UNIT_HOLDERS = (exp.TimestampTrunc, exp.DateTrunc, exp.DateDiff, exp.Interval)

TYPES = frozenset(
    {
        *(exp.DType.BOOLEAN, exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT),
        *(exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR),
        *(exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ),
        exp.DType.TIME,
    }
)
