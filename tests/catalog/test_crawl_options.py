"""Options of a source that speak of its crawls are read and checked, and reach no connector."""

import pytest

from catalog.crawl_options import CRAWL_OPTIONS, CrawlOptions, of_connector, read_crawl_options
from catalog.errors import SettingsInvalid
from catalog.model import Source
from catalog.registry import connect

ALL = {
    "crawl_every": "6h",
    "crawl_hours": "22:00-06:00",
    "crawl_into": "shop",
    "crawl_path": "2024",
    "crawl_rows": "500",
    "crawl_pause_seconds": "0.5",
    "crawl_most_seconds": "60",
    "crawl_most_bytes": "1000000",
}


def test_all_of_them_are_read() -> None:
    assert read_crawl_options("lake", {"path": "x", **ALL}) == CrawlOptions(
        every="6h",
        hours="22:00-06:00",
        into="shop",
        path="2024",
        rows=500,
        pause_seconds=0.5,
        most_seconds=60.0,
        most_bytes=1_000_000,
    )
    assert {*ALL, "crawl_cron"} == set(CRAWL_OPTIONS)


def test_what_is_not_said_is_nothing() -> None:
    assert read_crawl_options("lake", {"path": "x"}) == CrawlOptions()


@pytest.mark.parametrize("connector", ["files", "duckdb", "sqlite"])
def test_no_connector_sees_them(connector: str) -> None:
    assert of_connector({"path": "x", **ALL}) == {"path": "x"}
    connect(Source(name="lake", connector=connector, options={"path": "x", **ALL}))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("crawl_every", "often"),
        ("crawl_cron", "30 2 * *"),
        ("crawl_rows", "many"),
        ("crawl_rows", "1.5"),
        ("crawl_rows", "-1"),
        ("crawl_pause_seconds", "inf"),
        ("crawl_pause_seconds", "nan"),
        ("crawl_evry", "6h"),
    ],
)
def test_what_is_wrong_is_refused_with_a_way_out(option: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        connect(Source(name="lake", connector="files", options={"path": "x", option: value}))
    assert caught.value.hint
