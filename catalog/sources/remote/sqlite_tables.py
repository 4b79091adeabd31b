"""Which tables and views an SQLite file has: those that keep rows of their own, views, and those that a module makes.

A virtual table is whatever its module makes of it. One may keep its rows in tables of its own (shadow tables), take
them from another table (a full-text index with `content=`) or list what others hold (`fts5vocab`, `fts4aux`). Nothing
in the file tells for certain which, so no tag could follow: neither kind is read.
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalog.errors import SourceUnavailable
from catalog.names import fold, join

SCHEMA = "main"
WHY_VIRTUAL = "it is a virtual table, and may show what other tables hold without having their tags"
WHY_SHADOW = "a virtual table keeps in it what it shows, which other tables may hold, without having their tags"
HINT = "read the table that it is made of; what it keeps for itself alone can be copied into a plain table"
_IS_VIRTUAL = "type = 'table' AND (coalesce(rootpage, 0) = 0 OR sql LIKE 'create virtual %')"
_TABLES = f"""
SELECT name, type = 'view', {_IS_VIRTUAL} FROM sqlite_schema
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
  AND ($name IS NULL OR name = $name COLLATE NOCASE)
"""
_VIRTUAL = f"SELECT name FROM sqlite_schema WHERE {_IS_VIRTUAL}"
_OF_MODULES = """
SELECT name, type = 'virtual' FROM pragma_table_list
WHERE schema = 'main' AND (type = 'shadow' OR (type = 'virtual' AND ncol = 0))
"""  # which prepares every view
_CAN_LIST = sqlite3.sqlite_version_info >= (3, 37)

Ask = Callable[[str, Mapping[str, object]], list[tuple[object, ...]]]
"""What a statement of SQLite gives with values bound."""


@dataclass(frozen=True, slots=True)
class SqliteTable:
    """A table or view by name, and why it is not read, where that is so."""

    name: str
    is_view: bool
    why_not: str = ""


def tables(ask: Ask, name: str | None = None) -> tuple[SqliteTable, ...]:
    """Every table and view, or the one of a name in any case of letters."""
    found = [(str(each), bool(is_view), bool(is_virtual)) for each, is_view, is_virtual in ask(_TABLES, {"name": name})]
    virtual = set(map(fold, virtual_tables(ask)))
    plain = [each for each, is_view, is_virtual in found if not is_view and not is_virtual]
    shadows = _shadows(ask, frozenset(each for each in plain if _above(each) & virtual))
    return tuple(
        SqliteTable(each, is_view, WHY_VIRTUAL if is_virtual else WHY_SHADOW if each in shadows else "")
        for each, is_view, is_virtual in found
    )


def virtual_tables(ask: Ask) -> tuple[str, ...]:
    """The names of all virtual tables."""
    return tuple(str(row[0]) for row in ask(_VIRTUAL, {}))


def readable(table: SqliteTable) -> SqliteTable:
    """The table; raises SourceUnavailable where it is not read."""
    if table.why_not:
        raise SourceUnavailable(f"`{join(SCHEMA, table.name)}` is not read: {table.why_not}", hint=HINT)
    return table


def _above(name: str) -> frozenset[str]:
    """What a table that is called so may belong to: the names before each `_`.

    Example:
        >>> sorted(_above("Words_data_x"))
        ['words', 'words_data']
    """
    folded = fold(name)
    return frozenset(folded[:place] for place, letter in enumerate(folded) if letter == "_")


def _shadows(ask: Ask, suspects: frozenset[str]) -> frozenset[str]:
    """Which of these tables belong to a virtual one, as SQLite says; of one whose module it does not know all may."""
    if not suspects or not _CAN_LIST:
        return suspects
    told = [(fold(str(name)), bool(is_virtual)) for name, is_virtual in ask(_OF_MODULES, {})]
    shadows = {name for name, is_virtual in told if not is_virtual}
    unknown = {name for name, is_virtual in told if is_virtual}
    return frozenset(each for each in suspects if fold(each) in shadows or _above(each) & unknown)
