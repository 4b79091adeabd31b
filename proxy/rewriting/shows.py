"""Spells out the statements that ask what there is, SHOW and its kin, as queries of the person's own catalog."""

import re

from catalog.names import quoted
from proxy.rewriting.information import SCHEMA

_NAME = r'(?:"(?:[^"]|"")++"|\w++)'
_END = r"\s*+;?+\s*+"  # blanks that are taken are not given back: of very many each way to part them would be tried
_TABLES = re.compile(rf"\s*+show\s++tables(?:\s++(?:from|in)\s++({_NAME}))?{_END}", re.IGNORECASE)
_FIXED = (
    (
        re.compile(rf"\s*+show\s++all\s++tables{_END}", re.IGNORECASE),
        "SELECT table_catalog AS database, table_schema AS schema, table_name AS name,"
        " list(column_name ORDER BY ordinal_position) AS column_names,"
        " list(data_type ORDER BY ordinal_position) AS column_types, false AS temporary"
        f" FROM {SCHEMA}.columns GROUP BY ALL ORDER BY ALL",
    ),
    (
        re.compile(rf"\s*+show\s++(?:all\s++)?(?:databases|schemas){_END}", re.IGNORECASE),
        f"SELECT schema_name AS database_name FROM {SCHEMA}.schemata WHERE schema_name <> '{SCHEMA}' ORDER BY ALL",
    ),
)
_DATASET = re.compile(rf"\s*+show\s++({_NAME}(?:\s*+\.\s*+{_NAME}){{0,2}}){_END}", re.IGNORECASE)
_EXPLAIN = re.compile(r"\s*+explain\s++(?!analy[sz]e\b|\()", re.IGNORECASE)


def spelled_out(text: str, database: str) -> str:
    """A SHOW as the query that it means; any other text as it stands. `SHOW TABLES` shows those of `database`.

    Example:
        >>> spelled_out("show shop.orders", "main")
        'DESCRIBE shop.orders'
    """
    if (found := _TABLES.fullmatch(text)) is not None:
        schema = _unquoted(found[1]) if found[1] else database
        literal = schema.lower().replace("'", "''")
        return f"SELECT table_name AS name FROM {SCHEMA}.tables WHERE lower(table_schema) = '{literal}' ORDER BY ALL"
    for pattern, query in _FIXED:
        if pattern.fullmatch(text):
            return query
    if (found := _DATASET.fullmatch(text)) is not None:
        return f"DESCRIBE {found[1]}"
    return text


def explained(text: str) -> str | None:
    """The query that an EXPLAIN asks about, else None.

    Example:
        >>> explained("explain select 1"), explained("select 1")
        ('select 1', None)
    """
    found = _EXPLAIN.match(text)
    return text[found.end() :] if found else None


def explanation(parameter: str) -> str:
    """The query that answers an EXPLAIN with the governed SQL, which is bound under a parameter's name."""
    key, value = quoted("explain_key"), quoted("explain_value")
    return f"SELECT 'governed_sql' AS {key}, ${parameter}::VARCHAR AS {value}"


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
