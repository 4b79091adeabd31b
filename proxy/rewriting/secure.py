"""Turns a decision into the governed relation: the one subquery through which a dataset can be read.

Example: `analysts see medical_costs without phone, mrn tokenized, no opted-out rows` becomes

    (SELECT "_row"."age" AS "age", sha256(..) AS "mrn" FROM "v_1f0c.." AS "_row" WHERE "_row"."opted_out" <> 1)

Hidden columns are not in it, masks stand beside the raw value's place, and the filter reads raw values; whatever
a person wrote sees only what comes out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sqlglot.tokenizer_core import TokenType

from catalog.names import fold, quoted
from catalog.remembered import remembered
from catalog.sources.connector import Masks
from catalog.sources.source_work import SourceCell
from catalog.sql_texts import Unreadable, parsed_tokens, tokens_of_text
from policy_engine.model import LOOKUP, ROW, ColumnDecision, Decision, Lookup, Outcome
from policy_engine.profile import profile
from policy_engine.shown_types import shown_type
from policy_engine.transforms.keys import KeyRing
from proxy.fencing.barrier import FENCE, is_leak_proof, without_errors
from proxy.fencing.meanings import families
from proxy.rewriting.exact import is_exact_type
from proxy.rewriting.projection import Projection

NEVER_RAISE = frozenset({"constant", "hash", "mask", "null", "redact", "tokenize", "zero"})
"""Transforms that are known to give something for every value; what any other cannot do is NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """A governed relation as SQL in parentheses, with the keys to bind; no repr shows them.

    `cells` are worked out by the relation's source, and `words` say to people what their columns are. `early` is the
    part of the filter that is the person's own.
    """

    sql: str
    parameters: Mapping[str, bytes | str] = field(default_factory=dict, repr=False)
    cells: tuple[SourceCell, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    early: str = ""

    def with_early(self, conditions: Sequence[str]) -> "Governed":
        """The relation with conditions of the query, which can be worked out on any row, beside the policy's filter."""
        if not conditions:
            return self
        own = f" AND {without_errors(' AND '.join(conditions))}"
        inside = self.sql.removesuffix(")")
        fence = FENCE if inside.endswith(FENCE) else ""
        return replace(self, sql=f"{inside.removesuffix(fence)}{own}{fence})", early=own)

    @property
    def unasked(self) -> str:
        """The relation without that part, which holds literals of the query."""
        return self.sql.replace(self.early, "")


def govern(
    decision: Decision,
    relation: str,
    keys: KeyRing,
    *,
    is_fenced: bool = False,
    is_read_whole: bool = False,
    has_statistics: bool = True,
    lookups: Mapping[str, str] = MappingProxyType({}),
    masking: tuple[str, Masks] = ("", Masks.VEIL),
    named: frozenset[str] | None = None,
    is_sorted: bool = False,
    is_apart: bool = False,
) -> Governed:
    """The subquery over `relation` (SQL, already quoted) that shows what the decision shows and nothing else.

    `lookups` are the relations (SQL too) that the decision's lookups read, by the lookups' names. Without statistics of
    the relation a fenced filter stands bare, so that a source can judge it too; `masking` says what that masks. What
    `is_read_whole` is read to the last row whatever the person's conditions are, even where no policy filters rows.
    What `is_sorted` comes in the order of its cells, so that rows that come one way or the other are all alike; what is
    kept `is_apart` meets no expression of the query before.
    """
    types_by_path = {path: column.type for path, column in profile(decision.dataset).fields.items()}
    projection = Projection(keys, types_by_path, masking)
    is_fenced = is_fenced and (is_read_whole or may_need_fence(decision))
    types = tuple((column.name, column.type) for column in decision.columns)
    types += tuple((lookup.name, "BOOLEAN") for lookup in decision.lookups)
    shown = _shown(decision, named, types)
    cells = [(column, projection.column(column)) for column in shown]
    columns = ", ".join(
        f"{_guarded(cell, column, is_fenced=is_fenced)} AS {quoted(column.name)}" for column, cell in cells
    )
    sql = f"SELECT {columns} FROM {_with_answers(decision, relation, lookups)} AS {quoted(ROW)}"
    if decision.rows.filter:
        condition = _known(decision.rows.filter, types)
        is_bare = not (is_fenced and (has_statistics or decision.lookups))
        sql += f" WHERE {condition if is_bare else without_errors(condition)}"
    sql = _sorted(sql, shown) if is_sorted else sql
    sql += FENCE if is_apart or (is_fenced and (decision.rows.filter or is_read_whole)) else ""
    return Governed(
        sql=f"({sql})",
        parameters=projection.parameters,
        cells=tuple(projection.cells.values()),
        words=projection.words,
    )


def _shown(
    decision: Decision, named: frozenset[str] | None, types: tuple[tuple[str, str], ...]
) -> list[ColumnDecision]:
    """The columns that are wanted of those that are not hidden; of a query that wants none, the first."""
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    wanted = [column for column in shown if named is None or fold(column.name) in named]
    return [_with_known(column, types) for column in wanted or shown[:1]]


def _sorted(sql: str, shown: Sequence[ColumnDecision]) -> str:
    """The relation in the order of its cells: whatever order its rows come in, those that change places look the same.

    To an engine 0.0 and -0.0 are alike, or a month and thirty days: where there may be such cells their texts decide.
    """
    order = [str(place + 1) for place in range(len(shown))]
    vague = [quoted(column.name) for column in shown if not is_exact_type(shown_type(column))]
    if not vague:
        return f"{sql} ORDER BY {', '.join(order)}"
    row = quoted(ROW)
    order += [f"CAST({row}.{name} AS VARCHAR)" for name in vague]
    return f"SELECT * FROM ({sql}) AS {row} ORDER BY {', '.join(order)}"


def _guarded(cell: str, column: ColumnDecision, *, is_fenced: bool) -> str:
    return without_errors(cell) if is_fenced or _may_raise(column) else cell


def _may_raise(column: ColumnDecision) -> bool:
    """Whether a cell may raise on some raw value; then it must be NULL there, since the engine may compute it for
    rows that the filter removes.
    """
    return any(case.call is not None and case.call.name not in NEVER_RAISE for case in column.cases) or any(
        map(_may_raise, column.parts)
    )


def _with_known(column: ColumnDecision, types: tuple[tuple[str, str], ...]) -> ColumnDecision:
    """The column with conditions that can be computed on any row."""
    whens = [_known(case.when, types) for case in column.cases]
    return replace(
        column,
        cases=tuple(replace(case, when=when) for case, when in zip(column.cases, whens, strict=True)),
        parts=tuple(_with_known(part, types) for part in column.parts),
    )


@remembered(4096)
def _known(condition: str, types: tuple[tuple[str, str], ...]) -> str:
    """A policy's condition that is unknown on a row as far as it cannot be computed there; what others grant counts.

    Example: `("_row"."day" < "_row"."at") OR ("_row"."region" = 'EU')` is `(TRY("_row"."day" < "_row"."at")) OR ..`.
    """
    if not condition or _is_total(condition, types):
        return condition
    joint, parts = _joined(condition)
    return f" {joint} ".join(f"({_known(part, types)})" for part in parts) if joint else without_errors(condition)


def _joined(condition: str) -> tuple[str, list[str]]:
    """What AND or OR joins in a condition whose every part stands in brackets; else no word and no part."""
    joints, parts, depth, start = set(), [], 0, 0
    for token in tokens_of_text(condition, "duckdb"):
        if token.token_type is TokenType.R_PAREN:
            depth -= 1
            parts += [condition[start : token.start]] if depth == 0 else []
        elif depth == 0 and token.token_type is not TokenType.L_PAREN:
            joints.add(token.text.upper())
        if token.token_type is TokenType.L_PAREN:
            start = token.end + 1 if depth == 0 else start
            depth += 1
    return (joints.pop(), parts) if joints in ({"AND"}, {"OR"}) else ("", [])


@remembered(4096)
def _is_total(condition: str, types: tuple[tuple[str, str], ...]) -> bool:
    """Whether a policy's condition (SQL over the raw row) can be computed on any row without an error.

    Example: `"_row"."region" = 'EU'` can on a text; `"_row"."amount" * 2 > 5` cannot on every number.
    """
    sql = f"SELECT 1 FROM {quoted(ROW)}, {quoted(LOOKUP)} WHERE {condition}"
    try:
        [tree] = parsed_tokens(sql, tokens_of_text(sql, "duckdb"), "duckdb")
    except Unreadable:
        return False
    return is_leak_proof(tree, families(tree, types))


def _with_answers(decision: Decision, relation: str, lookups: Mapping[str, str]) -> str:
    """The raw relation, with a column for the answer of each lookup, where there are any; it names no hidden column.

    Example:
        (SELECT "_row".*, ("_row"."land") IN (SELECT "_lookup"."land" FROM "v_7a.." AS "_lookup"
         WHERE "_lookup"."person" = 'kim') AS "_lookup_91.." FROM "v_1f0c.." AS "_row")
    """
    if not decision.lookups:
        return relation
    types = tuple((column.name, column.type) for column in decision.columns)
    answers = [f"{_answer(item, types, lookups[item.name])} AS {quoted(item.name)}" for item in decision.lookups]
    return f"(SELECT {', '.join([f'{quoted(ROW)}.*', *answers])} FROM {relation} AS {quoted(ROW)})"


def _answer(lookup: Lookup, types: tuple[tuple[str, str], ...], relation: str) -> str:
    """The lookup as SQL over a row of these types; a value or condition that cannot be worked out is unknown.

    A row that meets a condition perhaps gives the set an unknown member, so that nothing is surely absent from it.
    """
    inside = tuple((column.name, column.type) for column in lookup.dataset.columns if len(column.path) == 1)
    is_known = _is_total(f"({lookup.value}) IS NULL", types)
    value = lookup.value if is_known else without_errors(lookup.value)
    member, where = lookup.column, ""
    if lookup.where:
        where = f" WHERE {lookup.where}"
        if not _is_total(lookup.where, inside):
            failed = f"{without_errors(f'({lookup.where}) IS NULL')} IS NULL"
            member = f"CASE WHEN NOT {failed} THEN {member} END"
            where = f" WHERE coalesce({without_errors(lookup.where)}, {failed})"
    return f"({value}) IN (SELECT {member} FROM {relation} AS {quoted(LOOKUP)}{where})"


def may_need_fence(decision: Decision) -> bool:
    """Whether something lies behind the governed relation that an engine could meet or know before its cells."""
    return bool(decision.rows.filter) or any(
        column.outcome is Outcome.MASKED or column.parts for column in decision.columns
    )
