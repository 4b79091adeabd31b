"""What a statement says, as a value: a change of the live state, or a question about it."""

from dataclasses import dataclass
from enum import StrEnum

from policy_engine.model import Effect, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPolicy:
    """GRANT, RESTRICT or DENY; without a name the policy has the id that its clauses give it."""

    policy: Policy
    is_named: bool = False
    unless_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePolicy:
    """REVOKE, DROP RESTRICT or DROP DENY: takes away what says the same, clause for clause, from the roles."""

    policy: Policy
    effects: frozenset[Effect]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRole:
    """CREATE ROLE clerk WITH GROUPS clerks, temps."""

    name: str
    groups: frozenset[str] = frozenset()
    unless_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRole:
    """DROP ROLE clerk, and with it its part of every policy."""

    name: str
    if_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRole:
    """GRANT ROLE clerk TO GROUP clerks, or REVOKE ROLE clerk FROM GROUP clerks."""

    role: str
    group: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTag:
    """CREATE ATTRIBUTE phi.mrn."""

    name: str
    unless_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTag:
    """DROP ATTRIBUTE phi.mrn, and with it every assignment of the tag."""

    name: str
    if_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A database, one of its datasets, or a column or nested field of that."""

    database: str
    dataset: str | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTag:
    """ALTER .. ADD ATTRIBUTE, or DROP ATTRIBUTE where `is_there` is false."""

    target: Target
    tag: str
    is_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDatabase:
    """CREATE DATABASE clinic."""

    name: str
    unless_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDatabase:
    """DROP DATABASE clinic, which must be empty."""

    name: str
    if_there: bool = False


class Whose(StrEnum):
    """Which roles SHOW ROLES lists: those one may see, those one holds, or all."""

    VISIBLE = "visible"
    CURRENT = "current"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRoles:
    """SHOW ROLES, SHOW CURRENT ROLES or SHOW ALL ROLES."""

    whose: Whose = Whose.VISIBLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowGroupRoles:
    """SHOW ROLE GRANT GROUP clerks: the roles that a group holds."""

    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowGrants:
    """SHOW GRANT ROLE clerk, or SHOW GRANT ATTRIBUTE phi.mrn, on a thing and what lies in it."""

    role: str | None = None
    tag: str | None = None
    on: Target | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDatabases:
    """SHOW DATABASES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTables:
    """SHOW TABLES IN clinic."""

    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """DESCRIBE clinic.patients, DESCRIBE FORMATTED clinic.patients, or DESCRIBE DATABASE clinic."""

    target: Target
    is_formatted: bool = False


PolicyStatement = PutPolicy | TakePolicy
Change = (
    PolicyStatement | CreateRole | DropRole | HoldRole | CreateTag | DropTag | AssignTag | CreateDatabase | DropDatabase
)
Question = ShowRoles | ShowGroupRoles | ShowGrants | ShowDatabases | ShowTables | Describe
Statement = Change | Question
