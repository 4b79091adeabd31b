"""How a call is carried out: whether it can show a column, how much it takes away, its SQL and its reference."""

from collections.abc import Iterable, Mapping

from sqlglot import exp

from catalog.errors import PolicyInvalid
from catalog.names import quoted
from catalog.remembered import remembered
from catalog.sources.calculator import type_of, value_of
from policy_engine.model import ROW, ColumnName, TransformCall
from policy_engine.strength import Strength
from policy_engine.transforms import expressions
from policy_engine.transforms.composing import EXPRESSION, call_of, calls_in, text_of, tree_of
from policy_engine.transforms.expressions import Inner
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.known import find
from policy_engine.transforms.spec import Arguments, Beside, Fragment, Place
from policy_engine.transforms.types import Kind, read_type

Types = Mapping[tuple[str, ...], str]
"""The types of a dataset's columns and fields by their folded path, for transforms that name another column."""

NO_TYPES: Types = {}


def accepts(call: TransformCall, column_type: str, types: Types = NO_TYPES) -> bool:
    """Whether the transform can show a column of this type beside columns of those."""
    return not problem(call, column_type, types)


def problem(call: TransformCall, column_type: str, types: Types = NO_TYPES) -> str:
    """Why the transform cannot show a column of this type beside columns of those; empty when it can.

    Example: "needs the column `patient`, which is not there".
    """
    for name in columns_named(call):
        shown = ".".join(name.path)
        if name.path not in types:
            return f"needs the column `{shown}`, which is not there"
        if read_type(types[name.path]).kind is Kind.OTHER:
            return f"cannot go by the column `{shown}` of type {types[name.path]}"
    if _output_type(call, column_type) is None:
        return f"cannot show a column of type {column_type}"
    return ""


@remembered(1024)
def strength(call: TransformCall | None) -> Strength:
    """How much a call takes away; None is the raw value.

    Of an expression, each way from the column to what is shown takes away as much as the strongest transform on it,
    and the expression as much as the weakest of its ways.
    """
    if call is None:
        return Strength.CLEAR
    if call.name == EXPRESSION:
        return _tree_strength(tree_of(text_of(call)))
    return find(call.name).strength(_arguments(call))


@remembered(1024)
def is_keyed(call: TransformCall) -> bool:
    """Whether the call takes a key from a namespace."""
    return any(find(inner.name).is_keyed for inner in _plain(call))


@remembered(1024)
def scope(call: TransformCall) -> str:
    """How far the tokens of a call join: the narrowest scope of the transforms in it."""
    said = [str(value) for inner in _plain(call) for name, value in inner.arguments if name == "scope"]
    return next((narrow for narrow in ("column", "user", "role") if narrow in said), "tag")


@remembered(1024)
def columns_named(call: TransformCall) -> tuple[ColumnName, ...]:
    """The other columns of the dataset that a call goes by."""
    values = (value for inner in _plain(call) for _, value in inner.arguments)
    return tuple(dict.fromkeys(value for value in values if isinstance(value, ColumnName)))


def output_type(call: TransformCall | None, column_type: str) -> str:
    """The type of what is shown."""
    return column_type if call is None else _output_type(call, column_type) or column_type


def render(
    call: TransformCall, column_sql: str, column_type: str, *, namespace: str, keys: KeyRing, types: Types = NO_TYPES
) -> Fragment:
    """The call as DuckDB SQL over an expression of a column's type, with the values to bind.

    Example:
        >>> from policy_engine.model import TransformCall
        >>> render(TransformCall(name="null"), '"age"', "BIGINT", namespace="", keys=KeyRing(b"0" * 32)).sql
        'CAST(NULL AS BIGINT)'
    """
    if why := problem(call, column_type, types):
        raise PolicyInvalid(f"the transform `{call.name}` {why}")
    if call.name == EXPRESSION:
        return _render_tree(tree_of(text_of(call)), column_sql, column_type, _Cell(namespace, keys, types))
    beside = {name: Beside(column=read_type(types[name.path]), sql=_sql(name)) for name in columns_named(call)}
    return find(call.name).render(column_sql, place(call, column_type, namespace, keys, beside))


def reference(
    call: TransformCall,
    value: object,
    column_type: str,
    *,
    namespace: str,
    keys: KeyRing,
    types: Types = NO_TYPES,
    row: Mapping[tuple[str, ...], object] | None = None,
) -> object:
    """What `render`'s SQL must return for a value: the same transform, written plainly in Python.

    `row` holds the values of the columns that the call goes by. What is around the transforms of an expression is
    the engine's own: it is worked out there, on values.
    """
    if value is None:
        return None
    if call.name == EXPRESSION:
        return _reference_tree(tree_of(text_of(call)), value, column_type, _Cell(namespace, keys, types), row or {})
    beside = {
        name: Beside(column=read_type(types[name.path]), value=(row or {}).get(name.path))
        for name in columns_named(call)
    }
    return find(call.name).reference(value, place(call, column_type, namespace, keys, beside))


