"""The pages of the documentation hold true: everything on them is run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys import page
from tests.serving import Home, govern_clinic
from veil.cli import clinic

HOUSE = Path(__file__).parent.parent.parent
DOCS = HOUSE / "docs"


def test_the_tutorial_runs_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page.run(DOCS / "tutorial" / "README.md", tmp_path, monkeypatch)


def test_the_tutorial_shows_every_document_that_it_ships() -> None:
    text = (DOCS / "tutorial" / "README.md").read_text(encoding="utf-8")
    shown = {block.words[0] for block in page.blocks(text) if block.language == "yaml"}
    assert shown == {f"clinic/{name}" for name in clinic.documents()}


@pytest.mark.parametrize("name", ["README.md", "docs/how-to/connect-from-pandas.md", "docs/how-to/read-the-journal.md"])
def test_a_page_holds_on_the_clinic(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clinic_home: Home,
    clinic_url: str,
    clinic_token: Callable[[str], str],
) -> None:
    variables = {
        "VEIL_HOME": str(clinic_home.path),
        "VEIL_URL": clinic_url,
        "VEIL_TOKEN": clinic_token("demo_user2"),
    }
    page.run(HOUSE / name, tmp_path, monkeypatch, variables)


@pytest.mark.parametrize("name", ["write-a-policy.md", "delegate.md", "tag-data.md", "review-tags.md"])
def test_a_page_that_changes_policies_holds_on_a_home_of_its_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"VEIL_HOME": str(govern_clinic(tmp_path / "clinic").path)}
    page.run(DOCS / "how-to" / name, tmp_path, monkeypatch, variables)


def test_policies_in_git_are_checked_planned_applied_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VEIL_HOME", raising=False)
    page.run(DOCS / "how-to" / "policies-in-git.md", tmp_path, monkeypatch)
