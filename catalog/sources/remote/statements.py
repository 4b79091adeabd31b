"""Writes the one statement that a scan sends to a source: columns, a table and conditions, in the source's dialect."""

from collections.abc import Callable, Iterable, Sequence

from catalog.sources.remote.conditions import Condition, Value
from catalog.sources.remote.snapshot import Pushed, RemoteColumn

_ALLOWED = {
    Pushed.COMPARED: frozenset({"=", "<>", "<", "<=", ">", ">=", "IN", "IS NULL", "IS NOT NULL"}),
    Pushed.VALUES: frozenset({"=", "<>", "<", "<=", ">", ">=", "IN", "IS NOT NULL"}),
    Pushed.EQUAL: frozenset({"=", "IN", "IS NULL", "IS NOT NULL"}),
    Pushed.NAMED: frozenset({"=", "IN", "IS NULL", "IS NOT NULL"}),
    Pushed.NULL: frozenset({"IS NULL", "IS NOT NULL"}),
    Pushed.NOTHING: frozenset[str](),
}


def select(columns: Sequence[RemoteColumn], item: str, where: Iterable[str] = (), order: Iterable[str] = ()) -> str:
    """A query of these columns from an item of a FROM clause (SQL), in the order of some expressions.

    Example:
        >>> select([RemoteColumn(name="n", type="BIGINT", expression='"n"')], '"t"', ['"n" > ?'])
        'SELECT "n" FROM "t" WHERE "n" > ?'
    """
    conditions, by = " AND ".join(where), ", ".join(order)
    shown = ", ".join(column.expression for column in columns)
    filtered = f"SELECT {shown} FROM {item}" + (f" WHERE {conditions}" if conditions else "")
    return filtered + (f" ORDER BY {by}" if by else "")


def pushed(
    wanted: Iterable[tuple[RemoteColumn, Condition]], unsure: str = "\0"
) -> list[tuple[RemoteColumn, Condition]]:
    """Those conditions that the source may judge as well: no text in them holds one of the `unsure` characters.

    None can bind a text with a zero byte.
    """
    return [
        (column, condition)
        for column, condition in wanted
        if condition.operator in _ALLOWED[column.pushed]
        and not (column.pushed is Pushed.NAMED and "" in condition.values)
        and not any(isinstance(value, str) and set(value) & set(unsure) for value in condition.values)
    ]


def where(
    column: RemoteColumn,
    condition: Condition,
    mark: Callable[[Value], str],
    operator: Callable[[str], str] | None = None,
) -> str:
    """A condition as SQL; `mark` keeps a value to bind and gives what stands for it.

    `operator` writes a comparison where the plain sign may be that of others; what is in a list is then compared by it.
    """
    side = column.compared or column.expression
    match condition.operator:
        case "IS NULL" | "IS NOT NULL":
            return f"{side} {condition.operator}"
        case "IN" if operator is not None:
            return f"{side} {operator('=')} ANY (ARRAY[{', '.join(map(mark, condition.values))}])"
        case "IN":
            return f"{side} IN ({', '.join(map(mark, condition.values))})"
        case sign:
            return f"{side} {sign if operator is None else operator(sign)} {mark(condition.values[0])}"
