"""What another process does to a home holds for the next question here: no answer outlives what it stands on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.crawl_runs import CrawlRuns
from catalog.errors import UnknownDataset
from policy_engine.visibility import Visibility
from proxy.metadata import Metadata
from tests.proxy.world import ANALYST, World, world
from tests.serving import Home

SQL = "select id, phone, note from shop.orders order by id limit 3"
CHANGES = {
    "a tag is put on a column": "ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE note pci.card",
    "a policy is added": "DENY ALL (note) ON TABLE shop.orders FROM ROLE analyst",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, "s3cret") as made:
        yield made


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_by_another_process_holds_for_the_next_question(shop: World, statement: str) -> None:
    visibility = Visibility(shop.catalog, shop.datasets)
    metadata = Metadata(
        visibility=visibility,
        policies=shop.policies,
        journal=shop.journal,
        runs=CrawlRuns(shop.catalog),
        clock=lambda: datetime.now(UTC),
    )

    def seen() -> tuple[bool, int, bool]:
        """Whether the note is answered, how many columns are listed, and whether a search finds the note."""
        answered = shop.outcome(SQL)[0] == "rows"
        listed = {sight.dataset.name: sight for sight in metadata.find(ANALYST)}["orders"]
        found = [sight.dataset.name for sight in metadata.find(ANALYST, "orders note")]
        return answered, listed.clear + listed.masked, "orders" in found

    before = seen()
    assert before[0]
    assert before[2]
    assert seen() == before, "and it was answered from memory"
    Home(path=shop.folder / "home").veil("ddl", statement)
    assert seen() == (False, before[1] - 1, False)


def test_a_dataset_denied_by_another_process_is_gone_for_the_next_question(shop: World) -> None:
    shop.ask(SQL)
    Home(path=shop.folder / "home").veil("ddl", "DENY ALL ON TABLE shop.orders FROM ROLE analyst")
    with pytest.raises(UnknownDataset):
        shop.ask(SQL)
