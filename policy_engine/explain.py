"""Tells a decision to people and programs: the shape of an explanation, and one line for each column."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypedDict

from catalog.names import fold
from policy_engine.model import ColumnDecision, Decision, Outcome

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

    `owners` tells whom to ask about each policy that is named.
    """

    dataset: str
    columns: list[ColumnTold]
    rows: RowsTold
    broken: list[str]
    owners: dict[str, str]


def told(decision: Decision, owners: Mapping[str, str] = NOBODY, *, with_hidden: bool = True) -> DatasetTold:
    """A decision as JSON values; without hidden columns it says nothing that the subject cannot see.

    Where a column's fields are not all shown alike, each has an entry of its own after the column's.

    Example: `{"dataset": "shop.orders", "columns": [{"column": "mrn", "outcome": "masked", ..}], ..}`.
    """
    columns = [
        _column(item)
        for column in decision.columns
        for item in column.told
        if with_hidden or item.outcome is not Outcome.HIDDEN
    ]
    named = [*decision.rows.policies, *decision.broken, *(name for column in columns for name in column["policies"])]
    return DatasetTold(
        dataset=decision.dataset.full_name,
        columns=columns,
        rows=RowsTold(
            filtered=bool(decision.rows.filter),
            policies=list(decision.rows.policies),
            reason=decision.rows.reason,
        ),
        broken=list(decision.broken),
        owners={name: owners[fold(name)] for name in dict.fromkeys(named) if fold(name) in owners},
    )


def _column(column: ColumnDecision) -> ColumnTold:
    return ColumnTold(
        column=column.name,
        outcome=column.outcome.value,
        transform=column.transform,
        policies=list(column.policies),
        reason=column.reason,
    )
