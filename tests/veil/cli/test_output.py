"""Work are printed whatever is in them, within nested data too."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from veil.cli.failures import from_client
from veil.cli.output import Table, plain, show
from veil.errors import Error

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


def test_nothing_that_is_printed_does_anything_to_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes a file that becomes a dataset writes what stands on the screens of its readers."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    show(Table(columns=("na\x1b]0;me\x07",), rows=(("va\x1b[2Jlue\x9b1m\r",),)), "table")
    printed = capsys.readouterr().out
    assert "va\\x1b[2Jlue\\x9b1m\\x0d" in printed
    assert "na\\x1b]0;me\\x07" in printed
    assert "column `\\x1b[2J`\n" in from_client(Error("no column `\x1b[2J`\nthat you can see"))
