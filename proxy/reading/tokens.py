"""Makes of a text the tokens that the parser reads: within limits, each of one meaning to every lexer.

Functions keep the names that were written: a parser that knows a function by another name, or takes its arguments
apart, writes it out again otherwise than it stood. So the names of functions reach the parser marked as unknown, and
`named` takes the marks off its tree.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from catalog.errors import LimitExceeded, Position, SqlInvalid, SqlUnsupported
from catalog.sql_texts import Unreadable, depth_of, spoken, tokens_of_text
from proxy.reading.functions import FUNCTIONS, WITH_SYNTAX

_STRINGS = {TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.BYTE_STRING}
_ARROWS = {TokenType.ARROW, TokenType.DARROW}
_LITTLE = {TokenType.NUMBER, TokenType.STRING, TokenType.COMMA}
_TYPES = spoken("duckdb").parser_class.TYPE_TOKENS - {TokenType.INTERVAL}
_ENDS_OF_TYPES = frozenset({"precision", "varying", "zone", ")", "]"})
_BEHIND_VALUES = {TokenType.DCOLON, TokenType.DOT, TokenType.L_BRACKET}
_GLUED = re.compile(
    r"""e'(?:[^'\\]|\\.|'')*+'|'(?:[^']|'')*+'|"(?:[^"]|"")*+"|--[^\n]*+|/\*.*?(?:\*/|\Z)|(\$\w++)(?=[^\w\s$])""",
    re.IGNORECASE | re.DOTALL,
)
_DOLLARS = re.compile(r"\$\w*\$")
_LONG_LISTS = "pass a long list as one text, `IN (SELECT unnest(string_split(?, ',')))`, or join with a dataset"
_MARK = "\0"  # no text that is read holds one
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlLimits:
    """How much SQL is read: characters, tokens, depth of brackets and of lambdas, length of a chain, joins.

    A join that reads `in_step` holds a connection of each database's relation at the same time, row by row.

    `words` counts the tokens but literals and commas, which take little of the time to judge a text.
    `relations` counts those that a query reads where each CTE is written out as often as it is named; `path` is the
    longest text behind an arrow, `->` or `->>`, which the parser reads as a path.
    """

    characters: int = 200_000
    tokens: int = 12_000
    words: int = 6_500
    depth: int = 60
    lambdas: int = 6
    chain: int = 300
    joins: int = 100
    in_step: int = 8
    relations: int = 1_000
    path: int = 2_000


def tokens_of(text: str, dialect: str, limits: SqlLimits) -> list[Token]:
    """The tokens of a text; raises SqlInvalid, SqlUnsupported or LimitExceeded for what must not be parsed.

    Each `?` is numbered as it stands, as a tree does not keep the order of the text.

    Example:
        >>> [token.text for token in tokens_of("select $$it's$$, ?", "duckdb", SqlLimits())]
        ['select', "it's", ',', '$', '1']
    """
    if len(text) > limits.characters:
        raise LimitExceeded(
            f"the SQL has {len(text):,} characters and the limit is {limits.characters:,}",
            hint=_LONG_LISTS,
        )
    try:
        found = tokens_of_text(text, dialect)
    except Unreadable as error:
        raise SqlInvalid("the SQL ends inside a string, a comment or a quoted name", hint="close it") from error
    _check_size(found, limits)
    _check_characters(text, found)
    _check_numbers(text, found)
    return respelled(text, found)


def parted(text: str) -> str:
    """The text with a blank after each parameter that has none: `$a,$` begins a string for the lexer, as `$a$` does.

    A text in which a string in dollars may stand is left as it is.

    Example:
        >>> parted("select $1,$2, '$1,$2'")
        "select $1 ,$2 , '$1,$2'"
    """
    if "$" not in text or _DOLLARS.search(text):
        return text
    return _GLUED.sub(lambda found: f"{found[0]} " if found[1] else found[0], text)


def named(tree: exp.Expr) -> None:
    """Takes the marks off the names of functions in a tree."""
    for node in tree.walk():
        name = node.args.get("this")
        if isinstance(name, str) and name.startswith(_MARK):
            node.set("this", name[1:])


def _check_size(tokens: list[Token], limits: SqlLimits) -> None:
    if len(tokens) > limits.tokens:
        raise LimitExceeded(
            f"the SQL has {len(tokens):,} tokens and the limit is {limits.tokens:,}",
            hint=_LONG_LISTS,
        )
    words = sum(token.token_type not in _LITTLE for token in tokens)
    if words > limits.words:
        raise LimitExceeded(
            f"the SQL has {words:,} names and signs beside literals and commas, and the limit is {limits.words:,}",
            hint="ask for less at once, or name parts of it using WITH",
        )
    for arrow, path in itertools.pairwise(tokens):
        if arrow.token_type in _ARROWS and len(path.text) > limits.path:
            raise LimitExceeded(
                f"a path of the SQL has {len(path.text):,} characters and the limit is {limits.path:,}",
                hint="go down in steps, `a -> 'b' -> 'c'`",
            )
    if depth_of(tokens) > limits.depth:
        raise LimitExceeded(
            f"the SQL is nested more than {limits.depth} levels deep", hint="name parts of it using WITH"
        )


