"""Random nested columns, tags, policies and data: what the proxy returns from DuckDB is what the oracle says.

`make fuzz` tries thousands of worlds; here it is some hundreds.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.model import Column, Dataset
from catalog.names import quoted
from catalog.people.model import Role
from policy_engine.judging.decide import decide
from policy_engine.model import (
    AllOf,
    ColumnDecision,
    Decision,
    Effect,
    HasTag,
    Not,
    Outcome,
    Policy,
    PolicySet,
    Scope,
    TransformRule,
)
from policy_engine.shown_types import shown_type
from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.hashing import canonical_text
from policy_engine.transforms.types import read_type
from tests.policy_engine.nested_oracle import NestedOracle
from tests.policy_engine.seen import Asker, Predicate, Row, Seen, Showing
from tests.policy_engine.transforms.samples import CALLS
from tests.proxy.trial import KEYS, Trial, Writes, trial

WORLDS = int(os.environ.get("VEIL_FUZZ_ORACLE", "160"))
SHARDS = 8
AT = datetime(2026, 6, 1, tzinfo=UTC)
TAGS = ("a.x", "a.y", "a.z")
PREDICATES: dict[str, Predicate | None] = {
    "k > 1": lambda row, who: None if row["k"] is None else int(str(row["k"])) > 1,
    "k = 1": lambda row, who: None if row["k"] is None else row["k"] == 1,
    "k < 3": lambda row, who: None if row["k"] is None else int(str(row["k"])) < 3,
    "ghost = 1": None,
}
LEAVES = {
    "VARCHAR": (pa.string(), st.sampled_from([None, "", "Ann 1-2", "é漢", "b"])),
    "INTEGER": (pa.int32(), st.sampled_from([None, 0, 7, -(2**31), 2**31 - 1])),
    "DATE": (pa.date32(), st.sampled_from([None, date(1950, 1, 1), date(2001, 2, 3)])),
    "BOOLEAN": (pa.bool_(), st.sampled_from([None, True, False])),
}


@dataclass(frozen=True)
class Shape:
    """A type with what is in it: the text, the Arrow type, its values, and its fields by name."""

    text: str
    arrow: pa.DataType
    values: st.SearchStrategy[object]
    fields: tuple[tuple[str, "Shape"], ...] = ()


def _leaf(text: str) -> Shape:
    arrow, values = LEAVES[text]
    return Shape(text, arrow, values)


def _struct(parts: list[Shape]) -> Shape:
    names = ("note", "Who", 'odd "name', "it's")
    fields = tuple(zip(names, parts, strict=False))
    return Shape(
        f"STRUCT({', '.join(f'{quoted(name)} {part.text}' for name, part in fields)})",
        pa.struct([(name, part.arrow) for name, part in fields]),
        st.one_of(st.fixed_dictionaries({name: part.values for name, part in fields}), st.none()),
        fields,
    )


def _list(inner: Shape) -> Shape:
    values = st.one_of(st.lists(inner.values, max_size=3), st.none())
    return Shape(f"{inner.text}[]", pa.list_(inner.arrow), values, inner.fields)


def _array(inner: Shape) -> Shape:
    values = st.one_of(st.lists(inner.values, min_size=2, max_size=2), st.none())
    return Shape(f"{inner.text}[2]", pa.list_(inner.arrow), values, inner.fields)


def _map(both: tuple[Shape, Shape]) -> Shape:
    key, inner = both
    keys = key.values.filter(lambda value: value is not None)
    pairs = st.lists(st.tuples(keys, inner.values), max_size=3, unique_by=lambda pair: repr(pair[0]))
    fields = (("key", key), ("value", inner))
    text = f"MAP({key.text}, {inner.text})"
    return Shape(text, pa.map_(key.arrow, inner.arrow), st.one_of(pairs, st.none()), fields)


_keys = st.one_of(
    st.sampled_from(list(LEAVES)).map(_leaf),
    st.lists(st.sampled_from(list(LEAVES)).map(_leaf), min_size=1, max_size=2).map(_struct),
    st.lists(st.sampled_from(list(LEAVES)).map(_leaf), min_size=1, max_size=2).map(_struct).map(_list),
)


_shapes = st.recursive(
    st.sampled_from(list(LEAVES)).map(_leaf),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(_struct),
        st.lists(inner, min_size=2, max_size=3).map(_struct),
        st.lists(inner, min_size=1, max_size=3).map(_struct).map(_list),
        inner.filter(lambda shape: bool(shape.fields)).map(_list),
        st.lists(inner, min_size=1, max_size=2).map(_struct).map(_array),
        st.tuples(_keys, inner).map(_map),
    ),
    max_leaves=6,
)


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[Dataset, dict[str, Shape]]:
    shapes = {"k": _leaf("INTEGER"), "one": draw(_shapes.filter(lambda s: bool(s.fields))), "two": draw(_shapes)}
    tags = st.one_of(st.just(frozenset[str]()), st.frozensets(st.sampled_from(TAGS), max_size=1))

    def columns(path: tuple[str, ...], shape: Shape) -> Iterator[Column]:
        suggested = draw(tags) if draw(st.integers(0, 3)) == 0 else frozenset[str]()
        yield Column(path=path, type=shape.text, position=0, confirmed=draw(tags), suggested=suggested)
        for name, inner in shape.fields:
            yield from columns((*path, name), inner)

    found = [column for name, shape in shapes.items() for column in columns((name,), shape)]
    return Dataset(database="shop", name="people", source="s", relation="people", columns=tuple(found)), shapes


_literals = st.sampled_from(TAGS).map(HasTag)
_expressions = st.one_of(
    _literals, _literals.map(Not), st.tuples(_literals, _literals.map(Not)).map(lambda both: AllOf(both))
)
_calls = st.one_of(
    st.sampled_from(["tokenize()", "hash()", "mask(keep_last=>2)", "mask()", "redact()", "null()"]),
    st.sampled_from([call.replace("by=>who", "by=>k").replace("by=>born", "by=>k") for call in CALLS]),
).map(parse_call)


@st.composite
def _policies(draw: st.DrawFn, dataset: Dataset) -> tuple[Policy, ...]:
    effects = st.sampled_from([Effect.GRANT, Effect.GRANT, Effect.GRANT, Effect.RESTRICT, Effect.DENY])
    rules = st.builds(TransformRule, tagged=_expressions, call=_calls)
    paths = st.sampled_from([column.path for column in dataset.columns])
    scopes = st.one_of(
        st.just(Scope()),
        st.just(Scope(database="shop")),
        st.lists(paths, min_size=1, max_size=3, unique=True).map(
            lambda columns: Scope(database="shop", dataset="people", columns=tuple(columns))
        ),
    )
    policies = []
    for number in range(draw(st.integers(1, 4))):
        effect = draw(effects) if number else Effect.GRANT
        policies.append(
            Policy(
                id=f"p{number}",
                effect=effect,
                roles=("one",),
                scope=draw(scopes),
                having=draw(st.one_of(st.none(), _expressions)),
                transforms=() if effect is Effect.DENY else tuple(draw(st.lists(rules, max_size=2))),
                where=None if effect is Effect.DENY else draw(st.sampled_from([None, None, *PREDICATES])),
            )
        )
    return tuple(policies)


SUBJECT = Asker(user="kim", groups=frozenset({"g"}))
ROLES = (Role(name="one", groups=frozenset({"g"})),)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("trial")) as made:
        made.at = AT
        yield made


@pytest.mark.parametrize("shard", range(SHARDS))
@settings(max_examples=WORLDS // SHARDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_person_sees_the_nested_cells_of_the_oracle(home: Trial, shard: int, data: st.DataObject) -> None:
    dataset, shapes = data.draw(_worlds())
    policies = data.draw(_policies(dataset))
    values = {"k": st.sampled_from([1, 2, 3, None])} | {name: shapes[name].values for name in ("one", "two")}
    rows = data.draw(st.lists(st.fixed_dictionaries(values), min_size=2, max_size=5))
    policy_set = PolicySet(revision=1, policies=policies, roles=ROLES)
    decision = decide(SUBJECT, dataset, policy_set, AT)
    told = {item.path: item for column in decision.columns for item in (column, *column.nested)}

    def finish(column: Column, shown: Showing, value: object) -> object:
        is_text = shown_type(told[column.path]) == "VARCHAR" and value is not None
        kind = registry.output_type(shown[0] if shown else None, column.type)
        return canonical_text(value, read_type(kind)) if is_text else value

    oracle = NestedOracle(
        subject=SUBJECT,
        dataset=dataset,
        policies=policy_set,
        at=AT,
        predicates=PREDICATES,
        keys=KEYS,
        whens={},
        finish=finish,
    )
    seen = oracle.sees(rows)
    answer = home.ask("from shop.people", dataset, _writes(shapes, rows), policy_set, SUBJECT)
    if answer.table is None:
        assert answer.code == "policy_broken" if decision.broken and decision.is_visible else "unknown_dataset"
        assert seen == Seen(is_refused=bool(decision.broken))
    else:
        assert seen == Seen(columns=answer.columns, rows=_cells(answer.table))
        _check_types(answer.table, decision)
    _check_words(decision, seen)


def _writes(shapes: dict[str, Shape], rows: Sequence[Row]) -> Writes:
    def write(engine: duckdb.DuckDBPyConnection) -> None:
        table = pa.table({name: pa.array([row[name] for row in rows], shape.arrow) for name, shape in shapes.items()})
        engine.register("given", table)
        casts = ", ".join(f"CAST({name} AS {shape.text}) AS {name}" for name, shape in shapes.items())
        engine.execute(f"CREATE TABLE people AS SELECT {casts} FROM given")

    return write


def _cells(table: pa.Table) -> tuple[tuple[object, ...], ...]:
    return tuple(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


def _check_types(table: pa.Table, decision: Decision) -> None:
    """A column comes in the type in which it is said to be met."""
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    casts = ", ".join(f"CAST(NULL AS {shown_type(column)}) AS {quoted(column.name)}" for column in shown)
    with duckdb.connect() as engine:
        assert table.schema.types == engine.sql(f"SELECT {casts}").to_arrow_table().schema.types


def _check_words(decision: Decision, seen: Seen) -> None:
    """Outcomes tell what is there: a clear column hides nothing inside, a hidden one shows nothing."""
    for column in decision.columns:
        inner = [item.outcome for item in column.nested]
        if column.outcome is Outcome.CLEAR:
            assert column.is_uniform
            assert set(inner) <= {Outcome.CLEAR}
        assert (column.outcome is Outcome.HIDDEN) == (column.name not in seen.columns) or seen.is_refused
        _check_part_words(column)


def _check_part_words(column: ColumnDecision) -> None:
    for part in column.parts:
        assert part.path[:-1] == column.path
        if part.outcome is Outcome.HIDDEN and column.outcome is not Outcome.HIDDEN:
            assert column.transform in ("partly hidden", "null")
            assert part.reason
        _check_part_words(part)
