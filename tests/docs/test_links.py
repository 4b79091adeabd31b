"""Every link between pages, and from the README, leads somewhere."""

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
PAGES = sorted([HOUSE / "README.md", HOUSE / "CHANGELOG.md", *(HOUSE / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_every_page_can_be_reached_from_the_readme(page: Path) -> None:
    seen: set[Path] = set()
    todo = [HOUSE / "README.md"]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            links = re.findall(r"\]\(([^)#\s]+\.md)", here.read_text(encoding="utf-8"))
            todo += [(here.parent / link).resolve() for link in links if "://" not in link]
    assert page in seen
