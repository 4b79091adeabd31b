"""What a policy covers, as text: `*`, `database`, `database.dataset` or `database.dataset(column, column)`."""

import re

from catalog import names
from catalog.errors import PolicyInvalid
from policy_engine.model import Scope
from policy_engine.own_names import check_variables

_NAME = r'(?:"(?:[^"]|"")+"|[^\s".,()]+)'
_PIECES = re.compile(rf"\s*(?P<piece>{_NAME}(?:\s*\.\s*{_NAME})*)\s*(?P<end>,|\Z)")
_HINT = 'write `*`, `database`, `database.dataset` or `database.dataset(column, column)`; odd names in "double quotes"'


def parse_scope(text: str) -> Scope:
    """The scope that a text names.

    Example:
        >>> parse_scope('clinic."Lab Results"(mrn, address.zip)').columns
        (('mrn',), ('address', 'zip'))
    """
    if text.strip() == "*":
        return Scope()
    name, columns = _split_columns(text)
    parts = names.split(name)
    for part in (*parts, *(name for path in columns for name in path)):
        check_variables(part)
    if len(parts) not in (1, 2) or "*" in parts or (columns and len(parts) == 1):
        raise PolicyInvalid(f"`{text}` is no scope", hint=_HINT)
    return Scope(database=parts[0], dataset=parts[1] if len(parts) == 2 else None, columns=columns)


def print_scope(scope: Scope) -> str:
    """The scope as text, which `parse_scope` reads back.

    Example:
        >>> print_scope(Scope(database="clinic", dataset="Lab Results"))
        'clinic."Lab Results"'
    """
    if scope.database is None:
        return "*"
    if scope.dataset is None:
        return names.join(scope.database)
    columns = ", ".join(names.join(*path) for path in scope.columns)
    return names.join(scope.database, scope.dataset) + (f"({columns})" if columns else "")


def _split_columns(text: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """The name before the column list, and the columns; parentheses inside quotes belong to the name."""
    bare = re.sub(r'"(?:[^"]|"")*"', lambda match: "x" * len(match[0]), text)
    opening = bare.find("(")
    if opening < 0:
        return text, ()
    if not bare.rstrip().endswith(")") or bare.count("(") != 1 or bare.count(")") != 1:
        raise PolicyInvalid(f"`{text}` is no scope", hint=_HINT)
    inner = text[opening + 1 : bare.rindex(")")]
    return text[:opening], _columns(inner, text)


def _columns(inner: str, whole: str) -> tuple[tuple[str, ...], ...]:
    paths: list[tuple[str, ...]] = []
    at = 0
    while True:
        match = _PIECES.match(inner, at)
        if match is None:
            raise PolicyInvalid(f"`{whole}` is no scope: its column list cannot be read", hint=_HINT)
        paths.append(names.split_field(match["piece"]))
        at = match.end()
        if not match["end"]:
            return tuple(paths)
