"""How each type of MariaDB and MySQL comes to the engine: as its equal there, or as the text that the server prints.

Text is the rule for whatever has no exact equal: enums, sets, times (which may be of many hours), bits, numbers of more
than 38 digits, shapes and addresses. `tinyint(1)` stays a number, and the zero date, which is no day, is NULL. MariaDB
takes halves of surrogate pairs into texts, which are no characters: they come as `?`, which the server writes for such.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from catalog.sources.remote.conditions import Value
from catalog.sources.remote.snapshot import Pushed, RemoteColumn

_WHOLE = {"tinyint": "TINYINT", "smallint": "SMALLINT", "mediumint": "INTEGER", "int": "INTEGER", "bigint": "BIGINT"}
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})
_BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_COLLECTIONS = frozenset({"multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection"})
_SHAPES = frozenset({"geometry", "point", "linestring", "polygon"}) | _COLLECTIONS
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_BITS = re.compile(r"bit\((\d+)\)")
_MOST_DIGITS = 38
_SHORT = 100  # what is neither text nor bytes is shorter than that in a line
_GROWTH = 4  # bytes of a line for one that is stored: of another encoding, in two digits, masked by a wide character


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A column as the information schema has it: its type, in full too, and the encoding and most bytes of its text."""

    name: str
    type: str
    full_type: str
    encoding: str = ""
    octets: int = 0


def named(name: str) -> str:
    """A name as this system quotes it.

    Example:
        >>> named("a`b")
        '`a``b`'
    """
    return "`" + name.replace("`", "``") + "`"


def column_of(declared: Declared) -> RemoteColumn:
    """The column as the engine meets it.

    Example:
        >>> column_of(Declared(name="n", type="int", full_type="int(10) unsigned")).type
        'UINTEGER'
        >>> column_of(Declared(name="t", type="time", full_type="time")).expression
        'CAST(`t` AS CHAR)'
        >>> column_of(Declared(name="y", type="year", full_type="year(4)")).pushed.value
        'equal'
        >>> column_of(Declared(name="g", type="geometrycollection", full_type="geometrycollection")).expression
        'ST_AsText(`g`)'
    """
    name, kind, bare = declared.name, declared.type, named(declared.name)
    if kind in _WHOLE:
        whole = f"{'U' if 'unsigned' in declared.full_type else ''}{_WHOLE[kind]}"
        return RemoteColumn(name=name, type=whole, expression=bare, pushed=Pushed.COMPARED)
    if (match := _DECIMAL.match(declared.full_type)) and int(match[1]) <= _MOST_DIGITS:
        return RemoteColumn(name=name, type=f"DECIMAL({match[1]},{match[2]})", expression=bare, pushed=Pushed.COMPARED)
    if kind in _TEXTS:
        # A text that another encoding cannot write may end the statement when it is compared there.
        # By an index the server finds the member '' alone, and not what was none of the members and is shown as ''.
        judged = Pushed.NAMED if kind in ("enum", "set") else Pushed.EQUAL
        judged = judged if declared.encoding == "utf8mb4" else Pushed.NULL
        return RemoteColumn(name=name, type="VARCHAR", expression=bare, pushed=judged)
    if kind in _BYTES:
        return RemoteColumn(name=name, type="BLOB", expression=bare, pushed=Pushed.NULL)
    text = f"CAST({bare} AS CHAR)"
    match kind:
        case "year":  # the server takes 70 for 1970 where it compares, which the engine does not
            return RemoteColumn(name=name, type="SMALLINT", expression=bare, pushed=Pushed.EQUAL)
        case "float" | "double":  # as text, a float would lose digits
            expression = f"CAST({bare} AS DOUBLE)"
            return RemoteColumn(name=name, type=kind.upper(), expression=expression, pushed=Pushed.NULL)
        case "date" | "datetime" | "timestamp":
            shown = f"CONCAT({text}, 'Z')" if kind == "timestamp" else text
            return RemoteColumn(
                name=name,
                type={"date": "DATE", "datetime": "TIMESTAMP", "timestamp": "TIMESTAMP WITH TIME ZONE"}[kind],
                expression=f"IF({bare} = 0, NULL, {shown})",
                pushed=Pushed.VALUES,
                compared=bare,
            )
        case "uuid" | "json":
            return RemoteColumn(name=name, type=kind.upper(), expression=text, pushed=Pushed.NULL)
        case "bit":
            width = _BITS.match(declared.full_type)
            expression = f"LPAD(BIN({bare} + 0), {int(width[1]) if width else 1:d}, '0')"
            return RemoteColumn(name=name, type="VARCHAR", expression=expression, pushed=Pushed.NULL)
        case _ if kind in _SHAPES:
            return RemoteColumn(name=name, type="VARCHAR", expression=f"ST_AsText({bare})", pushed=Pushed.NULL)
        case _:
            return RemoteColumn(name=name, type="VARCHAR", expression=text, pushed=Pushed.NULL)


def columns_of(table: Sequence[Declared], room: int) -> tuple[RemoteColumn, ...]:
    """The columns of a table, of which those are long that may not all stand in one line of so many bytes.

    Example:
        >>> note = Declared(name="note", type="text", full_type="text", encoding="utf8mb4", octets=65_535)
        >>> [column.is_long for column in columns_of([note], 1_000_000)], columns_of([note] * 4, 1_000_000)[0].is_long
        ([False], True)
    """
    lengths = [_length(each) for each in table]
    share = (room - _SHORT * lengths.count(0)) / max(1, len(table) - lengths.count(0))
    return tuple(replace(column_of(each), is_long=most > share) for each, most in zip(table, lengths, strict=True))


def _length(declared: Declared) -> float:
    """The most bytes of a value in a line; 0 for what is short, whatever it holds."""
    is_endless = declared.type in _SHAPES or declared.type == "json"
    return float("inf") if is_endless else _GROWTH * declared.octets


def sound(column: RemoteColumn) -> RemoteColumn:
    """The column with `?` in its texts for what is no character, as lines are read (mariadb_lines.py)."""
    return replace(column, expression=characters(column.expression)) if column.type == "VARCHAR" else column


def characters(sql: str) -> str:
    """A text with `?` for what is no character, of which only UTF-16 knows no form."""
    return f"CONVERT(CONVERT({sql} USING utf16) USING utf8mb4)"


def literal(value: Value) -> str:
    """A value as a literal that no setting of a server reads differently: texts are written byte by byte.

    Example:
        >>> literal("o'h"), literal(date(2020, 1, 2))
        ("_utf8mb4 x'6f2768'", "DATE'2020-01-02'")
    """
    match value:
        case bool() | int():
            return str(int(value))
        case Decimal():
            return f"{value:f}"
        case datetime():
            moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            return f"TIMESTAMP'{moment.isoformat(' ', 'microseconds')}'"
        case date():
            return f"DATE'{value.isoformat()}'"
        case str():
            return f"_utf8mb4 x'{value.encode().hex()}'"
