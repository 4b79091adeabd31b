"""`veil source` adds, lists, tries and removes sources in a home."""

from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "people.csv").write_text("id,email\n1,ann@example.org\n")
    made = Terminal(tmp_path)
    made.run("init")
    return made


def test_a_source_is_added_tried_crawled_and_removed(terminal: Terminal, tmp_path: Path) -> None:
    added = terminal.run("source", "add", "lake", "files", "path=./data", "crawl_every=6h", "--test").out
    assert "+ source lake" in added
    assert "is in force" in added
    assert terminal.run("source", "test", "lake").out == "lake: it can be read: `people.csv`\n"
    assert "a source `lake` already" in terminal.run("source", "add", "lake", "files", "path=./data", expect=1).err
    terminal.run("source", "add", "lake", "files", "path=./data", "--replace")
    terminal.run("ddl", "CREATE DATABASE db")
    terminal.run("crawl", "lake", "--into", "db")
    [listed] = terminal.run("source", "list", "-f", "json").json()
    assert (listed["source"], listed["datasets"], listed["every"]) == ("lake", 1, "")
    assert listed["options"] == {"path": str(tmp_path / "data")}
    assert "newest crawl" in terminal.run("source", "show", "LAKE").out
    assert "with-datasets" in terminal.run("source", "remove", "lake", expect=1).err
    assert "- dataset db.people" in terminal.run("source", "remove", "lake", "--with-datasets").out
    assert terminal.run("source", "list").out == "no sources\n"


def test_what_cannot_be_reached_is_told_and_not_kept(terminal: Terminal) -> None:
    add = ("source", "add", "clinic", "postgres", "url_env=NO_SUCH_URL")
    refused = terminal.run(*add, "--test", expect=1).err
    assert "`NO_SUCH_URL` is missing or empty" in refused
    assert "nothing was added" in refused
    terminal.run(*add)
    assert "NO_SUCH_URL" in terminal.run("source", "show", "clinic").out
    assert terminal.run("source", "test", "clinic", "-f", "json", expect=2).json()["code"] == "source_unavailable"
    assert "did you mean `clinic`" in terminal.run("source", "test", "clinc", expect=1).err
    assert "OPTION=VALUE" in terminal.run("source", "add", "x", "files", "./data", expect=1).err
