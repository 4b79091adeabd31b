"""Commands take `.veil` of the folder that they are run in for the home, unless somebody else put it there."""

import shutil
from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal

SOURCE = """
veil: 1
sources:
  data:
    {connector: files, path: "s3://data", endpoint: "http://127.0.0.1:9", access_key_env: THEIRS, secret_key_env: MINE}
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Terminal:
    """A folder with a home in it, as it comes out of an archive."""
    made = tmp_path / "made"
    made.mkdir()
    terminal = Terminal(made, THEIRS="a", MINE="b")
    (made / "source.yaml").write_text(SOURCE)
    terminal.run("init")
    terminal.run("apply", "source.yaml")
    terminal.run("source", "list")
    return Terminal(shutil.copytree(made, tmp_path / "unpacked"), THEIRS="a", MINE="b")


@pytest.mark.parametrize(
    "command",
    [
        ("doctor",), ("crawl", "data"), ("source", "list"), ("can", "kim"), ("query", "select 1", "--as", "kim"),
        ("plan", "source.yaml"), ("serve", "--port", "0"), ("init",), ("demo", "--no-serve"),
    ],
)  # fmt: skip
def test_a_home_that_somebody_else_packed_is_not_taken_unnamed(theirs: Terminal, command: tuple[str, ...]) -> None:
    complaint = theirs.run(*command, expect=1).err
    assert "the home `.veil` of this folder was made elsewhere" in complaint
    assert "`veil init --home .veil`" in complaint


def test_it_is_taken_where_it_is_named_and_is_own_from_init_on(theirs: Terminal) -> None:
    named = theirs.run("source", "list", "--home", ".veil").out
    assert "s3://data" in named
    assert Terminal(theirs.folder, VEIL_HOME=".veil").run("source", "list").out == named
    theirs.run("source", "list", expect=1)
    assert "was there already" in theirs.run("init", "--home", ".veil").out
    assert theirs.run("source", "list").out == named
