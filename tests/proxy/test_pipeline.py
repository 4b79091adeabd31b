"""The line of one query: governed answers, refusals, the journal before the data, and nothing stale."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from catalog.errors import (
    LimitExceeded,
    PolicyBroken,
    SourceUnavailable,
    SqlInvalid,
    UnknownColumn,
    UnknownDataset,
    VeilError,
)
from catalog.journal.event import EventKind, Verdict
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.model import Policy, Subject
from proxy.answering.answer import Departed
from proxy.pipeline import Request
from tests.proxy.world import ANALYST, OWNER, World, world, write_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("shop") / "home", "4111") as made:
        yield made


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "home", "4111") as made:
        yield made


def _change(shop: World, change: dict[str, object]) -> None:
    """Puts the analysts' policy in force with some of its clauses changed."""
    now = shop.policies.current()
    changed: tuple[Policy, ...] = tuple(
        replace(policy, **change) if policy.id == "analysts-shop" else policy  # type: ignore[arg-type]  # test data
        for policy in now.policies
    )
    shop.policies.put(changed, now.roles, by="test", why="test", difference="test")


def test_the_analyst_sees_governed_columns_and_rows(shop: World) -> None:
    table = shop.ask("select * from shop.orders order by id")
    assert table.column_names == ["id", "customer", "email", "phone", "region", "amount", "note", "grade", "at"]
    assert set(table["region"].to_pylist()) == {"EU", "US"}
    assert set(table["phone"].to_pylist()) == {"+X XXX XXXX"}
    assert all(len(token) == 32 for token in table["email"].to_pylist())


def test_a_source_that_has_changed_names_no_hidden_column(shop: World) -> None:
    file = shop.folder / "data" / "orders.parquet"
    before = pq.read_table(file)
    for name, is_told in (("card", False), ("note", True)):
        pq.write_table(before.drop_columns([name]), file)
        for _ in range(2):
            with pytest.raises(SourceUnavailable) as caught:
                shop.ask("select id from shop.orders")
            assert (name in caught.value.detail) is is_told
    pq.write_table(before, file)
    assert shop.ask("select id from shop.orders").num_rows > 0


def test_the_owner_sees_everything(shop: World) -> None:
    assert shop.ask("select * from shop.orders", OWNER).num_rows > 200
    assert "card" in shop.ask("select * from shop.orders", OWNER).column_names


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select count(*) as n from shop.orders", [{"n": 100}]),
        ("select count(distinct email) as n from shop.orders", [{"n": 9}]),
        ("with o as (select * from shop.orders) select max(id) as m from o", [{"m": 197}]),
        ("select c.name from shop.customers c semi join shop.orders using (customer) where c.name > 'D'", 2),
        ("select id from shop.orders where amount > (select avg(amount) from shop.orders)", 50),
        ("select region, sum(amount) from shop.orders group by rollup (region)", 3),
        ("select id from shop.orders union select customer from shop.customers", 102),
        ("from shop.orders select region, count(*) group by all", 2),
        (
            "select m from shop.customers c, lateral (select max(id) m from shop.orders where customer = c.customer) x",
            5,
        ),
        ("select o.orders from (select orders from shop.orders) o limit 3", 3),
    ],
)
def test_honest_queries_of_every_kind_are_answered(shop: World, sql: str, expected: object) -> None:
    table = shop.ask(sql)
    assert (table.to_pylist() if isinstance(expected, list) else table.num_rows) == expected


def test_tokens_join_across_a_query(shop: World) -> None:
    sql = "select count(*) as n from shop.orders a join shop.orders b on a.email = b.email and a.id = b.id"
    assert shop.ask(sql).to_pylist() == [{"n": 100}]


def test_parameters_of_every_kind_are_bound(shop: World) -> None:
    at = datetime(2026, 1, 1)
    sql = "select count(*) as n from shop.orders where amount > ? and region = ? and at >= ? and amount < ?"
    assert shop.ask(sql, parameters=(10, "EU", at, Decimal("99.5"))).to_pylist() == [{"n": 22}]


