"""A filter is tried on the types of a dataset before anybody's query meets it."""

import pytest

from catalog.model import Column, Dataset
from policy_engine.filters.filters import check_filter
from policy_engine.filters.fitting import misfit

KINDS = {"total": "DOUBLE", "land": "VARCHAR", "born": "DATE", "open": "BOOLEAN", "Odd Name": "BIGINT"}
ORDERS = Dataset(
    database="shop",
    name="orders",
    source="lake",
    relation="orders.csv",
    columns=tuple(Column(path=(name,), type=kind, position=at) for at, (name, kind) in enumerate(KINDS.items())),
)
ESTATE = {("shop", "orders"): ORDERS}


@pytest.mark.parametrize(
    "where",
    [
        "total > 100",
        "land = user_attribute('land')",
        "open",
        "not open or born < now()",
        "lower(land) = 'no' and total / 0 > 1",
        '"odd name" in (1, 2)',
        "land in (select land from shop.orders where total > 3)",
        "in_group('a')",
        "ghost = 1",
    ],
)
def test_what_fits_or_cannot_be_judged_is_not_told_of(where: str) -> None:
    assert misfit(check_filter(where), ORDERS, ESTATE.get) == ""


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("land > 5", "does not fit its columns (`land` is a VARCHAR)"),
        ("total > 'much'", "does not fit its columns (`total` is a DOUBLE)"),
        ("lower(total) = 'x'", "does not fit its columns (`total` is a DOUBLE)"),
        ("born > 'yesterday'", "does not fit its columns (`born` is a DATE)"),
        ("\"Odd Name\" = 'x'", "does not fit its columns (`Odd Name` is a BIGINT)"),
        ("coalesce(total, 1)", "gives a DOUBLE and no truth"),
    ],
)
def test_what_does_not_fit_is_told_with_the_types(where: str, told: str) -> None:
    assert misfit(check_filter(where), ORDERS, ESTATE.get) == told
