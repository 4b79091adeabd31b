"""Filters that look into another dataset: it is read raw, only governs, and nothing a person writes reaches it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import PolicyBroken, SourceUnavailable, UnknownDataset
from catalog.journal.event import EventKind
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.model import Effect, Policy, Scope, Subject
from proxy.pipeline import Request
from tests.proxy.test_attacks import SECRETS, attacks
from tests.proxy.world import ANALYST, DOCUMENT, World, world

LOOKUP = "region in (select region from lab.rights where person = current_user() and level >= 2)"
GOVERNED = (
    DOCUMENT.replace("region in ('EU', 'US') or customer = 0", LOOKUP)
    .replace("path: ./data}}", "path: ./data}, rights: {connector: files, path: ./rights}}")
    .replace("roles:", "  lab.rights: {source: rights, relation: rights.parquet}\nroles:")
)
ORDERS = Scope(database="shop", dataset="orders")


def write_rights(folder: Path, rights: list[tuple[str, str, int]]) -> None:
    people, regions, levels = zip(*rights, strict=True)
    table = {"person": people, "region": regions, "level": pa.array(levels, pa.int32())}
    pq.write_table(pa.table(table), folder / "rights" / "rights.parquet")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with governed(tmp_path / "shop", "4111") as made:
        yield made


def governed(folder: Path, secret: str, where: str = LOOKUP) -> AbstractContextManager[World]:
    (folder / "rights").mkdir(parents=True)
    write_rights(folder, [("ana", "EU", 2), ("ana", "US", 3), ("ana", "APAC", 1), ("bob", "APAC", 3)])
    return world(folder, secret, GOVERNED.replace(LOOKUP, where))


def put(shop: World, *policies: Policy) -> None:
    shop.policies.put(policies, shop.policies.current().roles, by="test", why="test", difference="test")


def policy(id: str, effect: Effect, where: str | None = None, columns: str = "") -> Policy:
    scope = replace(ORDERS, columns=tuple((name,) for name in columns.split()))
    return Policy(id=id, effect=effect, roles=("analyst",), scope=scope, where=where)


def regions(shop: World, subject: Subject = ANALYST, sql: str = "select distinct region from shop.orders") -> set[str]:
    return set(shop.ask(sql, subject)["region"].to_pylist())


def test_each_person_sees_the_rows_of_their_rights(shop: World) -> None:
    bob = Subject(user="bob", groups=frozenset({"bob", "analysts"}))
    eve = Subject(user="eve", groups=frozenset({"eve", "analysts"}))
    assert regions(shop) == {"EU", "US"}
    assert regions(shop, bob) == {"APAC"}
    assert regions(shop, eve) == set()


def test_the_dataset_looked_into_is_not_shown_by_it(shop: World) -> None:
    with pytest.raises(UnknownDataset):
        shop.ask("select * from lab.rights")


@pytest.mark.parametrize(
    "sql",
    [
        "with rights as (select 'APAC' as region, 'ana' as person, 9 as level) select distinct region from shop.orders",
        "with lab as (select 1) select distinct region from shop.orders",
        'with "_lookup" as (select 1) select distinct region from shop.orders as "_lookup"',
        'with "_row" as (select 1) select distinct region from shop.orders as "_row"',
        "select distinct a.region from shop.orders a join shop.orders b using (id) where 1 / a.amount is not null",
        "with o as (select * from shop.orders) select distinct region from o where id in (select id from o)",
    ],
)
def test_no_name_of_a_query_reaches_into_the_lookup(shop: World, sql: str) -> None:
    assert regions(shop, sql=sql) == {"EU", "US"}


def test_a_query_may_name_the_dataset_that_governs_another(shop: World) -> None:
    sql = "select distinct o.region from shop.orders o join lab.rights r on r.region = o.region"
    owner = Subject(user="ana", groups=frozenset({"ana", "owners"}))
    assert regions(shop, owner, sql) == {"EU", "US", "APAC"}


def test_a_right_that_is_taken_away_is_gone_for_the_next_query(shop: World) -> None:
    assert regions(shop) == {"EU", "US"}
    write_rights(shop.folder, [("ana", "US", 2), ("bob", "EU", 2)])
    assert regions(shop) == {"US"}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("not region in (select region from lab.rights where person = 'bob')", {"EU", "US"}),
        ("region in (select region from lab.rights where person = 'nobody')", set()),
        ("region in (select rights.region from lab.rights)", {"EU", "US", "APAC"}),
        ("upper(region) in (select lower(region) from lab.rights)", None),
        ("has_role('boss') or region in (select region from lab.rights where level = 1)", {"APAC"}),
        ("has_role('analyst') or region in (select region from lab.rights where level = 1)", {"EU", "US", "APAC"}),
        (
            "customer in (1, 2) and (region in (select region from lab.rights where person = 'bob')"
            " or region in (select region from lab.rights where level = 2))",
            {"APAC", "EU"},
        ),
    ],
)
def test_lookups_mean_what_sql_says(tmp_path: Path, where: str, expected: set[str] | None) -> None:
    if expected is None:
        with pytest.raises(Exception, match="is written"), governed(tmp_path / "shop", "4111", where):
            pass
        return
    with governed(tmp_path / "shop", "4111", where) as made:
        assert regions(made) == expected


@pytest.mark.parametrize(
    "where",
    [
        "region in (select region from lab.nothing)",
        "region in (select nothing from lab.rights)",
        "region in (select region from lab.rights where ghost = 1)",
        "customer in (select region from lab.rights)",
        "region in (select customer from lab.rights)",
    ],
)
def test_what_cannot_be_looked_up_protects(shop: World, where: str) -> None:
    put(shop, policy("some", Effect.GRANT, where))
    with pytest.raises(UnknownDataset):
        shop.ask("select * from shop.orders")
    put(shop, policy("all", Effect.GRANT), policy("limit", Effect.RESTRICT, where))
    with pytest.raises(PolicyBroken, match="cannot be applied"):
        shop.ask("select * from shop.orders")


def test_a_restriction_looks_up_too(shop: World) -> None:
    put(shop, policy("all", Effect.GRANT), policy("limit", Effect.RESTRICT, LOOKUP))
    assert regions(shop) == {"EU", "US"}


def test_cells_of_two_grants_differ_by_a_lookup(shop: World) -> None:
    put(shop, policy("some", Effect.GRANT, columns="id region"), policy("more", Effect.GRANT, LOOKUP))
    rows = shop.ask("select region, count(*) as n, count(amount) as seen from shop.orders group by region").to_pylist()
    assert {row["region"]: row["seen"] == row["n"] for row in rows} == {"EU": True, "US": True, "APAC": False}


def test_a_lookup_whose_file_is_gone_gives_no_answer(shop: World) -> None:
    (shop.folder / "rights" / "rights.parquet").unlink()
    with pytest.raises(SourceUnavailable):
        shop.ask("select * from shop.orders")


def test_a_change_of_the_looked_up_dataset_in_the_catalog_is_seen_by_the_next_query(shop: World) -> None:
    assert regions(shop) == {"EU", "US"}
    shop.datasets.forget("lab", "rights")
    with pytest.raises(UnknownDataset):
        shop.ask("select distinct region from shop.orders")
    (shop.folder / "more.yaml").write_text(
        "veil: 1\ndatasets:\n  lab.rights: {source: rights, relation: rights.parquet}\n"
    )
    carry_out(prepare(load([shop.folder / "more.yaml"]), shop.catalog, at=datetime.now(UTC)), shop.catalog, by="test")
    assert regions(shop) == {"EU", "US"}


def test_people_and_the_journal_read_names_and_never_physical_ones(shop: World) -> None:
    told = shop.pipeline.explain(ANALYST, Request(sql="select id from shop.orders"), decision_id="e", asked_by=ANALYST)
    assert 'FROM "lab"."rights" AS "_lookup"' in str(told["sql"])
    assert '"v_' not in str(told)
    assert "card" not in str(told["sql"])
    shop.ask("select id from shop.orders")
    [event, *_] = shop.journal.search(kind=EventKind.QUERY_BEGIN, limit=1)
    assert event.policies == ("analysts-shop",)
    assert '"v_' not in str(event.details)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folder = tmp_path_factory.mktemp("twins")
    with governed(folder / "a", SECRETS[0]) as first, governed(folder / "b", SECRETS[1]) as second:
        yield first, second


@pytest.mark.parametrize(("title", "sql"), attacks(), ids=[title for title, _ in attacks()])
def test_an_attack_learns_nothing_behind_a_lookup(twins: tuple[World, World], title: str, sql: str) -> None:
    outcomes = [twin.outcome(sql) for twin in twins]
    assert outcomes[0] == outcomes[1]
    assert not any(secret in repr(outcome) for secret in SECRETS for outcome in outcomes)
