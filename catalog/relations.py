"""When two names of relations of one source mean the same table or file; pure."""

import posixpath

from catalog.names import fold, split

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