def test_numbered_parameters_may_repeat(shop: World) -> None:
    assert shop.ask("select $1 + $2 + $1 as n", parameters=(1, 2)).to_pylist() == [{"n": 4}]


def test_a_missing_parameter_is_named(shop: World) -> None:
    with pytest.raises(SqlInvalid, match="1 parameter and the request brings 0"):
        shop.ask("select ?")


@pytest.mark.parametrize(
    "sql", ["select card from shop.orders", "select o.card from shop.orders o", "select crad from shop.orders"]
)
def test_a_hidden_column_fails_like_a_misspelt_one(shop: World, sql: str) -> None:
    with pytest.raises(UnknownColumn, match=r"no column `.*` that you can see") as refused:
        shop.ask(sql)
    assert refused.value.position is not None


def test_the_hint_names_the_policy_that_hides(shop: World) -> None:
    with pytest.raises(UnknownColumn) as refused:
        shop.ask("select card from shop.orders")
    assert "analysts-shop" in refused.value.hint


def test_an_unseen_dataset_and_an_absent_one_are_one_answer(shop: World) -> None:
    words = []
    for name in ("lab.results", "lab.nothing"):
        with pytest.raises(UnknownDataset) as refused:
            shop.ask(f"select * from {name}")
        words.append((refused.value.detail.replace(name, "x"), refused.value.hint))
    assert words[0] == words[1]


def test_a_stranger_sees_nothing(shop: World) -> None:
    with pytest.raises(UnknownDataset):
        shop.ask("select * from shop.orders", Subject(user="eve", groups=frozenset({"eve"})))


def test_a_comparison_with_a_masked_column_brings_a_notice(shop: World) -> None:
    request = Request(sql="select * from shop.orders where email = 'user1@example.com'")
    with shop.pipeline.query(ANALYST, request, decision_id="n") as answer:
        assert "`email` is shown to you through tokenize" in str(answer.access["notices"])


def test_a_change_of_policy_counts_at_once(own_shop: World) -> None:
    assert own_shop.ask("select count(*) as n from shop.orders").to_pylist() == [{"n": 100}]
    _change(own_shop, {"where": "region = 'EU'"})
    assert own_shop.ask("select count(*) as n from shop.orders").to_pylist() == [{"n": 50}]
    _change(own_shop, {"enabled": False})
    with pytest.raises(UnknownDataset):
        own_shop.ask("select count(*) as n from shop.orders")


def test_a_change_of_tags_counts_at_once(own_shop: World) -> None:
    assert "note" in own_shop.ask("select * from shop.orders limit 1").column_names
    document = own_shop.folder / "tag.yaml"
    document.write_text("veil: 1\ndatasets:\n  shop.orders: {columns: {note: {tags: [pci.card]}}}\n")
    carry_out(prepare(load([document]), own_shop.catalog, at=datetime.now(UTC)), own_shop.catalog, by="test")
    assert "note" not in own_shop.ask("select * from shop.orders limit 1").column_names


def test_a_policy_ends_when_its_time_is_over(own_shop: World) -> None:
    _change(own_shop, {"ends_at": datetime(2026, 1, 1, tzinfo=UTC)})
    with pytest.raises(UnknownDataset):
        own_shop.ask("select count(*) from shop.orders")


def test_a_source_that_changed_its_shape_is_refused(own_shop: World) -> None:
    own_shop.ask("select count(*) from shop.customers")
    (own_shop.folder / "data" / "customers.parquet").write_bytes(
        (own_shop.folder / "data" / "results.parquet").read_bytes()
    )
    with pytest.raises(SourceUnavailable):
        own_shop.ask("select count(*) from shop.customers")


def test_new_rows_are_there_for_the_next_query(own_shop: World) -> None:
    before = own_shop.ask("select count(*) as n from shop.orders", OWNER).to_pylist()
    for file in (own_shop.folder / "data").iterdir():
        file.unlink()
    (own_shop.folder / "data").rmdir()
    write_shop(own_shop.folder / "data", "a-longer-secret-makes-more-rows")
    assert own_shop.ask("select count(*) as n from shop.orders", OWNER).to_pylist() != before


