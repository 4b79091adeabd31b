"""Queries over columns with fields: what is shown is there in every form, what is hidden is misspelt in every form."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from catalog.crawl_runs import CrawlRuns
from catalog.errors import SqlInvalid, UnknownColumn
from crawler.levels import Levels
from policy_engine.telling.explain import DatasetTold
from policy_engine.telling.who import can, who
from policy_engine.visibility import Visibility
from proxy.metadata import Metadata
from proxy.pipeline import Request
from tests.proxy.world import ANALYST, OWNER, World, world


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("shop"), "4111") as made:
        yield made


def test_a_hidden_field_leaves_and_a_masked_one_keeps_its_place(shop: World) -> None:
    table = shop.ask("select contact, visits, cards from shop.clients where id = 1")
    assert table.to_pylist() == [
        {
            "contact": {"city": "city 1", "phone": "+X XXX XXXX"},
            "visits": [{"note": "note 1"}],
            "cards": [("first", {"year": 2001})],
        }
    ]
    assert str(table.schema.field("visits").type) == "list<l: struct<note: string>>"
    assert "4111" in str(shop.ask("select contact, visits, cards from shop.clients where id = 1", OWNER))


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select contact.city from shop.clients where id = 1", [("city 1",)]),
        ("select c.contact.phone from shop.clients c where c.id = 1", [("+X XXX XXXX",)]),
        ("select shop.clients.contact.city from shop.clients where id = 1", [("city 1",)]),
        ("select contact.* from shop.clients where id = 1", [("city 1", "+X XXX XXXX")]),
        ("select visits[1].note from shop.clients where id = 1", [("note 1",)]),
        ("select unnest(visits).note from shop.clients where id = 5", [("note 5",), ("note 5",)]),
        ("select v.note from (select unnest(visits) v from shop.clients where id = 1)", [("note 1",)]),
        ("select list_transform(visits, lambda v: v.note) from shop.clients where id = 1", [(["note 1"],)]),
        ("select cards['first'].year from shop.clients where id = 1", [(2001,)]),
        ("select json_keys(to_json(contact)) from shop.clients where id = 1", [(["city", "phone"],)]),
        ("select to_json(visits)::varchar from shop.clients where id = 1", [('[{"note":"note 1"}]',)]),
        ("select len(visits) from shop.clients where id = 0", [(0,)]),
    ],
)
def test_what_is_shown_is_there_in_every_form(shop: World, sql: str, rows: list[tuple[object, ...]]) -> None:
    table = shop.ask(sql)
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


@pytest.mark.parametrize("form", ["contact.{}", "c.contact.{}", "visits[1].{}", "(contact).{}"])
def test_a_hidden_field_is_a_misspelt_one_but_for_the_hint(shop: World, form: str) -> None:
    errors = []
    for name in ("card", "cord"):
        with pytest.raises(UnknownColumn) as raised:
            shop.ask(f"select id, {form.format(name)} from shop.clients c")
        errors.append(raised.value)
    hidden, misspelt = errors
    assert hidden.detail.replace("card", "cord") == misspelt.detail
    assert hidden.position is not None
    assert misspelt.position is not None
    assert hidden.position.column == misspelt.position.column
    assert "policy `analysts-shop`" in hidden.hint
    assert "card" not in misspelt.hint


def test_a_misspelt_field_has_the_nearest_that_is_shown(shop: World) -> None:
    with pytest.raises(UnknownColumn) as raised:
        shop.ask("select contact.citty from shop.clients")
    assert raised.value.hint == "did you mean `city`?"
    assert raised.value.position is not None
    assert raised.value.position.column == 16


@pytest.mark.parametrize("form", ["contact['{}']", "struct_extract(contact, '{}')", "cards['first'].{}"])
def test_other_forms_of_a_hidden_field_fail_as_a_misspelt_one_does(shop: World, form: str) -> None:
    said = []
    for name in ("card", "cord"):
        with pytest.raises((SqlInvalid, UnknownColumn)) as raised:
            shop.ask(f"select {form.format(name)} from shop.clients")
        said.append((raised.value.code, raised.value.detail.replace("card", "cord")))
    assert said[0] == said[1]


def test_a_masked_field_compared_with_a_value_is_noticed(shop: World) -> None:
    request = Request(sql="select id from shop.clients where contact.phone = '1' and contact.city = 'x'")
    told = shop.pipeline.explain(ANALYST, request, decision_id="d", asked_by=ANALYST)
    (notice,) = cast("list[str]", told["notices"])
    assert "`contact.phone` is shown to you through mask" in notice
    (dataset,) = cast("list[DatasetTold]", told["datasets"])
    outcomes = {column["column"]: (column["outcome"], column["transform"]) for column in dataset["columns"]}
    assert outcomes["contact"] == ("masked", "partly hidden")
    assert outcomes["contact.card"] == ("hidden", "")
    assert outcomes["contact.phone"] == ("masked", "mask")
    assert outcomes["contact.city"] == ("clear", "")


def test_the_journal_names_every_field(shop: World) -> None:
    shop.ask("select id from shop.clients")
    event = next(event for event in shop.journal.search(dataset="shop.clients", limit=5) if event.columns)
    assert {"shop.clients.contact.card=hidden", "shop.clients.visits.note=clear"} <= set(event.columns)


def test_describe_lists_fields_under_their_column_and_search_finds_visible_names_only(shop: World) -> None:
    metadata = Metadata(
        visibility=Visibility(shop.catalog, shop.datasets),
        policies=shop.policies,
        journal=shop.journal,
        runs=CrawlRuns(shop.catalog),
        clock=lambda: datetime.now(UTC),
    )
    described = metadata.describe(ANALYST, "shop", "clients").description(Levels())["columns"]
    assert isinstance(described, list)
    types = {each["column"]: each["type"] for each in described}
    assert list(types)[4:] == [
        *("contact", "contact.city", "contact.phone", "visits", "visits.note"),
        *("cards", "cards.key", "cards.value", "cards.value.year"),
    ]
    assert types["contact"] == 'STRUCT("city" VARCHAR, "phone" VARCHAR)'
    assert types["visits"] == 'STRUCT("note" VARCHAR)[]'
    assert 'card"' not in str(described)
    for words, subject, is_found in (
        ("visits.note", ANALYST, True),
        ("visits.card", ANALYST, False),
        ("visits.card", OWNER, True),
    ):
        found = metadata.find(subject, words)
        assert any(view.dataset.name == "clients" for view in found) is is_found


def test_who_and_can_tell_of_fields(shop: World) -> None:
    dataset = shop.datasets.dataset("shop", "clients")
    assert dataset is not None
    policies, at = shop.policies.current(), datetime.now(UTC)
    told = {sight.column: sight.outcome.value for sight in can(ANALYST, [dataset], policies, at)}
    assert told["contact.card"] == "hidden"
    assert told["contact.phone"] == "masked"
    holders = who(dataset, "contact.card", policies, (), at)
    assert {holder.name for holder in holders} == {"everything", "administrators"}
