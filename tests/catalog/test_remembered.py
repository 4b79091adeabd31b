"""What is remembered of texts is bounded by their letters, and nothing in the house remembers texts of any length."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.remembered import LONG, SHORT, letters_in, remembered
from policy_engine.filters.meaning import meaning
from policy_engine.model import AnyOf, HasTag, TransformCall
from policy_engine.tag_expressions import parse
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.composing import tree_of

HOUSE = Path(__file__).parent.parent.parent
ROOMS = ("catalog", "crawler", "policy_engine", "proxy", "web_ui", "veil")
FEW = 4

STANDING = "made of names, types and tags that stand in the catalog, and asked for each of a million columns"
OWN = "named by the code: files that come with it"
BARE = {
    "catalog/dataset_reader.py: read_path": STANDING,
    "catalog/dataset_reader.py: _held": STANDING,
    "catalog/dataset_reader.py: _shared": STANDING,
    "catalog/held.py: folded": STANDING,
    "policy_engine/judging/sights.py: _shared": STANDING,
    "policy_engine/profile.py: _inherited": STANDING,
    "policy_engine/profile.py: _like": STANDING,
    "policy_engine/profile.py: _kind": STANDING,
    "policy_engine/profile.py: _folded": STANDING,
    **{f"crawler/detectors/tables.py: {name}": OWN for name in ("rows", "phrases", "words", "endings")},
    "crawler/detectors/medicine.py: _plain_phrases": OWN,
    "crawler/detectors/people.py: _plain_words": OWN,
    "catalog/sql_texts.py: spoken": "the dialects that the code names",
    "catalog/sources/file_reach.py: _known": "what the engine has built in",
    "web_ui/reports/exposure.py: named": "ends with the report",
    "proxy/fencing/late.py: is_plain": "ends with the statement, whose length is bounded",
    "crawler/detectors/patterns.py: of_mask": "masks of values of at most 120 letters",
    "policy_engine/transforms/ciphers.py: _ff1": "keys, all of one length",
    "policy_engine/transforms/ciphers.py: _siv": "keys, all of one length",
}
"""What remembers more than a few results in `functools.lru_cache`, and why no text that somebody sent gets there."""


def bare(source: str) -> Iterator[str]:
    """The functions of a module that remember more than a few results, however large these are."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (function.name for each in function.decorator_list if _entries(each) > FEW and _has(function))
        elif isinstance(function, ast.Assign) and isinstance(function.value, ast.Call):
            yield from (ast.unparse(function.targets[0]) for _ in [0] if _entries(function.value.func) > FEW)


def _has(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function has arguments: of what has none there is one result."""
    return bool(function.args.args or function.args.posonlyargs or function.args.kwonlyargs or function.args.vararg)


def _entries(decorator: ast.expr) -> float:
    """How many results a decorator remembers, 0 for one of another kind."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = ast.unparse(call.func if call else decorator).rpartition(".")[2]
    if name == "cache":
        return float("inf")
    if name != "lru_cache":
        return 0
    said = [word.value for word in call.keywords if word.arg == "maxsize"] + call.args[:1] if call else []
    size = ast.literal_eval(said[0]) if said else 128
    return float("inf") if size is None else float(size)


def test_no_text_of_any_length_is_remembered_by_entries_alone() -> None:
    files = (path for room in ROOMS for path in (HOUSE / room).rglob("*.py"))
    found = {
        f"{path.relative_to(HOUSE)}: {name}"
        for path in files
        if path.name != "remembered.py"
        for name in bare(path.read_text(encoding="utf-8"))
    }
    assert found == BARE.keys(), "take `catalog.remembered`, or say why no text that somebody sent gets there"


@pytest.mark.parametrize(
    "source",
    [
        "@functools.lru_cache(maxsize=4096)\ndef f(text): ...",
        "@lru_cache(4096)\ndef f(text): ...",
        "@lru_cache\ndef f(text): ...",
        "@functools.lru_cache(maxsize=None)\nasync def f(*, text): ...",
        "class A:\n    @functools.cache\n    def f(self): ...",
        "f = functools.lru_cache(maxsize=4096)(read)",
    ],
)
def test_each_way_to_remember_is_found(source: str) -> None:
    assert list(bare(source)) == ["f"]


@pytest.mark.parametrize(
    "source",
    [
        "@functools.lru_cache(maxsize=4)\ndef f(text): ...",
        "@functools.cache\ndef f(): ...",
        "@remembered(4096)\ndef f(text): ...",
        "f = remembered(4096)(read)",
    ],
)
def test_what_remembers_little_is_not(source: str) -> None:
    assert list(bare(source)) == []


def test_each_short_text_is_worked_out_once_and_a_very_long_one_each_time() -> None:
    asked: list[str] = []
    read = remembered(32)(lambda text: asked.append(text))
    for text in ("a", "a" * (SHORT + 1), "a" * LONG):
        read(text)
        read(text)
    assert list(map(len, asked)) == [1, SHORT + 1, LONG, LONG]


def test_few_long_texts_are_remembered_of_many() -> None:
    asked: list[str] = []
    read = remembered(32)(lambda text: asked.append(text))
    long = [f"{number:05}" * 1_000 for number in range(3)]
    for text in (*long, *map(str, range(20)), long[0], "0", long[2]):
        read(text)
    assert asked[-1] == long[0], "a text of 5,000 letters goes where 2 are kept, and a short one stays"


@pytest.mark.parametrize(
    "value",
    [
        "a" * LONG,
        ("a" * 5_000, ("b" * 5_000,)),
        frozenset({"a" * LONG}),
        10 ** (LONG * 3),
        TransformCall(name="mask", arguments=(("keep_last", "a" * LONG),)),
        AnyOf(parts=tuple(HasTag(tag=f"a.b{number}") for number in range(LONG))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_letters_are_counted_wherever_they_stand(value: object) -> None:
    assert letters_in(value) > LONG


def test_what_is_read_of_a_long_text_is_not_kept() -> None:
    """Trees, calls and conditions of texts that a request brings, which may be refused for what they ask."""
    condition = "pii.email or " * 2_000 + "pii.card"
    assert parse(condition) is not parse(condition)
    call = f"mask(keep_last=>4{' ' * 1_000_000})"
    assert parse_call(call) is not parse_call(call)
    assert parse("pii.email or pii.card") is parse("pii.email or pii.card")
    assert tree_of("lower(__COLUMN__)") is tree_of("lower(__COLUMN__)")
    assert meaning("day = 'a'") is meaning("day = 'a'")
