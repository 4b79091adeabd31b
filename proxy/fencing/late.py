"""Finds what may raise in a query and yet tells nothing, as it is worked out last: in the sums of its outermost SELECT.

An expression that may raise tells of rows it should not have met in two ways: it raises on one of them, or it is not
run at all, since something beside or above it was known to be empty from what the engine knows of all rows. In an
aggregate of the outermost SELECT, or in a column that only such an aggregate reads, there is nothing above it, and all
that stands before it (WHERE, joins, other queries) merely chooses its rows, which are the same whatever is hidden. So
such a query needs no fence, as long as the expression itself

- is run on no row that is filtered out or finds no partner: `__internal_barrier` is the engine's own promise of that;
- is run on all others: what its columns hold is kept back by `TRY`, so that no part of it is known beforehand. Else the
  engine would leave `cast(name AS INT)` out of `a > 9 AND cast(name AS INT) = 1` where no row, hidden or not, has such
  an `a`. That holds for columns that are shown as they are; of `x IS NULL`, of a mask and of all else that is worked
  out of a column the engine may know the value beforehand, within a TRY too.

Both stand around each column where the expression uses it, and nowhere else: conditions and joins see the bare column,
so that the engine can use them as early as it likes. Whatever is not surely of this form is fenced (barrier.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache, cached_property

from sqlglot import exp

from catalog.names import fold
from proxy.fencing.barrier import harmful
from proxy.fencing.families import Families
from proxy.reading.functions import CALLABLE, TABLE_FUNCTIONS

BARRIER = "__internal_barrier"
"""The engine's function that keeps an expression behind what removes rows; it gives what it is given."""

_PARTS = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Placeholder, exp.Paren, exp.Alias, exp.Var),
    *(exp.Neg, exp.Not, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.And, exp.Or, exp.Is, exp.Like),
    *(exp.ILike, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between),
    *(exp.In, exp.Case, exp.If, exp.Coalesce, exp.Cast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Extract),
    *(exp.Pow, exp.Substring, exp.Trim, exp.Replace, exp.StartsWith, exp.StrPosition, exp.Anonymous, exp.Filter),
    *(exp.Where, exp.Distinct, exp.AnyValue, exp.Avg, exp.Count, exp.Max, exp.Min, exp.Sum, exp.Ordered),
)
_OF_DEEPEST = frozenset("distinct expressions from_ group joins limit offset order where with_".split())
_OF_OUTER = _OF_DEEPEST - {"joins", "where"}
_OF_DERIVED = frozenset({"this", "alias"})
_BARE = (exp.Column, exp.Star, exp.Literal)
_AGGREGATES = (exp.AnyValue, exp.Avg, exp.Count, exp.Max, exp.Min, exp.Sum, exp.Filter)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Place:
    """An item, a key of groups or of order of one SELECT of the chain, and what in it may raise."""

    depth: int
    top: exp.Expr
    loud: list[exp.Expr] = field(default_factory=list)

    @property
    def is_bare(self) -> bool:
        """Whether nothing is worked out here."""
        return isinstance(self.top.this if isinstance(self.top, exp.Ordered) else self.top.unalias(), _BARE)


class _Chain:
    """The outermost SELECT, and within it the one that it reads from, as long as that is all it reads from."""

    def __init__(self, tree: exp.Expr) -> None:
        self.selects = list(_selects(tree))
        self.is_aggregated = [_is_aggregated(select) for select in self.selects]
        self.places = {
            id(top): _Place(depth=depth, top=top)
            for depth, select in enumerate(self.selects)
            for top in (*select.expressions, *_keys(select, "group"), *_keys(select, "order"))
        }

    def place(self, node: exp.Expr) -> _Place | None:
        """Where a node stands, if no other query lies between."""
        return self._by_node.get(id(node))

    @cached_property
    def _by_node(self) -> Mapping[int, _Place]:
        """The place of each node, found once: a chain of operators is as deep as it is long."""
        return {
            id(node): place
            for place in self.places.values()
            for node in place.top.walk(prune=_is_query)
            if not _is_query(node)
        }

    def is_open(self, deepest: int) -> bool:
        """Whether no SELECT chooses among the rows of a deeper one, and so leaves out what is worked out there."""
        outer, last = self.selects[:deepest], self.selects[deepest]
        tops = (place.top for place in self.places.values() if place.depth <= deepest)
        return (
            all(_has_only(select, _OF_OUTER) for select in outer)
            and _has_only(last, _OF_DEEPEST)
            and not any(map(_is_limited, self.selects[1 : deepest + 1]))
            and not any(top.find(exp.Window, exp.Query, exp.Unnest, exp.Explode) for top in tops)
        )

    def is_read_whole(self, depth: int) -> bool:
        """Whether an outer SELECT gives its first row when it has read all rows of the one at this depth."""
        return any(self.is_aggregated[:depth])


