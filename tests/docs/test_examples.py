"""Examples in docstrings are run: an example that lies is worse than none.

One that speaks of things it does not make (`catalog`, `connection`) is an illustration; the room's tests cover it.
"""

import ast
import builtins
import doctest
import importlib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
PLACES = ("catalog", "crawler", "policy_engine", "proxy", "web_ui", "veil", "benchmarks/ground", "tests/journeys")
MODULES = sorted(
    ".".join(path.relative_to(HOUSE).with_suffix("").parts)
    for place in PLACES
    for path in (HOUSE / place).rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)  # some write files
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder().find(module):
        if _stands_alone(example):
            runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def _stands_alone(example: doctest.DocTest) -> bool:
    """Whether an example uses only what its module knows or what it has made itself."""
    tree = ast.parse("".join(part.source for part in example.examples))
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in used if isinstance(node.ctx, ast.Store)}
    return {node.id for node in used} <= made | set(example.globs) | set(vars(builtins))
