"""The threat model names for each claim the tests that hold it, and they are there."""

import re
from pathlib import Path

HOUSE = Path(__file__).parent.parent.parent
PAGE = HOUSE / "docs" / "explanation" / "threat-model.md"
FOLDERS = (
    "tests/proxy",
    "tests/web_ui",
    "tests/catalog/sources",
    "tests/catalog/sources/remote",
    "tests/catalog/sources/workers",
    "tests/proxy/attacks",
    "tests/policy_engine/transforms",
)


def test_every_claim_names_tests_that_are_there() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    claims = [row.strip("| ").split(" | ") for row in rows[1:]]
    assert len(claims) > 15
    for claim in claims:
        assert len(claim) == 4, claim
        named = re.findall(r"`([\w./]+)`", claim[3])
        assert named, claim
        assert [name for name in named if not _is_there(name)] == []


def _is_there(name: str) -> bool:
    if name.startswith("tests/"):
        return (HOUSE / name).exists()
    return any((HOUSE / folder / name.removeprefix("attacks/")).exists() for folder in FOLDERS)
