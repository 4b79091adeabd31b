"""Which columns of its table a generated column may read, by the words of its SQL: more than it does, never fewer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from sqlglot.tokenizer_core import Token, TokenType

from catalog.names import fold
from catalog.sources.connector import GeneratedColumn
from catalog.sources.view_sql import has_odd_space
from catalog.sql_texts import Unreadable, tokens_of_text

_LONGEST = 50_000
"""Of letters of one expression, read in the server: while its tokens are told, nobody else's work goes on."""

_LONGEST_TABLE = 1_000_000  # of which the SQL is read in a worker
_VALUES = frozenset({TokenType.STRING, TokenType.NUMBER})
_PLACES = frozenset({TokenType.HASH, TokenType.PARAMETER, TokenType.PLACEHOLDER})
"""What may stand for a column by its place."""


def columns_named(expression: str, dialect: str, columns: Iterable[str]) -> tuple[str, ...] | None:
    """Those columns whose names are words of an expression; None when its words cannot be told, or name no column.

    Example:
        >>> columns_named("upper(NOTE) || 'city'", "duckdb", ["id", "note", "city"])
        ('note',)
        >>> columns_named("upper(`hidden`)", "mysql", ["id"]), columns_named("default(id)", "mysql", ["id"])
        (None, None)
    """
    tokens, known = _tokens(expression, dialect, _LONGEST), {fold(column): column for column in columns}
    if not tokens or has_odd_space(expression) or any(token.token_type in _PLACES for token in tokens):
        return None
    words: set[str] = set()
    for token, after in zip_longest(tokens, tokens[1:]):
        word, is_called = fold(token.text), after is not None and after.token_type is TokenType.L_PAREN
        if token.token_type is TokenType.IDENTIFIER:
            if word not in known and not is_called:
                return None
        elif word == "default":  # of a column: MariaDB works that out for the row, by whatever columns it names
            return None
        if token.token_type not in _VALUES:
            words.update((word, *word.split()))  # some words are one token together
    return tuple(column for name, column in known.items() if name in words)


def definitions(table: str, columns: Sequence[str]) -> Mapping[str, str]:
    """What the SQL by which SQLite made a table says of each column, by its name; nothing when that cannot be told.

    Example:
        >>> definitions("CREATE TABLE t (a TEXT, [b c] AS (lower(a)), UNIQUE (a))", ["a", "b c"])
        {'a': 'TEXT', 'b c': 'AS (lower(a))'}
    """
    parts = [] if has_odd_space(table) else list(_parts(_tokens(table, "sqlite", _LONGEST_TABLE)))[: len(columns)]
    if [fold(part[0].text) for part in parts] != [fold(column) for column in columns]:
        return {}
    return {
        column: table[part[1].start : part[-1].end + 1] if part[1:] else ""
        for column, part in zip(columns, parts, strict=True)
    }


def generated_columns(columns: Iterable[tuple[str, str, str | None]], dialect: str) -> Iterator[GeneratedColumn]:
    """The generated ones of columns, each with its relation, its name and, if it is one, its expression."""
    tables: dict[str, dict[str, str | None]] = {}
    for relation, name, expression in columns:
        tables.setdefault(relation, {})[name] = expression
    for relation, table in tables.items():
        for name, expression in table.items():
            if expression is not None:
                read = columns_named(expression, dialect, table)
                reads = None if read is None else frozenset((relation, other) for other in read if other != name)
                yield GeneratedColumn(relation=relation, name=name, reads=reads)


def _tokens(sql: str, dialect: str, longest: int) -> Sequence[Token]:
    try:
        return tokens_of_text(sql, dialect, longest)
    except Unreadable:
        return ()


def _parts(tokens: Iterable[Token]) -> Iterator[Sequence[Token]]:
    """What stands between commas in the first parentheses."""
    depth, part = 0, list[Token]()
    for token in tokens:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        is_end = depth == 0 and token.token_type is TokenType.R_PAREN
        if is_end or (depth == 1 and token.token_type is TokenType.COMMA):
            if part:
                yield part
            part = []
            if is_end:
                return
        elif depth > 1 or (depth == 1 and (part or token.token_type is not TokenType.L_PAREN)):
            part.append(token)
