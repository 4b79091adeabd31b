"""The clauses of a policy statement: its object, HAVING ATTRIBUTE, TRANSFORM and WHERE."""

import re

from catalog.errors import PolicyInvalid, VeilError
from policy_engine import tag_expressions
from policy_engine.ddl.cursor import Cursor, Piece
from policy_engine.ddl.tokens import Token
from policy_engine.filters import filters
from policy_engine.model import Scope, TagExpression, TransformRule
from policy_engine.transforms import calls

ORDER = "the clauses stand in this order: HAVING ATTRIBUTE, TRANSFORM, WHERE, and then the roles"
_EARLIER = re.compile(r"\b(HAVING\s+ATTRIBUTE|TRANSFORM)\b", re.IGNORECASE)
_THINGS = ("CATALOG", "SERVER", "DATABASE", "TABLE", "VIEW")
_ELSEWHERE = {
    "URI": "files are read through a source, which a document declares under `sources:`",
    "ROLE": "write `GRANT ROLE clerk TO GROUP clerks`",
    "ATTRIBUTE": "members of the group `admin` assign tags",
    "CRAWLER": "members of the group `admin` crawl",
    "DATACONNECTION": "sources stand in a document under `sources:`",
}
_NAME_HINT = 'write `database.dataset`; odd names stand in "double quotes"'


def read_scope(cursor: Cursor, columns: tuple[tuple[str, ...], ...]) -> Scope:
    """The object of a policy, after ON.

    Example: `DATABASE clinic`, `TABLE clinic."Lab Results"`, `CATALOG`.
    """
    for word, instead in _ELSEWHERE.items():
        if cursor.sees(word):
            cursor.fail(f"policies do not apply to `{word}`", instead)
    start = cursor.now
    thing = cursor.choice(*_THINGS, hint="write `ON DATABASE shop`, `ON TABLE shop.orders` or `ON CATALOG`")
    if columns and thing not in ("TABLE", "VIEW"):
        cursor.refuse(f"a list of columns needs a TABLE, not a {thing}", _NAME_HINT, start)
    if thing in ("CATALOG", "SERVER"):
        return Scope()
    if thing == "DATABASE":
        return Scope(database=_sayable(cursor, cursor.name("a database")))
    database, dataset = dataset_name(cursor)
    return Scope(database=database, dataset=dataset, columns=columns)


def dataset_name(cursor: Cursor) -> tuple[str, str]:
    """A dataset's name with its database."""
    start = cursor.now
    path = cursor.path("a dataset")
    if len(path) != 2:
        cursor.refuse(f"`{'.'.join(path)}` is no dataset's name", _NAME_HINT, start)
    return _sayable(cursor, path[0]), _sayable(cursor, path[1])


def read_columns(cursor: Cursor) -> tuple[tuple[str, ...], ...]:
    """The columns in parentheses after the privilege; empty when there are none."""
    if not cursor.takes("("):
        return ()
    found = [cursor.path("a column")]
    while cursor.takes(","):
        found.append(cursor.path("a column"))
    cursor.must(")")
    return tuple(found)


def read_having(cursor: Cursor, end: Token) -> TagExpression | None:
    """The condition on tags, if one comes next."""
    if not (cursor.takes("HAVING") or cursor.takes("HAS")):
        return None
    cursor.must("ATTRIBUTE", hint="write `HAVING ATTRIBUTE NOT phi.phone_number`")
    return _expression(cursor.rest_of("TRANSFORM", "EXCEPT", "WHERE", before=end))


def read_transforms(cursor: Cursor, end: Token) -> tuple[TransformRule, ...]:
    """Every transform that comes next."""
    rules: list[TransformRule] = []
    while True:
        if cursor.sees("EXCEPT", "TRANSFORM"):
            cursor.fail(
                "`EXCEPT TRANSFORM` is not supported", "write `TRANSFORM` and name the columns to show in HAVING"
            )
        if not cursor.takes("TRANSFORM"):
            return tuple(rules)
        tagged = _expression(cursor.rest_of("WITH", before=end))
        cursor.must("WITH", hint="write `TRANSFORM phi.mrn WITH tokenize()`")
        call = cursor.rest_of("TRANSFORM", "EXCEPT", "WHERE", before=end)
        try:
            rules.append(TransformRule(tagged=tagged, call=calls.parse_call(call.text)))
        except VeilError as error:
            raise call.refused(error) from None


def read_where(cursor: Cursor, end: Token) -> str | None:
    """The filter in its one written form, if one comes next; it reaches up to the roles."""
    if not cursor.takes("WHERE"):
        return None
    piece = cursor.rest_of(before=end)
    try:
        return filters.check_filter(piece.text)
    except VeilError as error:
        is_swapped = _EARLIER.search(piece.text) is not None
        raise piece.refused(PolicyInvalid(error.detail, hint=ORDER) if is_swapped else error) from None


def _expression(piece: Piece) -> TagExpression:
    try:
        return tag_expressions.parse(piece.text)
    except VeilError as error:
        raise piece.refused(error) from None


def _sayable(cursor: Cursor, name: str) -> str:
    if name == "*":
        cursor.refuse("`*` names nothing here", "write `ON CATALOG` for everything")
    return name
