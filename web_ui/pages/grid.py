"""Rows of an answer as a table of a page: texts, cut where they are long, and a mark on masked columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from catalog.errors import VeilError
from policy_engine.model import Outcome
from proxy.answering.answer import Answer
from proxy.answering.cells import texts
from proxy.answering.portions import beginning

_LONGEST_CELL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GridColumn:
    """The head of one column."""

    name: str
    outcome: Outcome | None
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Some rows as texts (`is_cut`: there are more), or the problem that kept them away."""

    columns: tuple[GridColumn, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    is_cut: bool = False
    problem: VeilError | None = None


def read_grid(answer: Answer, most: int, outcomes: Mapping[str, Outcome]) -> Grid:
    """The first rows of an answer, fewer than `most` where they are large; the rest of it is not read."""
    table, is_cut = beginning(answer.batches(), answer.schema, most)
    columns = tuple(
        GridColumn(name=field.name, outcome=outcomes.get(field.name), is_number=_is_number(field.type))
        for field in table.schema
    )
    cells = [[_short(text) for text in texts(column.combine_chunks())] for column in table.columns]
    return Grid(columns=columns, rows=tuple(zip(*cells, strict=True)), is_cut=is_cut)


def _is_number(type_: pa.DataType) -> bool:
    return any(check(type_) for check in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"
