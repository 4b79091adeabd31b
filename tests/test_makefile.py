"""The Makefile's promises that can be checked without a fresh machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A folder with the Makefile in it and no environment yet."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(HOUSE / name, tmp_path)
    return tmp_path


def _make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=outside, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_old_python_is_told_before_anything_is_made(fresh: Path) -> None:
    done = _make(fresh, "demo", "PYTHON=false")
    assert done.returncode != 0
    assert "Veil needs Python 3.11 or newer" in done.stdout
    assert not (fresh / ".venv").exists()


@pytest.mark.parametrize(
    ("goal", "command"),
    [
        (("demo",), ".venv/bin/veil demo --home .veil \n"),
        (("demo", "SERVE=0"), ".venv/bin/veil demo --home .veil --no-serve\n"),
        (("test",), ".venv/bin/python -m pytest"),
        (("check",), 'pytest -n auto -m "not slow"'),
        (("lint",), "ruff check"),
        (("types",), "mypy --strict"),
    ],
)
def test_each_goal_makes_the_environment_and_runs_its_command(fresh: Path, goal: tuple[str, ...], command: str) -> None:
    planned = _make(fresh, "--dry-run", *goal).stdout + "\n"
    assert planned.index("-m venv .venv") < planned.index(command)


def test_make_alone_is_style_types_and_tests(fresh: Path) -> None:
    planned = _make(fresh, "--dry-run").stdout
    assert planned.index("ruff check") < planned.index("mypy --strict") < planned.index("-m pytest")


def test_the_demo_needs_nothing_that_only_tests_need(fresh: Path) -> None:
    assert ".[test]" not in _make(fresh, "--dry-run", "demo").stdout
