"""Follows the columns of a view's query down to the relations that it reads, each part of it once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlglot import exp

from catalog.lineage_expressions import Expressions
from catalog.lineage_forms import parts_of
from catalog.lineage_names import Made, Origin, Origins, Scope, Source, in_part, renamed
from catalog.names import fold
from catalog.sources.view_sql import Unclear

_MOST_STEPS = 300_000
_CASELESS = frozenset({"duckdb", "sqlite"})
_CLAUSES = ("distinct", "where", "group", "having", "qualify", "windows", "order", "limit", "offset")

Columns = tuple[Made, ...]


class Trace:
    """Follows one view, in the dialect of its source."""

    def __init__(self, shapes: Mapping[tuple[str, str], Mapping[str, str]], dialect: str) -> None:
        self._shapes = shapes
        self._dialect = dialect
        self._expressions = Expressions(self._within, self._count)
        self._steps = 0

    def columns(self, query: exp.Query) -> Columns:
        """The columns of a query; raises Unclear."""
        return self._query(query, Scope(), None)

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise Unclear("it is too long to be followed")

    def _within(self, node: exp.Expr, scope: Scope) -> Origins:
        """What a query in an expression is made of: what its rows are chosen by as well."""
        touched = set[Origin]()
        made = self._query(node, scope, touched)
        return in_part(touched.union(*(each.origins for each in made)))

    def _query(self, node: exp.Expr, outer: Scope, touched: set[Origin] | None, *, is_sure: bool = True) -> Columns:
        """The columns of a query within another; what else it reads goes to `touched`."""
        outer = Scope(outer=outer, is_sure=is_sure, parts=outer.parts)
        self._name_parts(node, outer, touched)
        match node:
            case exp.Select():
                return self._select(node, outer, touched)
            case exp.SetOperation():
                made = self._paired(node, outer, touched)
            case exp.Subquery() if _holds_query(node):
                made = self._query(node.this, outer, touched)
            case exp.Values():
                return self._values(node, outer, touched)
            case _:
                raise Unclear("a query inside it is not understood")
        if touched is not None:
            self._touch(node, Scope(outer=outer, parts=outer.parts, sources=[Source("", made)]), touched)
        return made

    def _name_parts(self, node: exp.Expr, scope: Scope, touched: set[Origin] | None) -> None:
        """Puts the queries of a WITH into a scope, one after the other."""
        with_ = node.args.get("with_")
        if with_ is None:
            return
        for part in with_.expressions:
            name, names = fold(part.alias), [fold(each.name) for each in part.args["alias"].columns]
            if with_.recursive and _reads(part.this, name):
                made = self._recursive(part, names, scope, touched)
            else:
                made = renamed(self._query(part.this, scope, touched), names)
            known = None if name in scope.parts else (self._as_read(part.args["alias"].this), made)
            scope.parts = {**scope.parts, name: known}

    def _recursive(self, part: exp.CTE, names: Sequence[str], scope: Scope, touched: set[Origin] | None) -> Columns:
        """The columns of a query that reads itself: what is added to them is followed until nothing is."""
        if not names:
            raise Unclear("it reads from itself without naming its columns")
        made = tuple(Made(name, frozenset()) for name in names)
        while True:
            known = (self._as_read(part.args["alias"].this), made)
            inner = Scope(outer=scope, parts={**scope.parts, fold(part.alias): known})
            found = self._query(part.this, inner, touched)
            if len(found) != len(made):
                raise Unclear("it gives other names than there are columns")
            more = tuple(Made(old.name, old.origins | new.origins) for old, new in zip(made, found, strict=True))
            if more == made:
                return made
            made = more

    def _as_read(self, name: exp.Expr) -> str:
        """A name as the engine compares it."""
        if self._dialect in _CASELESS:
            return fold(name.name)
        return name.name.lower() if self._dialect == "postgres" and not name.args.get("quoted") else name.name

    def _paired(self, node: exp.SetOperation, scope: Scope, touched: set[Origin] | None) -> Columns:
        one, other = self._query(node.this, scope, touched), self._query(node.expression, scope, touched)
        if len(one) != len(other):
            raise Unclear("its parts differ in their columns")
        self._count(len(one))
        return tuple(Made(left.name, left.origins | right.origins) for left, right in zip(one, other, strict=True))

    def _values(self, node: exp.Values, scope: Scope, touched: set[Origin] | None) -> Columns:
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        if not rows or len({len(row) for row in rows}) != 1:
            raise Unclear("its parts differ in their columns")
        made = [[self._expressions.made(each, scope) for each in row] for row in rows]
        return tuple(Made(None, frozenset().union(*column)) for column in zip(*made, strict=True))

    def _select(self, node: exp.Select, outer: Scope, touched: set[Origin] | None) -> Columns:
        scope = Scope(
            outer=outer,
            parts=outer.parts,
            has_aliases=self._dialect == "duckdb",
            windows=node.args.get("windows") or (),
        )
        row = Source("", ())
        if (from_ := node.args.get("from_")) is not None:
            row = self._read(from_.this, scope, touched)
        for join in node.args.get("joins") or ():
            row = self._joined(row, join, scope, touched)
        all_of_it = touched is not None
        made = tuple(each for one in node.expressions for each in self._projected(one, scope, row, all_of_it))
        self._count(len(made))
        if touched is not None:
            scope.has_aliases = True
            self._touch(node, scope, touched)
            touched.update(*(each.origins for each in made))
        return made

    def _touch(self, node: exp.Expr, scope: Scope, touched: set[Origin]) -> None:
        for clause in _CLAUSES:
            value = node.args.get(clause)
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, exp.Window):
                    inner: Iterable[exp.Expr] = (part for part in each.iter_expressions() if part is not each.this)
                else:
                    inner = [each] if isinstance(each, exp.Expr) else []
                for part in inner:
                    touched |= self._expressions.made(part, scope, all_of_it=True)

    def _projected(self, node: exp.Expr, scope: Scope, row: Source, all_of_it: bool) -> Iterator[Made]:
        if isinstance(node, exp.Star):
            yield from self._starred(node, scope, row)
        elif isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            yield from self._starred(node.this, scope, _starred_source(node, scope))
        elif isinstance(node, exp.Alias):
            name = fold(node.alias)
            made = self._expressions.made(node.this, scope, is_whole=True, all_of_it=all_of_it)
            scope.aliases[name] = scope.aliases.get(name, frozenset()) | made
            yield Made(name, made)
        else:
            last = next(reversed(tuple(parts_of(node))), None)
            yield Made(last, self._expressions.made(node, scope, is_whole=True, all_of_it=all_of_it))

    def _starred(self, star: exp.Star, scope: Scope, row: Source) -> Iterator[Made]:
        if not row.is_whole or not scope.sources:
            raise Unclear("it takes all columns of something unknown")
        left_out = {_plain_name(each) for each in star.args.get("except_") or ()}
        new_names = {_plain_name(each.this): fold(each.alias) for each in star.args.get("rename") or ()}
        others = {
            fold(each.alias): self._expressions.made(each.this, scope, is_whole=True)
            for each in star.args.get("replace") or ()
        }
        for name in (*left_out, *new_names, *others):
            if len(row.find(name)) != 1:
                raise Unclear("it names one of several")
        self._count(len(row.columns))
        for each in row.columns:
            if each.name in others:
                yield Made(each.name, others[each.name])
            elif each.name not in left_out:
                yield Made(new_names.get(each.name or "", each.name), each.origins)

    def _read(self, node: exp.Expr, scope: Scope, touched: set[Origin] | None) -> Source:
        """Puts what is read into a scope; the columns of all of it, in order."""
        match node:
            case exp.Table():
                row = self._put(self._table(node, scope), scope)
            case exp.Subquery() if _holds_query(node):
                row = self._put(_named(node, self._query(node, scope, touched, is_sure=False)), scope)
            case exp.Subquery() if node.args.get("alias"):
                inner = Scope(outer=scope, is_sure=False, parts=scope.parts)
                joined = self._read_joins(node, self._read(node.this, inner, touched), inner, touched)
                return self._put(_named(node, joined.columns, is_whole=joined.is_whole), scope)
            case exp.Subquery() if not any(map(node.args.get, ("with_", "order", "limit", "offset", "sample"))):
                row = self._read(node.this, scope, touched)
            case exp.Lateral() if isinstance(node.this, exp.Subquery):
                row = self._put(_named(node, self._query(node.this, scope, touched)), scope)
            case exp.Lateral() | exp.Unnest():
                row = self._put(self._unnested(node, scope), scope)
            case exp.Values():
                row = self._put(_named(node, self._query(node, scope, touched, is_sure=False)), scope)
            case _:
                raise Unclear("it reads from something that is not understood")
        return self._read_joins(node, row, scope, touched)

    def _read_joins(self, node: exp.Expr, row: Source, scope: Scope, touched: set[Origin] | None) -> Source:
        for join in node.args.get("joins") or ():
            row = self._joined(row, join, scope, touched)
        return row

    def _put(self, source: Source, scope: Scope) -> Source:
        self._count(1 + len(source.columns))
        scope.sources.append(source)
        return source

    def _table(self, node: exp.Table, scope: Scope) -> Source:
        if not node.db:
            known = scope.parts.get(fold(node.name))
            if known is None or known[0] != self._as_read(node.this):
                raise Unclear("a part of it is called like what it reads")
            return _named(node, known[1])
        place = (fold(node.db), fold(node.name))
        if place not in self._shapes:
            raise Unclear("it reads from something that is not there")
        names = [fold(name) for name in self._shapes[place]]
        if len(set(names)) != len(names):
            raise Unclear("it reads from what has columns that differ in case alone")
        return _named(node, tuple(Made(name, frozenset({Origin(place, (name,), is_whole=True)})) for name in names))

    def _unnested(self, node: exp.Lateral | exp.Unnest, scope: Scope) -> Source:
        """Rows of lists or of a function: how many columns they have is not told, and each is made of all of it."""
        unnest = node.this if isinstance(node, exp.Lateral) else node
        taken = unnest.expressions if isinstance(unnest, exp.Unnest) else [unnest]
        inner = Scope(outer=scope, is_sure=False, parts=scope.parts)
        made = frozenset[Origin]().union(*(self._expressions.made(each, inner) for each in taken))
        alias = node.args.get("alias")
        offset = unnest.args.get("offset") if isinstance(unnest, exp.Unnest) else None
        names = [fold(each.name) for each in alias.columns] if alias else []
        names += [fold(offset.name) if isinstance(offset, exp.Identifier) else "ordinality"] if offset else []
        names += [] if alias and alias.columns else ["unnest", fold(node.alias)]
        return Source(fold(node.alias), tuple(Made(name, made) for name in names), is_whole=False)

    def _joined(self, left: Source, join: exp.Join, scope: Scope, touched: set[Origin] | None) -> Source:
        """The columns of what is joined, in order."""
        right = self._read(join.this, scope, touched)
        using = [_plain_name(each) for each in join.args.get("using") or ()]
        if str(join.args.get("method") or "").upper() == "NATURAL":
            if not (left.is_whole and right.is_whole) or left.may_have("") or right.may_have(""):
                raise Unclear("it joins by names that are not known")
            using = [each.name for each in left.columns if each.name and right.find(each.name)]
        if touched is not None:
            if (condition := join.args.get("on")) is not None:
                touched |= self._expressions.made(condition, scope, all_of_it=True)
            touched.update(*(made for name in using for made in (*left.find(name), *right.find(name))))
        if str(join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
            return left
        is_whole = left.is_whole and right.is_whole and not (using and self._dialect == "mysql")
        if not using:
            return Source("", (*left.columns, *right.columns), is_whole=is_whole)
        return Source("", self._merged(left, right, using), is_whole=is_whole)

    def _merged(self, left: Source, right: Source, using: Sequence[str]) -> Columns:
        """The columns of two where those of some names are one: in front in PostgreSQL, else where they were."""
        made = {name: in_part(frozenset().union(*left.find(name), *right.find(name))) for name in using}
        if not all(left.find(name) and right.find(name) for name in using):
            raise Unclear("it joins by names that are not known")
        others = [each for each in right.columns if each.name not in made]
        if self._dialect != "postgres":
            return (*(Made(each.name, made.get(each.name or "", each.origins)) for each in left.columns), *others)
        if not all(len(left.find(name)) == len(right.find(name)) == 1 for name in using):
            raise Unclear("it names one of several")
        rest = [each for each in left.columns if each.name not in made]
        return (*(Made(name, made[name]) for name in using), *rest, *others)


def _holds_query(node: exp.Subquery) -> bool:
    """Whether brackets hold a query, and not relations that are joined."""
    inner = node.this
    if isinstance(inner, exp.Subquery):
        return not inner.args.get("alias") and not inner.args.get("joins") and _holds_query(inner)
    return isinstance(inner, exp.Select | exp.SetOperation | exp.Values)


def _reads(query: exp.Expr, name: str) -> bool:
    return any(not table.db and fold(table.name) == name for table in query.find_all(exp.Table))


def _named(node: exp.Expr, columns: Columns, *, is_whole: bool = True) -> Source:
    """What is read under the names that it is given."""
    alias = node.args.get("alias")
    name, schema = fold(alias.name) if alias is not None else "", ""
    if not name and isinstance(node, exp.Table):
        name, schema = fold(node.name), fold(node.db)
    names = [fold(each.name) for each in alias.columns] if alias is not None else []
    return Source(name, renamed(columns, names), schema, is_whole)


def _starred_source(node: exp.Column, scope: Scope) -> Source:
    """What `t.*` takes all columns of; raises Unclear where that may be a struct."""
    table, schema = fold(node.table), fold(node.db)
    found = [each for each in scope.sources if each.name == table and schema in ("", each.schema)]
    if len(found) != 1 or node.catalog or any(each.find(table) for each in scope.sources):
        raise Unclear("it takes all columns of something unknown")
    return found[0]


def _plain_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Identifier) or (isinstance(node, exp.Column) and not node.table):
        return fold(node.name)
    raise Unclear("it names one of several")
