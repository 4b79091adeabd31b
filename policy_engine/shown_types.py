"""The types in which a person meets columns: those of what masks make of them, and of structs without hidden fields."""

from catalog.names import quoted
from policy_engine.model import Case, ColumnDecision, Outcome
from policy_engine.shapes import Shape, nesting
from policy_engine.transforms import registry


def shown_type(column: ColumnDecision) -> str:
    """The type in which a person meets a column: without its hidden fields; text where cases differ.

    Example: `STRUCT("phone" VARCHAR, "city" VARCHAR)[]` without its phone is `STRUCT("city" VARCHAR)[]`.
    """
    if not column.parts:
        types = {case_type(case, column) for case in column.cases}
        return types.pop() if len(types) == 1 else "VARCHAR"
    if column.outcome is Outcome.CLEAR:
        return column.type
    return narrowed_type(column)


def narrowed_type(column: ColumnDecision) -> str:
    """The type of a column with fields, of those that are not hidden alone."""
    shape = nesting(column.type)
    return core_type(column, shape.shape) + "".join(shape.lists)


def core_type(column: ColumnDecision, shape: Shape) -> str:
    """The type of one struct, map or item of a list, without its hidden fields."""
    shown = shown_parts(column)
    if shape is Shape.MAP:
        return f"MAP({', '.join(map(shown_type, shown))})"
    return f"STRUCT({', '.join(f'{quoted(part.path[-1])} {shown_type(part)}' for part in shown)})"


def shown_parts(column: ColumnDecision) -> list[ColumnDecision]:
    """The fields of a column that are not hidden."""
    return [part for part in column.parts if part.outcome is not Outcome.HIDDEN]


def case_type(case: Case, column: ColumnDecision) -> str:
    """The type of what one case makes of a column."""
    return column.type if case.call is None else registry.output_type(case.call, column.type)
