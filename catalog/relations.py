"""What names of relations mean in their source, and when two of them are the same table or file; pure."""

import json
import posixpath

from catalog.names import fold, split

Place = tuple[str, str]
"""A schema and a name, folded."""

_FILES = "files"
_SERVERS = frozenset({"mariadb", "postgres"})


def called(connector: str, relation: str) -> str:
    """What a relation is looked up by among all others of its source: a table's own name, folded; the path of a file.

    Example:
        >>> called("duckdb", 'main."T"'), called("files", "./labs/2024.csv")
        ('t', 'labs/2024.csv')
    """
    if connector == _FILES:
        return posixpath.normpath(relation)
    parts = split(relation)
    return fold(parts[-1]) if parts else ""


def place_of(relation: str) -> Place | None:
    """The place of a relation in its database system, None for what has none, such as a file.

    Example:
        >>> place_of("T"), place_of('Lab."Blood Tests"')
        (('main', 't'), ('lab', 'blood tests'))
    """
    parts = split(relation)
    if not parts:
        return None
    schema, name = ("main", *parts)[-2:]
    return fold(schema), fold(name)


def stored_place(relation: str) -> str:
    """The place of a relation as it is stored and compared: JSON, empty for what has none.

    Example:
        >>> stored_place("Lab.T"), stored_place("")
        ('["lab","t"]', '')
    """
    place = place_of(relation)
    return json.dumps(place, ensure_ascii=False, separators=(",", ":")) if place else ""


def is_same(connector: str, one: str, other: str) -> bool:
    """Whether two relations of one database are the same; a server may find a bare name in any schema.

    Example:
        >>> is_same("sqlite", "t", "main.T"), is_same("postgres", "t", "lab.t"), is_same("duckdb", "t", "lab.t")
        (True, True, False)
    """
    if called(connector, one) != called(connector, other):
        return False
    if connector == _FILES:
        return True
    schemas = [_schema(connector, split(relation)) for relation in (one, other)]
    return "" in schemas or schemas[0] == schemas[1]


def _schema(connector: str, parts: tuple[str, ...]) -> str:
    if len(parts) > 1:
        return fold(parts[-2])
    return "" if connector in _SERVERS else "main"
