"""A cell that a source works out bears a name that nobody has seen; people are told of its column."""

import pytest

from catalog.errors import SourceUnavailable
from catalog.sources.remote.opened import cell_column
from catalog.sources.remote.rows import batches
from catalog.sources.remote.snapshot import RemoteColumn
from catalog.sources.source_work import SourceCell


def test_a_cell_of_another_type_is_told_by_the_name_of_its_column() -> None:
    phone = RemoteColumn(name="phone", type="VARCHAR", expression='"phone"')
    cell = cell_column(SourceCell(name="veil_1f0c", type="BIGINT", columns=("phone",), sql="«0»"), [phone])
    rows = [[("a word",)], []]
    with pytest.raises(SourceUnavailable) as refused:
        list(batches(lambda count: rows.pop(0), [cell], "people"))
    assert "column `phone`" in refused.value.detail
    assert "veil_" not in refused.value.detail
