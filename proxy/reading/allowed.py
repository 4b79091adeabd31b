"""Holds a tree against the lists of what is known: its nodes, its functions and every raw text in it."""

import re
from collections.abc import Iterator

from sqlglot import exp

from catalog.errors import Position, SqlInvalid, SqlUnsupported
from catalog.names import nearest
from proxy.reading.describing import DESCRIBING, is_plain_description
from proxy.reading.functions import FEWEST_ARGUMENTS, FUNCTION_INSTEAD, FUNCTIONS, TABLE_FUNCTIONS
from proxy.reading.grammar import INSTEAD, NODES, ROOTS
from proxy.reading.pivots import check_pivot
from proxy.reading.shapes import check_copies, check_shape
from proxy.reading.tokens import position_at

_WORDS = re.compile(r"\w*(?: \w+)*\Z", re.ASCII)
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)


def check_tree(text: str, tree: exp.Expr) -> None:
    """Raises for the first node, function or text of a tree that is not on the lists."""
    if isinstance(tree, exp.Condition | exp.Alias) and not isinstance(tree, exp.Subquery):
        raise SqlInvalid("the text is no SQL statement", hint="begin with SELECT, WITH, FROM or VALUES")
    if type(tree).__name__ not in ROOTS:
        raise _unsupported(text, tree)
    for node in tree.walk():
        if type(node).__name__ not in NODES:
            raise _unsupported(text, node)
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            _check_function(text, node)
        elif isinstance(node, exp.Table):
            _check_table(text, node)
        elif isinstance(node, exp.Pivot):
            check_pivot(node)
        elif isinstance(node, DESCRIBING) and not is_plain_description(node):
            raise _unsupported(text, node)
        check_shape(node)
        if not all(_is_plain(node, key, value) for key, value in _texts(node)):
            raise _unsupported(text, node)
    check_copies(tree)


def _check_function(text: str, node: exp.Func) -> None:
    name = str(node.this).lower() if isinstance(node.this, str) else node.name.lower()
    if name not in FUNCTIONS:
        like = nearest(name, FUNCTIONS)
        nearby = f"did you mean `{like}`?" if like else "the reference lists the functions that can be called"
        hint = FUNCTION_INSTEAD.get(name, nearby)
        raise SqlUnsupported(f"the function `{name[:60]}` is not available", hint=hint, position=_position(text, name))
    if len(node.expressions) < (fewest := FEWEST_ARGUMENTS.get(name, 0)):
        raise SqlUnsupported(
            f"`{name}` with fewer than {fewest} arguments asks for the current time, which is not available",
            hint="pass the time as a parameter",
            position=_position(text, name),
        )


def _check_table(text: str, node: exp.Table) -> None:
    """A table is a name of identifiers or one of few functions; hints, versions and file formats are refused."""
    known = {"this", "db", "catalog", "alias", "joins", "sample", "laterals", "pivots", "ordinality"}
    if any(value for key, value in node.args.items() if key not in known):
        raise _unsupported(text, node)
    source = node.this
    if isinstance(source, exp.Func):
        name = source.name.lower() if isinstance(source, exp.Anonymous) else source.sql_name().lower()
        if name not in TABLE_FUNCTIONS or node.args.get("db"):
            raise SqlUnsupported(
                f"the table function `{name[:60]}` is not available",
                hint="select from datasets; `range`, `generate_series` and `unnest` are the functions allowed here",
            )
    elif not isinstance(source, exp.Identifier):
        raise _unsupported(text, node)


def _texts(node: exp.Expr) -> Iterator[tuple[str, str]]:
    """Every raw string of a node, which the generator may print as it stands."""
    for key, value in node.args.items():
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, str):
                yield key, item


def _is_plain(node: exp.Expr, key: str, value: str) -> bool:
    """Whether a raw string cannot change the SQL it is printed into.

    Strings of literals and identifiers are printed quoted; everything else must be words or a number.
    """
    if isinstance(node, exp.Identifier):
        return key == "this" and "\0" not in value
    if isinstance(node, exp.Literal):
        return node.is_string or _NUMBER.match(value) is not None
    if isinstance(node, exp.JSONPathKey):
        return re.match(r"[\w .-]*\Z", value) is not None
    if isinstance(node, exp.DataType):
        return False
    return _WORDS.match(value) is not None


def _unsupported(text: str, node: exp.Expr) -> SqlUnsupported:
    kind = type(node).__name__
    shown = re.sub(r"(?<!^)(?=[A-Z][a-z])", " ", kind).upper()
    instead = INSTEAD.get(kind, "only reading with SELECT, WITH, VALUES and set operations is answered")
    return SqlUnsupported(f"`{shown}` is not supported here", hint=instead, position=_position(text, shown))


def _position(text: str, word: str) -> Position | None:
    found = re.search(r"\b" + re.escape(word) + r"\b", text, re.IGNORECASE)
    return position_at(text, found.start()) if found else None
