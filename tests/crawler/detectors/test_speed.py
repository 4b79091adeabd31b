"""Looking at a column takes milliseconds, and no value can make it take much longer."""

import random
import string
import time

import pyarrow as pa
import pytest

from crawler.detectors.detect import detect
from tests.crawler.detectors.test_contents import TODAY

ROWS = 1_000
MOST_SECONDS = 1.0


def seconds(table: pa.Table) -> float:
    detect([("warm",)], pa.table({"warm": ["1"]}), TODAY)
    begun = time.process_time()
    detect([(name,) for name in table.column_names], table, TODAY)
    return time.process_time() - begun


def test_columns_of_many_kinds_keep_to_the_goal() -> None:
    drawn = random.Random(1)
    letters = string.ascii_lowercase
    columns = {
        "digits": ["".join(drawn.choices(string.digits, k=9)) for _ in range(ROWS)],
        "words": [" ".join("".join(drawn.choices(letters, k=6)) for _ in range(12)) for _ in range(ROWS)],
        "codes": ["".join(drawn.choices(letters + string.digits, k=12)) for _ in range(ROWS)],
        "numbers": [drawn.random() for _ in range(ROWS)],
        "phones": [f"({drawn.randint(200, 999)}) 555-{drawn.randint(1000, 9999)}" for _ in range(ROWS)],
    }
    assert seconds(pa.table(columns)) < len(columns) * 0.25


@pytest.mark.parametrize(
    "value",
    ["a" * 50_000, "1" * 50_000, "@" * 50_000, "1-" * 20_000, "(1" * 9_000, "+1 " * 9_000,
     ".a" * 20_000, "x@y." * 9_000, " " * 9_000 + "1", "eyJ" * 9_000, "A1 " * 9_000, "a://" + "b:" * 9_000, 
     "0x" + "f" * 40_000,      "-----BEGIN " + "A " * 9_000],
    ids=lambda value: f"{value[:12]} of {len(value)}",
)  # fmt: skip
def test_long_and_odd_values_take_no_longer(value: str) -> None:
    values = [value[: len(value) - number] for number in range(100)]
    assert seconds(pa.table({"notes": values})) < MOST_SECONDS
