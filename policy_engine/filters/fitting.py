"""Whether a row filter fits the types of a dataset: tried by the engine, without any data, when a policy is written."""

import re
from datetime import UTC, datetime

from catalog.model import Dataset
from catalog.names import fold, quoted
from catalog.remembered import remembered
from catalog.sources.calculator import type_of, works
from policy_engine.filters.filters import bind
from policy_engine.model import ROW, Estate, Subject

_NAMED = re.compile(rf'"{ROW}"\."((?:[^"]|"")+)"')
_NOBODY = Subject(user="", groups=frozenset())
_ONCE = datetime(2000, 1, 1, tzinfo=UTC)


def misfit(text: str, dataset: Dataset, estate: Estate) -> str:
    """Why the engine cannot work a filter out on the types of a dataset; empty when it can, or has nothing to judge.

    What is known of whoever asks enters unknown here, and a lookup's answer as a truth.

    Example: "does not fit its columns (`land` is a VARCHAR)".
    """
    bound = bind(text, _NOBODY, dataset, roles=frozenset(), at=_ONCE, estate=estate)
    if bound is None:
        return ""
    named = {fold(name.replace('""', '"')) for name in _NAMED.findall(bound.sql)}
    columns = [(column.name, column.type) for column in dataset.columns if len(column.path) == 1]
    used = tuple((name, kind) for name, kind in columns if fold(name) in named)
    return _misfit(bound.sql, used, tuple(lookup.name for lookup in bound.lookups))


@remembered(4096)
def _misfit(sql: str, columns: tuple[tuple[str, str], ...], truths: tuple[str, ...]) -> str:
    typed = (*columns, *((name, "BOOLEAN") for name in truths))
    # Unnested, since the engine would put a plain NULL into the filter and so never try what it is compared with.
    row = ", ".join(f"unnest(CAST([NULL] AS {kind}[])) AS {quoted(name)}" for name, kind in typed) or "1"
    kind, told = type_of(f'(SELECT ({sql}) FROM (SELECT {row}) AS "{ROW}")'), ", ".join(map(_typed, columns))
    if kind is not None and kind != "BOOLEAN":
        return f"gives a {kind} and no truth"
    if kind is None or not works(f'(SELECT count({sql}) FROM (SELECT {row}) AS "{ROW}")'):
        return f"does not fit its columns ({told})" if told else "cannot be worked out"
    return ""


def _typed(column: tuple[str, str]) -> str:
    name, kind = column
    return f"`{name}` is a {kind}"
