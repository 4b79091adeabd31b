"""The kinds of syntax a person may write, as data: what is not named here is refused.

Names are sqlglot's node classes. Functions have their own list (functions.py), beside the few whose calls have a
syntax of their own; nothing here reads, writes or locks anything.
"""

_QUERIES = """
    Alias Aliases CTE Cube Describe Distinct Except Fetch Filter From Group GroupingSets Having Intersect Join
    Lateral Limit LimitOptions Offset Order Ordered Pivot PivotAlias Qualify Rollup Select Star Subquery Summarize
    Table TableAlias TableSample Tuple Union UnpivotColumns Unnest Values Where Window WindowSpec With WithinGroup
"""
_EXPRESSIONS = """
    Add All And Any ArrayContainedBy AtTimeZone Between BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr
    BitwiseRightShift Boolean Bracket Case Cast Column ColumnDef Columns Comprehension DPipe DataType DataTypeParam
    Div Dot EQ Escape Exists Extract GT GTE Glob ILike Identifier IgnoreNulls In IntDiv Interval Is JSONPath
    JSONPathKey JSONPathRecursive JSONPathRoot JSONPathSlice JSONPathSubscript JSONPathWildcard LT LTE Lambda Like
    Literal Mod Mul NEQ Neg Not Null NullSafeEQ NullSafeNEQ Or Paren Placeholder PositionalColumn PropertyEQ
    RegexpLike RespectNulls SimilarTo Slice Sub TryCast Var
"""
_FUNCTIONS = """
    Anonymous AnyValue Array ArrayContainsAll ArrayOverlaps Avg Coalesce Count Explode FirstValue GenerateSeries If
    JSONExtract JSONExtractScalar Lag LastValue Lead Map Max Min NthValue Overlay PercentileCont PercentileDisc Pow
    Replace StartsWith StrPosition Struct Substring Sum ToMap Trim
"""

ROOTS = frozenset({"Select", "Union", "Except", "Intersect", "Subquery", "Values"})
"""What a statement may be."""

NODES = frozenset((_QUERIES + _EXPRESSIONS + _FUNCTIONS).split())
"""Every node class a statement may hold."""

INSTEAD = {
    "Into": "a query only reads; keep the result on your side instead",
    "Lock": "a query only reads; leave out FOR UPDATE",
    "Command": "only SELECT, WITH, VALUES and set operations are answered",
    "Describe": "write DESCRIBE with a dataset or a SELECT",
    "Summarize": "write SUMMARIZE with a dataset or a SELECT",
    "Show": "write SHOW TABLES, SHOW ALL TABLES, SHOW DATABASES or SHOW with a dataset",
    "CurrentDate": "pass the date as a parameter",
    "CurrentTimestamp": "pass the time as a parameter",
    "CurrentTime": "pass the time as a parameter",
    "Rand": "random values are not available; sample on your side",
    "Uuid": "random values are not available; sample on your side",
    "Collate": "compare `lower(..)` or `strip_accents(..)` of both sides",
    "DataType": "cast to a type of the engine's own, such as INTEGER, VARCHAR or a STRUCT of those",
    "Table": "name the dataset alone, without versions, hints or file formats",
    "Use": "write `database.dataset`, or send the database with the request",
}
"""What works instead of some constructs that people try."""
