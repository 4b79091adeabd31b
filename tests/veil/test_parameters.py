"""Parameters arrive with their types."""

import datetime
import decimal
import uuid

import numpy as np
import pandas as pd
import pytest

import veil
from veil.parameters import encode

UTC = datetime.UTC
ID = uuid.UUID(int=5)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, None),
        (True, True),
        (40, 40),
        (2**63, 2**63),
        (0.5, 0.5),
        ("x", "x"),
        (datetime.date(2026, 1, 1), {"$type": "date", "value": "2026-01-01"}),
        (datetime.datetime(2026, 1, 1, 2), {"$type": "timestamp", "value": "2026-01-01T02:00:00"}),
        (datetime.datetime(2026, 1, 1, tzinfo=UTC), {"$type": "timestamp", "value": "2026-01-01T00:00:00+00:00"}),
        (decimal.Decimal("1E+2"), {"$type": "decimal", "value": "100"}),
        (b"\x00\xff", {"$type": "bytes", "value": "AP8="}),
        (ID, str(ID)),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.float32(0.5), 0.5),
        (np.datetime64("2026-01-01T02:00:00", "ns"), {"$type": "timestamp", "value": "2026-01-01T02:00:00"}),
        (pd.Timestamp("2026-01-01"), {"$type": "timestamp", "value": "2026-01-01T00:00:00"}),
    ],
    ids=repr,
)
def test_a_value_is_sent_as_what_it_is(value: object, sent: object) -> None:
    assert encode([value]) == [sent]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), decimal.Decimal("NaN"), decimal.Decimal("sNaN"), pd.NaT, {"a": 1}, object(), {1}, [1]],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_cannot_travel_is_refused(value: object) -> None:
    with pytest.raises(veil.ProgrammingError, match="parameter 2"):
        encode([1, value])


def test_values_by_name_travel_as_an_object() -> None:
    assert encode({"age": 40, "day": datetime.date(2026, 1, 1)}) == {
        "age": 40,
        "day": {"$type": "date", "value": "2026-01-01"},
    }
    with pytest.raises(veil.ProgrammingError, match="parameter `age`"):
        encode({"age": object()})


@pytest.mark.parametrize("parameters", ["abc", b"abc"])
def test_parameters_are_a_list(parameters: object) -> None:
    with pytest.raises(veil.ProgrammingError, match="list of values"):
        encode(parameters)  # type: ignore[arg-type]
