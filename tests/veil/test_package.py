"""The package shows its names in order, and stands on its own."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import veil

ROOMS = ("catalog", "crawler", "policy_engine", "proxy", "web_ui")
HOUSE = Path(veil.__file__).parent.parent


def test_every_public_name_is_exported_once_and_in_order() -> None:
    tree = ast.parse(Path(veil.__file__).read_text())
    imported = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == sorted(veil.__all__)
    assert len(set(veil.__all__)) == len(veil.__all__)
    assert all(hasattr(veil, name) for name in veil.__all__)
    constants = [name for name in veil.__all__ if name.isupper()]
    classes = [name for name in veil.__all__ if name[0].isupper() and name not in constants]
    assert veil.__all__ == [*sorted(constants), *sorted(classes), *sorted(set(veil.__all__) - {*constants, *classes})]


def test_importing_the_client_brings_neither_the_server_nor_pandas() -> None:
    script = "import sys, veil; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HOUSE
    ).stdout
    assert not set(loaded.split()) & {*ROOMS, "pandas", "flask", "click", "duckdb", "sqlglot", "rich"}
    assert "pyarrow" in loaded.split()


def test_the_versions_agree() -> None:
    for project in (HOUSE / "pyproject.toml", HOUSE / "veil" / "pyproject.toml"):
        assert tomllib.loads(project.read_text())["project"]["version"] == veil.__version__
