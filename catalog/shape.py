"""What acts by itself in the catalog's file, triggers and views, is what its steps have made, and nothing else."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache

from sqlite_utils import Database

from catalog.migrations import migrate

_LIES_STILL = re.compile(r"CREATE (?:TABLE|VIRTUAL TABLE|INDEX|UNIQUE INDEX) ")  # as SQLite itself writes it


def added(connection: sqlite3.Connection) -> str:
    """The name of a trigger or view that Veil did not make, or not so; empty when there is none.

    Whoever could once write to the file may have left one, and SQLite tells nobody what it does: an event that is taken
    away as it is written leaves the chain of the journal whole.

    Example:
        >>> added(sqlite3.connect(":memory:"))
        ''
    """
    return next((name for name, text in _acting(connection) if (name, text) not in _made()), "")


@cache
def _made() -> frozenset[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(Database(connection, execute_plugins=False))
        return frozenset(_acting(connection))


def _acting(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each by its name and text, without regard to blanks; SQLite goes by the text, not by the type that is told."""
    for name, text in connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"):
        if not _LIES_STILL.match(str(text)):
            yield str(name), " ".join(str(text).split())
