"""Turns a decision into the governed relation: the one subquery through which a dataset can be read.

Example: `analysts see medical_costs without phone, mrn tokenized, no opted-out rows` becomes

    (SELECT "_row"."age" AS "age", sha256(..) AS "mrn" FROM "v_1f0c.." AS "_row" WHERE "_row"."opted_out" <> 1)

Hidden columns are not in it, masks stand beside the raw value's place, and the filter reads raw values; whatever
a person wrote sees only what comes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.names import quoted
from policy_engine.model import ROW, Case, ColumnDecision, Decision, Outcome
from policy_engine.transforms import registry
from policy_engine.transforms.keys import KeyRing
from proxy.barrier import FENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """A governed relation as SQL in parentheses, with the keys to bind; no repr shows them."""

    sql: str
    parameters: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def govern(decision: Decision, relation: str, keys: KeyRing, *, is_fenced: bool = False) -> Governed:
    """The subquery over `relation` (SQL, already quoted) that shows what the decision shows and nothing else."""
    parameters: dict[str, bytes] = {}
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    columns = ", ".join(f"{_cell(column, keys, parameters)} AS {quoted(column.name)}" for column in shown)
    sql = f"SELECT {columns} FROM {relation} AS {quoted(ROW)}"
    if decision.rows.filter:
        sql += f" WHERE {decision.rows.filter}"
        sql += FENCE if is_fenced else ""
    return Governed(sql=f"({sql})", parameters=parameters)


def shown_type(column: ColumnDecision) -> str:
    """The type in which a person meets the column: its own, the transform's, or text where cases differ."""
    types = {_case_type(case, column) for case in column.cases}
    return types.pop() if len(types) == 1 else "VARCHAR"


def _cell(column: ColumnDecision, keys: KeyRing, parameters: dict[str, bytes]) -> str:
    type_name = shown_type(column)
    values = [_value(case, column, type_name, keys, parameters) for case in column.cases]
    first = column.cases[0]
    if not first.when:
        return values[0]
    branches: list[str] = []
    otherwise = f"CAST(NULL AS {type_name})"
    for case, value in zip(column.cases, values, strict=True):
        if not case.when:
            otherwise = value
            break
        branches.append(f"WHEN ({case.when}) IS TRUE THEN {value}")
    return f"CASE {' '.join(branches)} ELSE {otherwise} END"


def _value(case: Case, column: ColumnDecision, type_name: str, keys: KeyRing, parameters: dict[str, bytes]) -> str:
    raw = f"{quoted(ROW)}.{quoted(column.name)}"
    value = raw
    if case.call is not None:
        fragment = registry.render(case.call, raw, column.type, namespace=case.namespace, keys=keys)
        parameters.update(fragment.parameters)
        value = fragment.sql
    return value if _case_type(case, column) == type_name else f"CAST({value} AS {type_name})"


def _case_type(case: Case, column: ColumnDecision) -> str:
    return column.type if case.call is None else registry.output_type(case.call, column.type)
