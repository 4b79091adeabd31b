"""`veil source` adds, lists, tries and removes sources in a home; what it does to them is tested where it is done."""

from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder: Path = tmp_path_factory.mktemp("sources")
    (folder / "data").mkdir()
    (folder / "data" / "people.csv").write_text("id,email\n1,ann@example.org\n")
    made = Terminal(folder)
    made.run("init")
    return made


def test_a_source_is_added_tried_listed_and_removed(terminal: Terminal) -> None:
    added = terminal.run("source", "add", "lake", "files", "path=./data", "crawl_every=6h", "--test").out
    assert "+ source lake" in added
    assert "is in force" in added
    assert terminal.run("source", "test", "lake").out == "lake: it can be read: `people.csv`\n"
    [listed] = terminal.run("source", "list", "-f", "json").json()
    assert (listed["source"], listed["every"]) == ("lake", "6h")
    assert listed["options"] == {"path": str(terminal.folder / "data"), "crawl_every": "6h"}
    assert "every 6h" in terminal.run("source", "show", "LAKE").out
    assert "- source lake" in terminal.run("source", "remove", "lake", "--with-datasets").out


def test_what_cannot_be_reached_is_told_and_not_kept(terminal: Terminal) -> None:
    refused = terminal.run("source", "add", "clinic", "postgres", "url_env=NO_SUCH_URL", "--test", expect=1).err
    assert "`NO_SUCH_URL` is missing or empty" in refused
    assert "nothing was added" in refused
    assert "there is no source `clinic`" in terminal.run("source", "test", "clinic", expect=1).err
