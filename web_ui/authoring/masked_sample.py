"""Rows as somebody else would see them, made of nothing but what the person who looks sees in the clear.

INVARIANT: every value comes from a query of the person who looks, so looking as somebody else shows nothing more. A
mask is put on where it takes no key; tokens and other keyed values of others are never made here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from catalog.errors import VeilError
from catalog.names import fold, join, quoted
from policy_engine.circumstances import Circumstances
from policy_engine.model import ROW, ColumnDecision, Decision, Outcome, Subject
from policy_engine.transforms.registry import columns_named, is_keyed, reference
from proxy.answering.cells import texts
from proxy.answering.portions import beginning
from proxy.governance import Request
from web_ui.parts import Parts

ROWS = 10
_NAMED = re.compile(rf'"{ROW}"\."((?:[^"]|"")+)"')
_LONGEST_CELL = 200
_NO_CELLS = ("",) * ROWS
Show = Callable[[object], str | None]
"""How a value that is seen in the clear is shown as the other sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleColumn:
    """A column as the other sees it; without values it says why there are none."""

    name: str
    outcome: Outcome
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedSample:
    """Some rows, each value None where it is NULL; `notes` say what is not shown, and why."""

    columns: tuple[SampleColumn, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    notes: tuple[str, ...] = ()


def masked_sample(parts: Parts, looking: Subject, decision: Decision, *, decision_id: str, client: str) -> MaskedSample:
    """A sample for the decision about another, read as the person who is `looking`, with a record like any query."""
    dataset = decision.dataset
    if decision.broken or not decision.is_visible or decision.rows.filter == "FALSE":
        return MaskedSample(notes=("no row of it is there to be seen",))
    around = Circumstances(address=client)
    with parts.policies.in_force(parts.clock) as (policies, now):
        own = parts.visibility.decision(looking, dataset.database, dataset.name, policies, now, around)
    clear = _clear(own)
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    notes_on = {column.name: _note(column, clear) for column in shown}
    columns = tuple(SampleColumn(name=each.name, outcome=each.outcome, note=notes_on[each.name]) for each in shown)
    read = [column for column in shown if not notes_on[column.name]]
    if not read:
        return MaskedSample(columns=columns, notes=("no value is shown, as there is none that you see in the clear",))
    condition, notes = _condition(decision, clear)
    names = ", ".join(quoted(column.name) for column in read)
    sql = f'SELECT {names} FROM {join(dataset.database, dataset.name)} AS "{ROW}"{condition} LIMIT {ROWS}'
    try:
        with parts.pipeline.query(looking, Request(sql=sql, client=client), decision_id=decision_id) as answer:
            table, _ = beginning(answer.batches(), answer.schema, ROWS)
    except VeilError as error:
        return MaskedSample(columns=columns, notes=(f"no value can be shown: {error.detail}",))
    cells = {column.name: _cells(parts, table.column(place), column) for place, column in enumerate(read)}
    notes += tuple(
        f"a value of `{name}` is too far away to be shown here" for name, made in cells.items() if made is None
    )
    rows = tuple(
        tuple((cells.get(each.name) or _NO_CELLS)[number] for each in shown) for number in range(table.num_rows)
    )
    return MaskedSample(columns=columns, rows=rows, notes=notes)


def _clear(own: Decision | None) -> frozenset[str]:
    """The folded names of the columns that the person who looks sees as they are, on every row there is for them."""
    if own is None or own.broken:
        return frozenset()
    return frozenset(
        fold(column.name) for column in own.columns if _is_plain(column) and column.outcome is Outcome.CLEAR
    )


def _is_plain(column: ColumnDecision) -> bool:
    return column.is_uniform and len(column.cases) == 1 and not column.cases[0].when


def _note(column: ColumnDecision, clear: frozenset[str]) -> str:
    """Why no value of a column is shown; empty where values are."""
    if fold(column.name) not in clear:
        return "you do not see it in the clear"
    if not _is_plain(column):
        return "differs from row to row"
    call = column.cases[0].call
    if call is not None and (is_keyed(call) or columns_named(call)):
        return f"{column.transform}, which takes a key: not made here"
    return ""


def _condition(decision: Decision, clear: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """The other's row filter where the person who looks could apply it alone, else none and a word about that."""
    condition = decision.rows.filter
    if not condition:
        return "", ()
    named = {fold(name.replace('""', '"')) for name in _NAMED.findall(condition)}
    if decision.lookups or not named <= clear:
        return "", ("the rows are those that you see: their filter goes by what you do not see in the clear",)
    return f" WHERE {condition}", ()


def _cells(parts: Parts, values: pa.ChunkedArray, column: ColumnDecision) -> list[str | None] | None:
    """The cells of a column as the other sees them; None where Python has no such days or moments to put a mask on."""
    show = _shown(parts, column)
    try:
        plain = [show(value) for value in values.to_pylist()] if show else list(texts(values.combine_chunks()))
    except (OverflowError, ValueError):
        return None
    return [text if text is None else text[:_LONGEST_CELL] for text in plain]


def _shown(parts: Parts, column: ColumnDecision) -> Show | None:
    """How the other sees a value of the column; None is as it is."""
    case = column.cases[0]
    if case.call is None:
        return None
    call, is_whole = case.call, column.type in ("HUGEINT", "UHUGEINT")

    def shown(value: object) -> str | None:
        value = int(value) if is_whole and isinstance(value, Decimal) else value
        masked = reference(call, value, column.type, namespace=case.namespace, keys=parts.keys)
        return None if masked is None else str(masked)

    return shown
