"""Names the unnamed columns of a query as the engine names them, by the person's own text.

An engine calls an unnamed expression by its SQL. Of the SQL that runs, such a name would tell policies and physical
relations: `(SELECT max(id) FROM (SELECT .. FROM v_1f0c.. WHERE ..))`. So each unnamed expression is given the name
that it has in what the person wrote.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import cast

from sqlglot import exp

from catalog.errors import SqlUnsupported
from catalog.sources.connector import Session
from proxy.reading.statement import Statement
from proxy.rewriting.memory import Memory

_LONGEST = 2_000
_MOST = 500  # names asked of the engine
_A_WEIGHT = 1_000  # characters of a text and its names
_AGGREGATES: Mapping[type[exp.Expr], str] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
}
_NAMES: Memory[tuple[str, ...]] = Memory(capacity=2048)
_NAMED = (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.Literal, exp.Null, exp.Boolean, exp.Placeholder)
_ENGINE_NAMED = frozenset({"COLUMN_REF", "STAR", "CONSTANT", "PARAMETER", "POSITIONAL_REFERENCE"})
_OURS = ("with_", "this", "expressions", "from_", "laterals", "joins", "expression", "where", "group", "having")
_THEIRS = ("cte_map", "select_list", "from_table", "left", "right", "where_clause", "group_expressions", "having")

Item = Mapping[str, object]
Labelled = tuple[tuple[exp.Select, list[exp.Expr]], ...]


def label(statement: Statement, session: Session) -> Labelled:
    """Gives every unnamed expression of a SELECT its name as an alias; returns what each SELECT held before.

    Example: `select count(*), (select max(id) from t) from t` names them `count_star()` and
    `(SELECT max(id) FROM t)`.
    """
    found = [select for select in _selects(statement.tree) if any(map(_is_unnamed, select.expressions))]
    if not found:
        return ()
    names = _everyday_names(found, session) or _names(statement, found, session)
    before = tuple((select, select.expressions) for select in found)
    for select, items in before:
        select.set("expressions", [_labelled(item, names, statement.dialect) for item in items])
    return before


def unlabel(before: Labelled) -> None:
    """Takes the aliases off again; they repeat the literals of what they name."""
    for select, items in before:
        select.set("expressions", items)


def _labelled(item: exp.Expr, names: Mapping[int, str], dialect: str) -> exp.Expr:
    if not _is_unnamed(item) or _makes_several(item):
        return item
    name = names.get(id(item)) or item.sql(dialect)
    return exp.Alias(this=item, alias=exp.to_identifier(name.replace("\0", "")[:_LONGEST], quoted=True))


def _everyday_names(found: list[exp.Select], session: Session) -> dict[int, str]:
    """The engine's names by our items where all are everyday ones, which need no asking; else nothing."""
    names: dict[int, str] = {}
    for item in (item for select in found for item in select.expressions if _is_unnamed(item)):
        name = _everyday_name(item, session)
        if name is None:
            return {}
        names[id(item)] = name
    return names


def _everyday_name(item: exp.Expr, session: Session) -> str | None:
    """What the engine calls `count(*)`, and an aggregate of one plain column."""
    function, column = _AGGREGATES.get(type(item)), item.this
    if function is None or [*item.iter_expressions()] != [column]:
        return None
    if isinstance(column, exp.Star) and function == "count" and not any(column.args.values()):
        return "count_star()"
    if not isinstance(column, exp.Column):
        return None
    parts = [part.name for part in column.parts]
    return f"{function}({'.'.join(parts)})" if all(map(session.is_plain_name, parts)) else None


def _names(statement: Statement, found: list[exp.Select], session: Session) -> dict[int, str]:
    """The engine's names by our items, remembered by the text, since they do not depend on who asks."""
    items = [item for select in found for item in select.expressions]
    texts = _NAMES.get(statement.text, session.dialect)
    if texts is None:
        by_item = _asked(statement, [select.expressions for select in found], session)
        texts = tuple(by_item.get(id(item), "") for item in items)
        length = len(statement.text) + sum(map(len, texts))
        _NAMES.put(statement.text, session.dialect, texts, weight=1 + length // _A_WEIGHT)
    return {id(item): text for item, text in zip(items, texts, strict=True) if text}


def _asked(statement: Statement, ours: list[list[exp.Expr]], session: Session) -> dict[int, str]:
    """The engine's names by our items; nothing where the engine's parser reads the text in another shape.

    So many that nobody reads them are numbered, `column_1` and so on, and the engine is not asked.
    """
    unnamed = [item for items in ours for item in items if _is_unnamed(item)]
    if len(unnamed) > _MOST:
        return {id(item): f"column_{place}" for place, item in enumerate(unnamed, 1)}
    try:
        root = session.serialize(statement.text)
    except SqlUnsupported:
        return {}
    theirs = [items for items in _engine_selects(root) if any(map(_is_unnamed_there, items))]
    if [len(items) for items in ours] != [len(items) for items in theirs]:
        return {}
    pairs = [pair for select, items in zip(ours, theirs, strict=True) for pair in zip(select, items, strict=True)]
    pairs = [(item, source) for item, source in pairs if _is_unnamed(item) and _is_unnamed_there(source)]
    try:
        texts = session.expressions([source for _, source in pairs])
    except SqlUnsupported:
        return {}
    return {id(item): text for (item, _), text in zip(pairs, texts, strict=True)}


def _is_unnamed(item: exp.Expr) -> bool:
    inner = item.unnest()
    if isinstance(inner, exp.Neg) and isinstance(inner.this, exp.Literal):
        inner = inner.this
    return not isinstance(inner, (*_NAMED, exp.PositionalColumn)) and not (
        isinstance(inner, exp.Columns) and not inner.args.get("unpack")
    )


def _makes_several(item: exp.Expr) -> bool:
    """Whether an item may become several columns, which then have names of their own."""
    for node in item.find_all(exp.Columns, exp.Star):
        if node.find_ancestor(exp.Select) is not item.parent:  # it is of a query within the item
            continue
        if isinstance(node, exp.Columns):
            if not node.args.get("unpack"):
                return True
        elif not isinstance(node.parent, exp.Count | exp.Columns):
            return True
    return False


def _is_unnamed_there(item: Item) -> bool:
    return not item.get("alias") and item.get("class") not in _ENGINE_NAMED


def _selects(node: exp.Expr) -> Iterator[exp.Select]:
    """Every SELECT of a tree in the order in which the engine's tree has them too."""
    if isinstance(node, exp.Select):
        yield node
    for key in sorted(node.args, key=lambda key: _OURS.index(key) if key in _OURS else len(_OURS)):
        value = node.args[key]
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, exp.Expr):
                yield from _selects(child)


def _engine_selects(root: object) -> Iterator[list[Item]]:
    left = [root]
    while left:  # no recursion: a chain of operators is as deep as it is long
        value = left.pop()
        inner: Collection[object] = value if isinstance(value, list) else ()
        if isinstance(value, dict):
            if value.get("type") == "SELECT_NODE" and isinstance(value.get("select_list"), list):
                yield cast(list[Item], value["select_list"])  # JSON objects have text keys
            first = [value[key] for key in _THEIRS if key in value]
            inner = [*first, *(part for key, part in value.items() if key not in _THEIRS)] if first else value.values()
        left.extend(reversed([part for part in inner if part and isinstance(part, (dict, list))]))
