"""The house keeps its plan: imports go down, files stay small and captioned, judging is pure."""

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
FLOORS = {"catalog": 1, "crawler": 2, "policy_engine": 2, "proxy": 3, "web_ui": 4, "veil": 5}
JUDGES = tuple(
    f"policy_engine.{name}"
    for name in (
        *("model", "circumstances", "conditions", "tag_expressions", "own_names", "profile", "shapes", "strength"),
        *("by_identity", "columns_in_words"),
        *("filters*", "transforms*", "judging*"),
    )
)
IMPURE = frozenset(
    "asyncio http io os pathlib random secrets shutil socket sqlite3 subprocess sys tempfile threading time".split()
)
IMPURE_CALLS = frozenset({"now", "utcnow", "today", "open", "urandom", "uuid1", "uuid4"})

Sources = Mapping[str, str]


def breaches(sources: Sources) -> list[str]:
    """Every breach of the plan in modules given as name -> source text."""
    trees = {name: ast.parse(text) for name, text in sources.items()}
    graph = {name: set(_targets(name, tree, trees)) for name, tree in trees.items()}
    found = [f"{name}: longer than 400 lines" for name, text in sources.items() if len(text.splitlines()) > 400]
    for name, tree in trees.items():
        found += [f"{name}: {what}" for what in (*_shape(name, tree), *_walls(name, graph[name]))]
        if any(fnmatch(name, judge) for judge in JUDGES):
            found += [f"{name}: a judging file must not use `{what}`" for what in _impurities(tree)]
    return found + [f"circle: {' -> '.join(circle)}" for circle in _circles(graph)]


def _imports(name: str, tree: ast.Module) -> Iterator[str]:
    """The dotted names a module imports; of `from a import b` both `a` and `a.b`, since `b` may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _targets(name: str, tree: ast.Module, known: Mapping[str, ast.Module]) -> Iterator[str]:
    """The most exact module of the house behind each import; a package stands for its `__init__`."""
    for dotted in _imports(name, tree):
        parent = dotted.rpartition(".")[0]
        package, is_inside = f"{dotted}.__init__", parent in known or f"{parent}.__init__" in known
        if dotted.split(".")[0] in FLOORS and (dotted in known or package in known or not is_inside):
            yield package if package in known else dotted


def _shape(name: str, tree: ast.Module) -> Iterator[str]:
    caption = (ast.get_docstring(tree) or "").split("\n\n")[0]
    if not caption.rstrip().endswith((".", "?", "!")):
        yield "the first thing in a file is a docstring of one sentence"
    if name.endswith(".__init__") and name != "veil.__init__" and len(tree.body) > 1:
        yield "`__init__` holds only the room's docstring"


def _walls(name: str, targets: set[str]) -> Iterator[str]:
    room = name.split(".")[0]
    for target in sorted(targets):
        other = target.split(".")[0]
        if other != room and FLOORS[other] >= FLOORS[room]:
            yield f"imports {target}, which is not on a lower floor"
        if room == "veil" and other != "veil" and not name.startswith("veil.cli."):
            yield f"imports {target}, but the client stands alone"
        if room == "veil" and target.startswith("veil.cli") and not name.startswith("veil.cli."):
            yield f"imports {target}, but the client stands alone"


def _impurities(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (root for root in {name.split(".")[0] for name in _imports("", ast.Module([node], []))} & IMPURE)
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in IMPURE_CALLS:
                yield f"{called}()"


def _circles(graph: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Modules that reach themselves, each circle once."""
    seen: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if name in path:
            yield (*path[path.index(name) :], name)
        elif name not in seen:
            for target in sorted(graph.get(name, ())):
                yield from walk(target, (*path, name))
            seen.add(name)

    for name in sorted(graph):
        yield from walk(name, ())


def _house() -> dict[str, str]:
    files = (path for room in FLOORS for path in (HOUSE / room).rglob("*.py"))
    return {".".join(path.relative_to(HOUSE).with_suffix("").parts): path.read_text(encoding="utf-8") for path in files}


BOOKKEEPING = {
    "catalog.database": {"transaction"},
    "catalog.journal.event_index": {"_file_some"},
    "catalog.journal.journal": {"append"},
    "catalog.people.accounts": {"_rehashed"},
    "catalog.people.api_tokens": {"_note_use"},
    "catalog.people.provided_names": {"hold"},
    "catalog.people.session_tokens": {"_note_use"},
    "catalog.people.web_sessions": {"begin", "saw", "view", "end"},
}
"""What is written without asking whether who does it still may: events, sign-ins, and that a token was used."""


def test_nothing_else_is_written_without_asking_whether_who_does_it_still_may() -> None:
    found: dict[str, set[str]] = {}
    for name, text in _house().items():
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef):
                named = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
                if "bookkeeping" in named:
                    found.setdefault(name, set()).add(function.name)
    assert found == BOOKKEEPING


def test_the_house_keeps_its_plan() -> None:
    assert breaches(_house()) == []


DOC = '"""A caption."""\n'


@pytest.mark.parametrize(
    ("sources", "breach"),
    [
        ({"catalog.a": DOC + "import proxy.http.api"}, "not on a lower floor"),
        ({"crawler.a": DOC + "from policy_engine.judging.decide import decide"}, "not on a lower floor"),
        ({"policy_engine.a": DOC + "def f():\n    from crawler import crawl"}, "not on a lower floor"),
        ({"veil.connection": DOC + "import catalog.errors"}, "the client stands alone"),
        ({"veil.connection": DOC + "from veil.cli import main", "veil.cli.main": DOC}, "the client stands alone"),
        ({"catalog.a": DOC + "import catalog.b", "catalog.b": DOC + "from catalog import a"}, "circle"),
        ({"veil.__init__": DOC + "from veil.a import b", "veil.a": DOC + "from veil import b"}, "circle"),
        ({"catalog.a": DOC + "x = 1\n" * 400}, "longer than 400"),
        ({"catalog.a": "x = 1"}, "docstring"),
        ({"catalog.__init__": DOC + "from catalog.a import b"}, "only the room's docstring"),
        ({"policy_engine.judging.decide": DOC + "import os"}, "must not use `os`"),
        ({"policy_engine.transforms.tokenize": DOC + "from time import time"}, "must not use `time`"),
        (
            {"policy_engine.filters.filters": DOC + "from datetime import datetime\nat = datetime.now()"},
            "must not use `now()`",
        ),
    ],
)
def test_each_breach_is_seen(sources: Sources, breach: str) -> None:
    assert any(breach in found for found in breaches(sources))


def test_a_well_kept_house_has_no_breach() -> None:
    assert (
        breaches(
            {
                "catalog.errors": DOC,
                "proxy.http.api": DOC + "from catalog import errors",
                "veil.cli.main": DOC + "import proxy.http.api",
            }
        )
        == []
    )
