"""A second wall around what a DuckDB file brings along: where the engine's own plan for a relation would read from.

`file_reach` follows the SQL; names, though, mean what the engine's search makes of them. So the plan is looked at too,
in the very world in which the relation will be read: it may scan tables of the file, and what stands in the SQL itself.
The engine tells it three times: as it reads the SQL, and after it has left out what it takes for never true, which may
be otherwise a moment later.
"""

import json
from collections.abc import Iterator, Mapping

from catalog.errors import SourceUnavailable
from catalog.sources.world import World

Step = Mapping[str, object]

_HARMLESS = frozenset(
    """
    COLUMN_DATA_SCAN CTE_SCAN DELIM_SCAN DUMMY_SCAN EMPTY_RESULT EXPRESSION_SCAN GENERATE_SERIES RANGE REC_CTE_SCAN
    REC_REC_CTE_SCAN REPEAT REPEAT_ROW UNNEST
    """.split()
)
"""Steps that read nothing but what stands in the SQL, or what other steps gave."""


def refuse_foreign_scans(world: World, item: str, database: str) -> None:
    """Raises SourceUnavailable where a relation of an attached file would be read from anything but tables of the file.

    Example: `refuse_foreign_scans(world, 'd_1.main."notes"', "d_1")`.
    """
    plans = world.rows(f"EXPLAIN (FORMAT json) SELECT * FROM {item}")
    for step in _steps([json.loads(str(plan)) for _, plan in plans]):
        name, told = str(step.get("name")).strip(), step.get("extra_info")
        facts = told if isinstance(told, dict) else {}
        is_own_table = name == "SEQ_SCAN" and str(facts.get("Table")).startswith(f"{database}.")
        is_quiet = bool(step.get("children")) and "Function" not in facts and name != "INOUT_FUNCTION"
        if not (is_own_table or is_quiet or name in _HARMLESS):
            raise SourceUnavailable(
                "a view reads from outside of its database file", hint="make it of relations of the file"
            )


def _steps(plan: object) -> Iterator[Step]:
    left = [plan]
    while left:
        step = left.pop()
        if isinstance(step, list):
            left += step
        elif isinstance(step, dict):
            yield step
            left.append(step.get("children", []))
