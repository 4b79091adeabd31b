"""A column's name alone is understood in many languages, abbreviated or not; words about a datum are not the datum."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from crawler.detectors import tables, words
from crawler.detectors.catalogue import detectors
from crawler.detectors.detect import detect
from tests.crawler.detectors.test_contents import TODAY

HERE = Path(__file__).parent
PEOPLE = "full_name"


def rows(name: str) -> tuple[dict[str, str], ...]:
    return tuple(csv.DictReader((HERE / name).read_text(encoding="utf-8").splitlines()))


def found_by_name(names: Sequence[str], name: str) -> list[str]:
    """What the detectors find in an empty table, so by names alone."""
    table = pa.table({each: pa.array([], pa.null()) for each in names})
    return [
        finding.detector for finding in detect([(each,) for each in names], table, TODAY) if finding.path == (name,)
    ]


@pytest.mark.parametrize("case", rows("names.csv"), ids=lambda case: case["name"])
def test_name_is_understood(case: dict[str, str]) -> None:
    beside = [PEOPLE, "patient_id"] if case["expected"] != "-" else []
    expected = [] if case["expected"] == "-" else [case["expected"]]
    assert found_by_name([case["name"], *beside], case["name"]) == expected


def test_every_detector_has_a_name() -> None:
    assert set(detectors()) - {case["expected"] for case in rows("names.csv")} == set()


@pytest.mark.parametrize("case", rows("languages.csv"), ids=lambda case: case["language"])
def test_language_is_covered(case: dict[str, str]) -> None:
    names = {name: detector for detector, name in case.items() if detector != "language"}
    missed = {name: detector for name, detector in names.items() if found_by_name(list(names), name) != [detector]}
    assert missed == {}


def test_every_language_has_its_line() -> None:
    assert {row["name"] for row in tables.rows("languages")} == {case["language"] for case in rows("languages.csv")}


def test_words_for_columns_are_of_known_detectors() -> None:
    roles = {words.ABOUT, words.THING, words.PERSON, words.PLAIN, words.DATE, words.DONE, words.CREATURE}
    for language in tables.languages():
        for row in tables.rows(f"headers/{language}"):
            assert row["detector"] in detectors() or row["detector"] in roles, (language, row)
            assert row["strength"] in ("", "strong", "fair", "weak", "trait"), (language, row)
