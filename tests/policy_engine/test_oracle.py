"""Random policies, tags, data and subjects: what a decision's SQL returns on DuckDB is what the oracle says."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.model import Attribute, Column, Dataset, Role
from catalog.names import quoted
from policy_engine.decide import decide
from policy_engine.filters import check_filter
from policy_engine.model import (
    ROW,
    AllOf,
    AnyOf,
    ColumnDecision,
    Decision,
    Effect,
    HasTag,
    Not,
    Outcome,
    Policy,
    PolicySet,
    Scope,
    Subject,
    TransformRule,
)
from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.hashing import canonical_text
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.types import read_type
from tests.policy_engine.oracle import Oracle, Predicate, Row, Seen

Usual = TypeVar("Usual")

KEYS = KeyRing(b"oracle" * 8)
AT = datetime(2026, 6, 1, tzinfo=UTC)
TYPES = {"id": "BIGINT", "name": "VARCHAR", "age": "SMALLINT", "pay": "DECIMAL(8,2)", "born": "DATE", "ok": "BOOLEAN"}
TAGS = ("a.x", "a.y", "a.z")
PREDICATES: dict[str, Predicate | None] = {
    "age > 40": lambda row, who: None if row["age"] is None else int(str(row["age"])) > 40,
    "NOT ok": lambda row, who: None if row["ok"] is None else not row["ok"],
    "ok OR age > 40": lambda row, who: _either(row["ok"], None if row["age"] is None else int(str(row["age"])) > 40),
    "name = user_attribute('name')": lambda row, who: _equal(row["name"], _single(who.attributes.get("name"))),
    "name IN user_attribute('name')": lambda row, who: _among(row["name"], who.attributes.get("name")),
    "NOT in_set(name, user_attribute('name'))": lambda row, who: _not(_among(row["name"], who.attributes.get("name"))),
    "ok OR in_set(name, 'Ann, x')": lambda row, who: _either(row["ok"], _among(row["name"], ("Ann", "x"))),
    "has_role('one')": lambda row, who: "g1" in who.groups,
    "born >= TRY_CAST('2000-01-01' AS DATE)": lambda row, who: _at_least(row["born"], date(2000, 1, 1)),
    "TRUE": lambda row, who: True,
    "FALSE": lambda row, who: False,
    "ghost = 1": None,
}


def _single(value: Attribute | None) -> str | None:
    return value if isinstance(value, str) or value is None else value[0] if len(value) == 1 else None


def _among(value: object, known: Attribute | None) -> bool | None:
    values = (known,) if isinstance(known, str) else known
    return None if value is None or not values else value in values


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _equal(left: object, right: object) -> bool | None:
    return None if left is None or right is None else left == right


def _at_least(value: object, least: date) -> bool | None:
    return value >= least if isinstance(value, date) else None


def _either(left: object, right: object) -> bool | None:
    return True if left is True or right is True else None if left is None or right is None else False


def _sets(sizes: int) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(TAGS), max_size=sizes)


def _mostly(usual: Usual, *others: Usual) -> st.SearchStrategy[Usual]:
    """One value far more often than the others, so that most examples have something to see."""
    return st.sampled_from([usual] * 8 + list(others))


_literals = st.sampled_from(TAGS).map(HasTag)
_expressions = st.recursive(
    _literals,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=3,
)
_calls = st.sampled_from(
    ["tokenize()", "hash()", "mask(keep_last=>2)", "mask(keep_first=>1)", "redact()", "redact('-')", "null()"]
).map(parse_call)
_WHOLE = (Scope(), Scope(database="shop"), Scope(database="shop", dataset="people"))
_scopes = st.one_of(
    _mostly(*_WHOLE, Scope(database="other")),
    st.lists(_mostly("id", *TYPES, "ghost"), min_size=1, max_size=3, unique=True).map(
        lambda names: Scope(database="shop", dataset="people", columns=tuple((name,) for name in names))
    ),
)
_filters = st.sampled_from([None, None, "age > 40", "NOT ok", "ok OR age > 40", *PREDICATES])


@st.composite
def _policies(draw: st.DrawFn) -> tuple[Policy, ...]:
    effects = st.sampled_from([Effect.GRANT, Effect.GRANT, Effect.GRANT, Effect.RESTRICT, Effect.RESTRICT, Effect.DENY])
    rules = st.builds(TransformRule, tagged=_expressions, call=_calls)
    moments = _mostly(None, AT, AT + timedelta(seconds=1))
    policies = []
    for number in range(draw(st.integers(2, 5))):
        effect = draw(effects) if number else Effect.GRANT
        policies.append(
            Policy(
                id=f"p{number}",
                effect=effect,
                roles=draw(_mostly(("one",), ("one", "two"), ("two",), ("three",))),
                scope=draw(_scopes),
                having=draw(st.sampled_from([None, None]) | _expressions),
                transforms=() if effect is Effect.DENY else tuple(draw(st.lists(rules, max_size=2))),
                where=None if effect is Effect.DENY else draw(_filters),
                starts_at=draw(moments),
                ends_at=draw(moments),
                enabled=draw(_mostly(True, False)),
            )
        )
    return tuple(policies)


@st.composite
def _datasets(draw: st.DrawFn) -> Dataset:
    columns = tuple(
        Column(path=(name,), type=kind, position=place, confirmed=draw(_sets(2)), suggested=draw(_sets(1)))
        for place, (name, kind) in enumerate(TYPES.items())
    )
    return Dataset(
        database="shop",
        name="people",
        source="lake",
        relation="people.csv",
        columns=columns,
        confirmed=draw(_sets(1)),
        suggested=draw(_sets(1)),
        database_tags=draw(_sets(1)),
    )


_rows = st.fixed_dictionaries(
    {
        "id": _mostly(7, None, -(2**63), 2**63 - 1),
        "name": _mostly("Ann", None, "", "O'Neil \\", "é漢 1-2"),
        "age": st.sampled_from([None, 20, 41, 90]),
        "pay": st.decimals(-9999, 9999, places=2) | st.none(),
        "born": _mostly(date(2001, 2, 3), None, date(1950, 1, 1), date(1600, 1, 1)),
        "ok": st.sampled_from([None, True, False]),
    }
)
_subjects = st.builds(
    Subject,
    user=st.just("kim"),
    groups=_mostly(frozenset({"g1"}), frozenset({"g1", "g2"}), frozenset({"g2", "g9"}), frozenset()),
    attributes=st.sampled_from([{}, {"name": "Ann"}, {"name": "x' OR ''='"}, {"name": ("Ann", "Bob")}, {"name": ()}]),
)
ROLES = (Role(name="one", groups=frozenset({"g1"})), Role(name="two", groups=frozenset({"g2", "g1"})))


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies=_policies(), dataset=_datasets(), subject=_subjects, rows=st.lists(_rows, min_size=4, max_size=6))
def test_a_decision_shows_the_cells_of_the_oracle(
    policies: tuple[Policy, ...], dataset: Dataset, subject: Subject, rows: list[Row]
) -> None:
    policy_set = PolicySet(revision=1, policies=policies, roles=ROLES)
    oracle = Oracle(subject=subject, dataset=dataset, policies=policy_set, at=AT, predicates=PREDICATES, keys=KEYS)
    decision = decide(subject, dataset, policy_set, AT)
    assert _shown(decision, rows) == _as_typed(oracle.sees(rows), decision)


@settings(max_examples=100, deadline=None)
@given(policies=_policies(), dataset=_datasets(), subject=_subjects, rotation=st.integers(0, 4))
def test_order_and_duplicates_of_policies_do_not_matter(
    policies: tuple[Policy, ...], dataset: Dataset, subject: Subject, rotation: int
) -> None:
    turned = policies[rotation:] + policies[:rotation]
    one, other = (
        decide(subject, dataset, PolicySet(revision=1, policies=given, roles=ROLES), AT)
        for given in (policies, (*turned, *policies))
    )
    assert one == other


def _shown(decision: Decision, rows: list[Row]) -> Seen:
    if decision.broken:
        assert decision.rows.filter == "FALSE"
        return Seen(is_refused=True)
    shown = [column for column in decision.columns if column.outcome is not Outcome.HIDDEN]
    if not shown:
        return Seen()
    parameters: dict[str, bytes] = {}
    cells = ", ".join(_cell(column, parameters) for column in shown)
    where = f" WHERE {decision.rows.filter}" if decision.rows.filter else ""
    with duckdb.connect() as engine:
        columns = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
        engine.execute(f"CREATE TABLE people ({columns})")
        for row in rows:
            engine.execute("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", [row[name] for name in TYPES])
        sql = f"SELECT {cells} FROM people AS {quoted(ROW)}{where} ORDER BY {quoted(ROW)}.rowid"
        found = engine.sql(sql, params=parameters or None).fetchall()
    return Seen(columns=tuple(column.name for column in shown), rows=tuple(found))


def _cell(column: ColumnDecision, parameters: dict[str, bytes]) -> str:
    kind = _kind(column)
    branches: list[str] = []
    for case in column.cases:
        value = f"{quoted(ROW)}.{quoted(column.name)}"
        if case.call is not None:
            fragment = registry.render(case.call, value, column.type, namespace=case.namespace, keys=KEYS)
            parameters |= fragment.parameters
            value = fragment.sql
        if not case.when and not branches:
            return f"CAST({value} AS {kind})"
        branches.append(f"WHEN {case.when or 'TRUE'} THEN CAST({value} AS {kind})")
    return f"CASE {' '.join(branches)} END"


def _as_typed(seen: Seen, decision: Decision) -> Seen:
    """What the oracle saw, as text where cases of different types share a column; no column, no rows."""
    if not seen.columns:
        return Seen(is_refused=seen.is_refused)
    by_name = {column.name: column for column in decision.columns}
    shown = [by_name[name] for name in seen.columns]
    rows = tuple(tuple(map(_typed, row, shown)) for row in seen.rows)
    return Seen(columns=seen.columns, rows=rows)


def _typed(value: object, column: ColumnDecision) -> object:
    is_text = _kind(column) == "VARCHAR" and value is not None
    return canonical_text(value, read_type(column.type)) if is_text else value


def _kind(column: ColumnDecision) -> str:
    types = {registry.output_type(case.call, column.type) for case in column.cases}
    return types.pop() if len(types) == 1 else "VARCHAR"


def test_every_predicate_of_the_oracle_is_a_filter_in_normal_form() -> None:
    assert [check_filter(text) for text in PREDICATES] == list(PREDICATES)
