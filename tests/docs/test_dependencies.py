"""The page about dependencies and `pyproject.toml` name the same packages, and each is used."""

import ast
import functools
import re
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
DRIVERS = ("mariadb", "postgres")
"""Extras of the server that read other databases."""

IMPORTED_AS = {
    "ocsf-json-schema": "ocsf_json_schema",
    "adbc-driver-manager": "adbc_driver_manager",
    "adbc-driver-postgresql": "adbc_driver_postgresql",
    "argon2-cffi": "argon2",
    "flask-cors": "",
    "libffx": "ffx",
    "moto": "",
    "pytest-xdist": "",
    "python-stdnum": "stdnum",
    "mypy": "",
    "ruff": "",
    "prometheus-client": "prometheus_client",
    "ruamel.yaml": "ruamel",
    "scikit-learn": "sklearn",
    "sqlite-utils": "sqlite_utils",
    "types-requests": "",
    "vl-convert-python": "vl_convert",
}
"""Packages whose import has another name; empty for those that are run and not imported."""


def _declared() -> dict[str, set[str]]:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    groups = {
        "To run Veil": project["dependencies"],
        "To read other databases": [line for driver in DRIVERS for line in extras[driver]],
        "To test it": [line for line in extras["test"] if not line.startswith("veil[")],
    }
    return {title: {re.split(r"[\[<>=~!]", line)[0] for line in lines} for title, lines in groups.items()}


def _bundled() -> set[str]:
    pinned = (HOUSE / "web_ui" / "assets" / "packages.toml").read_text(encoding="utf-8")
    return set(tomllib.loads(pinned)["browser"])


def test_every_extra_is_described() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == {*DRIVERS, "test"}


def _described() -> dict[str, set[str]]:
    page = (HOUSE / "docs" / "dependencies.md").read_text(encoding="utf-8")
    sections = (section.split("\n", 1) for section in page.split("\n## ")[1:])
    return {
        title: set(re.findall(r"^\| ([\w.@/-]+) \| \w", text, re.MULTILINE)) - {"package"} for title, text in sections
    }


@functools.cache
def _imported() -> set[str]:
    rooms = ("catalog", "crawler", "policy_engine", "proxy", "web_ui", "veil", "tests", "benchmarks")
    found: set[str] = set()
    for path in (path for room in rooms for path in (HOUSE / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
    return found


def test_every_dependency_has_its_line_and_every_line_its_dependency() -> None:
    assert _described() == {**_declared(), "In the pages": _bundled()}


@pytest.mark.parametrize("package", sorted(set().union(*_declared().values())))
def test_every_dependency_is_used(package: str) -> None:
    module = IMPORTED_AS.get(package, package)
    assert not module or module in _imported()
