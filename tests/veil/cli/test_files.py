"""Files that commands write are for nobody else to read, and nothing is written through a link."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid
from tests.veil.cli.terminal import Terminal
from veil.cli.files import write_private

DOCUMENT = "veil: 1\nusers: {kim: {groups: [clerks], attributes: {salary_band: '7'}}}\n"
OTHERS = 0o077


@pytest.fixture(autouse=True)
def readable() -> Iterator[None]:
    """As accounts are by default: whatever says nothing else can be read by others."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "victim.txt"
    file.write_text("veil: 1\n")
    return file


def test_exports_and_documents_are_for_their_owner_alone(tmp_path: Path, victim: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.run("init")
    (tmp_path / "kim.yaml").write_text(DOCUMENT)
    terminal.run("apply", "kim.yaml")
    (tmp_path / "okera.json").write_text(json.dumps([{"tag": "acme.ward", "expression": "[a-z]+"}]))
    terminal.run("audit", "export", "journal.jsonl")
    terminal.run("export", "out")
    terminal.run("rules", "import", "okera.json", "-o", "rules.yaml", expect=None)
    written = [tmp_path / "journal.jsonl", tmp_path / "rules.yaml", *(tmp_path / "out").iterdir()]
    assert len(written) > 2
    assert [file.name for file in written if file.stat().st_mode & OTHERS] == []
    laid = next((tmp_path / "out").iterdir())
    laid.unlink()
    for link in (laid, tmp_path / "link"):
        link.symlink_to(victim)
    assert "is a link" in terminal.run("audit", "export", "link", expect=1).err
    assert "is a link" in terminal.run("export", "out", expect=1).err
    (tmp_path / "dangling").symlink_to(tmp_path / "not yet")
    assert "is a link" in terminal.run("rules", "import", "okera.json", "-o", "dangling", expect=1).err
    assert victim.read_text() == "veil: 1\n"
    assert not (tmp_path / "not yet").exists()


def test_what_was_there_is_closed_to_others_unless_it_keeps_its_mode(victim: Path) -> None:
    write_private(victim, ["a\n"], keeps_mode=True)
    assert (victim.read_text(), victim.stat().st_mode & OTHERS) == ("a\n", 0o044)
    write_private(victim, ["b\n"])
    assert (victim.read_text(), victim.stat().st_mode & OTHERS) == ("b\n", 0)


def test_a_file_with_another_name_stays_as_it_is(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "other").hardlink_to(victim)
    with pytest.raises(SettingsInvalid, match="another name"):
        write_private(tmp_path / "other", ["a\n"])
    assert victim.read_text() == "veil: 1\n"


def test_nothing_goes_to_a_file_that_somebody_else_has_laid_there(
    victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: victim.stat().st_uid + 1)
    with pytest.raises(SettingsInvalid, match="somebody else's"):
        write_private(victim, ["a\n"])
    assert victim.read_text() == "veil: 1\n"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="No such file"):
        write_private(tmp_path / "nowhere" / "file", ["a\n"])


def test_a_device_takes_it_too() -> None:
    write_private(Path(os.devnull), ["a\n"])
