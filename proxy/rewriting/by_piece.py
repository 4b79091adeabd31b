"""Tells whether what a query works out of rows may fail by the piece: by the form in which an engine holds some rows.

Where all values of a piece are one, the engine holds that once. Functions that read such a piece otherwise than a mixed
one look at a word before they look at a day, or past a NULL, and raise in the one and not in the other. So whether a
query fails would tell where a piece ends, and what else is in it: raw values behind masks and filtered-out rows.
Calculations, casts and comparisons of plain values are worked out value by value in either form.
"""

from collections.abc import Iterable

from sqlglot import exp

from catalog.names import fold
from proxy.fencing.barrier import harmful
from proxy.fencing.families import PARTS, TARGETS, WIDE, Families, bare, family, results
from proxy.reading.functions import CALLABLE
from proxy.reading.grammar import OF_EACH_ROW

_NUMBERS = frozenset({"boolean", "decimal", "double", "integer", WIDE})
_MOMENTS = frozenset({"date", "timestamp"})
_WITHOUT_WORK = (
    *(exp.Alias, exp.And, exp.Boolean, exp.Column, exp.ColumnDef, exp.Columns, exp.DataType, exp.DataTypeParam),
    *(exp.Identifier, exp.Interval, exp.Lambda, exp.Literal, exp.Not, exp.Null, exp.Or, exp.Paren, exp.Placeholder),
    *(exp.PositionalColumn, exp.PropertyEQ, exp.Star, exp.Tuple, exp.Var, exp.TryCast, exp.Is),
    *(exp.Array, exp.Bracket, exp.Dot, exp.Struct),
)
"""Expressions that raise nothing themselves: names, values, what is put together of others or taken from them."""
_COMPARED = (
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Between, exp.Coalesce, exp.In),
)
_WRITTEN = (exp.Literal, exp.Null, exp.Boolean, exp.Interval)
_OF_NUMBERS = frozenset(
    "abs ceil ceiling corr covar_pop covar_samp favg floor fsum kahan_sum round sign stddev stddev_pop stddev_samp "
    "sumkahan var_pop var_samp variance".split()
)
"""Functions that make numbers of numbers, value by value."""
_AS_ARGUMENT = (exp.Coalesce, exp.Filter, exp.Max, exp.Min, exp.Window, exp.Subquery)
_CALCULATED = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg)


def raises_by_piece(tree: exp.Expr, known: Families) -> bool:
    """Whether some expression of a statement may raise or not by the form of a piece.

    Example:
        >>> from proxy.reading.statement import read
        >>> known = Families({"a": "integer", "s": "text"})
        >>> asked = ("1 // a", "s::int", "strptime(s, s)", "[s]::int")
        >>> [raises_by_piece(read(f"select {item} as x from t").tree, known) for item in asked]
        [False, False, True, True]
    """
    found = list(harmful(tree, known))
    if not found:
        return False
    kinds = _Kinds(tree, known)
    return any(_is_by_piece(node, kinds) for node in found)


def _is_by_piece(node: exp.Expr, kinds: "_Kinds") -> bool:
    if isinstance(node, exp.Anonymous):
        return kinds.of(node) is None and not _is_aggregate(node)
    if type(node).__name__ not in OF_EACH_ROW or isinstance(node, _WITHOUT_WORK):
        return False
    if isinstance(node, exp.Cast):
        return not _is_cast_by_value(kinds.of(node.this), _target(node))
    if isinstance(node, exp.If | exp.Case):
        return not kinds.are_alike(results(node) if isinstance(node, exp.Case) else _branches(node))
    if isinstance(node, exp.In) and node.args.get("query") is not None:
        return not kinds.are_alike([node.this, node.args["query"]])
    if isinstance(node, _COMPARED):
        return not kinds.are_alike(node.iter_expressions())
    if isinstance(node, exp.Extract):
        return not (node.name.lower() in PARTS and kinds.of(node.expression) in _MOMENTS)
    if isinstance(node, exp.DPipe):
        return not all(isinstance(part, exp.Literal) or kinds.of(part) == "text" for part in _sides(node))
    return not (isinstance(node, _CALCULATED) and kinds.of(node) is not None)


