"""Reads the filter that the engine asks a scan for into conditions that a source can judge as well.

Arrow lets nobody look into an expression but through its text, so a condition is taken from the text only when the
same condition, built anew, prints that very text. What is not understood is not pushed down; the scan itself always
applies the whole filter, so a condition saves rows on the wire and never decides on one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

Value = bool | int | Decimal | date | datetime | str

_OPERATORS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_COMPARED = re.compile(r"\((\w+) (==|!=|<=|>=|<|>) (.+)\)", re.DOTALL)
_IS_NULL = re.compile(r"is_null\((\w+), \{nan_is_null=false\}\)")
_IS_VALID = re.compile(r"is_valid\((\w+)\)")
_IN = re.compile(r"if_else\(is_valid\((\w+)\), is_in\(\1, \{value_set=[^\n]*:\[\n(.*)\n\], .*", re.DOTALL)
_TEXT = re.compile(r'"([^"\\]*)"')
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[()]| and ', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A comparison of one column with values: `=`, `<>`, `<`, `<=`, `>`, `>=`, `IN`, `IS NULL`, `IS NOT NULL`."""

    column: str
    operator: str
    values: tuple[Value, ...] = ()


def conditions(wanted: pc.Expression | None, schema: pa.Schema) -> tuple[Condition, ...]:
    """Conditions that every row of the filter fulfils; the columns have plain names.

    Example:
        >>> schema = pa.schema({"c0": pa.int64(), "c1": pa.float64()})
        >>> [each.operator for each in conditions((pc.field("c0") > 2) & (pc.field("c1") > 2), schema)]
        ['>']
    """
    if wanted is None:
        return ()
    found = [each for piece in _conjuncts(str(wanted)) if (each := _condition(piece, schema)) is not None]
    lists = [each for each in found if each.operator == "IN" and isinstance(each.values[0], str)]
    if lists and not (len(found) == 1 and _expression(lists[0], schema).equals(wanted)):
        # Arrow prints the texts of a list without escaping them, so only the expression itself can be trusted.
        found = [each for each in found if each not in lists]
    return tuple(found)


def _conjuncts(text: str) -> Iterator[str]:
    """The parts of an AND, however deep; any other text as it is."""
    parts = _split(text)
    if len(parts) < 2:
        yield text
        return
    for part in parts:
        yield from _conjuncts(part)


def _split(text: str) -> list[str]:
    """The sides of `(a and b)`; an empty list when the text is no such thing."""
    depth, begin, parts = 0, 1, []
    for word in _WORD.finditer(text):
        match word[0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case " and " if depth == 1 and text.startswith("("):
                parts.append(text[begin : word.start()])
                begin = word.end()
    return [*parts, text[begin:-1]] if parts else []


def _condition(piece: str, schema: pa.Schema) -> Condition | None:
    """What a piece says, if saying it again gives the very piece."""
    for read in (_comparison, _null_test, _membership):
        found = read(piece, schema)
        if found is not None:
            return found if str(_expression(found, schema)) == piece else None
    return None


def _comparison(piece: str, schema: pa.Schema) -> Condition | None:
    match = _COMPARED.fullmatch(piece)
    value = _value(match[3], schema.field(match[1]).type) if match else None
    if match is None or value is None:
        return None
    return Condition(column=match[1], operator=_OPERATORS[match[2]], values=(value,))


def _null_test(piece: str, schema: pa.Schema) -> Condition | None:
    if match := _IS_NULL.fullmatch(piece):
        return Condition(column=match[1], operator="IS NULL")
    if match := _IS_VALID.fullmatch(piece):
        return Condition(column=match[1], operator="IS NOT NULL")
    return None


def _membership(piece: str, schema: pa.Schema) -> Condition | None:
    match = _IN.fullmatch(piece)
    if match is None:
        return None
    kind = schema.field(match[1]).type
    values = [_value(item.strip(), kind) for item in match[2].split(",\n")]
    known = tuple(value for value in values if value is not None)
    return Condition(column=match[1], operator="IN", values=known) if len(known) == len(values) else None


def _expression(condition: Condition, schema: pa.Schema) -> pc.Expression:
    field, kind = pc.field(condition.column), schema.field(condition.column).type
    match condition.operator:
        case "IS NULL":
            return field.is_null()
        case "IS NOT NULL":
            return field.is_valid()
        case "IN":
            is_one = field.isin(pa.array(condition.values, kind))
            return pc.if_else(field.is_valid(), is_one, pa.scalar(None, pa.bool_()))
    side = pa.scalar(condition.values[0], kind)
    compared: dict[str, Callable[[], pc.Expression]] = {
        "=": lambda: field == side,
        "<>": lambda: field != side,
        "<": lambda: field < side,
        "<=": lambda: field <= side,
        ">": lambda: field > side,
        ">=": lambda: field >= side,
    }
    return compared[condition.operator]()


def _value(text: str, kind: pa.DataType) -> Value | None:
    """The value of a literal's text; None for a type whose values the text does not hold exactly."""
    try:
        if pa.types.is_boolean(kind):
            return {"true": True, "false": False}.get(text)
        if pa.types.is_integer(kind):
            return int(text)
        if pa.types.is_decimal(kind):
            return Decimal(text)
        if pa.types.is_date32(kind):
            return date.fromisoformat(text)
        if pa.types.is_timestamp(kind):
            return datetime.fromisoformat(text)
    except (ValueError, ArithmeticError):
        return None
    if pa.types.is_string(kind) and (match := _TEXT.fullmatch(text)):
        return match[1]
    return None
