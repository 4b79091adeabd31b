"""Random datasets of every type, policies of every clause, and people, as the oracle and the proxy judge them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from catalog.model import Column, Dataset
from catalog.people.model import Role
from policy_engine.model import AllOf, AnyOf, Effect, HasTag, Not, Policy, Scope, TransformCall, TransformRule
from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from tests.policy_engine.predicates import WHENS, predicates
from tests.policy_engine.seen import Asker, Row
from tests.policy_engine.transforms.samples import CALLS, SAMPLES

Usual = TypeVar("Usual")

AT = datetime(2026, 6, 1, tzinfo=UTC)
TAGS = ("a.x", "a.y", "a.z")
FIXED = {"who": "VARCHAR", "age": "SMALLINT", "ok": "BOOLEAN", "born": "DATE"}
"""The columns that filters read, and that transforms go by."""

KINDS = tuple(kind for kind in SAMPLES if kind != "UHUGEINT")
"""Every type whose whole range Arrow can carry."""

ROLES = (Role(name="one", groups=frozenset({"g1"})), Role(name="two", groups=frozenset({"g2", "g1"})))
ALL_CALLS = tuple(
    map(
        parse_call,
        (
            *CALLS,
            *("tokenize()", "hash()", "mask()", "mask(keep_last=>2)", "redact()", "redact('-')", "null()"),
            *(
                "tokenize(scope=>'role')",
                "tokenize(scope=>'column')",
                "date_shift(9, by=>ghost)",
                "perturb(9, by=>age)",
            ),
        ),
    )
)


def mostly(usual: Usual, *others: Usual) -> st.SearchStrategy[Usual]:
    """One value far more often than the others, so that most examples have something to see."""
    return st.sampled_from([usual] * 8 + list(others))


def _sets(sizes: int) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(TAGS), max_size=sizes)


expressions = st.recursive(
    st.sampled_from(TAGS).map(HasTag),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=3,
)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    """`shop.people`: the columns that filters read, and up to three of mostly one type."""
    main = draw(st.sampled_from(KINDS))
    kinds = dict(FIXED)
    for number in range(draw(st.integers(1, 3))):
        kinds[f"c{number}"] = draw(mostly(main, "VARCHAR", "VARCHAR[]"))
    columns = []
    for place, (name, kind) in enumerate(kinds.items()):
        is_rare = name in FIXED and draw(st.integers(0, 3)) > 0
        confirmed, suggested = (frozenset[str](),) * 2 if is_rare else (draw(_sets(2)), draw(_sets(1)))
        if name == "who" or kind == "VARCHAR":
            marked = draw(
                st.sampled_from(["confirmed", "suggested", "", ""] if name == "who" else ["", "", "confirmed"])
            )
            confirmed |= {"a.w"} if marked == "confirmed" else frozenset()
            suggested |= {"a.w"} if marked == "suggested" else frozenset()
        columns.append(Column(path=(name,), type=kind, position=place, confirmed=confirmed, suggested=suggested))
    return Dataset(
        database="shop",
        name="people",
        source="s",
        relation="people",
        columns=tuple(columns),
        confirmed=draw(mostly(frozenset[str](), *map(lambda tag: frozenset({tag}), TAGS))),
        suggested=draw(mostly(frozenset[str](), *map(lambda tag: frozenset({tag}), TAGS))),
        database_tags=draw(mostly(frozenset[str](), *map(lambda tag: frozenset({tag}), TAGS))),
    )


@cache
def fitting(kind: str) -> tuple[TransformCall, ...]:
    """The calls that can show a column of a type."""
    types: registry.Types = {(name,): type_name for name, type_name in FIXED.items()}
    return tuple(call for call in ALL_CALLS if registry.accepts(call, kind, types))


@st.composite
def policies(draw: st.DrawFn, dataset: Dataset) -> tuple[Policy, ...]:
    """Two to five policies about the dataset, the first a grant that mostly shows something to role `one`."""
    calls = st.one_of(
        st.sampled_from(fitting(dataset.columns[len(FIXED)].type)),
        st.sampled_from(fitting(dataset.columns[-1].type)),
        mostly(parse_call("null()"), *ALL_CALLS),
    )
    rules = st.builds(TransformRule, tagged=expressions, call=calls)
    moments = mostly(None, AT, AT + timedelta(seconds=1), AT + timedelta(hours=12))
    effects = st.sampled_from([Effect.GRANT, Effect.GRANT, Effect.GRANT, Effect.RESTRICT, Effect.RESTRICT, Effect.DENY])
    filters = st.sampled_from([None, "age > 40", "NOT ok", None, "ok OR age > 40", *predicates(dataset, ())])
    whole = Scope(database="shop")
    shown = draw(st.one_of(*[st.none()] * 3, expressions))
    first = Policy(id="first", effect=Effect.GRANT, roles=("one",), scope=whole, having=shown, where=draw(filters))
    made = [first] if draw(mostly(True, False)) else []
    for number in range(draw(st.integers(2, 5)) - len(made)):
        effect = draw(effects) if number else Effect.GRANT
        is_deny = effect is Effect.DENY
        made.append(
            Policy(
                id=f"p{number}",
                effect=effect,
                roles=draw(mostly(("one",), ("one", "two"), ("two",), ("three",))),
                scope=draw(_scopes(dataset)),
                having=draw(st.one_of(st.none(), st.none(), expressions)),
                transforms=() if is_deny else tuple(draw(st.lists(rules, max_size=2))),
                where=None if is_deny else draw(filters),
                when=draw(st.one_of(*[st.none()] * 4, st.sampled_from(list(WHENS)))),
                starts_at=draw(moments),
                ends_at=draw(moments),
                enabled=draw(mostly(True, False)),
            )
        )
    return tuple(made)


def _scopes(dataset: Dataset) -> st.SearchStrategy[Scope]:
    names = [column.name for column in dataset.columns]
    whole = (Scope(), Scope(database="shop"), Scope(database="shop", dataset="people"))
    return st.one_of(
        mostly(*whole, Scope(database="${user}"), Scope(database="shop", dataset="${user}"), Scope(database="other")),
        st.lists(mostly(names[-1], *names, "ghost"), min_size=1, max_size=4, unique=True).map(
            lambda chosen: Scope(database="shop", dataset="people", columns=tuple((name,) for name in chosen))
        ),
    )


askers = st.builds(
    Asker,
    user=st.sampled_from(["kim", "shop", "people"]),
    groups=mostly(frozenset({"g1"}), frozenset({"g1", "g2"}), frozenset({"g2", "g9"}), frozenset()),
    attributes=st.sampled_from([{}, {"who": "Ann"}, {"who": "x' OR ''='"}, {"who": ("Ann", "Bob")}, {"who": ()}]),
    purpose=st.sampled_from([None, "care", "audit"]),
    address=st.sampled_from(["", "10.1.2.3", "192.0.2.9"]),
)
moments_asked = st.sampled_from([AT, AT + timedelta(hours=10), AT + timedelta(days=1)])
rights = st.lists(
    st.tuples(st.sampled_from(["Ann", "", None, "Bob"]), st.sampled_from([None, 1, 2]), st.sampled_from(["kim", None])),
    max_size=4,
)


def rows(dataset: Dataset) -> st.SearchStrategy[Sequence[Row]]:
    """Some rows of a dataset, hostile values and NULLs among them."""
    columns = {column.name: _values(column.name, column.type) for column in dataset.columns}
    return st.lists(st.fixed_dictionaries(columns), min_size=3, max_size=6)


def _values(name: str, kind: str) -> st.SearchStrategy[object]:
    if name == "who":
        return mostly("Ann", None, "", "O'Neil \\", "é漢 1-2")
    if name == "age":
        return st.sampled_from([None, 20, 41, 90])
    if kind == "VARCHAR[]":
        return st.sampled_from([None, [], ["a", None]])
    return st.sampled_from([*SAMPLES[kind], None])