class _Kinds:
    """The families of a statement's expressions, of those too that may raise, and of the names of such."""

    def __init__(self, tree: exp.Expr, known: Families) -> None:
        self._known = known
        self._aliases: dict[str, list[exp.Expr]] = {}
        for alias in tree.find_all(exp.Alias):
            self._aliases.setdefault(fold(alias.alias), []).append(alias.this)
        self._found: dict[int, tuple[exp.Expr, str | None]] = {}
        """By the number of a node, with the node; of an alias within itself it is None."""

    def of(self, node: exp.Expr) -> str | None:
        node = bare(node)
        if id(node) not in self._found:
            self._found[id(node)] = node, None
            self._found[id(node)] = node, self._worked_out(node)
        return self._found[id(node)][1]

    def are_alike(self, parts: Iterable[exp.Expr]) -> bool:
        """Whether values become those of one family one by one; what is written is read when the query is."""
        found = [self.of(part) for part in parts if not isinstance(bare(part), _WRITTEN)]
        return all(kind is not None and _is_cast_by_value(found[0], kind) for kind in found)

    def _worked_out(self, node: exp.Expr) -> str | None:
        if isinstance(node, exp.Cast):
            return _target(node)
        if isinstance(node, _AS_ARGUMENT):
            return self.of(node.this)
        if isinstance(node, exp.Sum | exp.Avg):
            return WIDE if self.of(node.this) in _NUMBERS else None
        if isinstance(node, exp.Anonymous) and node.name.lower() in _OF_NUMBERS:
            is_of_numbers = all(
                self.of(part) in _NUMBERS for part in node.expressions if not isinstance(part, _WRITTEN)
            )
            return WIDE if is_of_numbers else None
        if isinstance(node, exp.Case):
            return self._of_all(part for part in results(node) if not isinstance(bare(part), _WRITTEN))
        if isinstance(node, exp.Select):
            return self.of(node.expressions[0].unalias()) if len(node.expressions) == 1 else None
        if isinstance(node, _CALCULATED):
            return self._of_calculation(_sides(node))
        found = family(node, self._known)
        if found is None and isinstance(node, exp.Column) and len(node.parts) < 3:
            name = fold(node.name)
            return None if name in self._known.unclear else self._of_all(self._aliases.get(name, ()))
        return found

    def _of_all(self, nodes: Iterable[exp.Expr]) -> str | None:
        """The family of the first, where the values of all become those of one."""
        found = [self.of(node) for node in nodes]
        return found[0] if found and all(_is_cast_by_value(found[0], kind) for kind in found) else None

    def _of_calculation(self, sides: list[exp.Expr]) -> str | None:
        """Of numbers one of them, and of a day or moment and a number of days or a length of time a moment."""
        found = [self.of(side) for side in sides if not isinstance(side, _WRITTEN)]
        if all(kind in _NUMBERS for kind in found):
            return found[0] if found else "decimal"
        if len(sides) == 2 and found[0] in _MOMENTS:
            is_length = isinstance(sides[1], exp.Interval)
            return "timestamp" if is_length else found[0] if found[1:] in (["integer"], []) else None
        return None


def _is_aggregate(node: exp.Anonymous) -> bool:
    function = CALLABLE.get(node.name.lower())
    return function is not None and function.kind == "aggregate"


def _sides(node: exp.Expr) -> list[exp.Expr]:
    return [bare(part) for part in node.iter_expressions()]


def _target(cast: exp.Cast) -> str | None:
    return "decimal" if cast.to.this is exp.DType.DECIMAL else TARGETS.get(cast.to.this)


def _branches(node: exp.If) -> list[exp.Expr]:
    return [] if isinstance(node.parent, exp.Case) else [node.args["true"], node.args.get("false") or exp.null()]


def _is_cast_by_value(one: str | None, other: str | None) -> bool:
    """Whether values of a family become those of another one by one, or each of them is refused."""
    if one is None or other is None:
        return other == "text"
    return one == other or "text" in (one, other) or {one, other} <= _NUMBERS or {one, other} <= _MOMENTS
