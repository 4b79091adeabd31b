"""The whole language: the first words of a statement say how the rest is read."""

from collections.abc import Callable, Mapping

from catalog.names import nearest
from policy_engine.ddl.cursor import Cursor
from policy_engine.ddl.model import Statement
from policy_engine.ddl.policies import (
    read_denial,
    read_end_of_denial,
    read_end_of_restriction,
    read_grant,
    read_restriction,
    read_revocation,
)
from policy_engine.ddl.questions import read_description, read_show
from policy_engine.ddl.things import read_alteration, read_creation, read_drop, read_holding

READERS: Mapping[tuple[str, ...], Callable[[Cursor], Statement]] = {
    ("GRANT", "ROLE"): lambda cursor: read_holding(cursor, holds=True),
    ("GRANT",): read_grant,
    ("REVOKE", "ROLE"): lambda cursor: read_holding(cursor, holds=False),
    ("REVOKE",): read_revocation,
    ("RESTRICT",): read_restriction,
    ("DENY",): read_denial,
    ("DROP", "RESTRICT"): read_end_of_restriction,
    ("DROP", "DENY"): read_end_of_denial,
    ("DROP",): read_drop,
    ("CREATE",): read_creation,
    ("ALTER",): read_alteration,
    ("SHOW",): read_show,
    ("DESCRIBE",): read_description,
}
"""The first words of each statement, and what reads the rest of it."""


def read_statement(text: str) -> Statement:
    """What a statement says; raises PolicyInvalid pointing at what it cannot be.

    Example:
        >>> read_statement("CREATE ROLE clerk WITH GROUPS clerks;").name
        'clerk'
    """
    cursor = Cursor(text)
    for words, read in READERS.items():
        if cursor.takes(*words):
            return read(cursor)
    verbs = list(dict.fromkeys(words[0] for words in READERS))
    near = nearest(cursor.now.value, verbs)
    cursor.fail(
        "no policy statement begins like this",
        f"did you mean `{near}`?" if near else f"it begins with {', '.join(verbs)}",
    )
