"""The package shows its names in order, and stands on its own."""

import ast
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import veil

ROOMS = ("catalog", "crawler", "policy_engine", "proxy", "web_ui")
HOUSE = Path(veil.__file__).parent.parent


def test_every_public_name_is_exported_once_and_in_order() -> None:
    tree = ast.parse(Path(veil.__file__).read_text())
    [typed] = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imported = [
        (alias.name, str(node.module))
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(name for name, _ in imported) == sorted(veil.__all__)
    assert all(getattr(veil, name) is getattr(import_module(module), name) for name, module in imported)
    assert len(set(veil.__all__)) == len(veil.__all__)
    assert all(hasattr(veil, name) for name in veil.__all__)
    constants = [name for name in veil.__all__ if name.isupper()]
    classes = [name for name in veil.__all__ if name[0].isupper() and name not in constants]
    assert veil.__all__ == [*sorted(constants), *sorted(classes), *sorted(set(veil.__all__) - {*constants, *classes})]


def test_importing_the_client_brings_neither_the_server_nor_pandas() -> None:
    script = (
        "import sys, veil; veil.connect, veil.context; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HOUSE
    ).stdout
    assert not set(loaded.split()) & {*ROOMS, "pandas", "flask", "click", "duckdb", "sqlglot", "rich"}
    assert "pyarrow" in loaded.split()


def test_the_command_line_starts_without_what_only_answers_need() -> None:
    """Help, a version and a wrong command come at once: neither the engine nor a room is read for them."""
    script = "import sys; from veil.cli.main import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HOUSE)
    loaded = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "click" in loaded
    assert not loaded & {"pyarrow", "numpy", "pandas", "duckdb", "sqlglot", "flask", "policy_engine", "proxy", "web_ui"}


def test_the_versions_agree() -> None:
    for project in (HOUSE / "pyproject.toml", HOUSE / "veil" / "pyproject.toml"):
        assert tomllib.loads(project.read_text())["project"]["version"] == veil.__version__
