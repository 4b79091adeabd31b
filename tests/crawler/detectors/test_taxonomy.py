"""Every tag of the taxonomy has a detector, with the taxonomy's level."""

import csv
from pathlib import Path

from crawler.detectors import tables
from crawler.detectors.catalogue import detectors

TAXONOMY = Path(__file__).parent / "taxonomy.csv"
WITHOUT_DETECTOR: dict[str, str] = {}
"""Tags that have none, and why."""


def test_every_tag_has_a_detector_or_a_reason() -> None:
    wanted = {row["tag"]: row["level"] for row in csv.DictReader(TAXONOMY.read_text(encoding="utf-8").splitlines())}
    there = {row["taxonomy"]: row["level"] for row in tables.rows("tags")}
    assert {tag: level for tag, level in wanted.items() if tag not in WITHOUT_DETECTOR} == there


def test_names_of_detectors_are_unique() -> None:
    assert len(detectors()) == len(tables.rows("tags"))
    assert all(detector.tag.comment for detector in detectors().values())
