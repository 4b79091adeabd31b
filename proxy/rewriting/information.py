"""The views of `information_schema`, filled with what one person may see: tools ask them what there is.

Each is one more governed relation: its rows are made from the person's own decisions and bound as one value, so joins
and filters over them work as over any dataset, and the engine's own catalog is never asked.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from catalog.errors import LimitExceeded
from catalog.model import Column, Dataset
from catalog.names import fold, quoted
from policy_engine.model import Case, ColumnDecision, Decision, Outcome, RowDecision
from policy_engine.shown_types import shown_type

SCHEMA = "information_schema"
CATALOG = "veil"

_MOST_ROWS = 100_000
# A column without a type is a text.
_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "schemata": "catalog_name schema_name schema_owner",
        "tables": """
            table_catalog table_schema table_name table_type self_referencing_column_name reference_generation
            user_defined_type_catalog user_defined_type_schema user_defined_type_name is_insertable_into is_typed
            commit_action TABLE_COMMENT""",
        "columns": """
            table_catalog table_schema table_name column_name ordinal_position:INTEGER column_default is_nullable
            data_type character_maximum_length:INTEGER numeric_precision:INTEGER
            numeric_scale:INTEGER datetime_precision:INTEGER is_updatable:BOOLEAN COLUMN_COMMENT""",
        "views": "table_catalog table_schema table_name view_definition check_option is_updatable",
        "table_constraints": """
            constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name constraint_type
            is_deferrable initially_deferred""",
        "key_column_usage": """
            constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name column_name
            ordinal_position:BIGINT position_in_unique_constraint:BIGINT""",
        "referential_constraints": """
            constraint_catalog constraint_schema constraint_name unique_constraint_catalog unique_constraint_schema
            unique_constraint_name match_option update_rule delete_rule""",
    }
)

VIEWS = frozenset(_COLUMNS)
"""The views that are answered."""

Row = dict[str, object]


def is_view(key: tuple[str, str]) -> bool:
    """Whether a folded name (database, dataset) means one of the views."""
    return key[0] == SCHEMA and key[1] in VIEWS


def needs_columns(key: tuple[str, str]) -> bool:
    """Whether a view tells of columns, so that each dataset must be decided about."""
    return key[1] == "columns"


def shown(name: str, revision: int) -> Decision:
    """The decision on a view: everybody sees all of it, as its rows are the person's own.

    Example:
        >>> [column.name for column in shown("schemata", 1).columns]
        ['catalog_name', 'schema_name', 'schema_owner']
    """
    named = (column.partition(":") for column in _COLUMNS[name].split())
    types = {column: type_ or "VARCHAR" for column, _, type_ in named}
    columns = tuple(
        Column(path=(column,), type=type_, position=position) for position, (column, type_) in enumerate(types.items())
    )
    return Decision(
        dataset=Dataset(database=SCHEMA, name=name, source="", relation="", columns=columns),
        revision=revision,
        columns=tuple(
            ColumnDecision(
                name=column, type=type_, outcome=Outcome.CLEAR, cases=(Case(when="", call=None),), path=(column,)
            )
            for column, type_ in types.items()
        ),
        rows=RowDecision(),
    )


def relation(decision: Decision, parameter: str) -> str:
    """The view as SQL in parentheses, whose rows are bound as JSON under a parameter's name."""
    types = json.dumps([{column.name: column.type for column in decision.columns}])
    columns = ", ".join(f'"_row".{quoted(column.name)} AS {quoted(column.name)}' for column in decision.columns)
    return f"(SELECT {columns} FROM (SELECT unnest(from_json(${parameter}, '{types}')) AS \"_row\"))"


def content(name: str, datasets: Sequence[Dataset], decisions: Sequence[Decision]) -> str:
    """The rows of a view as JSON, from the datasets that the person sees and, for columns, the decisions on them."""
    rows = list(_rows(name, datasets, decisions))
    if len(rows) > _MOST_ROWS:
        raise LimitExceeded(
            f"`{SCHEMA}.{name}` has {len(rows):,} rows for you and the limit is {_MOST_ROWS:,}",
            hint="describe the datasets you need one by one, or search GET /api/v1/datasets",
        )
    return json.dumps(rows, ensure_ascii=False)


def _rows(name: str, datasets: Sequence[Dataset], decisions: Sequence[Decision]) -> Iterator[Row]:
    if name == "schemata":
        databases = {fold(dataset.database): dataset.database for dataset in datasets}
        for database in (*databases.values(), SCHEMA):
            yield {"catalog_name": CATALOG, "schema_name": database, "schema_owner": CATALOG}
    elif name == "tables":
        for dataset in datasets:
            insertable = {"table_type": "BASE TABLE", "is_insertable_into": "NO", "is_typed": "NO"}
            yield {**_place(dataset), **insertable, "TABLE_COMMENT": dataset.comment or None}
    elif name == "columns":
        for decision in decisions:
            yield from _columns(decision)


def _columns(decision: Decision) -> Iterator[Row]:
    """The columns that are there, numbered as they are seen: a gap would tell of a hidden one."""
    seen = (column for column in decision.columns if column.outcome is not Outcome.HIDDEN)
    for position, column in enumerate(seen, 1):
        yield {
            **_place(decision.dataset),
            "column_name": column.name,
            "ordinal_position": position,
            "is_nullable": "YES",
            "data_type": shown_type(column),
            "is_updatable": False,
        }


def _place(dataset: Dataset) -> Row:
    return {"table_catalog": CATALOG, "table_schema": dataset.database, "table_name": dataset.name}
