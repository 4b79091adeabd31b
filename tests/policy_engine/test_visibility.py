"""Everybody sees datasets through one door, and sees every change at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database, Field, Source
from policy_engine.model import PolicySet, Scope, Subject
from policy_engine.visibility import Visibility
from tests.policy_engine.test_decide import ANALYST, AT, ROLES, policy

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


def test_a_change_of_the_catalog_is_seen_by_the_next_question(catalog: Catalog, datasets: Datasets) -> None:
    visibility = Visibility(catalog, datasets)
    assert visibility.decision(ANALYST, "shop", "returns", POLICIES, AT) is None
    datasets.register("shop", "returns", "lake", "returns.csv", (Field(name="id", type="BIGINT"),))
    assert visibility.decision(ANALYST, "shop", "returns", POLICIES, AT) is not None
    datasets.forget("shop", "returns")
    assert visibility.decision(ANALYST, "shop", "returns", POLICIES, AT) is None
