"""Work are printed whatever is in them, within nested data too."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from veil.cli.output import Table, plain

NESTED = {"at": date(2026, 1, 31), "price": Decimal("1.50"), "tags": ["a", None]}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (NESTED, '{"at": "2026-01-31", "price": "1.50", "tags": ["a", null]}'),
        ([{"at": date(2026, 1, 31)}], '{"at": "2026-01-31"}'),
        ({"seen": [datetime(2026, 1, 31, tzinfo=UTC)]}, '{"seen": ["2026-01-31T00:00:00+00:00"]}'),
    ],
)
def test_nested_data_is_told_as_json_with_dates_as_texts(cell: object, text: str) -> None:
    assert plain(cell) == text


def test_a_record_holds_json_values_only() -> None:
    [record] = Table(columns=("x", "n", "none"), rows=((NESTED, 1, None),)).records()
    assert record == {"x": {"at": "2026-01-31", "price": "1.50", "tags": ["a", None]}, "n": 1, "none": None}
