"""Everybody sees datasets through one door, and sees every change at once."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database, Field, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags
from policy_engine.model import Effect, PolicySet, Scope, Subject
from policy_engine.visibility import Visibility
from tests.policy_engine.test_decide import ANALYST, AT, ROLES, policy

CONTACT = (Field(name="city", type="VARCHAR"), Field(name="phone", type="VARCHAR"))
POLICIES = PolicySet(revision=1, policies=(policy("p", scope=Scope(database="shop")),), roles=ROLES)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.db")
    yield opened
    opened.close()


@pytest.fixture
def datasets(catalog: Catalog) -> Datasets:
    known = Datasets(catalog)
    known.put_source(Source(name="lake", connector="files", options={"path": "data"}))
    for name in ("shop", "vault"):
        known.put_database(Database(name=name))
        known.register(name, "Orders", "lake", f"{name}.csv", (Field(name="id", type="BIGINT"),))
    return known


def test_a_dataset_unseen_is_a_dataset_that_is_not_there(catalog: Catalog, datasets: Datasets) -> None:
    visibility = Visibility(catalog, datasets)
    found = visibility.decision(ANALYST, "SHOP", "orders", POLICIES, AT)
    assert found is not None
    assert found.dataset.full_name == "shop.Orders"
    assert visibility.decision(ANALYST, "vault", "orders", POLICIES, AT) is None
    assert visibility.decision(ANALYST, "shop", "none", POLICIES, AT) is None
    assert [item.dataset.database for item in visibility.decisions(ANALYST, POLICIES, AT)] == ["shop"]
    assert visibility.decisions(Subject(user="x", groups=frozenset()), POLICIES, AT) == ()


def test_a_dataset_unseen_takes_the_work_of_one_that_is_not_there(catalog: Catalog, datasets: Datasets) -> None:
    wide = tuple(Field(name=f"c{number}", type="BIGINT") for number in range(2_000))
    datasets.register("vault", "wide", "lake", "wide.csv", wide)
    visibility = Visibility(catalog, datasets)

    def work(name: str) -> int:
        calls = 0

        def count(_: object, event: str, __: object) -> None:
            nonlocal calls
            calls += event == "call"

        visibility.datasets(ANALYST, POLICIES, AT)  # as a refusal does, to tell what is called alike
        assert visibility.decision(ANALYST, "vault", name, POLICIES, AT) is None
        sys.setprofile(count)
        try:
            visibility.decision(ANALYST, "vault", name, POLICIES, AT)
        finally:
            sys.setprofile(None)
        return calls

    assert work("orders") == work("wide")
    assert abs(work("absent") - work("wide")) < 30


def test_a_change_of_the_catalog_is_seen_by_the_next_question(catalog: Catalog, datasets: Datasets) -> None:
    visibility = Visibility(catalog, datasets)
    assert visibility.decision(ANALYST, "shop", "returns", POLICIES, AT) is None
    datasets.register("shop", "returns", "lake", "returns.csv", (Field(name="id", type="BIGINT"),))
    assert visibility.decision(ANALYST, "shop", "returns", POLICIES, AT) is not None
    datasets.forget("shop", "returns")
    assert visibility.decision(ANALYST, "shop", "returns", POLICIES, AT) is None


def test_a_list_counts_what_the_decisions_tell(catalog: Catalog, datasets: Datasets) -> None:
    fields = (
        Field(name="id", type="BIGINT"),
        Field(name="phone", type="VARCHAR"),
        Field(name="contact", type="STRUCT(city VARCHAR, phone VARCHAR)", fields=CONTACT),
    )
    Tags(catalog).put_tag(Tag(name="pii.phone"))
    for name in ("clients", "leads"):
        datasets.register("shop", name, "lake", f"{name}.csv", fields)
    for path in (("phone",), ("contact", "phone")):
        state, origin = TagState.CONFIRMED, TagOrigin.PERSON
        Tags(catalog).assign(
            TagAssignment(dataset="shop.clients", path=path, tag="pii.phone", state=state, origin=origin)
        )
    grants = (
        policy("masks", scope=Scope(database="shop"), transform=[("pii.phone", "mask()")], where="id > 1"),
        policy("denies", Effect.DENY, scope=Scope(database="shop", dataset="leads", columns=(("phone",),))),
    )
    policies = PolicySet(revision=2, policies=grants, roles=ROLES)
    visibility = Visibility(catalog, datasets)
    decisions = visibility.decisions(ANALYST, policies, AT)
    sights = visibility.sights(ANALYST, policies, AT)
    counted = [Counter(column.outcome.value for column in decision.columns) for decision in decisions]
    assert [sight.dataset for sight in sights] == [decision.dataset for decision in decisions]
    assert [Counter(clear=s.clear, masked=s.masked, hidden=s.hidden) for s in sights] == counted
    assert [sight.is_filtered for sight in sights] == [bool(decision.rows.filter) for decision in decisions]
    assert [(s.dataset.name, s.clear, s.masked, s.hidden) for s in sights] == [
        ("clients", 1, 2, 0),
        ("leads", 2, 0, 1),
        ("Orders", 1, 0, 0),
    ]

    def found(*words: str) -> list[str]:
        return [sight.dataset.name for sight in visibility.sights(ANALYST, policies, AT, words=words)]

    assert found("contact.phone") == ["clients", "leads"]
    assert found("shop", "pii.phone") == ["clients"]
    assert found("orders") == ["Orders"]
    texts = list(visibility._memory.texts.values())
    assert found("email") == found("email", "e")
    assert [each is known for each, known in zip(visibility._memory.texts.values(), texts, strict=True)] == [True]
    assert visibility.sights(Subject(user="x", groups=frozenset()), policies, AT) == ()
