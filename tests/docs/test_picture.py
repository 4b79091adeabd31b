"""The picture in the README tells the truth: its patients are the clinic's, its policy is the tutorial's."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from veil.cli import clinic

PICTURE = Path(__file__).parent.parent.parent / "docs" / "veil.svg"
SVG = "{http://www.w3.org/2000/svg}"


def _words() -> list[str]:
    return [text.text or "" for text in ElementTree.parse(PICTURE).iter(f"{SVG}text")]


def test_its_patients_are_the_clinics() -> None:
    known = {patient.mrn: patient for patient in clinic.patients()}
    shown = [known[word] for word in _words() if re.fullmatch(r"MRN-\d{7}", word)]
    assert len(shown) == 6
    for patient in shown:
        assert {patient.name, patient.phone, f"{patient.charges:,.2f}"} <= set(_words())
    assert [patient.opted_out for patient in shown[:3]] == [0, 1, 0]


def test_it_can_be_read_aloud_and_follows_the_readers_light() -> None:
    picture = ElementTree.parse(PICTURE).getroot()
    assert picture.find(f"{SVG}title") is not None
    assert picture.find(f"{SVG}desc") is not None
    assert "prefers-color-scheme: dark" in PICTURE.read_text(encoding="utf-8")
