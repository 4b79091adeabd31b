"""Which columns a scan reads without any condition, since reading them may end in an error that would tell a row."""

from catalog.sources.connector import Masks, Remote
from catalog.sources.remote.opened import _kept_back, cell_column
from catalog.sources.remote.snapshot import RemoteColumn, RemoteTable
from catalog.sources.source_work import SourceCell, SourceWork

REMOTE = Remote(connector="postgres", source="data", options=(), masks=Masks.SOURCE)
TABLE = RemoteTable(schema="public", name="orders", fingerprint="")
STORED = RemoteColumn(name="id", type="INTEGER", expression='"id"')
MADE = RemoteColumn(name="made", type="INTEGER", expression='"made"', is_worked_out=True)
"""A virtual column, which PostgreSQL has since its version 18."""
CELL = cell_column(SourceCell(name="cell", type="VARCHAR", columns=("made",), sql="upper(«0»::text)"), [STORED, MADE])


def test_a_column_that_is_worked_out_as_it_is_read_is_kept_back_like_an_unreadable_one() -> None:
    columns = [STORED, MADE, CELL]
    assert _kept_back(columns, REMOTE, TABLE, SourceWork()) == [CELL]
    assert _kept_back(columns, REMOTE, TABLE, SourceWork(masked=frozenset({"id", "made"}))) == [MADE, CELL]
    assert _kept_back(columns, REMOTE, TABLE, SourceWork(is_mixed=True)) == [MADE, CELL]
