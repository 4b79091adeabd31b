"""Runs a page of the documentation as a person would: files, a shell, a notebook, a server in a second terminal.

A fenced block says what it is by the words after its fence:

    bash              runs in one shell session; exports last, `veil` may exit 2 (something to do, no failure)
    bash server       runs `veil serve` in a second terminal until the page ends
    python            runs in one notebook
    yaml FILE         is part of the file, or becomes the file when there is none
    text              is what the block before it printed; `...` stands for anything
    sh                is only shown, as it needs what the page has not got
"""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving import Home, free_port, serve

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SESSION = """set -euo pipefail
veil() { command veil "$@" || [ $? -eq 2 ]; }
cd "$PAGE_FOLDER"
[ ! -f .session ] || . ./.session
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, the words after it, its text and the line on which it starts."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page in order.

    Example:
        >>> [block.language for block in blocks("```bash\\nls\\n```\\n")]
        ['bash']
    """
    for found in _FENCE.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        yield Block(language=found[1], words=tuple(found[2].split()), text=found[3], line=line)


def run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str] | None = None) -> None:
    """Runs a page in an empty folder and fails at the first block that does not hold."""
    port = str(free_port())
    notebook: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    monkeypatch.chdir(folder)
    _export(monkeypatch, variables or {})
    with ExitStack() as second_terminal:
        for block in blocks(page.read_text(encoding="utf-8").replace("8080", port)):
            place = f"{page.name}, line {block.line}"
            if block.language == "bash" and block.words == ("server",):
                home = Home(path=Path(os.environ["VEIL_HOME"]))
                second_terminal.enter_context(serve(home, port=int(port), log=folder / "server.log"))
            elif block.language == "bash":
                printed = _in_shell(block, folder, place)
                _export(monkeypatch, _exports(folder))
            elif block.language == "python":
                printed = _in_notebook(block, notebook, place)
            elif block.language == "yaml" and block.words:
                _in_file(block, folder / block.words[0], place)
            elif block.language == "text":
                _compare(block.text, printed, place)


def _in_shell(block: Block, folder: Path, place: str) -> str:
    done = subprocess.run(
        ["bash", "-c", f"{_SESSION}{block.text}\nexport -p > .session"],
        env={**os.environ, "PAGE_FOLDER": str(folder), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{place}: exited {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def _exports(folder: Path) -> dict[str, str]:
    """What the shell session has exported under Veil's names, for the notebook and the server."""
    show = "set -a; . ./.session; env -0"
    listed = subprocess.run(["bash", "-c", show], cwd=folder, capture_output=True, text=True, check=True).stdout
    pairs = (entry.partition("=") for entry in listed.split("\0") if entry)
    return {name: value for name, _, value in pairs if re.match(r"VEIL_|DEMO_|\w+_TOKEN$", name)}


def _export(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def _in_notebook(block: Block, notebook: dict[str, object], place: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * block.line + block.text, place, "exec"), notebook)  # the page is our own
    return printed.getvalue()


def _in_file(block: Block, path: Path, place: str) -> None:
    if path.exists():
        assert block.text in path.read_text(encoding="utf-8"), f"{place}: `{path.name}` says something else"
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")


def _compare(shown: str, printed: str, place: str) -> None:
    checker = doctest.OutputChecker()
    if not checker.check_output(shown, printed, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE):
        pytest.fail(f"{place}: shown\n{shown}\nbut printed\n{printed}")
