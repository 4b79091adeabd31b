"""SHOW and DESCRIBE, read."""

from policy_engine.ddl.clauses import dataset_name
from policy_engine.ddl.cursor import Cursor
from policy_engine.ddl.model import (
    Describe,
    Question,
    ShowDatabases,
    ShowGrants,
    ShowGroupRoles,
    ShowRoles,
    ShowTables,
    Target,
    Whose,
)
from policy_engine.ddl.things import read_tag

_SHOWN = "SHOW GRANT ROLE r, GRANT ATTRIBUTE ns.k, [CURRENT|ALL] ROLES, ROLE GRANT GROUP g, DATABASES, TABLES IN d"


def read_show(cursor: Cursor) -> Question:
    """The rest of a SHOW, after that word.

    Example: `GRANT ROLE clerk ON DATABASE shop`.
    """
    question = _shown(cursor)
    cursor.end()
    return question


def read_description(cursor: Cursor) -> Describe:
    """The rest of a DESCRIBE, after that word."""
    if cursor.takes("DATABASE"):
        question = Describe(target=Target(database=cursor.name("a database")))
    else:
        is_formatted = cursor.takes("FORMATTED")
        cursor.takes("TABLE")
        question = Describe(target=_dataset(cursor), is_formatted=is_formatted)
    cursor.end()
    return question


def _shown(cursor: Cursor) -> Question:
    if cursor.takes("ROLES"):
        return ShowRoles()
    if cursor.takes("CURRENT"):
        cursor.must("ROLES")
        return ShowRoles(whose=Whose.CURRENT)
    if cursor.takes("ALL"):
        cursor.must("ROLES")
        return ShowRoles(whose=Whose.ALL)
    if cursor.takes("ROLE", "GRANT", "GROUP"):
        return ShowGroupRoles(group=cursor.name("a group"))
    if cursor.takes("DATABASES"):
        return ShowDatabases()
    if cursor.takes("TABLES"):
        cursor.must("IN")
        return ShowTables(database=cursor.name("a database"))
    if cursor.takes("GRANT"):
        return _grants(cursor)
    cursor.fail("this cannot be shown", _SHOWN)


def _grants(cursor: Cursor) -> ShowGrants:
    if cursor.choice("ROLE", "ATTRIBUTE") == "ROLE":
        return ShowGrants(role=cursor.name("a role"), on=_on(cursor))
    return ShowGrants(tag=read_tag(cursor), on=_on(cursor))


def _on(cursor: Cursor) -> Target | None:
    """The thing after ON; None is everything."""
    if not cursor.takes("ON"):
        return None
    kind = cursor.choice("CATALOG", "SERVER", "DATABASE", "TABLE", "VIEW")
    if kind in ("CATALOG", "SERVER"):
        return None
    if kind == "DATABASE":
        return Target(database=cursor.name("a database"))
    return _dataset(cursor)


def _dataset(cursor: Cursor) -> Target:
    database, dataset = dataset_name(cursor)
    return Target(database=database, dataset=dataset)