def reverse(call: TransformCall, shown: object, column_type: str, *, namespace: str, keys: KeyRing) -> object:
    """The value that a reversible transform showed so; None where it showed none so."""
    if call.name == EXPRESSION or not find(call.name).is_reversible:
        raise PolicyInvalid(f"what `{call.name}` shows cannot be turned back")
    if shown is None:
        return None
    return find(call.name).reverse(shown, place(call, column_type, namespace, keys, {}))


class _Cell:
    """What all transforms of an expression share."""

    def __init__(self, namespace: str, keys: KeyRing, types: Types) -> None:
        self.namespace = namespace
        self.keys = keys
        self.types = types


def _arguments(call: TransformCall, beside: Mapping[ColumnName, Beside] | None = None) -> Arguments:
    defaults = {parameter.name: parameter.default for parameter in find(call.name).parameters}
    return Arguments(defaults | dict(call.arguments), beside or {})


def place(
    call: TransformCall, column_type: str, namespace: str, keys: KeyRing, beside: Mapping[ColumnName, Beside]
) -> Place:
    """Where a call is carried out, with the columns that it goes by."""
    return Place(column=read_type(column_type), arguments=_arguments(call, beside), keys=keys, namespace=namespace)


def _sql(name: ColumnName) -> str:
    return ".".join(quoted(part) for part in (ROW, *name.path))


def _plain(call: TransformCall) -> Iterable[TransformCall]:
    return calls_in(tree_of(text_of(call))) if call.name == EXPRESSION else (call,)


@remembered(8192)
def _output_type(call: TransformCall, column_type: str) -> str | None:
    """The type of what is shown; None where a column of this type cannot be shown."""
    if call.name == EXPRESSION:
        return _tree_type(tree_of(text_of(call)), column_type)
    transform, column, arguments = find(call.name), read_type(column_type), _arguments(call)
    return transform.output_type(arguments, column) if transform.accepts(arguments, column) else None


def _tree_type(tree: exp.Expr, column_type: str) -> str | None:
    """The type that the engine gives the expression; None where it does not bind."""
    for inner in expressions.leaves(tree):
        if inner is not None:
            over = _tree_type(inner.over, column_type)
            if over is None or _output_type(call_of(inner), over) is None:
                return None
    if expressions.is_bare(tree) and next(expressions.leaves(tree)) is None:
        return column_type

    def null(inner: Inner) -> str:
        over = _tree_type(inner.over, column_type)
        return f"CAST(NULL AS {_output_type(call_of(inner), over or column_type)})"

    return type_of(expressions.rendered(tree, f"CAST(NULL AS {column_type})", null))


def _tree_strength(tree: exp.Expr) -> Strength:
    weakest = min(
        Strength.CLEAR if inner is None else max(strength(call_of(inner)), _tree_strength(inner.over))
        for inner in expressions.leaves(tree)
    )
    return weakest if expressions.is_bare(tree) else max(weakest, Strength.PARTIAL)


def _render_tree(tree: exp.Expr, column_sql: str, column_type: str, cell: _Cell) -> Fragment:
    parameters: dict[str, bytes] = {}

    def placed(inner: Inner) -> str:
        over = _render_tree(inner.over, column_sql, column_type, cell)
        parameters.update(over.parameters)
        type_text = _tree_type(inner.over, column_type) or column_type
        fragment = render(
            call_of(inner), over.sql, type_text, namespace=cell.namespace, keys=cell.keys, types=cell.types
        )
        parameters.update(fragment.parameters)
        return fragment.sql

    sql = expressions.rendered(tree, column_sql, placed)
    if not expressions.is_bare(tree):
        type_text = _tree_type(tree, column_type) or column_type
        sql = f"CASE WHEN ({column_sql}) IS NOT NULL THEN TRY(CAST({sql} AS {type_text})) END"
    return Fragment(sql=sql, parameters=parameters)


def _reference_tree(
    tree: exp.Expr, value: object, column_type: str, cell: _Cell, row: Mapping[tuple[str, ...], object]
) -> object:
    parameters: dict[str, object] = {}

    def bound(shown: object, type_text: str) -> str:
        name = f"p{len(parameters)}"
        parameters[name] = shown
        return f"CAST(${name} AS {type_text})"

    def placed(inner: Inner) -> str:
        type_text = _tree_type(inner.over, column_type) or column_type
        over = _reference_tree(inner.over, value, column_type, cell, row)
        shown = reference(
            call_of(inner), over, type_text, namespace=cell.namespace, keys=cell.keys, types=cell.types, row=row
        )
        return bound(shown, _output_type(call_of(inner), type_text) or type_text)

    if expressions.is_bare(tree) and next(iter(expressions.leaves(tree))) is None:
        return value
    raw = bound(value, column_type) if None in expressions.leaves(tree) else ""
    type_text = _tree_type(tree, column_type) or column_type
    return value_of(f"TRY(CAST({expressions.rendered(tree, raw, placed)} AS {type_text}))", parameters)