def late_columns(tree: exp.Expr, known: Families, plain: Set[str]) -> tuple[exp.Column, ...] | None:
    """The columns to be kept late by `keep_late`, so that the harmful expressions of a query tell nothing.

    None where this does not suffice. `plain` are names of columns that are shown as they are: of a cell that is worked
    out, and of its fields, `TRY` does not keep back all.

    Example: in `select k, sum(a * b) from t where c > 5 group by k` those are `a` and `b` if `a * b` may overflow; for
    `select k from t where a * b > 5` there is no such way.
    """
    chain = _Chain(tree)
    for node in tuple(harmful(tree, known)):
        place = chain.place(node)
        if place is None or node.find(exp.Column) is None:
            return None
        place.loud.append(node)
    loud = [place for place in chain.places.values() if place.loud]
    deepest = max((place.depth for place in loud), default=0)
    if loud and (not chain.is_open(deepest) or _may_be_meant_elsewhere(tree, loud, chain)):
        return None
    for place in chain.places.values():  # an outer SELECT must not leave out a deeper column by what it knows
        if place.depth < deepest and not place.loud and not place.is_bare:
            place.loud.extend(place.top.find_all(exp.Column))
    kept = _all_of(_kept(place, chain) for place in chain.places.values() if place.loud)
    return kept if kept is not None and _are_plain(kept, tree, chain, plain, known.unclear) else None


def keep_late(columns: Iterable[exp.Column]) -> list[exp.Expr]:
    """Puts the engine's barrier and TRY around each column, in its place; returns what to give to `let_go`."""
    kept: list[exp.Expr] = []
    for column in columns:
        guarded = exp.Anonymous(this=BARRIER)
        column.replace(guarded)
        guarded.set("expressions", [exp.Anonymous(this="TRY", expressions=[column])])
        kept.append(guarded)
    return kept


def let_go(kept: Iterable[exp.Expr]) -> None:
    """Undoes `keep_late`."""
    for guarded in kept:
        guarded.replace(guarded.expressions[0].expressions[0])


def _selects(tree: exp.Expr) -> Iterator[exp.Select]:
    inner: exp.Expr | None = tree
    while isinstance(inner, exp.Select):
        yield inner
        source = inner.args.get("from_")
        table = source.this if isinstance(source, exp.From) and not inner.args.get("joins") else None
        inner = table.this if isinstance(table, exp.Subquery) and _has_only(table, _OF_DERIVED) else None


def _keys(select: exp.Select, clause: str) -> Sequence[exp.Expr]:
    found = select.args.get(clause)
    return found.expressions if isinstance(found, exp.Expr) else ()


def _has_only(query: exp.Expr, keys: frozenset[str]) -> bool:
    distinct = query.args.get("distinct")
    is_plain = not isinstance(distinct, exp.Distinct) or not distinct.args.get("on")
    return is_plain and not any(value for key, value in query.args.items() if key not in keys)


def _is_limited(select: exp.Select) -> bool:
    return any(select.args.get(key) for key in ("limit", "offset"))


def _is_aggregated(select: exp.Select) -> bool:
    """Whether a SELECT has read all its rows before it gives its first."""
    return bool(select.args.get("group")) or any(next(_aggregates(item), None) for item in select.expressions)


