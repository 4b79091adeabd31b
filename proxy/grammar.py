"""The kinds of syntax a person may write, as data: what is not named here is refused.

Names are sqlglot's node classes. Functions have their own list (functions.py) beside the few that
sqlglot gives a class of their own; nothing here reads, writes or locks anything.
"""

_QUERIES = """
    CTE Distinct Except Fetch Filter From Group GroupingSets Cube Rollup Having HavingMax Intersect Join Lateral Limit
    Offset Order Ordered Qualify Select Subquery Table TableAlias TableSample Union Unnest Values Where Window
    WindowSpec With WithinGroup Alias Aliases Star Tuple
"""
_EXPRESSIONS = """
    Add All Any And AtTimeZone Between BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor
    Boolean Bracket Case Cast Column ColumnDef Columns Comprehension DPipe DataType DataTypeParam Div Dot EQ Escape
    Exists Extract GT GTE Glob Grouping ILike Identifier IgnoreNulls In IntDiv Interval Is JSONPath JSONPathKey
    JSONPathRoot JSONPathSubscript JSONPathWildcard JSONPathSlice JSONPathRecursive LT LTE Lambda Like Literal Mod
    Mul NEQ Neg Not Null NullSafeEQ NullSafeNEQ Or Paren Placeholder PositionalColumn PropertyEQ RegexpILike
    RegexpLike RespectNulls SimilarTo Slice Sub TryCast Var Xor
"""
_FUNCTIONS = """
    Abs Acos Anonymous AnonymousAggFunc AnyValue ApproxDistinct ApproxQuantile ArgMax ArgMin Array ArrayAgg ArrayAppend
    ArrayConcat ArrayContains ArrayContainsAll ArrayDistinct ArrayFilter ArrayIntersect ArrayMax ArrayMin ArrayOverlaps
    ArrayPosition ArrayPrepend ArrayReverse ArraySize ArraySlice ArraySort ArrayToString Ascii Asin Atan Atan2 Avg
    BitLength BitwiseAndAgg BitwiseOrAgg BitwiseXorAgg Cbrt Ceil Chr Coalesce Concat ConcatWs Contains Corr Cos Cosh Cot
    Count CountIf CovarPop CovarSamp CumeDist DateAdd DateBin DateDiff DateFromParts DateSub DateTrunc Day DayOfMonth
    DayOfWeek DayOfWeekIso DayOfYear Dayname Decode Degrees DenseRank Encode EndsWith Exp Explode Factorial First
    FirstValue Flatten Floor Format FromBase64 GenerateSeries Greatest GroupConcat Hex Hour If IsInf IsNan JSONArray
    JSONExtract JSONExtractScalar JSONKeys JSONObject JSONKeyValue JSONType Kurtosis Lag Last LastDay LastValue Lead
    Least Left Length Levenshtein Ln Log LogicalAnd LogicalOr Lower MD5 Map MapFromEntries MapKeys Max Median Min Minute
    Mode Month Monthname NthValue Ntile Nullif Pad PercentRank PercentileCont PercentileDisc Pi Pow Quantile Quarter
    Radians Rank Reduce RegexpExtract RegexpExtractAll RegexpFullMatch RegexpReplace RegexpSplit RegrAvgx RegrAvgy
    RegrCount RegrIntercept RegrR2 RegrSlope RegrSxx RegrSxy RegrSyy Repeat Replace Reverse Right Round RowNumber SHA
    SHA2 Second Sign Sin Sinh Skewness Split SplitPart Sqrt StartsWith Stddev StddevPop StddevSamp StrPosition
    StrToTime Struct StructExtract Substring Sum Tan Tanh TimeFromParts TimeToStr TimeToUnix TimestampFromParts
    TimestampTrunc ToBase64 ToDays ToMap Transform Translate Trim Trunc Typeof Unhex Unicode UnixToTime Upper Variance
    VariancePop Week WeekOfYear Year
"""

ROOTS = frozenset({"Select", "Union", "Except", "Intersect", "Subquery", "Values"})
"""What a statement may be."""

NODES = frozenset((_QUERIES + _EXPRESSIONS + _FUNCTIONS).split())
"""Every node class a statement may hold."""

INSTEAD = {
    "Pivot": "aggregate with `filter (where ..)` for each column instead",
    "Into": "a query only reads; keep the result on your side instead",
    "Lock": "a query only reads; leave out FOR UPDATE",
    "Command": "only SELECT, WITH, VALUES and set operations are answered",
    "Describe": "ask for the columns with `describe()` of the client or GET /api/v1/datasets/DB/DATASET",
    "Summarize": "aggregate the columns you need with SELECT",
    "Show": "list datasets with `datasets()` of the client or GET /api/v1/datasets",
    "CurrentDate": "pass the date as a parameter",
    "CurrentTimestamp": "pass the time as a parameter",
    "Rand": "random values are not available; sample on your side",
}
"""What works instead of some constructs that people try."""