def test_a_restriction_that_cannot_be_applied_refuses_the_dataset(own_shop: World) -> None:
    document = own_shop.folder / "restrict.yaml"
    document.write_text(
        "veil: 1\npolicies:\n  - {policy: broken, restrict: select, to: [analyst], scope: shop.orders,"
        " where: nowhere = 1, why: test}\n"
    )
    carry_out(prepare(load([document]), own_shop.catalog, at=datetime.now(UTC)), own_shop.catalog, by="test")
    with pytest.raises(PolicyBroken, match="refused"):
        own_shop.ask("select count(*) from shop.orders")


def test_the_beginning_is_journalled_before_the_data_and_the_end_after(shop: World) -> None:
    with shop.pipeline.query(
        ANALYST, Request(sql="select note from shop.orders where note = 'x9'"), decision_id="j1"
    ) as answer:
        (begun,) = [event for event in shop.journal.search(limit=1)]
        assert (begun.kind, begun.decision_id, begun.revision) == (EventKind.QUERY_BEGIN, "j1", answer.revision)
        rows = sum(batch.num_rows for batch in answer.batches())
    (ended,) = shop.journal.search(limit=1)
    assert (ended.kind, ended.verdict, ended.details["rows"]) == (EventKind.QUERY_END, Verdict.ALLOW, rows)
    assert "x9" not in repr(begun)
    assert "shop.orders.card=hidden" in begun.columns
    assert begun.policies == ("analysts-shop",)


def test_every_refusal_is_journalled_without_its_literals(shop: World) -> None:
    with pytest.raises(VeilError):
        shop.ask("select * from lab.results where result = 'guess'")
    (event,) = shop.journal.search(limit=1)
    assert (event.kind, event.verdict, event.details["code"]) == (EventKind.QUERY_DENY, Verdict.DENY, "unknown_dataset")
    assert "guess" not in repr(event)


def test_a_failure_on_a_value_tells_no_value(shop: World) -> None:
    with pytest.raises(SqlInvalid) as refused:
        shop.ask("select cast(name as int) from shop.customers")
    assert "Ann" not in f"{refused.value.detail} {refused.value.hint}"


def test_an_answer_left_early_is_journalled_as_cancelled(shop: World) -> None:
    with shop.pipeline.query(ANALYST, Request(sql="select * from range(1000000)"), decision_id="c1") as answer:
        next(answer.batches())
    (event,) = shop.journal.search(limit=1)
    assert (event.decision_id, event.verdict) == ("c1", Verdict.CANCEL)


def test_a_cancelled_answer_raises_and_never_looks_whole(shop: World) -> None:
    request = Request(sql="select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 3")
    with pytest.raises(Departed):
        shop.pipeline.query(ANALYST, request, decision_id="c2", on_start=lambda run: run.cancel(Departed()))
    (event,) = shop.journal.search(limit=1)
    assert (event.decision_id, event.verdict) == ("c2", Verdict.CANCEL)


def test_an_answer_over_the_limit_of_rows_raises(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop.pipeline, "_limits", replace(shop.pipeline._limits, max_rows=10))
    with pytest.raises(LimitExceeded, match="more than 10 rows"):
        shop.ask("select * from shop.orders")


def test_an_explanation_shows_the_sql_with_datasets_by_name_and_no_key(shop: World) -> None:
    request = Request(sql="select email from shop.orders where amount > ?")
    told = shop.pipeline.explain(ANALYST, request, decision_id="e", asked_by=ANALYST)
    sql = str(told["sql"])
    assert '"shop"."orders"' in sql
    assert "v_" not in sql
    assert "0123456789abcdef" not in sql


def test_sql_without_a_dataset_is_answered(shop: World) -> None:
    assert shop.ask("select 1 as x").to_pylist() == [{"x": 1}]
