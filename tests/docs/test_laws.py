"""The ten laws are ten everywhere, and begin with the same words."""

import re
from pathlib import Path

HOUSE = Path(__file__).parent.parent.parent


def test_readme_and_explanation_state_the_same_ten_laws() -> None:
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    explained = (HOUSE / "docs" / "explanation" / "laws.md").read_text(encoding="utf-8")
    laws = re.findall(r"^(\d+)\. (.+)$", readme.split("## Ten laws")[1].split("##")[0], re.MULTILINE)
    headings = re.findall(r"^\*\*(\d+)\. ([^*]+)\*\*", explained, re.MULTILINE)
    assert [number for number, _ in laws] == [number for number, _ in headings] == [str(n) for n in range(1, 11)]
    assert [re.split(r"[:;.]", law)[0] for _, law in laws] == [re.split(r"[:;.]", law)[0] for _, law in headings]
