"""Texts that can be read in several ways are read or refused with little work, wherever SQL comes in.

The parser holds the interpreter's lock, so each text is read in a process of its own, which ends when it takes long.
"""

import ast
import contextlib
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from catalog.errors import VeilError
from catalog.lineage import lineage
from catalog.sources.connector import ViewSql
from catalog.sources.generated_sql import columns_named
from catalog.sources.view_sql import Unclear, query_of, relations_read
from policy_engine.filters.filters import check_filter
from policy_engine.transforms.composing import expression_call
from proxy.reading.statement import read
from web_ui.garbage import collect_seldom

HOUSE = Path(__file__).parent.parent.parent
ROOMS = ("catalog", "crawler", "policy_engine", "proxy", "veil", "web_ui")
MOST_SECONDS = 10  # of a processor's time, for one text at one entrance; most take a hundredth of one

NESTED = {
    "calls that may be types": ("date(", ")"),
    "texts that may be types": ("char(", ")"),
    "moments that may be types": ("timestamp(", ")"),
    "numbers that may be types": ("decimal(", ")"),
    "structs": ("struct(", ")"),
    "objects": ("object(", ")"),
    "nested": ("nested(", ")"),
    "unions": ("union(", ")"),
    "rows": ("row(", ")"),
    "rows of calls": ("row(date(", "))"),
    "maps": ("map(", ")"),
    "lists": ("list(", ")"),
    "arrays": ("array[", "]"),
    "arrays as calls": ("array(", ")"),
    "arrays of calls": ("array[date(", ")]"),
    "what may be nothing": ("nullable(", ")"),
    "places in lists": ("", "[1]"),
    "parts of lists": ("", "[1:2]"),
    "calls after dots": ("", ".f()"),
    "fields of fields": ("", ".a"),
    "casts": ("", "::int"),
    "types of types": ("", "::struct(a struct(a int))"),
    "casts of casts": ("try_cast(", " as int)"),
    "branches": ("case when a = 1 then ", " end"),
    "branches in conditions": ("case when ", " then 1 end"),
    "a chain of AND": ("a = 1 and ", ""),
    "a chain of OR in brackets": ("(a = 1 or ", ")"),
    "negations": ("not ", ""),
    "signs": ("- ", ""),
    "bits": ("~", ""),
    "spans of time": ("interval (", ") day"),
    "brackets": ("(", ")"),
    "subqueries": ("(select ", ")"),
    "lookups": ("a in (select a from s.t where ", ")"),
    "lambdas": ("list_filter(a, lambda x: ", ")"),
    "arrows": ("list_filter(a, x -> ", ")"),
    "paths": ("", " -> 'a'"),
    "structs in braces": ("{'a': ", "}"),
    "times": ("time(", ")"),
    "zones": ("", " at time zone 'UTC'"),
}
RELATIONS = {
    "joins without ON": ("", " join t"),
    "joins of joins without ON": ("t join ", ""),
    "joins in brackets without ON": ("(t join ", ")"),
    "joins in brackets": ("(", " join t on 1 = 1)"),
    "relations in brackets": ("(", ")"),
    "queries of queries": ("(select * from ", ")"),
}
TIMES = (12, 40, 240, 1_000)
EXPRESSIONS = {
    f"{name}, {times} times, {end}": before * times + "a" + (after * times if end == "closed" else "")
    for name, (before, after) in NESTED.items()
    for times in TIMES
    for end in ("closed", "open")
}
QUERIES = {name: f"SELECT {text}" for name, text in EXPRESSIONS.items()} | {
    f"{name}, {times} times": f"SELECT 1 FROM {before * times}t{after * times}"
    for name, (before, after) in RELATIONS.items()
    for times in TIMES
}
SHAPES = {("main", "t"): {"a": "BIGINT"}}
DIALECTS = ("duckdb", "mysql", "postgres", "sqlite")

