"""What one run leaves to the sources of its relations: cells that they work out, and conditions that they judge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SourceFunction = Callable[..., str | bytes | int | float | None]
"""A function that a source within Veil's own process can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCell:
    """A cell that a source works out itself, as a column beside those of a relation.

    In `sql`, in the source's dialect, `«0»` stands for the first of `columns`, and so on; `keys` are bound, and
    `functions` made known. `type` is what it has in the engine.
    """

    name: str
    type: str
    columns: tuple[str, ...]
    sql: str
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    functions: Mapping[str, SourceFunction] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWork:
    """What one run leaves to the source of a relation: cells, and to judge conditions.

    `is_mixed` says that conditions of the person's may come beside those of a policy that filters rows, so that
    nothing may be left out of what is read on their account that could end in an error. Of the `masked` columns
    (folded), which are read for what is made of them, that is so beside any condition: an error would tell of a row.
    So it is of a view `with_hidden` columns, which it may work out to know its rows. What `is_ordered` has to come in
    the order of its relation. What a policy looks something up in (`is_looked_up`) is read of the same moment as all
    else of its source.
    """

    cells: tuple[SourceCell, ...] = ()
    is_mixed: bool = False
    with_hidden: bool = False
    masked: frozenset[str] = frozenset()
    is_ordered: bool = False
    is_looked_up: bool = False


Work = Mapping[str, SourceWork]
"""By the physical name of a relation."""
NO_WORK: Work = {}
