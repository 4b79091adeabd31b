"""Tells a decision to people and programs: the shape of an explanation, and one line for each column."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NotRequired, TypedDict

from catalog.names import fold
from policy_engine.model import ColumnDecision, Decision, Outcome, Policy
from policy_engine.readers import statements

NOBODY: Mapping[str, str] = MappingProxyType({})


class ColumnTold(TypedDict):
    """One column of an explanation."""

    column: str
    outcome: str
    transform: str
    policies: list[str]
    reason: str


class RowsTold(TypedDict):
    """What an explanation says of rows."""

    filtered: bool
    policies: list[str]
    reason: str


class DatasetTold(TypedDict):
    """One dataset of an explanation; `broken` names restrictions for which the dataset is refused.

    `owners` tells whom to ask about each policy that is named, and `statements` what it says.
    """

    dataset: str
    columns: list[ColumnTold]
    rows: RowsTold
    broken: list[str]
    owners: dict[str, str]
    statements: NotRequired[dict[str, str]]


def told(decision: Decision, owners: Mapping[str, str] = NOBODY, *, with_hidden: bool = True) -> DatasetTold:
    """A decision as JSON values; without hidden columns it says nothing that the subject cannot see.

    Where a column's fields are not all shown alike, each has an entry of its own after the column's.

    Example: `{"dataset": "shop.orders", "columns": [{"column": "mrn", "outcome": "masked", ..}], ..}`.
    """
    columns = [
        _column(item)
        for column in (decision if with_hidden else decision.briefly).columns
        for item in column.told
        if with_hidden or item.outcome is not Outcome.HIDDEN
    ]
    found = DatasetTold(
        dataset=decision.dataset.full_name,
        columns=columns,
        rows=RowsTold(
            filtered=bool(decision.rows.filter),
            policies=list(decision.rows.policies),
            reason=decision.rows.reason,
        ),
        broken=list(decision.broken),
        owners={},
    )
    found["owners"] = {name: owners[fold(name)] for name in named_in(found) if fold(name) in owners}
    return found


def named_in(found: DatasetTold) -> Iterable[str]:
    """Every policy that an explanation names, once, those of the rows first."""
    columns = (name for column in found["columns"] for name in column["policies"])
    return dict.fromkeys((*found["rows"]["policies"], *found["broken"], *columns))


def with_statements(found: DatasetTold, readable: Iterable[Policy]) -> DatasetTold:
    """The same, with the statement of each policy that it names and its reader may read."""
    return {**found, "statements": statements(named_in(found), readable)}


def _column(column: ColumnDecision) -> ColumnTold:
    return ColumnTold(
        column=column.name,
        outcome=column.outcome.value,
        transform=column.transform,
        policies=list(column.policies),
        reason=column.reason,
    )
