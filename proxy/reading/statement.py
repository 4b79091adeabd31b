"""Reads a person's SQL into a checked tree: one statement, of known syntax and functions, within limits.

The tree that leaves here is the only thing that goes on; the text itself is never sent to an engine.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import ErrorLevel, exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from catalog.errors import LimitExceeded, Position, SqlInvalid, SqlUnsupported
from catalog.names import fold
from catalog.sql_texts import TooMuchSql, Unreadable, parsed_tokens, spoken, tokens_of_text
from proxy.reading.allowed import check_tree
from proxy.reading.calls import plain_calls, plain_distinct, plain_intervals
from proxy.reading.describing import plain_descriptions
from proxy.reading.grammar import BEGINNINGS
from proxy.reading.parameters import name_placeholders
from proxy.reading.pivots import plain_pivot, with_whole_names
from proxy.reading.tokens import SqlLimits, named, parted, position_at, respelled, tokens_of

DIALECTS = ("duckdb",)

_SHOWN = frozenset({"ALL", "DATABASES", "SCHEMAS", "TABLES"})
_PARTS = (
    *(exp.Query, exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.TableSample, exp.From, exp.Join, exp.Lateral),
    *(exp.Unnest, exp.Pivot, exp.Values, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Distinct, exp.Filter),
    *(exp.Order, exp.Limit, exp.Fetch, exp.Offset),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A checked tree with its text; its placeholders are named `$p1`, `$p2` ..

    `parameters` are what the text calls them, in that order: `1`, `2` .., or names without the `$` in lower case.
    `places` says where in the text a node begins, by the node's id.
    """

    text: str
    dialect: str
    tree: exp.Expr
    parameters: tuple[str, ...]
    places: Mapping[int, int] = field(default_factory=dict, repr=False)

    def place(self, node: exp.Expr) -> Position | None:
        """Where a name or function stands in the text, if the parser noted it."""
        start = self.places.get(id(node))
        return None if start is None else position_at(self.text, start)


def read(text: str, dialect: str = "duckdb", limits: SqlLimits | None = None) -> Statement:
    """The one statement of a text, checked against the allow-lists.

    Example:
        >>> read("select a from shop.orders where b > ?").parameters
        ('1',)

    Raises SqlInvalid (not SQL), SqlUnsupported (not on a list) or LimitExceeded.
    """
    if dialect not in DIALECTS:
        raise SqlUnsupported(f"the SQL dialect `{dialect}` is not spoken here", hint="write the query for `duckdb`")
    limits = limits or SqlLimits()
    if len(text) <= limits.characters:
        text = parted(text)
    tokens = tokens_of(text, dialect, limits)
    _check_beginning(text, tokens)
    _check_shows(text, tokens)
    tree = _parse(text, tokens, dialect)
    _check_depth(tree, limits)
    _check_samples(tokens, tree)
    tree = _plain(tree)
    check_tree(text, tree)
    _check_joins(tree, limits)
    parameters = name_placeholders(tree, _count_marks(text, tokens))
    return Statement(text=text, dialect=dialect, tree=tree, parameters=parameters, places=_places(tree))


def _places(tree: exp.Expr) -> dict[int, int]:
    """Where each node begins; the nodes forget it, since copying what they keep takes longer than copying them."""
    found: dict[int, int] = {}
    for node in tree.walk():
        if node._meta:
            start = node._meta.get("start")
            if isinstance(start, int):
                found[id(node)] = start
            node._meta = None
    return found


def _check_beginning(text: str, tokens: list[Token]) -> None:
    """Refuses a statement by its first word, before a parser that knows it under another name, or not at all."""
    word = tokens[0].text.upper() if tokens else ""
    begun = BEGINNINGS.get(word)
    if begun is not None and not begun.is_answered:
        where = position_at(text, tokens[0].start)
        raise SqlUnsupported(f"`{word}` is not answered here", hint=begun.reason, position=where)


