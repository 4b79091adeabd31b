"""Turns a decision into the governed relation: the one subquery through which a dataset can be read.

Example: `analysts see medical_costs without phone, mrn tokenized, no opted-out rows` becomes

    (SELECT "_row"."age" AS "age", sha256(..) AS "mrn" FROM "v_1f0c.." AS "_row" WHERE "_row"."opted_out" <> 1)

Hidden columns are not in it, masks stand beside the raw value's place, and the filter reads raw values; whatever
a person wrote sees only what comes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.names import quoted
from policy_engine.model import ROW, Decision, Outcome
from policy_engine.transforms.keys import KeyRing
from proxy.barrier import FENCE
from proxy.projection import Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """A governed relation as SQL in parentheses, with the keys to bind; no repr shows them."""

    sql: str
    parameters: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def govern(decision: Decision, relation: str, keys: KeyRing, *, is_fenced: bool = False) -> Governed:
    """The subquery over `relation` (SQL, already quoted) that shows what the decision shows and nothing else."""
    projection = Projection(keys)
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    columns = ", ".join(f"{projection.column(column)} AS {quoted(column.name)}" for column in shown)
    sql = f"SELECT {columns} FROM {relation} AS {quoted(ROW)}"
    if decision.rows.filter:
        sql += f" WHERE {decision.rows.filter}"
        sql += FENCE if is_fenced else ""
    return Governed(sql=f"({sql})", parameters=projection.parameters)
