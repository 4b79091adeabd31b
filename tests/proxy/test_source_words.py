"""What a source says of a dataset is told without a word on what the person may not see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.clock import utc_now
from catalog.crawl_runs import CrawlRuns
from catalog.model import Description, Key, KeyKind
from crawler.levels import Levels
from policy_engine.model import Subject
from policy_engine.visibility import Visibility
from proxy.metadata import Metadata
from tests.proxy.world import ANALYST, OWNER, World, world

ORDERS = Description(
    comment="what was bought",
    columns=(("id", "number of the order"), ("email", "not that of the CARD holder"), ("card", "as it was paid")),
    keys=(
        Key(kind=KeyKind.PRIMARY, columns=("id",)),
        Key(kind=KeyKind.UNIQUE, columns=("card", "id")),
        Key(kind=KeyKind.FOREIGN, columns=("customer",), refers_to="customers.parquet", at=("customer",)),
        Key(kind=KeyKind.FOREIGN, columns=("id",), refers_to="results.parquet", at=("id",)),
        Key(kind=KeyKind.FOREIGN, columns=("card",), refers_to="customers.parquet", at=("customer",)),
    ),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(Path(tmp_path_factory.mktemp("words")) / "w", "secret") as made:
        for name, described in (("orders", ORDERS), ("customers", Description(comment="who bought"))):
            made.datasets.note_description("shop", name, described)
        yield made


def told(shop: World, subject: Subject, name: str = "orders", *, tells_hidden: bool = True) -> dict[str, object]:
    metadata = Metadata(
        visibility=Visibility(shop.catalog, shop.datasets),
        policies=shop.policies,
        journal=shop.journal,
        runs=CrawlRuns(shop.catalog),
        clock=utc_now,
        tells_hidden=tells_hidden,
    )
    return metadata.describe(subject, "shop", name).description(Levels(()))


def comments(found: dict[str, object]) -> dict[str, str]:
    columns = found["columns"]
    assert isinstance(columns, list)
    return {column["column"]: column["comment"] for column in columns if column["comment"]}


def test_who_sees_all_is_told_all(shop: World) -> None:
    found = told(shop, OWNER)
    assert found["source_comment"] == "what was bought"
    assert comments(found) == dict(ORDERS.columns)
    assert found["keys"] == [
        {"kind": "primary", "columns": ["id"]},
        {"kind": "unique", "columns": ["card", "id"]},
        {"kind": "foreign", "columns": ["customer"], "refers_to": "shop.customers", "at": ["customer"]},
        {"kind": "foreign", "columns": ["id"], "refers_to": "lab.results", "at": ["id"]},
        {"kind": "foreign", "columns": ["card"], "refers_to": "shop.customers", "at": ["customer"]},
    ]


def test_no_word_is_told_of_what_is_hidden(shop: World) -> None:
    found = told(shop, ANALYST)
    assert "card" not in str(found).casefold()
    assert found["source_comment"] == ""
    assert comments(found) == {"id": "number of the order"}
    assert found["keys"] == [
        {"kind": "primary", "columns": ["id"]},
        {"kind": "foreign", "columns": ["customer"], "refers_to": "shop.customers", "at": ["customer"]},
    ]


def test_told_briefly_no_comment_comes_and_goes_with_what_is_hidden(shop: World) -> None:
    for subject in (OWNER, ANALYST):
        for name in ("orders", "customers"):
            found = told(shop, subject, name, tells_hidden=False)
            assert (found["source_comment"], comments(found)) == ("", {})
    assert told(shop, ANALYST, tells_hidden=False)["keys"] == told(shop, ANALYST)["keys"]


def test_a_comment_on_a_dataset_is_told_where_nothing_of_it_is_hidden(shop: World) -> None:
    assert told(shop, ANALYST, "customers")["source_comment"] == "who bought"


def test_of_what_a_view_reads_only_datasets_that_are_seen_are_told(shop: World) -> None:
    views = {
        ("shop", "customers"): ("orders.parquet", "results.parquet", "clients.parquet"),
        ("lab", "results"): ("orders.parquet",),
    }
    for place, reads in views.items():
        shop.datasets.note_description(*place, Description(reads=reads))
    assert (told(shop, OWNER, "customers")["made_from"], told(shop, OWNER)["read_by"]) == (
        ["lab.results", "shop.clients", "shop.orders"],
        ["lab.results", "shop.customers"],
    )
    found, base = told(shop, ANALYST, "customers"), told(shop, ANALYST)
    assert (found["made_from"], base["read_by"]) == (["shop.clients", "shop.orders"], ["shop.customers"])
    assert "results" not in f"{found}{base}"


def test_a_view_of_what_is_hidden_alone_is_told_of_as_a_table_is(shop: World) -> None:
    shop.datasets.note_description("shop", "customers", Description(reads=("results.parquet",)))
    through = told(shop, ANALYST, "customers")
    shop.datasets.note_description("shop", "customers", Description())
    assert through == told(shop, ANALYST, "customers")


def test_that_it_cannot_be_told_what_a_view_reads_is_said(shop: World) -> None:
    assert told(shop, ANALYST, "customers")["made_from"] == []
    shop.datasets.note_description("shop", "customers", Description(reads=None))
    assert told(shop, ANALYST, "customers")["made_from"] is None
