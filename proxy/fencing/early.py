"""Takes plain conditions of a query behind the fence as well, so that rows it does not want need not cross it.

A fence keeps every condition of a person's before it, and so the engine carries each row over it. A condition that can
be worked out on any row without an error tells nothing of rows it should not meet, as a policy's own conditions tell
nothing: it may stand beside the policy's filter, within a TRY, which keeps back what the engine knows of all rows. The
query keeps it too, so that nothing hangs on it but time, and whether what raises is run on a visible row that the
condition leaves out.

What may go is a comparison of a column that is shown as it is with literals, joined by AND, of a SELECT that reads
nothing but the one relation. It is written anew here; nothing that a person wrote is printed but text and numbers.
"""

from collections.abc import Iterator, Mapping

from sqlglot import exp

from catalog.names import fold, quoted
from proxy.fencing.barrier import is_leak_proof
from proxy.fencing.families import Families, bare, is_number, literal

_OF_SELECT = frozenset("distinct expressions from_ group having limit offset order qualify where with_".split())
_OF_TABLE = frozenset({"this", "db", "catalog", "alias"})
_SIGNS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MOMENTS: Mapping[object, str] = {exp.DType.DATE: "DATE", exp.DType.TIMESTAMPNTZ: "TIMESTAMP"}
_MOST = 8
"""Of more conditions the others would hardly leave out many more rows."""

_LONGEST = 500
"""Of characters; lists of many values stay with the query."""


def early_conditions(table: exp.Table, known: Families, plain: Mapping[str, str], row: str) -> tuple[str, ...]:
    """The conditions (SQL over `row`) that the SELECT around a relation has for its columns, as far as they may go.

    `known` are the families of the query's names, `plain` the columns that are shown as they are: their names by the
    folded ones.

    Example:
        >>> from proxy.fencing.meanings import families
        >>> from proxy.reading.statement import read
        >>> tree = read("select 1 / a from t where a > 5 and b = 'x' and 1 / a > 0").tree
        >>> known = families(tree, [("a", "INTEGER"), ("B", "VARCHAR")])
        >>> early_conditions(tree.find(exp.Table), known, {"a": "a", "b": "B"}, "_row")
        ('"_row"."a" > 5', '"_row"."B" = \\'x\\'')
    """
    source = table.parent
    select = source.parent if isinstance(source, exp.From) else None
    if not isinstance(select, exp.Select) or not _has_only(select, _OF_SELECT) or not _has_only(table, _OF_TABLE):
        return ()
    alias = table.args.get("alias")
    where = select.args.get("where")
    if not isinstance(where, exp.Where) or (alias is not None and alias.columns):
        return ()
    others = {fold(item.alias) for item in select.expressions if isinstance(item, exp.Alias)}
    columns = {folded: f"{quoted(row)}.{quoted(name)}" for folded, name in plain.items() if folded not in others}
    relation = fold(table.alias_or_name)
    written = [(part, _written(part, columns, relation)) for part in _parts(where.this)]
    total = (text for part, text in written if 0 < len(text) <= _LONGEST and is_leak_proof(part, known))
    return tuple(dict.fromkeys(total))[:_MOST]


def _has_only(node: exp.Expr, keys: frozenset[str]) -> bool:
    return not any(value for key, value in node.args.items() if key not in keys)


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """What AND joins, from left to right."""
    left = [condition]
    while left:
        part = bare(left.pop())
        if isinstance(part, exp.And):
            left += [part.expression, part.this]
        else:
            yield part


def _written(part: exp.Expr, columns: Mapping[str, str], relation: str) -> str:
    """A condition as SQL over the row, or no text where it is no plain one."""
    sign = _SIGNS.get(type(part))
    if sign is not None:
        left, right = _side(part.this, columns, relation), _side(part.expression, columns, relation)
        return f"{left} {sign} {right}" if left and right else ""
    if isinstance(part, exp.Between) and not part.args.get("symmetric"):
        sides = [_side(part.args[key], columns, relation) for key in ("this", "low", "high")]
        return f"{sides[0]} BETWEEN {sides[1]} AND {sides[2]}" if all(sides) else ""
    if isinstance(part, exp.In) and _has_only(part, frozenset({"this", "expressions"})):
        sides = [_side(side, columns, relation) for side in (part.this, *part.expressions)]
        return f"{sides[0]} IN ({', '.join(sides[1:])})" if len(sides) > 1 and all(sides) else ""
    return ""


def _side(node: exp.Expr, columns: Mapping[str, str], relation: str) -> str:
    node = bare(node)
    if isinstance(node, exp.Column):
        return _column(node, columns, relation)
    found = literal(node)
    if found is None:
        return _moment(node)
    if found.is_string:
        return _text(found)
    return f"{'-' if isinstance(node, exp.Neg) else ''}{found.name}" if is_number(found) else ""


def _column(node: exp.Column, columns: Mapping[str, str], relation: str) -> str:
    """A column by its name alone, or after the relation's, where that is no column that might be meant."""
    path = [fold(part.name) for part in node.parts if isinstance(part, exp.Identifier)]
    is_own = len(path) == len(node.parts) and (len(path) == 1 or (path[:-1] == [relation] and relation not in columns))
    return columns.get(path[-1], "") if is_own else ""


def _moment(node: exp.Expr) -> str:
    """A day or moment that a text is cast to."""
    if type(node) is not exp.Cast or not _has_only(node, frozenset({"this", "to"})) or node.to.expressions:
        return ""
    kind, found = _MOMENTS.get(node.to.this), literal(node.this)
    return f"CAST({_text(found)} AS {kind})" if kind and found is not None and found.is_string else ""


def _text(found: exp.Literal) -> str:
    return "'" + str(found.name).replace("'", "''") + "'"
