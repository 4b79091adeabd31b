"""Tells a decision to people and programs: the shape of an explanation, and one line for each column."""

from typing import TypedDict

from policy_engine.model import ColumnDecision, Decision, Outcome


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
    """One dataset of an explanation; `broken` names restrictions for which the dataset is refused."""

    dataset: str
    columns: list[ColumnTold]
    rows: RowsTold
    broken: list[str]


def told(decision: Decision, *, with_hidden: bool = True) -> DatasetTold:
    """A decision as JSON values; without hidden columns it says nothing that the subject cannot see.

    Where a column's fields are not all shown alike, each has an entry of its own after the column's.

    Example: `{"dataset": "shop.orders", "columns": [{"column": "mrn", "outcome": "masked", ..}], ..}`.
    """
    return DatasetTold(
        dataset=decision.dataset.full_name,
        columns=[
            _column(item)
            for column in decision.columns
            for item in column.told
            if with_hidden or item.outcome is not Outcome.HIDDEN
        ],
        rows=RowsTold(
            filtered=bool(decision.rows.filter),
            policies=list(decision.rows.policies),
            reason=decision.rows.reason,
        ),
        broken=list(decision.broken),
    )


def _column(column: ColumnDecision) -> ColumnTold:
    return ColumnTold(
        column=column.name,
        outcome=column.outcome.value,
        transform=column.transform,
        policies=list(column.policies),
        reason=column.reason,
    )
