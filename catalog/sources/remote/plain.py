"""Keys go to plain tables alone: reading anything else may run SQL that others have written, which could tell a key."""

import re
from collections.abc import Iterable

from catalog.errors import SourceUnavailable
from catalog.sources.remote.snapshot import RemoteColumn, RemoteTable
from catalog.sources.source_work import SourceCell


def takes_keys(table: RemoteTable, columns: Iterable[RemoteColumn]) -> bool:
    """Whether a source may work out cells of a table by a key.

    Example:
        >>> takes_keys(RemoteTable(schema="public", name="people", fingerprint="", is_plain=False), ())
        False
    """
    return table.is_plain and not any(column.is_worked_out for column in columns)


def plain_no_more(source: str, table: RemoteTable) -> SourceUnavailable:
    """What is said of a table that was held for a plain one."""
    return SourceUnavailable(
        f"`{table.schema}.{table.name}` of source `{source}` was a plain table a moment ago, and may now run what"
        " others have written when it is read",
        hint="ask again in a minute; what takes a key is then made in Veil",
    )


def order_no_more(source: str, table: RemoteTable) -> SourceUnavailable:
    """What is said of a table whose rows came in another order."""
    return SourceUnavailable(
        f"`{table.schema}.{table.name}` of source `{source}` has another key than a moment ago, by which its rows come",
        hint="ask again in a minute",
    )


def under_mark(cell: SourceCell, mark: str) -> tuple[str, dict[str, bytes]]:
    """The SQL and the keys of a cell with names of keys that end in a mark, so that nobody knows them beforehand.

    Example:
        >>> cell = SourceCell(name="c", type="VARCHAR", columns=("n",), sql="f(@veil_k_1_i, «0»)", keys={"k_1_i": b""})
        >>> under_mark(cell, "ab")
        ('f(@veil_k_1_i_ab, «0»)', {'k_1_i_ab': b''})
    """
    if not cell.keys:
        return cell.sql, {}
    names = re.compile(rf"(?<=veil[._])({'|'.join(map(re.escape, cell.keys))})(?![0-9A-Za-z_])")
    return names.sub(rf"\1_{mark}", cell.sql), {f"{name}_{mark}": key for name, key in cell.keys.items()}
