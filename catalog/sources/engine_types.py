"""Which types the embedded engine hands out: those that Arrow cannot carry, or that tell too much, become text."""

from collections.abc import Iterable

from duckdb.sqltypes import DuckDBPyType

from catalog.model import Field
from catalog.names import quoted

# An ENUM result carries all its labels in the Arrow dictionary, also those of rows nobody may see.
_AS_TEXT = frozenset(
    {"enum", "bit", "union", "variant", "geometry", "bignum", "uhugeint", "time with time zone", "null"}
)

_PERHAPS_NO_TEXT = frozenset({"geometry", "union", "variant"})
_NESTED = frozenset({"list", "array", "struct", "map"})


def carried(type_: DuckDBPyType) -> str:
    """The type under which a column leaves the engine, as DuckDB writes it.

    Example: `STRUCT(kind ENUM('a', 'b'))[]` leaves as `STRUCT("kind" VARCHAR)[]`.
    """
    if type_.id in _AS_TEXT:
        return "VARCHAR"
    if type_.id not in _NESTED:
        return str(type_)
    parts = dict(type_.children)
    inner = {name: carried(part) for name, part in parts.items() if isinstance(part, DuckDBPyType)}
    match type_.id:
        case "list":
            return f"{inner['child']}[]"
        case "array":
            return f"{inner['child']}[{parts['size']}]"
        case "map":
            return f"MAP({inner['key']}, {inner['value']})"
        case _ if not inner:  # a struct without fields, of which SQL can write values and no type
            return "VARCHAR"
        case _:
            return f"STRUCT({', '.join(f'{quoted(name)} {part}' for name, part in inner.items())})"


def may_have_no_text(type_: DuckDBPyType) -> bool:
    """Whether a value that leaves the engine as text may have none, so that whatever reads it ends in an error.

    Example: a union may hold a number of seconds that lies beyond the engine's microseconds.
    """
    parts = [part for _, part in type_.children if isinstance(part, DuckDBPyType)] if type_.id in _NESTED else []
    return type_.id in _PERHAPS_NO_TEXT or any(map(may_have_no_text, parts))


def fields_of(columns: Iterable[tuple[str, DuckDBPyType]]) -> tuple[Field, ...]:
    """Columns with their nested fields, in the types under which they leave the engine.

    Lists stand for what is in them, and a map has the fields `key` and `value`.

    Example: `STRUCT(note VARCHAR)[]` has the field `note`, `MAP(VARCHAR, INTEGER)` has `key` and `value`.
    """
    return tuple(Field(name=name, type=carried(type_), fields=_nested(type_)) for name, type_ in columns)


def _nested(type_: DuckDBPyType) -> tuple[Field, ...]:
    match type_.id:
        case "struct":
            return fields_of((name, part) for name, part in type_.children if isinstance(part, DuckDBPyType))
        case "list" | "array":
            child = dict(type_.children)["child"]
            return _nested(child) if isinstance(child, DuckDBPyType) else ()
        case "map":
            return fields_of((name, part) for name, part in type_.children if isinstance(part, DuckDBPyType))
        case _:
            return ()