def _check_shows(text: str, tokens: list[Token]) -> None:
    """Refuses SHOW within a query, which the parser takes for a relation of that name under an alias."""
    for bracket, show, what in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (bracket.text, show.text.upper()) == ("(", "SHOW") and what.text.upper() in _SHOWN:
            raise SqlUnsupported(
                "SHOW within a query is not answered",
                hint="select from information_schema.tables or .columns, which tell the same",
                position=position_at(text, show.start),
            )


def generate(tree: exp.Expr, dialect: str, *, copy: bool = True) -> str:
    """The tree as SQL with every identifier quoted and no comment; refuses what it cannot write faithfully.

    Without a copy it is quicker, and uses the tree up.
    """
    if tree.find(exp.Pivot) is not None:
        tree, copy = with_whole_names(tree.copy() if copy else tree), False
    try:
        return tree.sql(spoken(dialect), identify=True, comments=False, copy=copy, unsupported_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise SqlUnsupported("a construct of this SQL cannot be written out again faithfully") from error


def shape(tree: exp.Expr) -> Counter[tuple[str, str]]:
    """What a statement is made of: how many there are of each part of a query, and of each name of a relation.

    Example:
        >>> sorted(shape(read("select 1 from a where true").tree))
        [('From', ''), ('Select', ''), ('Table', 'a'), ('Where', '')]
    """
    nodes = (node for node in tree.walk() if isinstance(node, _PARTS))
    return Counter(
        ("Limit" if isinstance(node, exp.Fetch) else type(node).__name__, _name_of_relation(node)) for node in nodes
    )


def _name_of_relation(node: exp.Expr) -> str:
    return node.alias_or_name if isinstance(node, exp.Table | exp.CTE) else ""


def reread(printed: str, dialect: str) -> exp.Expr:
    """What was printed, read once more as a person's text is; raises SqlInvalid or SqlUnsupported."""
    try:
        tokens = tokens_of_text(printed, dialect)
    except Unreadable as error:
        raise SqlUnsupported("a construct of this SQL cannot be written out again faithfully") from error
    return _plain(_parse(printed, respelled(printed, tokens), dialect))


def _parse(text: str, tokens: list[Token], dialect: str) -> exp.Expr:
    try:
        parsed = parsed_tokens(text, tokens, dialect)
    except TooMuchSql:
        raise _read_too_often() from None
    except Unreadable as error:
        if isinstance(error.__cause__, ParseError):
            raise _syntax_error(text, error.__cause__) from error
        raise SqlInvalid("the SQL cannot be read", hint="check it near its end, or simplify it") from error
    statements = [tree for tree in parsed if not isinstance(tree, exp.Semicolon)]
    if not statements:
        raise SqlInvalid("there is no SQL in the request", hint="send one SELECT")
    if len(statements) > 1:
        raise SqlUnsupported("one request runs one statement, and this holds several", hint="send them one by one")
    named(statements[0])
    return statements[0]


def _read_too_often() -> LimitExceeded:
    return LimitExceeded(
        "the SQL nests what can be read in several ways so deep that it takes too long to read",
        hint="give every JOIN its ON, write `[1, 2]` for `ARRAY[1, 2]`, or name parts of it using WITH",
    )


def _plain(tree: exp.Expr) -> exp.Expr:
    """The tree in the forms that every other file expects: plain calls, and a SELECT at its root."""
    plain_calls(tree)
    plain_distinct(tree)
    plain_intervals(tree)
    return plain_pivot(plain_descriptions(tree))


def _count_marks(text: str, tokens: list[Token]) -> int:
    return sum(token.token_type == TokenType.PARAMETER and text[token.start] == "?" for token in tokens)


def _syntax_error(text: str, error: ParseError) -> SqlInvalid:
    first = error.errors[0] if error.errors else {}
    line, column, highlight = first.get("line"), first.get("col"), first.get("highlight") or ""
    if not isinstance(line, int) or not isinstance(column, int):
        return SqlInvalid("the SQL cannot be read", hint="check it near its end")
    if re.match(r"\s*(?:un)?pivot\b", text, re.IGNORECASE):
        hint = "for aliases, ORDER BY and LIMIT write `SELECT * FROM t PIVOT (sum(x) FOR y IN ('a' AS b)) ORDER BY ..`"
        return SqlInvalid("this PIVOT cannot be read", hint=hint)
    near = f" near `{highlight[:40]}`" if highlight.strip() else ""
    where = Position(line=line, column=max(1, column - len(highlight) + 1), snippet=highlight[:80])
    return SqlInvalid(f"the SQL cannot be read{near}", hint="check the spelling there and just before", position=where)


def _check_samples(tokens: list[Token], tree: exp.Expr) -> None:
    """Raises where a sample of one relation is read as one of the whole query, as it is behind VALUES and UNNEST."""
    written = sum(token.text.upper() == "TABLESAMPLE" for token in tokens if token.token_type == TokenType.TABLE_SAMPLE)
    of_queries = sum(
        isinstance(sample.parent, exp.Select | exp.SetOperation) for sample in tree.find_all(exp.TableSample)
    )
    if written and of_queries:
        raise SqlUnsupported(
            "TABLESAMPLE behind VALUES or UNNEST, or beside USING SAMPLE, is not supported here",
            hint="draw the sample from a query in brackets, `FROM (FROM (VALUES ..)) AS v TABLESAMPLE ..`",
        )


def _check_depth(tree: exp.Expr, limits: SqlLimits) -> None:
    """A chain of operators is a tree as deep as it is long; an engine's work doubles with each lambda in a lambda."""
    level = [tree]
    for _ in range(limits.chain):
        level = [child for node in level for child in node.iter_expressions()]
        if not level:
            break
    else:
        raise _too_long_a_chain(limits)
    for inner in tree.find_all(exp.Lambda):
        depth, above = 0, inner.parent
        while above is not None:
            depth, above = depth + isinstance(above, exp.Lambda), above.parent
        if depth >= limits.lambdas:
            raise LimitExceeded(
                f"lambdas stand in lambdas more than {limits.lambdas} deep", hint="name parts of it using WITH"
            )


def _too_long_a_chain(limits: SqlLimits) -> LimitExceeded:
    return LimitExceeded(
        f"the SQL chains more than {limits.chain} operators or queries",
        hint="use IN for a long list, or split the query using WITH",
    )


def _check_joins(tree: exp.Expr, limits: SqlLimits) -> None:
    joins = list(tree.find_all(exp.Join))
    if len(joins) > limits.joins:
        raise LimitExceeded(f"the SQL has {len(joins)} joins and the limit is {limits.joins}")
    if sum(str(join.args.get("method")).upper() == "POSITIONAL" for join in joins) > limits.in_step:
        raise LimitExceeded(
            f"the SQL has more than {limits.in_step} POSITIONAL JOINs, which read all their relations at once",
            hint="number the rows using row_number(), and join by that",
        )
    if _count_relations(tree, {}) > limits.relations:
        raise LimitExceeded(
            f"the SQL reads more than {limits.relations:,} relations, each WITH as often as it is named",
            hint="name each WITH less often, or split the query",
        )


def _count_relations(node: exp.Expr, ctes: Mapping[str, int]) -> int:
    """How many relations a query reads; a few CTEs that name each other twice make billions."""
    clause = node.args.get("with_")
    if isinstance(clause, exp.With):
        for cte in clause.expressions:
            ctes = {**ctes, fold(cte.alias): max(1, _count_relations(cte.this, ctes))}
    found = ctes.get(fold(node.name), 1) if isinstance(node, exp.Table) and not node.args.get("db") else 0
    return found + sum(_count_relations(child, ctes) for child in node.iter_expressions() if child is not clause)
