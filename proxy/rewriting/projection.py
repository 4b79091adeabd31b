"""Writes how one cell is shown as SQL: its cases, its transforms, and a struct made anew of the fields that are there.

Example: `contact` of which only the `city` is shown becomes

    CASE WHEN "_row"."contact" IS NULL THEN NULL
    ELSE struct_pack("city" := struct_extract("_row"."contact", 'city')) END

and within a list the same for each item, in order, by `list_transform`. What is NULL stays NULL and what is empty
stays empty. A column that is clear or NULL as a whole is written as plainly as one without fields.
"""

import hashlib
from collections.abc import Sequence

from catalog.names import quoted
from catalog.sources.connector import Masks
from catalog.sources.source_work import SourceCell
from policy_engine.model import ROW, Case, ColumnDecision, TransformCall
from policy_engine.shapes import Shape, nesting
from policy_engine.shown_types import case_type, core_type, shown_parts, shown_type
from policy_engine.transforms import registry
from policy_engine.transforms.at_source.dialect import NoForm
from policy_engine.transforms.at_source.forms import form
from policy_engine.transforms.calls import print_call
from policy_engine.transforms.keys import KeyRing


class Projection:
    """Writes the cells of one governed relation; `parameters` gathers the keys to bind, which no repr shows."""

    def __init__(
        self,
        keys: KeyRing,
        types: registry.Types = registry.NO_TYPES,
        masking: tuple[str, Masks] = ("", Masks.VEIL),
    ) -> None:
        """`types` are those of the dataset's columns, for transforms that go by another column.

        `masking` says which database works out what it can.
        """
        self._keys = keys
        self._types = types
        self._database, self._masks = masking
        self.parameters: dict[str, bytes] = {}
        self.cells: dict[str, SourceCell] = {}
        self.words: dict[str, str] = {}

    def column(self, column: ColumnDecision) -> str:
        """The cell of a column of the raw row."""
        return self._cell(column, f"{quoted(ROW)}.{quoted(column.path[0])}", 0)

    def _cell(self, column: ColumnDecision, raw: str, depth: int) -> str:
        """The cell whose raw value an expression gives; `depth` counts the lists it is in."""
        type_name = shown_type(column)
        first = column.cases[0]
        if not first.when:
            return self._value(first, column, raw, type_name, depth)
        branches: list[str] = []
        otherwise = f"CAST(NULL AS {type_name})"
        for case in column.cases:
            value = self._value(case, column, raw, type_name, depth)
            if not case.when:
                otherwise = value
                break
            branches.append(f"WHEN ({case.when}) IS TRUE THEN {value}")
        return f"CASE {' '.join(branches)} ELSE {otherwise} END"

    def _value(self, case: Case, column: ColumnDecision, raw: str, type_name: str, depth: int) -> str:
        if column.parts:
            if case.call is not None:
                return f"CAST(NULL AS {type_name})"
            return raw if column.is_uniform else self._rebuilt(column, raw, nesting(column.type).lists, depth)
        value = raw
        if case.call is not None and (cell := self._source_cell(case, column)) is not None:
            value = f"{quoted(ROW)}.{quoted(cell.name)}"
            self.cells[cell.name], self.words[value] = cell, _in_words(case.call, raw)
        elif case.call is not None:
            fragment = registry.render(
                case.call, raw, column.type, namespace=case.namespace, keys=self._keys, types=self._types
            )
            self.parameters.update(fragment.parameters)
            value = fragment.sql
        return value if case_type(case, column) == type_name else f"CAST({value} AS {type_name})"

    def _source_cell(self, case: Case, column: ColumnDecision) -> SourceCell | None:
        """The cell as its source works it out; None where the source cannot, or has to show the raw value as well."""
        assert case.call is not None
        named = registry.columns_named(case.call)
        is_read_anyway = any(each.call is None for each in column.cases)
        is_nested = any(len(path) > 1 for path in (column.path, *(name.path for name in named)))
        if self._masks is Masks.VEIL or is_read_anyway or is_nested:
            return None
        try:
            made = form(
                case.call,
                column.type,
                self._database,
                namespace=case.namespace,
                keys=self._keys,
                types=self._types,
            )
        except NoForm:
            return None
        if self._masks is Masks.KEYLESS and (made.keys or registry.is_keyed(case.call)):
            return None
        told = repr((case.call, case.namespace, column.path))
        return SourceCell(
            name=f"veil_{hashlib.sha256(told.encode()).hexdigest()[:16]}",
            type=registry.output_type(case.call, column.type),
            columns=(column.path[0], *(each.path[0] for each in named)),
            sql=made.sql,
            keys=made.keys,
            functions=made.functions,
        )

    def _rebuilt(self, column: ColumnDecision, raw: str, lists: Sequence[str], depth: int) -> str:
        """The value with only the fields that are shown, in as many lists as it is in."""
        shape = nesting(column.type).shape
        if lists:
            item = _item(depth)
            made = f"list_transform({raw}, lambda {item}: {self._rebuilt(column, item, lists[:-1], depth + 1)})"
            is_list = lists[-1] == "[]"
            return made if is_list else f"CAST({made} AS {core_type(column, shape)}{''.join(lists)})"
        made = self._map(column, raw, depth) if shape is Shape.MAP else self._struct(column, raw, depth)
        return f"CASE WHEN {raw} IS NULL THEN NULL ELSE {made} END"

    def _struct(self, column: ColumnDecision, raw: str, depth: int) -> str:
        fields = (
            f"{quoted(part.path[-1])} := {self._cell(part, f'struct_extract({raw}, {_text(part.path[-1])})', depth)}"
            for part in shown_parts(column)
        )
        return f"struct_pack({', '.join(fields)})"

    def _map(self, column: ColumnDecision, raw: str, depth: int) -> str:
        keys, values = column.parts
        return (
            f"map({self._items(keys, f'map_keys({raw})', depth)}, {self._items(values, f'map_values({raw})', depth)})"
        )

    def _items(self, part: ColumnDecision, raw: str, depth: int) -> str:
        item = _item(depth)
        cell = self._cell(part, item, depth + 1)
        return raw if cell == item else f"list_transform({raw}, lambda {item}: {cell})"


def _in_words(call: TransformCall, raw: str) -> str:
    """A cell that its source works out, for people.

    Example:
        >>> _in_words(TransformCall(name="mask", arguments=(("keep_last", 4),)), '"_row"."mrn"')
        'mask("_row"."mrn", keep_last=>4) /* at the source */'
    """
    given = print_call(call).removeprefix(f"{call.name}(")
    return f"{call.name}({raw}{', ' if call.arguments else ''}{given} /* at the source */"


def _item(depth: int) -> str:
    return quoted(f"_item_{depth + 1}_")


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
