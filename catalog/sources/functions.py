"""A function of Veil's own inside an engine: Python over whole columns, for what SQL cannot say."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from duckdb import PythonExceptionHandling
from duckdb.func import FunctionNullHandling, PythonUDFType


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFunction:
    """A name that no person's SQL may call, the engine's types it takes and returns, and the body over columns.

    The body is pure and total, and answers NULL with NULL; should it fail all the same, its rows are NULL.
    """

    name: str
    takes: tuple[str, ...]
    returns: str
    body: Callable[..., pa.Array]


def register(connection: duckdb.DuckDBPyConnection, functions: tuple[EngineFunction, ...]) -> None:
    """Makes the functions known to all connections into the same instance."""
    for function in functions:
        connection.create_function(
            function.name,
            function.body,
            [duckdb.sqltype(type_name) for type_name in function.takes],
            duckdb.sqltype(function.returns),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            exception_handling=PythonExceptionHandling.RETURN_NULL,
            side_effects=False,
        )


def functions_at(place: str) -> tuple[EngineFunction, ...]:
    """The functions that stand at `package.module:NAME`, none for an empty place: so a worker is told of them."""
    if not place:
        return ()
    module, _, name = place.partition(":")
    found: tuple[EngineFunction, ...] = getattr(importlib.import_module(module), name)
    return found
