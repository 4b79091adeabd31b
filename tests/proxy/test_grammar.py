"""The tables of what may be written: each line holds, none is idle, and what stands on none is refused by its name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlglot import exp

from catalog.errors import SqlUnsupported
from catalog.sources.engine import serialize
from proxy.reading.allowed import check_tree
from proxy.reading.grammar import (
    BEGINNINGS,
    ENGINE_NODES,
    IN_ANY_ORDER,
    NODES,
    OF_EACH_ROW,
    ROOTS,
    SYNTAX,
    read_beginnings,
    read_engine_nodes,
    read_nodes,
)
from proxy.reading.statement import read
from proxy.rewriting.verify import VerificationFailed, verify

HONEST = Path(__file__).parent / "honest"
RARE = (
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) from r",
    "select #1 from t",
    "from t limit 10 percent",
    "from (describe select 1)",
    "with x as materialized (select 1) select * from x union all select * from x",
    "select cast(1 as decimal(4, 2)), $1, list_transform([1], lambda x: x + 1), a between 1 and 2 from t, range(3)",
    "select a from (values (1)) t(a) union select distinct a from t order by 1",
    "select sum(a) over (order by b), columns(*), case when a and b then (select 1) end from (pivot t on a in (1, 2))",
)


def classes() -> Iterator[str]:
    """Every kind of syntax that the parser knows."""
    for name, kind in sorted(vars(exp).items()):
        if isinstance(kind, type) and issubclass(kind, exp.Expression):
            yield name


@pytest.mark.parametrize("word", [word for word, begun in BEGINNINGS.items() if begun.is_answered])
def test_a_statement_that_is_answered_can_be_read(word: str) -> None:
    example = BEGINNINGS[word].example
    assert example.upper().startswith(word)
    assert type(read(example).tree).__name__ in ROOTS


@pytest.mark.parametrize("word", [word for word, begun in BEGINNINGS.items() if not begun.is_answered])
def test_a_statement_that_is_refused_is_named_and_told_what_works(word: str) -> None:
    begun = BEGINNINGS[word]
    for text in (begun.example, f"/* first */ {begun.example.upper()}", f"\n{begun.example};"):
        with pytest.raises(SqlUnsupported) as refused:
            read(text)
        assert refused.value.detail == f"`{word}` is not answered here"
        assert (refused.value.hint, refused.value.position is not None) == (begun.reason, True)


@pytest.mark.parametrize("name", [name for name in classes() if name not in NODES])
def test_whatever_is_on_no_list_is_refused_by_its_name_with_a_way_out(name: str) -> None:
    tree = exp.Select(expressions=[getattr(exp, name)()])
    with pytest.raises(SqlUnsupported) as refused:
        check_tree("", tree)
    assert refused.value.detail.replace(" ", "").startswith(f"`{name.upper()}`")
    assert refused.value.hint


def test_every_listed_node_is_one_of_the_parsers() -> None:
    assert [name for name in SYNTAX if not hasattr(exp, name)] == []


def test_what_is_worked_out_of_each_row_reads_no_other_rows() -> None:
    """Where each is by itself, and no word of a query, an aggregate or a window is among them."""
    of_several = (exp.Query, exp.AggFunc, exp.Window, exp.Join, exp.Limit, exp.Offset, exp.Distinct, exp.UDTF)
    assert [name for name in OF_EACH_ROW if issubclass(getattr(exp, name), of_several)] == []
    assert OF_EACH_ROW < IN_ANY_ORDER < NODES
    assert {name for name in NODES if issubclass(getattr(exp, name), exp.AggFunc)} & IN_ANY_ORDER == {
        *("Avg", "Count", "Max", "Min", "Sum")
    }


def test_nothing_that_writes_is_on_the_list() -> None:
    writing = (exp.DDL, exp.DML, exp.Command, exp.Into, exp.Lock, exp.Set, exp.Pragma, exp.Attach, exp.Use, exp.Hint)
    kinds = [getattr(exp, name) for name in NODES]
    assert [kind for kind in kinds if issubclass(kind, writing) and not issubclass(kind, exp.Query)] == []


def test_no_line_about_the_engines_nodes_is_idle() -> None:
    texts = [part.split("\n", 1)[1] for file in sorted(HONEST.glob("*.sql")) for part in _parts(file)]
    met: set[str] = set()
    for text in (*texts, *RARE):
        try:
            met |= set(_names(serialize(text)))
        except SqlUnsupported:
            continue
    assert frozenset().union(*ENGINE_NODES.values()) - met == frozenset()


@pytest.mark.parametrize("kind", ["query", "relation", "modifier", "expression"])
def test_whatever_the_engine_reads_and_no_line_names_is_an_alarm(kind: str) -> None:
    node = {
        "query": {"type": "OTHER_NODE", "cte_map": {"map": []}},
        "relation": {"type": "OTHER", "sample": None},
        "modifier": {"type": "OTHER_MODIFIER"},
        "expression": {"class": "OTHER", "type": "OTHER"},
    }[kind]
    root = {"type": "SELECT_NODE", "cte_map": {"map": []}, "select_list": [node]}
    with pytest.raises(VerificationFailed) as refused:
        verify({"error": False, "statements": [{"node": root}]}, [])
    assert kind in refused.value.what or (kind, refused.value.what) == ("modifier", "an unknown kind of clause")


@pytest.mark.parametrize(
    "text",
    [
        "words,answer,reason\nSELECT,answered,reads",
        "words,answer,reason,example\nselect,answered,reads,select 1",
        "words,answer,reason,example\nSELECT,perhaps,reads,select 1",
        "words,answer,reason,example\nSELECT,answered,,select 1",
        "words,answer,reason,example\nSELECT,answered,reads,select 1\nSELECT,answered,reads,select 1",
        "words,answer,reason,example\nSELECT,answered,reads,select 1,2",
    ],
)
def test_a_wrong_table_of_statements_is_no_table(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever is wrong
        read_beginnings(text)


@pytest.mark.parametrize(
    "line",
    [
        "Select,query,any,reads,",
        "Select,statement,any,,",
        "Select,statement,,reads,",
        "Select,statement,none,reads,",
        "Into,refused,,writes,",
        "Into,refused,each,writes,read",
        "Select,statement,any,reads",
    ],
)
def test_a_wrong_line_is_no_line(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_nodes(f"name,kind,rows,reason,instead\n{line}")
    with pytest.raises(ValueError):  # noqa: PT011
        read_engine_nodes(f"name,kind,reason\n{line}")


def _parts(file: Path) -> list[str]:
    return [part for part in file.read_text().strip().split("\n\n") if "\n" in part]


def _names(value: object) -> Iterator[str]:
    """What the engine calls the nodes of a tree."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        kinds = (value.get("type"), value.get("class"))
        yield from (kind for kind in kinds if isinstance(kind, str))
        yield from _names(list(value.values()))
