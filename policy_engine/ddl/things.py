"""CREATE, DROP and ALTER: roles, tags and databases, who holds a role, and what carries a tag."""

from catalog.errors import VeilError
from catalog.lookup import check_name, tag_name
from policy_engine.ddl.clauses import dataset_name
from policy_engine.ddl.cursor import Cursor
from policy_engine.ddl.model import (
    AssignTag,
    CreateDatabase,
    CreateRole,
    CreateTag,
    DropDatabase,
    DropRole,
    DropTag,
    HoldRole,
    Target,
)
from policy_engine.ddl.tokens import Token

_ELSEWHERE = {
    "TABLE": "register datasets in a document, or crawl their source",
    "EXTERNAL": "register datasets in a document, or crawl their source",
    "VIEW": "register datasets in a document, or crawl their source",
    "CRAWLER": "crawl with `veil crawl SOURCE`",
    "DATACONNECTION": "declare sources in a document under `sources:`",
    "POLICY": "write `REVOKE`, `DROP RESTRICT` or `DROP DENY` with the policy's clauses",
}


def read_creation(cursor: Cursor) -> CreateRole | CreateTag | CreateDatabase:
    """The rest of a CREATE, after that word.

    Example: `ROLE IF NOT EXISTS clerk WITH GROUPS clerks, temps`.
    """
    _refuse_elsewhere(cursor, "CREATE")
    kind = cursor.choice("ROLE", "ATTRIBUTE", "DATABASE")
    unless_there = cursor.takes("IF", "NOT", "EXISTS")
    if kind == "ROLE":
        return _role(cursor, unless_there)
    if kind == "ATTRIBUTE":
        return CreateTag(name=_at_end(cursor, read_tag(cursor)), unless_there=unless_there)
    return CreateDatabase(name=_at_end(cursor, _new_name(cursor, "database")), unless_there=unless_there)


def read_drop(cursor: Cursor) -> DropRole | DropTag | DropDatabase:
    """The rest of a DROP, after that word; restrictions and denials are read elsewhere."""
    _refuse_elsewhere(cursor, "DROP")
    kind = cursor.choice("ROLE", "ATTRIBUTE", "DATABASE", "RESTRICT", "DENY")
    if_there = cursor.takes("IF", "EXISTS")
    if kind == "ROLE":
        return DropRole(name=_at_end(cursor, cursor.name("a role")), if_there=if_there)
    if kind == "ATTRIBUTE":
        return DropTag(name=_at_end(cursor, read_tag(cursor)), if_there=if_there)
    return DropDatabase(name=_at_end(cursor, cursor.name("a database")), if_there=if_there)


def read_holding(cursor: Cursor, *, holds: bool) -> HoldRole:
    """The rest of GRANT ROLE or REVOKE ROLE, after these words."""
    role = cursor.name("a role")
    cursor.must("TO" if holds else "FROM", "GROUP", hint="a role is held by groups; every user is also a group")
    return HoldRole(role=role, group=_at_end(cursor, cursor.name("a group")), holds=holds)


def read_alteration(cursor: Cursor) -> AssignTag:
    """The rest of an ALTER, after that word.

    Example: `TABLE clinic.patients ADD COLUMN ATTRIBUTE contact.phone phi.phone_number`.
    """
    kind = cursor.choice("DATABASE", "TABLE", "VIEW", hint="ALTER adds or drops tags")
    if kind == "DATABASE":
        database, dataset = cursor.name("a database"), None
    else:
        database, dataset = dataset_name(cursor)
    is_there = cursor.choice("ADD", "DROP", hint="ALTER adds or drops tags") == "ADD"
    path: tuple[str, ...] = ()
    if kind != "DATABASE" and cursor.takes("COLUMN"):
        cursor.must("ATTRIBUTE")
        path = cursor.path("a column")
    else:
        cursor.must("ATTRIBUTE")
    tag = read_tag(cursor)
    if cursor.sees("CASCADE") or cursor.sees("DO", "NOT", "CASCADE"):
        cursor.fail("tags are not copied to other datasets", "leave it out, and tag each dataset by itself")
    cursor.end()
    return AssignTag(target=Target(database=database, dataset=dataset, path=path), tag=tag, is_there=is_there)


def read_tag(cursor: Cursor) -> str:
    """A tag, `namespace.name` or `namespace:name`, as it is kept."""
    start = cursor.now
    parts = [cursor.name("a tag, written `namespace.name`")]
    while cursor.takes(".") or cursor.takes(":"):
        parts.append(cursor.name("a tag, written `namespace.name`"))
    try:
        return tag_name(".".join(parts))
    except VeilError as error:
        cursor.refuse(error.detail, error.hint, start)


def _role(cursor: Cursor, unless_there: bool) -> CreateRole:
    name = _new_name(cursor, "role")
    groups: tuple[str, ...] = ()
    if cursor.takes("WITH"):
        cursor.choice("GROUPS", "GROUP")
        groups = cursor.names("a group")
    cursor.end()
    return CreateRole(name=name, groups=frozenset(groups), unless_there=unless_there)


def _new_name(cursor: Cursor, what: str) -> str:
    start: Token = cursor.now
    name = cursor.name(f"a {what}")
    try:
        check_name(name, what, may_hold_dot=what == "role")
    except VeilError as error:
        cursor.refuse(error.detail, error.hint, start)
    return name


def _at_end(cursor: Cursor, name: str) -> str:
    cursor.end()
    return name


def _refuse_elsewhere(cursor: Cursor, verb: str) -> None:
    for word, instead in _ELSEWHERE.items():
        if cursor.sees(word):
            cursor.fail(f"`{verb} {word}` is no policy statement", instead)
