"""Works out expressions that need no data, on an engine instance of their own where there is nothing to reach."""

import threading
from collections.abc import Mapping

import duckdb

from catalog.errors import VeilError
from catalog.sources.engine_types import carried
from catalog.sources.world import Resources, World


class _Calculator:
    """One empty world, made when it is first needed, and used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._world: World | None = None

    def types(self, item: str) -> tuple[str, ...]:
        with self._lock:
            return tuple(carried(type_) for _, type_ in self._opened().columns(item))

    def row(self, sql: str, parameters: Mapping[str, object]) -> tuple[object, ...]:
        with self._lock:
            return self._opened().rows(sql, dict(parameters))[0]

    def _opened(self) -> World:
        if self._world is None or self._world.is_broken:
            self._world = World(Resources(threads=1))
        return self._world


_CALCULATOR = _Calculator()


def type_of(expression: str) -> str | None:
    """The type of an expression, as the engine binds it; None where it does not bind.

    Example:
        >>> type_of("length(CAST(NULL AS VARCHAR))"), type_of("length(1, 2)")
        ('BIGINT', None)
    """
    try:
        [type_text] = _CALCULATOR.types(f"(SELECT {expression} AS x)")
    except (VeilError, duckdb.Error):
        return None
    return type_text


def value_of(expression: str, parameters: Mapping[str, object] | None = None) -> object:
    """The value of an expression; None where it has none or cannot be worked out.

    Example:
        >>> value_of("TRY_CAST($given AS DATE)", {"given": "2026-02-30"}) is None
        True
    """
    try:
        [value] = _CALCULATOR.row(f"SELECT {expression}", parameters or {})
    except (VeilError, duckdb.Error):
        return None
    return value


def works(expression: str) -> bool:
    """Whether an expression can be worked out at all, be it to NULL.

    Example:
        >>> works("CAST(NULL AS DOUBLE) > 1"), works("1 > CAST('abc' AS DOUBLE)")
        (True, False)
    """
    try:
        _CALCULATOR.row(f"SELECT {expression}", {})
    except (VeilError, duckdb.Error):
        return False
    return True
