"""Takes the names of hidden columns out of governed SQL that people are told, where they are told of none.

A policy may filter by a column that is hidden, and find it by a tag, so that no word of the policy names it.
"""

from collections.abc import Iterable, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from catalog.names import fold, quoted
from catalog.sql_texts import tokens_of_text
from policy_engine.model import ROW, ColumnDecision, Decision, Outcome

UNNAMED = quoted("?")
"""What stands where a hidden column is read."""

Path = tuple[str, ...]


def hidden_paths(decision: Decision) -> frozenset[Path]:
    """The folded paths of all columns and fields that are hidden."""
    return frozenset(_hidden(decision.columns))


def unnamed(text: str, hidden: frozenset[Path]) -> str:
    """A governed relation as people are told it, with every hidden column and field of its row unnamed.

    Example:
        >>> unnamed('SELECT "_row"."id" FROM t AS "_row" WHERE "_row"."Boss" = \\'kim\\'', frozenset({("boss",)}))
        'SELECT "_row"."id" FROM t AS "_row" WHERE "_row"."?" = \\'kim\\''
    """
    tokens = tokens_of_text(text, "duckdb") if hidden else []
    told, at = [], 0
    for place, token in enumerate(tokens):
        if token.token_type is TokenType.IDENTIFIER and token.text == ROW:
            names = _names_after(tokens, place)
            for count in range(1, len(names) + 1):
                if tuple(fold(name.text) for name in names[:count]) in hidden:
                    told += [text[at : names[count - 1].start], UNNAMED]
                    at = names[-1].end + 1
                    break
    return "".join([*told, text[at:]])


def _hidden(columns: Iterable[ColumnDecision]) -> Iterable[Path]:
    for column in columns:
        if column.outcome is Outcome.HIDDEN:
            yield tuple(map(fold, column.path))
        yield from _hidden(column.parts)


def _names_after(tokens: Sequence[Token], place: int) -> list[Token]:
    """The names of a path behind the row's own: those of `a` and `b` in `_row.a.b`."""
    names = []
    while [token.token_type for token in tokens[place + 1 : place + 3]] == [TokenType.DOT, TokenType.IDENTIFIER]:
        names.append(tokens[place + 2])
        place += 2
    return names
