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


POLICIES_ALONE = {
    "policy_engine.live": {"read_live"},  # within a snapshot of its own
    "proxy.governance": {"_remembered"},  # what is remembered of these and of this version of the catalog, or a moment
    "proxy.http.deeds": {"_refuse_if_changed"},
    "proxy.metadata": {"roles", "_tell"},
    "proxy.pipeline": {"_refusals_journalled"},
    "veil.cli.homes": {"make_home"},
    "web_ui.apis.control": {"policies"},
    "web_ui.authoring.planning": {"planned"},  # what is told of a plan goes by the state that it is made against
    "web_ui.pages.builder": {"_writer", "_page"},
    "web_ui.pages.change": {"_role", "_document"},
    "web_ui.pages.drafts": {"show", "save_draft"},
    "web_ui.pages.policies": {"show", "export"},
    "web_ui.pages.policy": {"show", "remove"},
    "web_ui.pages.revisions": {"show"},
    "web_ui.pages.role_form": {"_role"},
    "web_ui.pages.view_as": {"_page"},
    "web_ui.request_stories": {"reads", "_in_force", "_against"},
    "web_ui.role_stories": {"__init__"},
    "web_ui.view_as": {"_tell"},
}
"""Where policies are read that decide about nothing there: they are told, counted, or say who may write them."""


def policies_first(sources: Sources) -> dict[str, set[str]]:
    """The functions that read the policies in force outside of a moment to which data belongs, not for rights alone."""
    found: dict[str, set[str]] = {}
    for name, text in sources.items():
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef):
                rights = [
                    call for call in ast.walk(function) if isinstance(call, ast.Call) and _named(call) == "Rights"
                ]
                excused = {id(argument) for call in rights for argument in call.args}
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and _named(call) == "current" and id(call) not in excused:
                        of = ast.unparse(call.func).lower()
                        if "policies.current" in of or "policystore" in of:
                            found.setdefault(name, set()).add(function.name)
    return found


def _named(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_policies_are_read_in_one_moment_with_what_they_decide_about() -> None:
    """Policies that are read first would be asked about data that came with others: `PolicyStore.moment` reads both."""
    rooms = ("proxy.", "web_ui.", "veil.", "policy_engine.live")
    assert policies_first({name: text for name, text in _house().items() if name.startswith(rooms)}) == POLICIES_ALONE


def test_policies_that_are_read_before_the_data_are_seen() -> None:
    early = DOC + "def f(parts):\n    now = parts.policies.current()\n    return parts.visibility.sights(who, now, at)"
    rights = DOC + "def f(parts):\n    return Rights(who, parts.policies.current())"
    assert policies_first({"web_ui.a": early, "web_ui.b": rights}) == {"web_ui.a": {"f"}}


def test_the_clock_is_read_in_the_moment_of_the_policies_that_are_judged_by_it() -> None:
    """`PolicyStore.in_force` gives both; who looks at another moment than that of the policies says so here."""
    found: dict[str, set[str]] = {}
    for name, text in _house().items():
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef) and name.startswith(("proxy.", "web_ui.", "policy_engine.ddl")):
                called = {_named(call) for call in ast.walk(function) if isinstance(call, ast.Call)}
                if "moment" in called and called & {"clock", "_clock"}:
                    found.setdefault(name, set()).add(function.name)
    assert found == CLOCK_ASIDE


CLOCK_ASIDE = {
    "proxy.governance": {"_supposed"},  # policies that are not in force yet
    "web_ui.health": {"health"},  # for how long something has been so
}

BOOKKEEPING = {
    "catalog.database": {"transaction", "jot"},
    "catalog.journal.event_index": {"_file_some", "file_anew"},
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
                if named & {"bookkeeping", "jot"}:
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
