"""A query's time runs while its sources are opened: whoever serves one holds no thread and no turn for longer."""

import os
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from catalog.errors import SourceTimeout
from catalog.journal.event import EventKind
from tests.hostile_bucket import hostile_bucket
from tests.proxy.world import governed

_FRESH_SECONDS = 2.5
DOCUMENT = """
veil: 1
sources: {{lake: {{connector: files, path: "s3://lake", endpoint: "{endpoint}", anonymous: "yes", region: x}}}}
databases: {{shop: {{}}}}
datasets: {{shop.t: {{source: lake, relation: t.csv}}}}
roles: {{analyst: {{groups: [analysts]}}}}
policies: [{{policy: some, grant: select, to: [analyst], scope: shop, why: x}}]
"""


@pytest.mark.parametrize("does", ["drip", "endless"])
def test_a_query_ends_in_its_time_whatever_the_server_of_a_bucket_does(tmp_path: Path, does: str) -> None:
    with (
        hostile_bucket() as bucket,
        governed(tmp_path, DOCUMENT.format(endpoint=bucket.endpoint), seconds=8.0) as world,
    ):
        assert world.ask("select id from shop.t").num_rows == 2
        time.sleep(_FRESH_SECONDS)
        bucket.does = does  # type: ignore[assignment]
        begun_at = time.monotonic()
        with pytest.raises(SourceTimeout, match="after 8 seconds"):
            world.ask("select id from shop.t")
        assert time.monotonic() - begun_at < 25
        [event] = world.journal.search(kind=EventKind.QUERY_DENY, limit=1)
        assert event.details["code"] == "source_timeout"


def _long_book(file: Path) -> None:
    """A small workbook whose one sheet has many rows."""
    book = openpyxl.Workbook()
    book.active.append(["id"])
    book.save(file)
    with zipfile.ZipFile(file) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (n, n, n) for n in range(2, 300_002))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, part in parts.items():
            whole.writestr(name, part.replace(b"</sheetData>", rows + b"</sheetData>"))


def test_a_query_ends_in_its_time_while_a_copy_is_made_and_the_copy_is_there_for_a_later_one(tmp_path: Path) -> None:
    file = tmp_path / "data" / "t.xlsx"
    file.parent.mkdir()
    _long_book(file)
    document = """
veil: 1
sources: {lake: {connector: files, path: PATH}}
databases: {shop: {}}
datasets: {shop.t: {source: lake, relation: t.xlsx/Sheet}}
roles: {analyst: {groups: [analysts]}}
policies: [{policy: some, grant: select, to: [analyst], scope: shop, why: x}]
"""
    (tmp_path / "home").mkdir()
    with governed(tmp_path / "home", document.replace("PATH", str(file.parent)), seconds=1.0) as world:
        os.utime(file, (1, 1))  # a new state, of which there is no copy yet
        begun_at = time.monotonic()
        with pytest.raises(SourceTimeout, match=r"after 1 seconds: a copy of `t\.xlsx` is being made, which goes on"):
            world.ask("select count(*) from shop.t")
        assert time.monotonic() - begun_at < 8
        over_at = time.monotonic() + 120
        while True:
            try:
                [row] = world.ask("select count(*) as n from shop.t").to_pylist()
                break
            except SourceTimeout:
                assert time.monotonic() < over_at
        assert row == {"n": 300_000}
