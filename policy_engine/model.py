"""The words of a policy: subject, scope, tag expression, transform, policy, and the decision they lead to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from catalog.model import Dataset
from catalog.people.model import Attribute, Role
from policy_engine.circumstances import When

ROW = "_row"
"""The alias under which every policy's SQL names the raw row; no person's SQL is ever in its scope."""


LOOKUP = "_lookup"
"""The alias of a looked-up dataset's raw row, known inside its lookup only."""

Estate = Callable[[tuple[str, str]], Dataset | None]
"""Gives the dataset under a folded database and name, None when it is not there; a dictionary's `get` is one."""


def nowhere(key: tuple[str, str]) -> Dataset | None:
    """The estate in which there is no dataset."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who asks: a user with groups (the user's own name among them) and attributes, of one value or several.

    `scopes` are the capabilities that the token carries with which they ask; None is all that they hold. They narrow
    what somebody may do besides reading data, never what data they see. `token` is its public id, which the journal
    tells; nothing is decided by it.
    """

    user: str
    groups: frozenset[str]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    token: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a policy covers: everything, a database, a dataset, or some columns of a dataset.

    `columns` holds paths; empty means all. A part that is None covers everything below.
    """

    database: str | None = None
    dataset: str | None = None
    columns: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class HasTag:
    """True where the column carries the tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class Not:
    """True where the inner expression is not."""

    inner: "TagExpression"


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every part is."""

    parts: tuple["TagExpression", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where some part is."""

    parts: tuple["TagExpression", ...]


TagExpression = HasTag | Not | AllOf | AnyOf

Literal = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ColumnName:
    """Another column of the same dataset as an argument, as in `by=>patient_id`; several names for a nested field."""

    path: tuple[str, ...]


Argument = Literal | ColumnName


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformCall:
    """A transform by name with its named arguments, defaults left out, in the order of its parameters.

    Prints as `mask(keep_last=>4)`. An expression over the column is the transform `expression` of that text.
    """

    name: str
    arguments: tuple[tuple[str, Argument], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformRule:
    """Columns for which the expression holds are shown through the transform."""

    tagged: TagExpression
    call: TransformCall


class Effect(StrEnum):
    """What a policy does: a grant shows, a restriction masks and filters, a denial hides."""

    GRANT = "grant"
    RESTRICT = "restrict"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy as it was written; `where` is a boolean expression in the canonical dialect (DuckDB's).

    `when` says for whom and in which circumstances it counts at all; None is always.
    """

    id: str
    effect: Effect
    roles: tuple[str, ...]
    scope: Scope
    having: TagExpression | None = None
    transforms: tuple[TransformRule, ...] = ()
    where: str | None = None
    when: When | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    enabled: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """All policies and roles of one revision: what one query is decided under.

    `owners` tells who wrote each policy last, by its folded id: whom to ask about it. Nothing is decided by it.
    """

    revision: int
    policies: tuple[Policy, ...]
    roles: tuple[Role, ...]
    owners: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


class Outcome(StrEnum):
    """How a person meets a column: as it is, through a transform, or not at all."""

    CLEAR = "clear"
    MASKED = "masked"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a cell shows on the rows where `when` is TRUE.

    `when` is SQL in the canonical dialect over `_row`, empty for "on every visible row";
    `call` is None for the raw value; `namespace` names the key of a keyed transform (the tag).
    """

    when: str
    call: TransformCall | None
    namespace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDecision:
    """How one column or nested field is shown: the first case whose `when` holds gives the cell, else NULL.

    Example: one clear case with an empty `when` is the plain column. A hidden column has no case.
    `transform` is the word for people ("tokenize", "" when clear); `policies` are the ids that decided.
    `parts` are the fields directly inside, each with a path and a dotted name: where the cell is there, they say
    what is in it, so their cases only tell rows apart on which the whole is there. `brief` is the column as it is told
    to who is not told of hidden fields, None where it is told alike.
    """

    name: str
    type: str
    outcome: Outcome
    cases: tuple[Case, ...]
    transform: str = ""
    policies: tuple[str, ...] = ()
    reason: str = ""
    tags: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    parts: tuple["ColumnDecision", ...] = ()
    brief: "ColumnDecision | None" = None

    @property
    def is_uniform(self) -> bool:
        """Whether every field inside is shown as the whole is, so that the whole can be told in one word."""
        if not self.parts or self.outcome is Outcome.HIDDEN:
            return True
        has_fields = all(case.call is None for case in self.cases)
        return not has_fields or all(part.cases == _CLEAR and part.is_uniform for part in self.parts)

    @property
    def nested(self) -> Iterator["ColumnDecision"]:
        """Every field inside, however deep, each after its parent."""
        for part in self.parts:
            yield part
            yield from part.nested

    @property
    def told(self) -> Iterator["ColumnDecision"]:
        """The column, and where it is not uniform its fields, as far as one word does not tell them."""
        yield self
        if not self.is_uniform:
            for part in self.parts:
                yield from part.told


_CLEAR = (Case(when="", call=None),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDecision:
    """Which rows are there: those where `filter` (SQL over `_row`, empty for all rows) is TRUE."""

    filter: str = ""
    policies: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Whether a value of the row stands in a column of another dataset, which is read raw and only governs.

    Conditions name the answer as a column `name` of `_row`. `value` is SQL over `_row`; `column` and `where` (empty
    for all rows) are SQL over LOOKUP, the dataset's row.
    """

    name: str
    value: str
    column: str
    where: str
    dataset: Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one subject sees of one dataset under one revision.

    `broken` names restrictions that cannot be applied; a dataset with one is refused to whom it binds.
    `lookups` are the datasets that its conditions read beside the one decided about.
    """

    dataset: Dataset
    revision: int
    columns: tuple[ColumnDecision, ...]
    rows: RowDecision
    broken: tuple[str, ...] = ()
    lookups: tuple[Lookup, ...] = ()

    @property
    def is_visible(self) -> bool:
        """Whether any column is there to be seen."""
        return any(column.outcome is not Outcome.HIDDEN for column in self.columns)

    @property
    def briefly(self) -> "Decision":
        """The same in words for who is not told of hidden fields; what is hidden as a whole is left to who tells it.

        INVARIANT: it is told, and no query is rewritten by it.
        """
        if not any(column.brief for column in self.columns):
            return self
        return replace(self, columns=tuple(column.brief or column for column in self.columns))
