"""The reference pages say exactly what the program says of itself."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from catalog.errors import VeilError
from veil.errors import BY_CODE

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", REFERENCE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["commands.md", "detectors.md", "errors.md", "lint.md", "settings.md", "sql.md", "transforms.md"]
)
def test_the_page_is_what_the_program_says(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == _generator().pages()[name], "run: make docs"


def test_every_error_code_of_the_server_has_its_class_in_the_client() -> None:
    codes = {error.code for error in VeilError.__subclasses__() if error.__module__ == "catalog.errors"}
    assert codes == set(BY_CODE)