def _check_numbers(text: str, tokens: list[Token]) -> None:
    """`0x1F` is one number to an engine and two words to the parser, so it is refused."""
    for number, following in itertools.pairwise(tokens):
        is_glued = following.start == number.end + 1 and (
            text[following.start].isalpha() or text[following.start] == "_"
        )
        if number.token_type == TokenType.NUMBER and is_glued:
            raise SqlInvalid(
                "a number in the SQL runs into a word",
                hint="write plain decimal digits, and a space before the word",
                position=position_at(text, number.start),
            )


def _check_characters(text: str, tokens: list[Token]) -> None:
    """Control and format characters mean different things to different lexers, so only strings may hold them."""
    odd = [at for at, character in enumerate(text) if not character.isascii() or character < " "]
    odd = [at for at in odd if text[at] not in "\t\n\r" and unicodedata.category(text[at])[0] in "CZ"]
    if not odd:
        return
    inside = {at for token in tokens if token.token_type in _STRINGS for at in range(token.start, token.end + 1)}
    for at in odd:
        if at not in inside or text[at] == "\0":
            raise SqlInvalid(
                f"the SQL holds the invisible character U+{ord(text[at]):04X} outside a string",
                hint="retype that place by hand",
                position=position_at(text, at),
            )


def respelled(text: str, tokens: list[Token]) -> list[Token]:
    """The tokens in one spelling: plain strings, numbered parameters, marked functions."""
    return list(_respelled(text, list(_bracketed(text, tokens))))


def _bracketed(text: str, tokens: list[Token]) -> Iterator[Token]:
    """The tokens with brackets around a text of a type, `date '2026-01-31'`, that something follows at once.

    Of `date '2026-01-31'::varchar` the parser would take the text for a VARCHAR, and that for a date.
    """
    is_open = False
    for number, token in enumerate(tokens):
        string, behind = ([*tokens[number + 1 : number + 3], None, None])[:2]
        is_text = string is not None and string.token_type in _STRINGS
        is_followed = is_text and behind is not None and behind.token_type in _BEHIND_VALUES
        if is_followed and token.text.lower() in _ENDS_OF_TYPES:
            raise SqlUnsupported(
                "a text of a type is not read before `::`, a dot or a square bracket",
                hint="put brackets around it, `(decimal(5, 2) '1.50')::varchar`",
                position=position_at(text, token.start),
            )
        if is_followed and token.token_type in _TYPES:
            yield _like(token, TokenType.L_PAREN, "(")
        yield token
        if is_open:
            yield _like(token, TokenType.R_PAREN, ")")
        is_open = is_followed and token.token_type in _TYPES


def _respelled(text: str, tokens: list[Token]) -> Iterator[Token]:
    marks = 0
    before: Token | None = None
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        kind = token.token_type
        if kind == TokenType.NULLSAFE_EQ:
            raise SqlUnsupported(
                "`<=>` is a distance of lists to the engine and a comparison to others",
                hint="write `IS NOT DISTINCT FROM` to compare what may be NULL",
                position=position_at(text, token.start),
            )
        if kind == TokenType.PLACEHOLDER:
            marks += 1
            yield _like(token, TokenType.PARAMETER, "$")
            yield _like(token, TokenType.NUMBER, str(marks))
        elif kind == TokenType.HEREDOC_STRING:
            if not _DOLLARS.match(text, token.start):
                raise SqlInvalid(
                    "a `$` of the SQL begins a text for one reader and a parameter for another",
                    hint="put a blank after each parameter: `$a, $b`",
                    position=position_at(text, token.start),
                )
            yield _like(token, TokenType.STRING, token.text)
        elif kind == TokenType.BYTE_STRING:
            yield _like(token, TokenType.STRING, _unescaped(text, token))
        elif following is not None and following.token_type == TokenType.L_PAREN and kind != TokenType.IDENTIFIER:
            yield _before_bracket(token, before)
        else:
            yield token
        before = token


def _before_bracket(token: Token, before: Token | None) -> Token:
    name = token.text.lower()
    if name == "some":
        return _like(token, TokenType.ANY, "any")
    is_clause = name == "filter" and before is not None and before.token_type == TokenType.R_PAREN
    if name in FUNCTIONS and name not in WITH_SYNTAX and not is_clause:
        return _like(token, TokenType.VAR, _MARK + token.text)
    return token


def _like(token: Token, kind: TokenType, text: str) -> Token:
    return Token(kind, text, token.line, token.col, token.start, token.end, token.comments)


def _unescaped(text: str, token: Token) -> str:
    """What an escape string means; only escapes that every lexer reads alike are read."""

    def meaning(found: re.Match[str]) -> str:
        if found[0] == "''":
            return "'"
        if found[1] not in _ESCAPED:
            raise SqlUnsupported(
                "an escape in an E'..' string is not read here",
                hint="write the character itself, or chr() of its number",
                position=position_at(text, token.start),
            )
        return _ESCAPED[found[1]]

    return _ESCAPE.sub(meaning, text[token.start + 2 : token.end])


def position_at(text: str, offset: int) -> Position:
    """The line and column of an offset, counted from one, with the line it is on.

    Example:
        >>> position_at("select 1\\nfrom x", 14).line
        2
    """
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end]
    return Position(line=text.count("\n", 0, offset) + 1, column=offset - start + 1, snippet=line[:200])
