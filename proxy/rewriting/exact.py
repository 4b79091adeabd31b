"""Tells of which expressions values that compare as equal are the same, so that it makes no difference which is met.

To an engine 0.0 and -0.0 are alike, a month and thirty days, and under a collation `a` and `A`. Of such values it shows
the one that it meets first, and leaves several in the order in which it meets them.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlglot import exp

from catalog.names import fold
from proxy.fencing.families import BOOLEAN_FORMS, PARTS, WIDE, Families, bare, family, results

EXACT_TYPES = frozenset(
    "BIGINT BIT BLOB BOOLEAN DATE DECIMAL ENUM HUGEINT INTEGER SMALLINT TIME TIMESTAMP TIMESTAMP_MS TIMESTAMP_NS "
    "TIMESTAMP_S TINYINT UBIGINT UINTEGER USMALLINT UTINYINT UUID VARCHAR".split()
) | {"TIMESTAMP WITH TIME ZONE"}
"""Types of which values that compare as equal are told in the same way, and what is made of two of them as well."""

_WHOLE = frozenset("BIGINT HUGEINT INTEGER SMALLINT TINYINT UBIGINT UINTEGER USMALLINT UTINYINT".split())
_EXACT_FAMILIES = frozenset({"boolean", "date", "decimal", "integer", "text", "timestamp", WIDE})
_NUMBER_FAMILIES = frozenset({"boolean", "decimal", "integer", WIDE})
_MOST_DIGITS = 29  # a sum has room for 38, and so for 10^9 of these
_LONG = 19  # digits of 64 bits
_AMOUNT, _LONGEST_AMOUNT = 9, 15
"""How many digits amounts of money have, in columns that have room for fifteen at most."""
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "UTINYINT": 3, "USMALLINT": 5, "UINTEGER": 10}
_DIGITS_OF_TARGETS = {
    exp.DType.INT: _DIGITS["INTEGER"],
    **{exp.DType[name]: _DIGITS[name] for name in ("TINYINT", "SMALLINT", "BIGINT")},
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),")
_NUMBER_TARGETS = frozenset(
    {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.INT128, exp.DType.DECIMAL}
)
_TARGETS = _NUMBER_TARGETS | {
    *(exp.DType.BOOLEAN, exp.DType.TEXT, exp.DType.VARCHAR, exp.DType.DATE, exp.DType.UUID),
    *(exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ),
}
_OF_TEXT = frozenset(
    "char_length character_length contains dayname ends_with instr lcase left len length lower lpad ltrim md5 "
    "monthname pad position regexp_extract regexp_matches regexp_replace replace reverse right rpad rtrim sha256 "
    "starts_with str_position strftime strip_accents substr substring time_to_str trim ucase upper".split()
)
_OF_DAYS = frozenset(
    "date_diff datediff day dayofmonth dayofweek dayofyear hour minute month quarter week year".split()
)
_RANKS = frozenset({"cume_dist", "dense_rank", "percent_rank", "rank", "rank_dense", "row_number"})
_NAMED = _OF_TEXT | _OF_DAYS | _RANKS
"""Functions that give texts, truth or whole numbers, or shares of a number of rows, whatever they are given."""

_AS_ARGUMENTS = (
    *(exp.Coalesce, exp.Greatest, exp.Least, exp.Max, exp.Min, exp.Nullif, exp.AnyValue, exp.DPipe, exp.Concat),
    *(exp.DateTrunc, exp.TimestampTrunc, exp.Distinct, exp.Filter, exp.Window),
)
"""What gives one of its arguments, or something of their types."""
_FIRST_ALONE = (exp.DateTrunc, exp.TimestampTrunc, exp.Filter, exp.Window)
_CALCULATED = (exp.Add, exp.Sub, exp.Mul, exp.Neg)
_IN_WHOLE = (exp.IntDiv, exp.Mod)  # of decimals these may be doubles
_OF_STARS = frozenset({"except_", "replace", "rename"})
_SURE = (exp.Null, exp.Boolean, exp.Count, exp.CountIf, exp.LogicalAnd, exp.LogicalOr, *BOOLEAN_FORMS)
_SHORT = re.compile(r"(?=[\d.]{1,18}\Z)\d*\.?\d*", re.ASCII)


def is_exact_type(type_name: str) -> bool:
    """Whether values of a type that compare as equal are told in the same way.

    Example:
        >>> [is_exact_type(name) for name in ("DECIMAL(9,2)", "DOUBLE", "INTERVAL", "DOUBLE[]")]
        [True, False, False, False]
    """
    return type_name.partition("(")[0] in EXACT_TYPES and not type_name.endswith("]")


class Exact:
    """What is exact in one statement, by what its names mean, `aliases` among them; `has_exact_columns` says that all
    columns of its datasets are.

    Example:
        >>> from proxy.reading.statement import read
        >>> found = Exact(Families({"a": "integer"}), {}, has_exact_columns=True)
        >>> [found.holds(item) for item in read("select a % 2, a / 2, 0 / a, sum(a), b from t").tree.expressions]
        [True, True, False, True, False]
    """

    def __init__(self, known: Families, aliases: Mapping[str, Sequence[exp.Expr]], *, has_exact_columns: bool) -> None:
        self._known = known
        self._aliases = aliases
        self._has_exact_columns = has_exact_columns
        self._asked: dict[tuple[str, str], bool] = {}
        self._longest: dict[str, float] = {}
        self._whole: dict[int, tuple[exp.Expr, bool]] = {}
        """By the number of a node, with the node, as each factor of a long product is asked about."""
        self._sums: dict[int, tuple[exp.Expr, bool]] = {}
        self._queries: dict[int, tuple[exp.Expr, bool]] = {}

    def holds(self, node: exp.Expr) -> bool:
        """Whether equal values of an expression are the same."""
        node = bare(node.unalias())
        if isinstance(node, exp.Case):
            return self.hold(results(node))
        if isinstance(node, exp.Literal):
            return _is_text_alone(node) if node.is_string else _is_short(node)
        if isinstance(node, exp.Star):
            return self._is_exact_star(node)
        if isinstance(node, exp.Column):
            return self._is_exact_column(node)
        if isinstance(node, exp.Cast):
            return node.to.this in _TARGETS
        if isinstance(node, _AS_ARGUMENTS):
            return self.hold([node.this] if isinstance(node, _FIRST_ALONE) else node.iter_expressions())
        if isinstance(node, exp.Avg | exp.Sum):
            return self.adds_up(node)
        if isinstance(node, exp.Div):
            return self._is_number(node.this) and _is_above_nothing(node.expression)
        if isinstance(node, exp.Extract):
            return node.name.lower() in PARTS
        if isinstance(node, exp.Add | exp.Sub) and isinstance(bare(node.expression), exp.Interval):
            return self.holds(node.this)
        if isinstance(node, exp.Anonymous):
            return node.name.lower() in _NAMED
        is_named = isinstance(node, exp.Func) and not _NAMED.isdisjoint(name.lower() for name in node.sql_names())
        return is_named or isinstance(node, _SURE) or self._is_number(node) or self._kind(node) in _EXACT_FAMILIES

    def hold(self, nodes: Iterable[exp.Expr]) -> bool:
        """Whether equal values of each of these are the same."""
        return all(map(self.holds, nodes))

    def holds_of(self, query: exp.Expr) -> bool:
        """Whether equal values of each column of a query are the same; each link of a chain of UNION is asked of."""
        if id(query) not in self._queries:
            self._queries[id(query)] = query, self._is_exact_query(query)
        return self._queries[id(query)][1]

    def _is_exact_query(self, query: exp.Expr) -> bool:
        if isinstance(query, exp.SetOperation):
            return self.holds_of(query.this) and self.holds_of(query.expression)
        if isinstance(query, exp.Subquery):
            return self.holds_of(query.this)
        return isinstance(query, exp.Select) and self.hold(query.expressions)

    def adds_up(self, node: exp.Expr) -> bool:
        """Whether a sum or an average is the same in any order of its numbers: doubles are rounded on the way, and the
        largest numbers overflow.
        """
        if id(node) not in self._sums:
            of = bare(node.this)
            numbers = of.expressions if isinstance(of, exp.Distinct) else [of]
            self._sums[id(node)] = node, len(numbers) == 1 and self._digits(numbers[0]) <= _MOST_DIGITS
        return self._sums[id(node)][1]

    def _digits(self, node: exp.Expr) -> float:
        """How many digits a number has at most, those behind its point too; infinite where nothing tells, of doubles
        and of what is no number.
        """
        node = bare(node)
        if isinstance(node, exp.Case):
            return max(map(self._digits, results(node)), default=math.inf)
        if isinstance(node, exp.Coalesce | exp.Max | exp.Min):
            return max(map(self._digits, node.iter_expressions()))
        if isinstance(node, exp.Cast):
            return _DIGITS_OF_TARGETS.get(node.to.this, math.inf)
        if isinstance(node, exp.Neg):
            return self._digits(node.this)
        if isinstance(node, exp.Add | exp.Sub):
            return 1 + max(map(self._digits, node.iter_expressions()))
        if isinstance(node, exp.Mul):
            sides = [self._digits(side) for side in node.iter_expressions()]
            return _LONG if max(sides) <= _LONG and self._is_whole(node) else sum(sides)  # one of 64 bits, or it raises
        if isinstance(node, _IN_WHOLE):
            return max(map(self._digits, node.iter_expressions())) if self._is_whole(node) else math.inf
        if isinstance(node, exp.Literal):
            return len(node.name.replace(".", "")) if self._is_number(node) else math.inf
        if isinstance(node, exp.Null):
            return 0
        if isinstance(node, exp.Column) and (type_name := self._type(node)):
            return _digits_of_type(type_name)
        if self._kind(node) in ("boolean", "integer"):
            return _LONG
        return self._digits_of_alias(node) if isinstance(node, exp.Column) else math.inf

    def _digits_of_alias(self, node: exp.Column) -> float:
        """Those of the longest of all that a name is an alias of."""
        name = fold(node.name)
        if not self._is_alias(node):
            return math.inf
        if name not in self._longest:
            self._longest[name] = math.inf  # while it is asked of itself
            self._longest[name] = max(map(self._digits, self._aliases[name]))
        return self._longest[name]

    def _is_number(self, node: exp.Expr) -> bool:
        """Whether an expression is a whole number or a decimal, or NULL."""
        node = bare(node)
        if isinstance(node, exp.Case):
            return all(map(self._is_number, results(node)))
        if isinstance(node, exp.Literal):
            return _is_short(node)
        if isinstance(node, exp.Cast):
            return node.to.this in _NUMBER_TARGETS
        if isinstance(node, (*_CALCULATED, exp.Coalesce)):
            return all(map(self._is_number, node.iter_expressions()))
        if isinstance(node, _IN_WHOLE):
            return all(map(self._is_whole, node.iter_expressions()))
        if isinstance(node, exp.Sum | exp.Max | exp.Min | exp.Filter | exp.Window | exp.Round):
            return self._is_number(node.this)
        if isinstance(node, exp.Column) and self._type(node).partition("(")[0] in {*_WHOLE, "DECIMAL"}:
            return not self._type(node).endswith("]")
        if isinstance(node, exp.Column) and self._means(node, "number", self._is_number):
            return True
        return isinstance(node, exp.Null | exp.Count | exp.CountIf) or self._kind(node) in _NUMBER_FAMILIES

    def _is_whole(self, node: exp.Expr) -> bool:
        if id(node) not in self._whole:
            self._whole[id(node)] = node, self._is_surely_whole(bare(node))
        return self._whole[id(node)][1]

    def _is_surely_whole(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.Literal):
            return not node.is_string and "." not in node.name and self._is_number(node)
        if isinstance(node, (*_CALCULATED, *_IN_WHOLE)):
            return all(map(self._is_whole, node.iter_expressions()))
        if isinstance(node, exp.Column) and self._type(node) in _WHOLE:
            return True
        return isinstance(node, exp.Count) or self._kind(node) == "integer"

    def _is_exact_star(self, star: exp.Star) -> bool:
        """What it leaves out or calls otherwise is a column; what it puts in the place of one may be anything."""
        is_known = {key for key, value in star.args.items() if value} <= _OF_STARS
        return is_known and self._has_exact_columns and self.hold(star.args.get("replace") or ())

    def _is_exact_column(self, node: exp.Column) -> bool:
        if isinstance(node.this, exp.Star):
            return self._is_exact_star(node.this)
        if is_exact_type(self._type(node)) or self._kind(node) in _EXACT_FAMILIES:
            return True
        return self._means(node, "exact", self.holds)

    def _means(self, node: exp.Column, what: str, holds: Callable[[exp.Expr], bool]) -> bool:
        """Whether something holds of all that a name is an alias of."""
        name = fold(node.name)
        if not self._is_alias(node):
            return False
        if (what, name) not in self._asked:
            self._asked[what, name] = False  # while it is asked of itself
            self._asked[what, name] = all(map(holds, self._aliases[name]))
        return self._asked[what, name]

    def _is_alias(self, node: exp.Column) -> bool:
        name = fold(node.name)
        is_name = isinstance(node.this, exp.Identifier) and len(node.parts) < 3 and name not in self._known.unclear
        return is_name and name in self._aliases

    def _kind(self, node: exp.Expr) -> str | None:
        return family(node, self._known)

    def _type(self, node: exp.Column) -> str:
        is_name = isinstance(node.this, exp.Identifier) and not node.args.get("db")
        return self._known.types.get(fold(node.name), "") if is_name else ""


def _is_above_nothing(node: exp.Expr) -> bool:
    """Whether an expression is no number below zero, nor one so large that what it divides would become -0.0."""
    node = bare(node)
    return isinstance(node, exp.Count) or (isinstance(node, exp.Literal) and _is_short(node))


def _is_short(literal: exp.Literal) -> bool:
    """Whether what is written is a number of few digits, without an exponent."""
    return not literal.is_string and _SHORT.fullmatch(literal.name) is not None


def _is_text_alone(node: exp.Expr) -> bool:
    """Whether a text that is written in a query is no number below zero, nor NaN: beside doubles it is one of them."""
    text = node.name.strip().lower()
    return not text.startswith(("-", "+", "nan"))


def _digits_of_type(type_name: str) -> float:
    if found := _DECIMAL.match(type_name):
        digits = int(found[1])
        return min(digits, _AMOUNT) if digits <= _LONGEST_AMOUNT else digits
    return _DIGITS.get(type_name, math.inf)
