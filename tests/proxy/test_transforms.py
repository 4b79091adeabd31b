"""Transforms as people meet them: in queries, in nested fields, unlinkable, by another column, and never callable."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from catalog.errors import PolicyBroken, SqlUnsupported, UnknownColumn
from policy_engine.model import Subject
from tests.proxy.world import World, world

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}, strict: {}}
tags: {pci.card: {}, pii.phone: {}, pii.email: {}, t.at: {}, t.amount: {}, t.city: {}}
datasets:
  shop.orders:
    source: data
    relation: orders.parquet
    columns:
      {card: {tags: [pci.card]}, phone: {tags: [pii.phone]}, email: {tags: [pii.email]}, at: {tags: [t.at]},
       amount: {tags: [t.amount]}}
  shop.clients:
    source: data
    relation: clients.parquet
    columns:
      {contact.city: {tags: [t.city]}, contact.phone: {tags: [pii.phone]}, visits.card: {tags: [pci.card]},
       visits.note: {tags: [pii.email]}}
  strict.clients: {source: data, relation: clients.parquet, columns: {phone: {tags: [t.at]}}}
roles:
  nurse: {groups: [nurses]}
  doctor: {groups: [doctors]}
  auditor: {groups: [auditors]}
policies:
  - policy: staff
    grant: select
    to: [nurse, doctor]
    scope: shop
    transform:
      - {tagged: pci.card, with: fpe()}
      - {tagged: pii.phone, with: mask_phone()}
      - {tagged: pii.email, with: "tokenize(lower(__COLUMN__), scope=>'user')"}
      - {tagged: t.at, with: "date_shift(days=>30, by=>customer)"}
      - {tagged: t.amount, with: perturb(5)}
      - {tagged: t.city, with: "upper(left(__COLUMN__, 3)) || '..'"}
    why: how much of everything there is
  - {policy: audit, grant: select, to: [auditor], scope: shop, why: raw,
     transform: [{tagged: pii.email, with: "tokenize(scope=>'role')"},
                 {tagged: pii.phone, with: "tokenize(scope=>'column')"}]}
  - {policy: strict-read, grant: select, to: [nurse], scope: strict, why: see the restriction}
  - {policy: strict-shift, restrict: select, to: [nurse], scope: strict, why: cannot be applied,
     transform: [{tagged: t.at, with: date_shift(by=>nobody)}]}
"""

ANN = Subject(user="ann", groups=frozenset({"ann", "nurses"}))
BOB = Subject(user="bob", groups=frozenset({"bob", "doctors", "nurses"}))
AUDITOR = Subject(user="aud", groups=frozenset({"aud", "auditors"}))
OTHER_AUDITOR = Subject(user="eve", groups=frozenset({"eve", "auditors"}))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("shop"), "card-9", DOCUMENT) as made:
        yield made


def _column(shop: World, name: str, subject: Subject, dataset: str = "shop.orders") -> list[object]:
    rows: list[object] = shop.ask(f"select {name} as x from {dataset} order by id", subject).column("x").to_pylist()
    return rows


def test_what_is_enciphered_keeps_its_form_or_is_null(shop: World) -> None:
    raw, shown = _column(shop, "card", AUDITOR), _column(shop, "card", ANN)
    assert raw[:2] == ["card-9-0", "card-9-1"]
    assert all(
        str(value).count("-") == 2 and len(str(value)) == len(str(old)) for value, old in zip(shown, raw, strict=True)
    )
    assert len(set(shown)) == len(set(raw))
    assert not set(shown) & set(raw)


def test_all_dates_of_a_customer_move_together_and_not_at_all_those_of_others(shop: World) -> None:
    moved: dict[object, set[object]] = {}
    raw, shown = _column(shop, "at", AUDITOR), _column(shop, "at", ANN)
    for customer, before, after in zip(_column(shop, "customer", ANN), raw, shown, strict=True):
        assert isinstance(before, datetime)
        assert isinstance(after, datetime)
        moved.setdefault(customer, set()).add(after - before)
    assert all(len(shifts) == 1 for shifts in moved.values())
    assert len({shift for shifts in moved.values() for shift in shifts}) > 1
    assert all(0 < abs(shift.days) <= 30 for shifts in moved.values() for shift in shifts)  # type: ignore[attr-defined]


def test_tokens_for_a_user_join_for_that_user_alone(shop: World) -> None:
    ann, bob = _column(shop, "email", ANN), _column(shop, "email", BOB)
    assert len(set(ann)) == len(set(bob)) == 9
    assert not set(ann) & set(bob)


def test_tokens_for_a_role_join_for_all_who_hold_it(shop: World) -> None:
    assert _column(shop, "email", AUDITOR) == _column(shop, "email", OTHER_AUDITOR)


def test_tokens_for_a_column_do_not_join_with_another_column(shop: World) -> None:
    one = set(_column(shop, "phone", AUDITOR))
    other = set(_column(shop, "contact.phone", AUDITOR, "shop.clients"))
    assert len(one) > 100
    assert not one & other


def test_fields_within_structs_and_lists_are_shown_through_transforms(shop: World) -> None:
    table = shop.ask("select contact, visits from shop.clients where id = 2", ANN).to_pylist()
    [row] = table
    assert row["contact"]["city"] == "CIT.."
    assert row["contact"]["phone"].startswith("+X XXX XX")
    assert len(row["visits"]) == 2
    assert all(re.fullmatch("[a-z]{4}-[0-9]{2}", visit["card"]) for visit in row["visits"])
    assert all(visit["card"] != "card-92" and len(visit["note"]) == 32 for visit in row["visits"])


def test_noise_is_the_same_whenever_it_is_asked_for(shop: World) -> None:
    once, again = _column(shop, "amount", ANN), _column(shop, "amount", BOB)
    raw = _column(shop, "amount", AUDITOR)
    assert once == again
    assert all(abs(int(str(one)) - int(str(other))) <= 5 for one, other in zip(once, raw, strict=True))


def test_a_restriction_by_a_column_that_is_not_there_refuses_the_dataset(shop: World) -> None:
    with pytest.raises((PolicyBroken, UnknownColumn)):
        shop.ask("select id from strict.clients", ANN)


@pytest.mark.parametrize(
    "call", ["veil_fpe_text('a'::blob, 'x')", "veil_encrypt('a'::blob, 'x')", "veil_redact_text('a', 'email')"]
)
def test_nobody_can_call_the_functions_behind_transforms(shop: World, call: str) -> None:
    with pytest.raises(SqlUnsupported):
        shop.ask(f"select {call} from shop.orders", ANN)


def test_no_key_and_no_user_stands_in_what_is_told_of_a_query(shop: World) -> None:
    shop.ask("select card, email, at, amount from shop.orders limit 1", ANN)
    told = "".join(map(str, shop.journal.search(limit=5)))
    assert "veil_fpe_text($k_" in told
    assert "0123456789abcdef" not in told
