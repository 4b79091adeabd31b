"""SQL that anybody but Veil may have written, read with bounded work: queries, filters, transforms and views.

The parser holds the interpreter's lock, and nothing can stop it once it has begun. Where something can be read in
several ways, `date(..)` as a type and as a call, it tries one after the other, and within each again.
"""

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import Dialect, ErrorLevel, exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # its warnings print the SQL

_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_NODES_OF_ANY = 1_000
_NODES_OF_A_TOKEN = 4
_READ_TWICE = frozenset({TokenType.NESTED, TokenType.OBJECT, TokenType.STRUCT, TokenType.UNION})
_READINGS_OF_ANY = 20_000
_READINGS_OF_A_TOKEN = 8
_ALL_ERRORS = (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError)


class Unreadable(Exception):
    """A text cannot be read as SQL; its cause is the parser's error, if it was that which said so."""


class TooMuchSql(Unreadable):
    """A text is beyond a limit; it says which, as `it has 30,000 characters and the limit is 20,000`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """How much SQL is read: characters, tokens, and how deep brackets and what stands behind dots may nest."""

    characters: int
    tokens: int
    depth: int


@functools.cache
def spoken(dialect: str) -> Dialect:
    """The dialect of a name, made once: its tokenizers, parsers and generators are made anew for each text.

    Example:
        >>> type(spoken("duckdb")).__name__
        'DuckDB'
    """
    return Dialect.get_or_raise(dialect)


def tokens_of_text(text: str, dialect: str, characters: int | None = None) -> list[Token]:
    """The tokens of a text of at most so many characters; raises TooMuchSql or Unreadable.

    Example:
        >>> [token.text for token in tokens_of_text("select 1", "duckdb", 100)]
        ['select', '1']
    """
    if characters is not None and len(text) > characters:
        raise TooMuchSql(f"it has {len(text):,} characters and the limit is {characters:,}")
    try:
        return spoken(dialect).tokenize(text)
    except _ALL_ERRORS as error:
        raise Unreadable("it ends inside a string, a comment or a quoted name") from error


def parsed(text: str, dialect: str, limits: TextLimits) -> list[exp.Expr]:
    """The trees of the statements or expressions in a text; raises TooMuchSql or Unreadable.

    Example:
        >>> [tree.sql() for tree in parsed("a = 1", "duckdb", TextLimits(characters=100, tokens=100, depth=10))]
        ['a = 1']
    """
    tokens = tokens_of_text(text, dialect, limits.characters)
    if len(tokens) > limits.tokens:
        raise TooMuchSql(f"it has {len(tokens):,} tokens and the limit is {limits.tokens:,}")
    if depth_of(tokens) > limits.depth:
        raise TooMuchSql(f"it is nested more than {limits.depth} levels deep")
    return parsed_tokens(text, tokens, dialect)


_AROUND_NOT = (exp.Connector, exp.Paren, exp.Not)


def parsed_tokens(text: str, tokens: list[Token], dialect: str) -> list[exp.Expr]:
    """The trees of tokens whose number and depth are bounded; raises TooMuchSql for too many vain attempts.

    A parser may make some nodes for each token, and a few in vain: of `array[array[..` it reads every level twice, so
    of fifty levels none would see the end. Types made of types it reads twice without making a node.

    Example:
        >>> deep = f"{'date(' * 40}a{')' * 40}"
        >>> parsed_tokens(deep, tokens_of_text(deep, "duckdb"), "duckdb")
        Traceback (most recent call last):
        ...
        catalog.sql_texts.TooMuchSql: it nests what can be read in several ways so deep that it takes too long to read
    """
    if dialect != "duckdb" and _readings(tokens) > _READINGS_OF_ANY + _READINGS_OF_A_TOKEN * len(tokens):
        raise _too_often()
    parser = spoken(dialect).parser(
        error_level=ErrorLevel.IMMEDIATE, max_nodes=_NODES_OF_ANY + _NODES_OF_A_TOKEN * len(tokens)
    )
    try:
        trees = parser.parse(tokens, text)
    except _ALL_ERRORS as error:
        if isinstance(error, ParseError) and parser._node_count > parser.max_nodes:
            raise _too_often() from None
        raise Unreadable("it is not understood") from error
    if any(token.token_type == TokenType.NOT for token in tokens):
        for tree in trees:
            _bracket_negations(tree)
    return [tree for tree in trees if tree is not None]


def _bracket_negations(tree: exp.Expr | None) -> None:
    """`a NOT IN (1) < b` is printed as `NOT a IN (1) < b`, which denies the comparison: brackets keep it as it was."""
    for node in [*tree.find_all(exp.Not)] if tree is not None else ():
        above = node.parent
        if isinstance(above, exp.Binary | exp.Predicate | exp.Unary) and not isinstance(above, _AROUND_NOT):
            node.replace(exp.Paren(this=node.copy()))


def recursive_side(part: exp.CTE) -> exp.Expr | None:
    """The only place in a query of WITH RECURSIVE where an engine takes its name for itself: the right of a UNION.

    On the left, and where there is no plain UNION on top, DuckDB looks for a relation of that name.
    """
    body = part.this
    while isinstance(body, exp.Subquery | exp.Paren) and not body.args.get("with_"):
        body = body.this
    is_plain = isinstance(body, exp.Union) and not any(map(body.args.get, ("by_name", "side", "kind", "on")))
    return body.expression if is_plain else None


def parsed_type(text: str, limits: TextLimits) -> exp.DataType:
    """A type of the engine; raises TooMuchSql or Unreadable.

    Example:
        >>> parsed_type("DECIMAL(5, 2)", TextLimits(characters=100, tokens=100, depth=10)).sql()
        'DECIMAL(5, 2)'
    """
    tokens = tokens_of_text(text, "duckdb", limits.characters)
    if len(tokens) > limits.tokens or depth_of(tokens) > limits.depth:
        raise TooMuchSql("its type is longer than what is read")
    try:
        return exp.DataType.build(text, dialect="duckdb")
    except _ALL_ERRORS as error:
        raise Unreadable("its type is not understood") from error


def depth_of(tokens: Sequence[Token]) -> int:
    """How deep a text nests. What stands behind dots and brackets, `a.f().g()`, `a[1][2]`, nests too: the parser copies
    all before it.

    Example:
        >>> depth_of(tokens_of_text("f(a[(1)], [2], [3])", "duckdb")), depth_of(tokens_of_text("a.f().g()", "duckdb"))
        (3, 2)
    """
    deepest, behind, before = 0, [0], None
    for token in tokens:
        kind = token.token_type
        if kind in _OPENING:
            behind[-1] += kind == TokenType.L_BRACKET and before in _CLOSING
            behind.append(0)
            deepest = max(deepest, behind[-2])
        elif kind in _CLOSING:
            behind = behind[:-1] or [0]
        elif kind == TokenType.DOT:
            behind[-1] += 1
        elif before != TokenType.DOT:
            behind[-1] = 0
        before = kind
        deepest = max(deepest, len(behind) - 1, behind[-1])
    return deepest


def _readings(tokens: Sequence[Token]) -> int:
    """How many tokens are read where each is read twice for each type of types, `struct(..)`, that it stands in."""
    readings, around, twice, before = 0, list[bool](), 0, None
    for token in tokens:
        if token.token_type in _OPENING:
            around.append(token.token_type == TokenType.L_PAREN and before in _READ_TWICE)
            twice += around[-1]
        elif token.token_type in _CLOSING and around:
            twice -= around.pop()
        readings += 1 << min(twice, 60)
        before = token.token_type
    return readings


def _too_often() -> TooMuchSql:
    return TooMuchSql("it nests what can be read in several ways so deep that it takes too long to read")
