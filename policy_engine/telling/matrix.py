"""Who sees a dataset how, role by role and column by column: what an owner looks over at one glance."""

from dataclasses import dataclass
from datetime import datetime

from catalog.model import Dataset
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import decide
from policy_engine.model import ColumnDecision, Estate, Outcome, PolicySet, nowhere
from policy_engine.subjects import holder_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How a role sees a column: the outcome, and the transform where it is masked."""

    outcome: Outcome
    transform: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The columns of a dataset, not the fields in them, with a cell for each role that sees anything of it.

    `blind` is how many roles see nothing; `filtered` are the roles that see some rows alone.
    """

    roles: tuple[str, ...]
    filtered: frozenset[str]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    blind: int


def matrix(dataset: Dataset, policies: PolicySet, at: datetime, estate: Estate = nowhere) -> Matrix:
    """How each role sees each column at most, by the decisions that queries would get.

    Example:
        >>> matrix(orders, policies, at).rows[1]
        ('card', (Cell(outcome=<Outcome.HIDDEN: 'hidden'>, transform=''), Cell(outcome=<Outcome.CLEAR: 'clear'>, ...)))
    """
    decisions = {role.name: decide(holder_of(role), dataset, policies, at, AT_MOST, estate) for role in policies.roles}
    seeing = {name: each for name, each in decisions.items() if each.is_visible and not each.broken}
    return Matrix(
        roles=tuple(seeing),
        filtered=frozenset(name for name, each in seeing.items() if each.rows.filter),
        rows=tuple(map(_row, zip(*(each.columns for each in seeing.values()), strict=True))),
        blind=len(decisions) - len(seeing),
    )


def _row(columns: tuple[ColumnDecision, ...]) -> tuple[str, tuple[Cell, ...]]:
    """One column as each role is told of it."""
    return columns[0].name, tuple(Cell(outcome=each.outcome, transform=each.transform) for each in columns)
