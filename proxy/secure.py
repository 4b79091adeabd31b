"""Turns a decision into the governed relation: the one subquery through which a dataset can be read.

Example: `analysts see medical_costs without phone, mrn tokenized, no opted-out rows` becomes

    (SELECT "_row"."age" AS "age", sha256(..) AS "mrn" FROM "v_1f0c.." AS "_row" WHERE "_row"."opted_out" <> 1)

Hidden columns are not in it, masks stand beside the raw value's place, and the filter reads raw values; whatever
a person wrote sees only what comes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from catalog.names import quoted
from policy_engine.model import LOOKUP, ROW, Decision, Lookup, Outcome
from policy_engine.profile import profile
from policy_engine.transforms.keys import KeyRing
from proxy.barrier import FENCE, without_statistics
from proxy.projection import Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """A governed relation as SQL in parentheses, with the keys to bind; no repr shows them."""

    sql: str
    parameters: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def govern(
    decision: Decision,
    relation: str,
    keys: KeyRing,
    *,
    is_fenced: bool = False,
    lookups: Mapping[str, str] = MappingProxyType({}),
) -> Governed:
    """The subquery over `relation` (SQL, already quoted) that shows what the decision shows and nothing else.

    `lookups` are the relations (SQL too) that the decision's lookups read, by the lookups' names.
    """
    projection = Projection(keys, {path: column.type for path, column in profile(decision.dataset).fields.items()})
    is_fenced = is_fenced and may_need_fence(decision)
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    cells = [(column.name, projection.column(column)) for column in shown]
    columns = ", ".join(f"{without_statistics(cell) if is_fenced else cell} AS {quoted(name)}" for name, cell in cells)
    sql = f"SELECT {columns} FROM {_with_answers(decision, relation, lookups)} AS {quoted(ROW)}"
    if decision.rows.filter:
        condition = decision.rows.filter
        sql += f" WHERE {without_statistics(condition)}{FENCE}" if is_fenced else f" WHERE {condition}"
    return Governed(sql=f"({sql})", parameters=projection.parameters)


def _with_answers(decision: Decision, relation: str, lookups: Mapping[str, str]) -> str:
    """The raw relation, with a column for the answer of each lookup, where there are any.

    Example:
        (SELECT "_row"."land" AS "land", ("_row"."land") IN (SELECT "_lookup"."land" FROM "v_7a.." AS "_lookup"
         WHERE "_lookup"."person" = 'kim') AS "_lookup_91.." FROM "v_1f0c.." AS "_row")
    """
    if not decision.lookups:
        return relation
    raw = [f"{quoted(ROW)}.{quoted(column.name)} AS {quoted(column.name)}" for column in decision.columns]
    answers = [f"{_answer(lookup, lookups[lookup.name])} AS {quoted(lookup.name)}" for lookup in decision.lookups]
    return f"(SELECT {', '.join([*raw, *answers])} FROM {relation} AS {quoted(ROW)})"


def _answer(lookup: Lookup, relation: str) -> str:
    where = f" WHERE {lookup.where}" if lookup.where else ""
    return f"({lookup.value}) IN (SELECT {lookup.column} FROM {relation} AS {quoted(LOOKUP)}{where})"


def may_need_fence(decision: Decision) -> bool:
    """Whether something lies behind the governed relation that an engine could meet or know before its cells."""
    return bool(decision.rows.filter) or any(
        column.outcome is Outcome.MASKED or column.parts for column in decision.columns
    )
