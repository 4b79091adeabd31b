"""Each detector finds its kind of data in small columns, and leaves alone what only looks alike."""

import csv
import itertools
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from crawler.detectors.catalogue import detectors
from crawler.detectors.detect import detect

TODAY = date(2026, 11, 1)
BESIDE = {
    "first_name": ["Maria", "James", "Anna", "Paul", "Sofia", "Jan"],
    "last_name": ["Lopez", "Walker", "Schmidt", "Dubois", "Rossi", "Nowak"],
    "patient_name": ["Maria Lopez", "James Walker", "Anna Schmidt", "Paul Dubois", "Sofia Rossi", "Jan Nowak"],
    "email": ["a@example.org", "b@example.org", "c@example.org", "d@example.org", "e@example.org", "f@example.org"],
    "patient_id": ["1", "2", "3", "4", "5", "6"],
}
CASES = tuple(csv.DictReader((Path(__file__).parent / "contents.csv").read_text(encoding="utf-8").splitlines()))


def columns_of(case: Mapping[str, str]) -> pa.Table:
    """The table of a case: its own column, and those beside it."""
    values = case["values"].split("|")
    beside = {name: itertools.cycle(BESIDE.get(name, ["x"])) for name in case["beside"].split(";") if name}
    cells = {name: list(itertools.islice(others, len(values))) for name, others in beside.items()}
    return pa.table({case["name"]: values} | cells)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_content_is_recognised(case: Mapping[str, str]) -> None:
    table = columns_of(case)
    found = detect([(name,) for name in table.column_names], table, TODAY)
    here = [finding for finding in found if finding.path == (case["name"],)]
    assert [finding.detector for finding in here] == ([] if case["expected"] == "-" else [case["expected"]])
    for finding in here:
        assert not [value for value in case["values"].split("|") if len(value) > 4 and value in finding.evidence]


def test_every_detector_has_a_case() -> None:
    assert set(detectors()) - {case["expected"] for case in CASES} == set()
