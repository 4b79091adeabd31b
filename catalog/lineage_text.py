"""Whether the tree of a view's SQL has every name of its text: a parser may drop what it has no place for."""

import itertools
from collections import Counter
from collections.abc import Iterable

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from catalog.lineage_names import NOT_LISTED
from catalog.names import fold
from catalog.sources.connector import ViewSql
from catalog.sources.view_sql import Unclear
from catalog.sql_texts import tokens_of_text

_NO_NAMES = frozenset(
    {
        *(TokenType.STRING, TokenType.NUMBER, TokenType.HEX_STRING, TokenType.BIT_STRING, TokenType.RAW_STRING),
        *(TokenType.NATIONAL_STRING, TokenType.UNICODE_STRING, TokenType.HEREDOC_STRING, TokenType.BYTE_STRING),
        *(TokenType.SELECT, TokenType.FROM, TokenType.WHERE, TokenType.GROUP_BY, TokenType.ORDER_BY, TokenType.HAVING),
        *(TokenType.ALIAS, TokenType.ON, TokenType.USING, TokenType.JOIN, TokenType.LEFT),
        *(TokenType.INNER, TokenType.CROSS, TokenType.UNION, TokenType.DISTINCT, TokenType.LIMIT, TokenType.WITH),
        *(TokenType.CASE, TokenType.WHEN, TokenType.THEN, TokenType.ELSE, TokenType.END, TokenType.DESC, TokenType.ASC),
        *(TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.NULL, TokenType.TRUE, TokenType.FALSE, TokenType.IN),
        *(TokenType.IS, TokenType.BETWEEN, TokenType.LIKE, TokenType.ALL, TokenType.CREATE, TokenType.TABLE),
    }
)
"""Kinds of tokens that are no names, or reserved words of each engine, which are a column's name in quotes alone."""


def check_nothing_lost(view: ViewSql, query: exp.Query, columns: Iterable[str]) -> None:
    """Raises Unclear for a name in a view's text that may be one of a column and is nowhere in its tree.

    Example:
        >>> from sqlglot import parse_one
        >>> view = ViewSql("SELECT arg_max(a, b, 1, c) FROM t", "duckdb")
        >>> check_nothing_lost(view, parse_one(view.text, dialect="duckdb"), ["a", "b", "c"])
        Traceback (most recent call last):
        ...
        catalog.sources.view_sql.Unclear: its SQL is not understood
    """
    tokens = tokens_of_text(view.text, view.dialect)
    followed = [(token, after) for token, after in itertools.pairwise([*tokens, None]) if token and _is_name(token)]
    called = {token.start: fold(token.text) for token, after in followed if after and after.text == "("}
    known = {*map(fold, columns), *called.values(), *NOT_LISTED}
    places, names = set[int](called), Counter[str]()
    for node in query.root().walk(prune=lambda node: isinstance(node, exp.DataType)):
        if isinstance(node, exp.Identifier):
            known.add(fold(node.name))
            places.add(node.meta.get("start", -1))
        elif isinstance(node, exp.Var):
            names[fold(node.name)] += 1
    names.subtract(fold(token.text) for token, _ in followed if token.start not in places)
    if any(count < 0 for name, count in names.items() if name in known):
        raise Unclear("its SQL is not understood")


def _is_name(token: Token) -> bool:
    if token.token_type is TokenType.IDENTIFIER:
        return True
    return token.token_type not in _NO_NAMES and (token.text[:1].isalpha() or token.text[:1] == "_")
