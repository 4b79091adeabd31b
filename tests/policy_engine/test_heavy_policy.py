"""The heaviest kind of policy that customers had: eleven sets and 25 tags mean for each row what they say."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.heavy_policy import NAMES, TAGS, WHERE, seller
from catalog.model import Column, Dataset
from catalog.people.model import Attribute, Role
from policy_engine.filters.filters import check_filter
from policy_engine.judging.decide import decide
from policy_engine.model import Decision, Effect, Outcome, Policy, PolicySet, Scope, Subject
from policy_engine.tag_expressions import parse
from tests.policy_engine.homes import NOW

ORDERS = Dataset(
    database="sales",
    name="orders",
    source="lake",
    relation="orders.parquet",
    columns=tuple(
        Column(path=(name,), type="VARCHAR", position=place, confirmed=frozenset({tag} - {"sales.t10"}))
        for place, (name, tag) in enumerate(zip(NAMES, TAGS, strict=False))
    ),
)
HEAVY = Policy(
    id="heavy",
    effect=Effect.GRANT,
    roles=("sellers",),
    scope=Scope(database="sales"),
    having=parse(f"in({', '.join(TAGS)})"),
    where=check_filter(WHERE),
)
POLICIES = PolicySet(revision=1, policies=(HEAVY,), roles=(Role(name="sellers", groups=frozenset({"sellers"})),))


def decided(attributes: dict[str, Attribute]) -> Decision:
    subject = Subject(user="sam", groups=frozenset({"sellers"}), attributes=attributes)
    return decide(subject, ORDERS, POLICIES, NOW)


def test_only_columns_with_one_of_the_tags_are_shown() -> None:
    hidden = [column.name for column in decided(dict(seller().attributes)).columns if column.outcome is Outcome.HIDDEN]
    assert hidden == [NAMES[10]]


def test_what_is_allowed_to_all_needs_no_condition() -> None:
    assert decided(dict.fromkeys(NAMES, "ALL")).rows.filter == ""
    few = decided({**dict.fromkeys(NAMES, "ALL"), "plant": '"a,b",c'}).rows.filter
    assert few == "\"_row\".\"plant\" IN ('a,b', 'c')"


def test_one_attribute_that_is_not_known_shows_no_row() -> None:
    assert decided(dict.fromkeys(NAMES[1:], "ALL")).rows.filter == "FALSE"


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as engine:
        yield engine


_VALUES = st.sampled_from(["a", "b", "a,b", 'a"b', "ALL", "", "o'x"])
_KNOWN: st.SearchStrategy[Attribute] = st.one_of(
    st.just("ALL"),
    st.lists(_VALUES, max_size=3).map(tuple),
    st.sampled_from(["a, b", '"a,b"', '"a""b", ALL', "x", '"']),
)
_SETS = {"ALL": {"ALL"}, "a, b": {"a", "b"}, '"a,b"': {"a,b"}, '"a""b", ALL': {'a"b', "ALL"}, "x": {"x"}, '"': set()}


@settings(max_examples=80, deadline=None)
@given(
    known=st.dictionaries(st.sampled_from(NAMES[:4]), _KNOWN, max_size=4),
    rows=st.lists(st.tuples(*[st.one_of(st.none(), _VALUES)] * 4), min_size=1, max_size=6),
)
def test_the_rows_are_those_of_a_reading_by_hand(
    engine: duckdb.DuckDBPyConnection, known: dict[str, Attribute], rows: list[tuple[str | None, ...]]
) -> None:
    attributes: dict[str, Attribute] = {**dict.fromkeys(NAMES[4:], "ALL"), **known}
    condition = decided(attributes).rows.filter or "TRUE"
    columns = ", ".join(f"column{place} AS {name}" for place, name in enumerate(NAMES[:4]))
    values = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
    source = f"SELECT {columns} FROM (VALUES {values}) AS given({', '.join(f'column{i}' for i in range(4))})"
    cells = [cell for row in rows for cell in row]
    found = engine.execute(f'SELECT ({condition}) IS TRUE FROM ({source}) AS "_row"', cells).fetchall()
    assert [there for (there,) in found] == [all(map(_is_in, NAMES[:4], row, [attributes] * 4)) for row in rows]


def _is_in(name: str, cell: str | None, attributes: dict[str, Attribute]) -> bool:
    value = attributes.get(name)
    if value is None:
        return False
    allowed = _SETS[value] if isinstance(value, str) else set(value)
    return "ALL" in allowed or (cell is not None and cell in allowed)
