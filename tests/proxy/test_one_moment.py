"""A change of data and policies in one is seen whole or not at all, whenever it comes while a question is settled."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.clock import utc_now
from catalog.crawl_runs import CrawlRuns
from catalog.database import Catalog
from catalog.errors import UnknownDataset, VeilError
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.ddl.run import Runner
from policy_engine.ddl.views import Answer
from policy_engine.document.reading import load
from policy_engine.live import Live, read_live
from policy_engine.model import Outcome, PolicySet
from policy_engine.visibility import Visibility
from proxy.metadata import Metadata
from tests.proxy.world import ANALYST, DOCUMENT, World, governed, world

ARRIVES = (
    DOCUMENT.replace(
        "  shop.customers:",
        "  shop.payroll: {source: data, relation: results.parquet}\n  shop.customers:",
    )
    + "  - {policy: nobody, deny: select, to: [analyst], scope: shop.payroll, why: it comes with its own denial}\n"
)
RETAGGED = (
    DOCUMENT.replace("card: {tags: [pci.card]}, phone", "card: {tags: [pci.pan]}, phone")
    .replace("having: not pci.card", "having: not (pci.card or pci.pan)")
    .replace("tags: {", "tags: {pci.pan: {level: restricted}, ")
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, "s3cret") as made:
        yield made


@pytest.fixture
def overtake(shop: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Has a document carried out over another connection right after the policies were read for the nth time."""

    def overtake(document: str, nth: int) -> None:
        current, left = shop.policies.current, [nth]

        def overtaken() -> PolicySet:
            read = current()
            left[0] -= 1
            if left[0] == 0:
                (shop.folder / "later.yaml").write_text(document)
                with contextlib.closing(Catalog(shop.catalog.path)) as other:
                    plan = prepare(load([shop.folder / "later.yaml"]), other, at=datetime.now(UTC))
                    assert carry_out(plan, other, by="test").revision > read.revision
            return read

        monkeypatch.setattr(shop.policies, "current", overtaken)

    return overtake


@pytest.fixture
def metadata(shop: World) -> Metadata:
    return Metadata(
        visibility=Visibility(shop.catalog, shop.datasets),
        policies=shop.policies,
        journal=shop.journal,
        runs=CrawlRuns(shop.catalog),
        clock=lambda: datetime.now(UTC),
    )


@pytest.mark.parametrize("nth", [1, 2])
def test_a_dataset_that_comes_with_its_denial_is_never_answered(
    shop: World, overtake: Callable[[str, int], None], nth: int
) -> None:
    overtake(ARRIVES, nth)
    for _ in range(3):
        with pytest.raises(UnknownDataset):
            shop.ask("select * from shop.payroll")
    assert shop.datasets.dataset("shop", "payroll") is not None


@pytest.mark.parametrize("nth", [1, 2])
def test_a_column_that_is_tagged_anew_is_hidden_all_the_while(
    shop: World, overtake: Callable[[str, int], None], nth: int
) -> None:
    overtake(RETAGGED, nth)
    for _ in range(3):
        names = shop.ask("select * from shop.orders limit 1").column_names
        assert "phone" in names
        assert "card" not in names
    orders = shop.datasets.dataset("shop", "orders")
    assert orders is not None
    assert [column.confirmed for column in orders.columns if column.name == "card"] == [{"pci.pan"}]


def test_it_is_never_listed_or_described(shop: World, overtake: Callable[[str, int], None], metadata: Metadata) -> None:
    overtake(ARRIVES, 1)
    assert "payroll" not in [sight.dataset.name for sight in metadata.find(ANALYST)]
    assert shop.datasets.dataset("shop", "payroll") is not None
    with pytest.raises(VeilError, match="payroll"):
        metadata.describe(ANALYST, "shop", "payroll")
    assert "payroll" not in [dataset.name for dataset, _ in metadata.outline(ANALYST, 100)]


def test_what_is_described_is_of_one_moment(
    shop: World, overtake: Callable[[str, int], None], metadata: Metadata
) -> None:
    overtake(RETAGGED, 1)
    for _ in range(2):
        columns = metadata.describe(ANALYST, "shop", "orders").decision.columns
        assert [column.outcome for column in columns if column.name == "card"] == [Outcome.HIDDEN]


def test_a_policy_statement_is_answered_by_one_moment(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(catalog: Catalog) -> Live:
        live = read_live(catalog)
        (shop.folder / "later.yaml").write_text(RETAGGED)
        with contextlib.closing(Catalog(catalog.path)) as other:
            carry_out(prepare(load([shop.folder / "later.yaml"]), other, at=datetime.now(UTC)), other, by="test")
        return live

    runner = Runner(
        catalog=shop.catalog,
        visibility=Visibility(shop.catalog, shop.datasets),
        user=ANALYST.user,
        subject=ANALYST,
    )
    with monkeypatch.context() as patch:
        patch.setattr("policy_engine.ddl.run.read_live", overtaken)
        meanwhile = runner.run("DESCRIBE shop.orders", utc_now)
    after = runner.run("DESCRIBE shop.orders", utc_now)
    for told in (meanwhile, after):
        assert isinstance(told, Answer)
        assert "phone" in repr(told.rows)
        assert "card" not in repr(told.rows)


TURN = datetime(2026, 6, 1, tzinfo=UTC)
LIST = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}}
datasets: {shop.t: {source: data, relation: t.csv}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: all, grant: select, to: [analyst], scope: shop, why: a test}
  - {policy: some, restrict: select, to: [analyst], scope: shop, why: a test, %s}
"""


class Turning:
    """A clock just before the turn for so many looks, at it or at the policies, then past it: a rule is replaced."""

    def __init__(self) -> None:
        self.left = 1_000_000
        self.replace: Callable[[], None] = lambda: None

    def look(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.replace()

    def __call__(self) -> datetime:
        self.look()
        return TURN - timedelta(milliseconds=1) if self.left > 0 else TURN + timedelta(milliseconds=1)


@pytest.mark.parametrize("after", range(1, 9))
@pytest.mark.parametrize("told", [True, False])
def test_a_rule_that_is_replaced_as_it_begins_holds_all_the_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, told: bool
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/t.csv").write_text("id,region\n1,EU\n2,EU\n3,US\n4,US\n")
    clock = Turning()
    with governed(tmp_path, LIST % "where: region = 'EU'", clock) as world:

        def replace() -> None:
            rule = f"where: region = 'EU' and id < 2, from: {TURN.isoformat()}"
            (tmp_path / "later.yaml").write_text(LIST % rule)
            with contextlib.closing(Catalog(world.catalog.path)) as other:
                carry_out(prepare(load([tmp_path / "later.yaml"]), other, at=TURN), other, by="test")

        if told:  # it is answered from memory
            assert world.ask("select id from shop.t order by id")["id"].to_pylist() == [1, 2]
        read = world.policies.current

        def current() -> PolicySet:
            clock.look()
            return read()

        monkeypatch.setattr(world.policies, "current", current)
        clock.left, clock.replace = after, replace
        seen = [world.ask("select id from shop.t order by id")["id"].to_pylist() for _ in range(4)]
    assert [rows for rows in seen if rows not in ([1, 2], [1])] == []
    assert seen[-1] == [1]