ENTRANCES: dict[str, tuple[Callable[[str], object], dict[str, str]]] = {
    "query": (read, QUERIES),
    "filter": (check_filter, {name: f"{text} = 1" for name, text in EXPRESSIONS.items()}),
    "transform": (expression_call, {name: text.replace("a", "__COLUMN__") for name, text in EXPRESSIONS.items()}),
    "generated column": (lambda text: columns_named(text, "sqlite", ["a"]), EXPRESSIONS),
    **{
        f"view of {dialect}": (
            lambda text, dialect=dialect: lineage(ViewSql(f"CREATE VIEW v AS {text}", dialect), SHAPES),  # type: ignore[misc]
            QUERIES,
        )
        for dialect in DIALECTS
    },
}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_a_text_that_can_be_read_in_several_ways_is_settled_in_a_bounded_time(entrance: str) -> None:
    enter, texts = ENTRANCES[entrance]
    assert _unsettled(enter, texts) == ""


@pytest.mark.parametrize(
    ("enter", "error", "words"),
    [
        (check_filter, VeilError, "several ways"),
        (expression_call, VeilError, "several ways"),
        (read, VeilError, "several ways"),
        (lambda text: query_of(ViewSql(text, "sqlite")), Unclear, "not understood"),
    ],
)
def test_what_is_refused_is_said(enter: Callable[[str], object], error: type[Exception], words: str) -> None:
    nested = f"{'date(' * 40}__COLUMN__{')' * 40}"
    with pytest.raises(error, match=words):
        enter(nested if enter is expression_call else f"SELECT {nested}" if enter is read else f"{nested} = 1")


def test_honest_texts_are_far_from_the_bounds() -> None:
    check_filter(f"region in ({', '.join(map(str, range(3_000)))})")
    check_filter(" or ".join(f"(region = 'r{number}' and age > {number})" for number in range(150)))
    check_filter(f"{'(' * 40}age + 1{')' * 40} > 2")
    expression_call(f"{'coalesce(' * 20}__COLUMN__{', 1)' * 20}")
    chained = f"{'(' * 100}a.x{' || b.y)' * 100}"  # as PostgreSQL writes chains
    joined = f"{'(' * 60}t a{' JOIN t b ON ((a.x = b.y)))' * 60}"
    for dialect in DIALECTS:
        long = f"SELECT {', '.join(f'a AS c{number}' for number in range(2_000))} FROM t"
        assert relations_read(ViewSql(long, dialect), within=["main"]) == ("main.t",)
        assert relations_read(ViewSql(f"SELECT {chained} FROM {joined}", dialect), within=["main"]) == ("main.t",)


def _unsettled(enter: Callable[[str], object], texts: Mapping[str, str]) -> str:
    """The text that is not read or refused in time, by a child that the system ends then; empty where all are."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            collect_seldom()  # as a server does; what the tests have made is not looked through
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for name, text in texts.items():
                os.write(writing, f"{name}\n".encode())
                most = int(time.process_time()) + MOST_SECONDS
                resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
                with contextlib.suppress(VeilError, Unclear):
                    enter(text)
        except BaseException:
            traceback.print_exc(file=sys.stderr)
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as told:
        names = told.read().splitlines()
    return "" if os.waitpid(child, 0)[1] == 0 else names[-1]


PARSERS = frozenset(
    "parse parse_one parse_into tokenize transpile maybe_parse Dialect Dialects DuckDB Parser Tokenizer".split()
)
READERS = {"catalog/sql_texts.py"}


def readers(path: Path) -> Iterator[str]:
    """Where a file takes sqlglot's parser or tokenizer itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "sqlglot")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlglot":
            yield from {alias.name for alias in node.names} & PARSERS


def test_no_other_file_parses_sql_of_anybody() -> None:
    files = {path: path.relative_to(HOUSE).as_posix() for room in ROOMS for path in (HOUSE / room).rglob("*.py")}
    found = {name for path, name in files.items() if list(readers(path))}
    assert found - READERS == {"policy_engine/transforms/checking.py"}  # which asks for the engine's words