def _may_be_meant_elsewhere(tree: exp.Expr, loud: Iterable[_Place], chain: _Chain) -> bool:
    """Whether something beside an outer SELECT reads what may raise: WHERE and other items can name an alias too."""
    aliases: dict[str, dict[int, list[_Place]]] = {}
    for place in loud:
        if isinstance(place.top, exp.Alias):
            aliases.setdefault(fold(place.top.alias), {}).setdefault(place.depth, []).append(place)
    for column in tree.find_all(exp.Column):
        meant = [found for part in column.parts if (found := aliases.get(fold(part.name)))]
        where = chain.place(column) if meant else None
        if meant and (where is None or (not where.is_bare and any(_is_beside(where, found) for found in meant))):
            return True
    return False


def _is_beside(where: _Place, aliases: Mapping[int, Sequence[_Place]]) -> bool:
    """Whether one of these stands in the same SELECT, and elsewhere."""
    return aliases.get(where.depth, [where])[:2] != [where]


def _are_plain(kept: Sequence[exp.Column], tree: exp.Expr, chain: _Chain, plain: Set[str], unclear: Set[str]) -> bool:
    """Whether each column is a plain one, or another name for one, or for what is made of such within the chain."""
    aliases: dict[str, list[exp.Alias]] = {}
    for alias in tree.find_all(exp.Alias):
        aliases.setdefault(fold(alias.alias), []).append(alias)
    others = {fold(name.name) for table in tree.find_all(exp.TableAlias) for name in table.columns} | unclear
    others |= {fold(name.name) for join in tree.find_all(exp.Join) for name in join.args.get("using") or ()}

    surely = plain - aliases.keys() - others

    @cache
    def is_plain(name: str) -> bool:
        meanings = aliases.get(name, [])
        return name not in others and (name in plain or bool(meanings)) and all(map(means_plain, meanings))

    def means_plain(alias: exp.Alias) -> bool:
        place = chain.places.get(id(alias))
        is_other_name = isinstance(alias.this, exp.Column) and fold(alias.this.name) in surely
        return is_other_name or (place is not None and bool(place.loud))

    return all(is_plain(fold(column.name)) for column in kept) and ("*" not in unclear or not kept)


def _kept(place: _Place, chain: _Chain) -> Iterable[exp.Column] | None:
    """The columns of one place to be kept late; None where the place is none for what may raise."""
    if not all(map(_is_part, place.top.walk())):
        return None
    inside = {id(node) for aggregate in _aggregates(place.top) for node in aggregate.walk()}
    columns = list(place.top.find_all(exp.Column))
    is_read_whole = chain.is_read_whole(place.depth)
    if inside:  # a key beside a sum would be known, and the sum be left out for it
        is_inside = all(id(node) in inside for node in place.loud)
        is_last = is_inside or is_read_whole or not _is_limited(chain.selects[0])
        return columns if is_last and all(id(column) in inside for column in columns) else None
    is_key = chain.is_aggregated[place.depth]
    return columns if (is_read_whole or is_key) and not isinstance(place.top, exp.Ordered) else None


def _all_of(found: Iterable[Iterable[exp.Column] | None]) -> tuple[exp.Column, ...] | None:
    """Every column once, if each place has its own."""
    columns: dict[int, exp.Column] = {}
    for some in found:
        if some is None:
            return None
        columns.update((id(column), column) for column in some)
    return tuple(columns.values())


def _is_part(node: exp.Expr) -> bool:
    if isinstance(node, exp.Star):
        return isinstance(node.parent, exp.Count)
    if isinstance(node, exp.Column):
        return isinstance(node.this, exp.Identifier)
    if isinstance(node, exp.Anonymous):
        function = CALLABLE.get(node.name.lower())
        return function is not None and function.kind != "window" and node.name.lower() not in TABLE_FUNCTIONS
    return isinstance(node, _PARTS)


def _aggregates(node: exp.Expr) -> Iterator[exp.Expr]:
    """The outermost aggregates within an expression, each with its FILTER."""
    if _is_aggregate(node):
        yield node
        return
    for child in node.iter_expressions():
        yield from _aggregates(child)


def _is_query(node: exp.Expr) -> bool:
    return isinstance(node, exp.Query)


def _is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        function = CALLABLE.get(node.name.lower())
        return function is not None and function.kind == "aggregate"
    return isinstance(node, _AGGREGATES)
