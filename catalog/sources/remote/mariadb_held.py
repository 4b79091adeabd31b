"""What is held in MariaDB for a query to read one moment: its relations, and all that views among them read."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from catalog.errors import SourceUnavailable
from catalog.names import split
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.remote.snapshot import RemoteTable

Place = tuple[str, str]
"""A schema and a name."""
Places = Mapping[Place, tuple[bool, bool]]
"""What is held: whether each is a view, and whether it is plain."""


def read_by(
    places: Sequence[Place], tables: Iterable[RemoteTable], reads: Callable[[RemoteTable], Sequence[str] | None]
) -> Places | None:
    """The places and all that views among them read; None where that is not known, as where one calls a function.

    Example:
        >>> table = RemoteTable(schema="s", name="t", fingerprint="")
        >>> view = RemoteTable(schema="s", name="v", fingerprint="", is_view=True, is_plain=False)
        >>> read_by([("s", "v")], [table, view], lambda each: ["s.t"] if each.is_view else [])
        {('s', 'v'): (True, False), ('s', 't'): (False, True)}
        >>> read_by([("s", "v")], [table, view], lambda each: None) is None
        True
    """
    known = {(table.schema, table.name): table for table in tables}
    found: dict[Place, tuple[bool, bool]] = {}
    waiting = list(places)
    while waiting:
        place = waiting.pop()
        if place in found:
            continue
        table = known.get(place)
        read = None if table is None else reads(table)
        if table is None or read is None:
            return None
        found[place] = table.is_view, table.is_plain
        waiting += [(schema, name) for schema, name in map(split, read)]
    return found


def held_first(held: Places) -> list[RemoteTable]:
    """What is held, in order: views last, since a server may read some of a view to know how it would be read."""
    return [
        RemoteTable(schema=schema, name=name, fingerprint="")
        for (schema, name), (is_view, _) in sorted(held.items(), key=lambda item: (item[1][0], item[0]))
    ]


def moment_lost(source: str) -> SourceUnavailable:
    """What is said where scans would be of several moments; INVARIANT: it names nothing that only governs."""
    return SourceUnavailable(
        f"source `{source}` cannot be read at one moment: a connection broke off, or it is not known what a view in it"
        " runs",
        hint="ask again, or grant the source's account SHOW VIEW and SELECT on its views and on what they read",
    )


def changed(source: str) -> SourceUnavailable:
    """What is said where a view was made anew while it was about to be read."""
    return SourceUnavailable(f"source `{source}` cannot be read: a view in it has just changed", hint=CHANGED_HINT)
