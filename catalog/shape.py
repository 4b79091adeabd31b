"""The catalog's file has a shape that is known here, and what acts by itself in it is of its steps alone."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache

from sqlite_utils import Database

from catalog.errors import JournalUnavailable
from catalog.migrations import NEWEST, migrate

_LIES_STILL = re.compile(r"CREATE (?:TABLE|VIRTUAL TABLE|INDEX|UNIQUE INDEX) ")  # as SQLite itself writes it


def refuse_added(connection: sqlite3.Connection) -> None:
    """Raises JournalUnavailable for a trigger or view that Veil did not make, or not so.

    Whoever could once write to the file may have left one, and SQLite tells nobody what it does: an event that is taken
    away as it is written leaves the chain of the journal whole.

    Example:
        >>> refuse_added(sqlite3.connect(":memory:"))
    """
    if name := next((name for name, text in _acting(connection) if (name, text) not in _made()), ""):
        raise JournalUnavailable(
            f"the catalog holds `{name}`, a trigger or view that Veil did not make, so nothing is done",
            hint="somebody edited the file; restore a backup",
        )


def refuse_newer(connection: sqlite3.Connection) -> None:
    """Raises JournalUnavailable where a newer Veil has taken the file over while it was open.

    What that writes may say more than is understood here.

    Example:
        >>> refuse_newer(sqlite3.connect(":memory:"))
    """
    [step] = connection.execute("PRAGMA user_version").fetchone()
    if step > NEWEST:
        raise JournalUnavailable(
            f"a newer Veil has taken the catalog over (shape {step}, known here: {NEWEST}), so nothing is done",
            hint="start the server again with that version",
        )


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
