"""A plan tells how many rows open or close, where that can be counted, and says so where it cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import SourceUnavailable
from policy_engine.changing.apply import prepare
from policy_engine.changing.row_counts import RowCount
from policy_engine.document.reading import loads
from policy_engine.live import Live
from policy_engine.model import Decision
from tests.policy_engine.homes import NOW, apply, shop_home
from tests.policy_engine.shop import SHOP

CLERK = "veil: 1\npolicies: [{{policy: clerks, grant: select, to: [clerk], scope: shop, {text}}}]"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with shop_home(tmp_path) as catalog:
        apply(catalog, SHOP.replace("land = user_attribute('land')", "total > 15"), tmp_path)
        yield catalog


def by_filter(decision: Decision, live: Live) -> int:
    """Two orders, one of which has a total above 15."""
    assert live.sources
    return 1 if decision.rows.filter else 2


def counts(catalog: Catalog, text: str) -> tuple[RowCount, ...]:
    return prepare(loads(CLERK.format(text=text)), catalog, at=NOW, count=by_filter).rows


def test_rows_that_open_are_counted(catalog: Catalog) -> None:
    [count] = counts(catalog, "having: not fin.card")
    assert (count.before, count.after, count.total) == (1, 2, 2)
    assert str(count) == "clerk sees 2 of 2 rows of shop.orders (was 1)"


def test_a_dataset_that_closes_has_no_rows_left(catalog: Catalog) -> None:
    [count] = counts(catalog, "enabled: false")
    assert (count.before, count.after, count.total) == (1, 0, 2)


def test_a_filter_that_asks_who_it_is_has_no_one_number(catalog: Catalog) -> None:
    [count] = counts(catalog, "where: land = user_attribute('land')")
    assert count.problem == "not counted, as a filter asks who it is"
    assert "not counted" in str(count)


def test_a_source_that_cannot_be_reached_is_said(catalog: Catalog) -> None:
    def unreachable(decision: Decision, live: Live) -> int:
        raise SourceUnavailable("the lake is dry")

    document = loads(CLERK.format(text="having: not fin.card"))
    plan = prepare(document, catalog, at=NOW, count=unreachable)
    assert [count.problem for count in plan.rows] == ["not counted: a source is not available"]
    assert "  rows: rows of shop.orders for clerk: not counted: a source is not available" in plan.text()
    assert plan.as_json()["rows"] == [
        {
            "role": "clerk",
            "dataset": "shop.orders",
            "before": None,
            "after": None,
            "total": None,
            "problem": "not counted: a source is not available",
        }
    ]


def test_nothing_is_counted_unless_asked_for(catalog: Catalog) -> None:
    assert prepare(loads(CLERK.format(text="having: not fin.card")), catalog, at=NOW).rows == ()
