"""Every regular expression of the server takes a long text in one go: while one is tried, nobody else is answered."""

import ast
import importlib
import itertools
import random
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalog import names
from catalog.errors import PolicyInvalid
from crawler.detectors.words import units
from policy_engine.capabilities import parse
from policy_engine.filters.sets import read_set
from policy_engine.own_names import may_mean
from web_ui.cookies import plain_cookies

HOUSE = Path(__file__).parent.parent
ROOMS = ("catalog", "crawler", "policy_engine", "proxy", "web_ui")
LENGTH = 16_000  # of which the square takes seconds, and the whole once a thousandth of one
MOST_SECONDS = 1.0  # of a processor's time
ENDS = ("", "\0", "\ny", '"x', " !")
_PARSED: Any = importlib.import_module("re._parser")  # the one reading of patterns that there is
_SOME = {"category_digit": "1", "category_word": "a", "category_space": " ", "category_not_space": "a"}


class _TookLong(Exception):
    pass


def _patterns() -> Iterator[tuple[str, str, int]]:
    """Place, pattern and flags of each one that stands in the code as it is, or is put together at its module's top."""
    found: dict[str, tuple[str, int]] = {}
    for room in ROOMS:
        for file in sorted((HOUSE / room).rglob("*.py")):
            place = file.relative_to(HOUSE).as_posix()
            text = file.read_text(encoding="utf-8")
            if not re.search(r"^import re\b", text, re.MULTILINE):
                continue
            module = importlib.import_module(place.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
            for name, value in vars(module).items():
                for pattern in _within(value):
                    if isinstance(pattern.pattern, str):
                        found.setdefault(pattern.pattern, (f"{place} {name}", pattern.flags & ~re.UNICODE))
            for line, literal in _literals(ast.parse(text)):
                found.setdefault(literal, (f"{place}:{line}", re.DOTALL))
    return ((place, pattern, flags) for pattern, (place, flags) in found.items())


def _literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Patterns that are written where they are tried, as in `re.match("..", text)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _within(value: object) -> Iterator["re.Pattern[Any]"]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from (each for one in value.values() for each in _within(one))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (each for one in value for each in _within(one))


def _samples(items: Any) -> Iterator[str]:
    """A few texts that nearly fit: everything once, whatever may be left out or repeated, and each alternative."""
    choices = [list(_pieces(str(kind).lower(), value))[:3] or [""] for kind, value in items]
    sizes = range(max((len(each) for each in choices), default=1))
    yield from ("".join(each[min(size, len(each) - 1)] for each in choices) for size in sizes)


def _pieces(kind: str, value: Any) -> Iterator[str]:
    if kind == "literal":
        yield chr(value)
    elif kind in ("any", "not_literal"):
        yield "a"
    elif kind == "in":
        yield _one_of(value)
    elif kind in ("max_repeat", "min_repeat", "possessive_repeat"):
        yield from _samples(value[2])
    elif kind == "subpattern":
        yield from _samples(value[3])
    elif kind == "atomic_group":
        yield from _samples(value)
    elif kind == "branch":
        yield from (next(_samples(each)) for each in value[1])


def _one_of(items: Any) -> str:
    kinds = [(str(kind).lower(), value) for kind, value in items]
    if kinds[0][0] == "negate":
        taken = {chr(value) for kind, value in kinds if kind == "literal"}
        return next(char for char in "a 1,.\"'" if char not in taken)
    kind, value = kinds[0]
    if kind == "literal":
        return chr(value)
    return chr(value[0]) if kind == "range" else _SOME.get(str(value).lower(), "!")


def _texts(pattern: str, flags: int) -> Iterator[str]:
    """Nearly fitting texts with very many of one character in one place, or in two."""
    for sample in {each[:24] for each in _samples(_PARSED.parse(pattern, flags))}:
        for at, char in itertools.product(range(len(sample) + 1), sorted({*sample[:8], " "})):
            many = char * LENGTH
            for end in ENDS:
                yield f"{sample[:at]}{many}{end}"
                yield f"{sample[:at]}{many}{sample[at:]}{end}"
            yield f"{sample[:at]}{many}{sample[at : at + 1]}{many}\ny"


@contextmanager
def _limited() -> Iterator[None]:
    def stop(signum: int, frame: object) -> None:
        raise _TookLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


PATTERNS = list(_patterns())


@pytest.mark.parametrize(("pattern", "flags"), [each[1:] for each in PATTERNS], ids=[each[0] for each in PATTERNS])
def test_a_long_text_is_read_in_one_go(pattern: str, flags: int) -> None:
    compiled = re.compile(pattern, flags)
    for text in _texts(pattern, flags):
        try:
            with _limited():
                compiled.match(text)
        except _TookLong:
            pytest.fail(f"{text[:20]!r} .. {text[-20:]!r}, {len(text)} characters")


@pytest.mark.parametrize(
    "work",
    [
        lambda: names.split("a." * 1_000_000),
        lambda: names.split_field("a[]." * 500_000 + "!"),
        lambda: read_set("NO," + " " * 100_000 + '"'),
        lambda: may_mean("${user}" * 12 + "!", "customer_addresses_of_2026_export"),
        lambda: plain_cookies(";a=" + " " * 60_000 + '"'),
        lambda: units("ß" * 30_000),
        lambda: refused(lambda: parse("a on" + " " * 100_000 + "z" + " " * 100_000 + "\ny")),
    ],
    ids=["split", "split_field", "read_set", "may_mean", "cookies", "units", "capability"],
)
def test_a_long_name_is_read_in_one_go(work: Callable[[], object]) -> None:
    with _limited():
        work()


def refused(work: Callable[[], object]) -> None:
    with pytest.raises(PolicyInvalid):
        work()


def test_a_name_may_mean_what_some_user_makes_of_it() -> None:
    chance = random.Random(1)
    users = {"".join(user) for size in range(1, 8) for user in itertools.product("ab", repeat=size)}
    for _ in range(5_000):
        name = "".join(chance.choice(("a", "b", "A", "${user}")) for _ in range(chance.randrange(7)))
        other = "".join(chance.choice("ab") for _ in range(chance.randrange(8)))
        if name.count("${user}") < 2:
            assert may_mean(name, other) == any(name.replace("${user}", user).lower() == other for user in users)
        else:
            assert may_mean(name, other) == bool(re.fullmatch(name.lower().replace("${user}", ".+"), other))
