"""What looks at a DuckDB file told, as the server keeps it: of a worker it believes what has the types of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from catalog.descriptions import KeyPart, references
from catalog.model import Field, Key
from catalog.names import fold, join, quoted
from catalog.sources.connector import GeneratedColumn
from catalog.sources.generated_sql import generated_columns

_PARTS = 5  # of a foreign key, each with one of its columns

Place = tuple[str, str]
"""The schema and the name of a relation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All relations of a file in one state; `beyond` and `raising` know them by folded names.

    `raising` are the columns of tables that are worked out as they are read, and `view_items` what is so as a whole.
    """

    relations: tuple[Place, ...]
    views: Mapping[Place, str]
    by_macros: frozenset[Place]
    beyond: Mapping[Place, str]
    generated: tuple[GeneratedColumn, ...]
    references: Mapping[str, tuple[Key, ...]]
    view_items: frozenset[str]
    raising: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, told: pa.Table) -> "Survey":
        """From a table as `duckdb_looks.SURVEY` has it."""
        rows = [((str(row["schema"]), str(row["name"])), row) for row in told.to_pylist()]
        columns = (
            (join(*place), str(column["name"]), None if column["sql"] is None else str(column["sql"]))
            for place, row in rows
            for column in row["generated"] or ()
        )
        generated = tuple(generated_columns(columns, "duckdb"))
        places = {join(*place): place for place, _ in rows}
        raising: dict[str, frozenset[str]] = {}
        for each in generated:
            item = _item(places[each.relation])
            raising[item] = raising.get(item, frozenset()) | {fold(each.name)}
        return cls(
            relations=tuple(place for place, _ in rows),
            views={place: row["sql"] for place, row in rows if row["sql"] is not None},
            by_macros=frozenset(place for place, row in rows if row["by_macros"]),
            beyond={(fold(place[0]), fold(place[1])): row["beyond"] for place, row in rows if row["beyond"]},
            generated=generated,
            references=references(
                (join(*place), KeyPart("foreign", *map(str, part)))
                for place, row in rows
                for part in row["references"] or ()
                if len(part or ()) == _PARTS
            ),
            view_items=frozenset(_item(place) for place, row in rows if row["sql"] is not None),
            raising=raising,
        )


def fields_told(told: pa.Table) -> tuple[Field, ...]:
    """Columns with their fields, from a table as `duckdb_looks.COLUMNS` has it.

    Example:
        >>> rows = [{"depth": 0, "name": "a", "type": "STRUCT(b INT)"}, {"depth": 1, "name": "b", "type": "INT"}]
        >>> [(field.name, [inner.name for inner in field.fields]) for field in fields_told(pa.Table.from_pylist(rows))]
        [('a', ['b'])]
    """
    inside: dict[int, list[Field]] = {}
    for row in reversed(told.to_pylist()):
        depth, fields = row["depth"], inside.pop(row["depth"] + 1, [])
        field = Field(name=row["name"], type=row["type"], fields=tuple(reversed(fields)))
        inside.setdefault(depth, []).append(field)
    return tuple(reversed(inside.get(0, [])))


def _item(place: Place) -> str:
    return fold(".".join(map(quoted, place)))
