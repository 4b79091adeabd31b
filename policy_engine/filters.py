"""Row filters: conditions over a dataset's raw columns, checked when written and bound to who asks."""

import functools
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from sqlglot import exp

from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from catalog.names import fold
from policy_engine.filter_grammar import SUBJECT_FUNCTIONS, path_of, print_sql, print_text, read, references
from policy_engine.model import ROW, Subject
from policy_engine.profile import profile

Path = tuple[str, ...]
_Value = str | bool | None


def check_filter(text: str) -> str:
    """The filter in its one written form; raises PolicyInvalid for what a filter may not say.

    Example:
        >>> check_filter("opted_out != 1 -- the opt-outs")
        'opted_out <> 1'
    """
    normal = print_text(_parsed(text))
    if print_text(_parsed(normal)) != normal:
        raise PolicyInvalid(
            f"the filter `{text}` cannot be used: it has no single meaning", hint="write it more simply"
        )
    return normal


@functools.lru_cache(maxsize=8192)
def column_paths(text: str) -> tuple[Path, ...]:
    """The columns and nested fields that a filter names, as written."""
    return tuple(dict.fromkeys(path_of(node) for node in references(_parsed(text))))


def missing_columns(text: str, dataset: Dataset) -> tuple[Path, ...]:
    """The columns that a filter names and the dataset has not."""
    known = profile(dataset).fields
    return tuple(path for path in column_paths(text) if _folded(path) not in known)


def asks_time(text: str) -> bool:
    """Whether the filter may hold at one moment and not at another; one that cannot be read is taken to."""
    try:
        return any(name == "now" for name, _ in _subject_calls(text))
    except PolicyInvalid:
        return True


def bind(text: str, subject: Subject, dataset: Dataset, *, roles: AbstractSet[str], at: datetime) -> str | None:
    """The filter as SQL over `_row` for one subject and moment; None when it names a column that is not there.

    What is known of the subject enters as literals; an unknown attribute is NULL, which no row meets.
    `roles` are the folded names of the roles held.

    Example: `region = user_attribute('region')` becomes `"_row"."region" = 'northwest'`.
    """
    fields = profile(dataset).fields
    names: list[tuple[Path, Path]] = []
    for path in column_paths(text):
        column = fields.get(_folded(path))
        if column is None:
            return None
        names.append((path, column.path))
    values = tuple((call, _value(call, subject, roles, at)) for call in _subject_calls(text))
    return _bound(text, tuple(names), values)


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> exp.Expr:
    return read(text)


@functools.lru_cache(maxsize=8192)
def _subject_calls(text: str) -> tuple[tuple[str, str], ...]:
    nodes = _parsed(text).find_all(exp.Anonymous, exp.CurrentUser, exp.CurrentTimestamp)
    return tuple(dict.fromkeys(_call(node) for node in nodes))


def _call(node: exp.Expr) -> tuple[str, str]:
    """A function about who asks, as its name and its argument."""
    if isinstance(node, exp.CurrentUser):
        return "current_user", ""
    if isinstance(node, exp.CurrentTimestamp):
        return "now", ""
    name = str(node.this).lower()
    return name, str(node.expressions[0].this) if SUBJECT_FUNCTIONS[name] else ""


def _value(call: tuple[str, str], subject: Subject, roles: AbstractSet[str], at: datetime) -> _Value:
    name, argument = call
    match name:
        case "current_user":
            return subject.user
        case "user_attribute":
            return subject.attributes.get(argument)
        case "has_role":
            return fold(argument) in roles
        case "in_group":
            return any(fold(argument) == fold(group) for group in subject.groups)
        case _:
            return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


@functools.lru_cache(maxsize=16384)
def _bound(text: str, names: tuple[tuple[Path, Path], ...], values: tuple[tuple[tuple[str, str], _Value], ...]) -> str:
    canonical, literals = dict(names), dict(values)

    def bound(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column | exp.Dot):
            return _reference(canonical[path_of(node)])
        if isinstance(node, exp.Anonymous | exp.CurrentUser | exp.CurrentTimestamp):
            call = _call(node)
            return _literal(literals[call], "TIMESTAMP" if call[0] == "now" else "VARCHAR")
        return node

    sql = print_sql(_replaced(_parsed(text), bound))
    # INVARIANT: what was printed says what was meant; whatever a name or value holds, reading it again prints it again.
    if print_sql(read(sql)) != sql:
        raise PolicyInvalid(f"the filter `{text}` cannot be bound", hint="write it more simply")
    return sql


def _replaced(tree: exp.Expr, bound: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """The tree with every column reference and function about who asks replaced; whole references, not their parts."""
    return tree.copy().transform(bound, copy=False)


def _reference(path: Path) -> exp.Expr:
    return exp.Dot.build([exp.to_identifier(name, quoted=True) for name in (ROW, *path)])


def _literal(value: _Value, type_name: str) -> exp.Expr:
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if value is None or not _is_ordinary(value):
        return exp.TryCast(this=exp.null(), to=exp.DataType.build(type_name), safe=True)
    literal = exp.Literal.string(value)
    return literal if type_name == "VARCHAR" else exp.TryCast(this=literal, to=exp.DataType.build(type_name), safe=True)


def _is_ordinary(value: str) -> bool:
    """Whether a text can stand in SQL at all; what cannot is as good as unknown."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _folded(path: Path) -> Path:
    return tuple(fold(name) for name in path)
