"""What a change does to people: found quickly, and never otherwise than by looking at everything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ground.estate import Size, estate
from catalog.model import Column, Dataset
from catalog.people.model import Role, User
from policy_engine.changing.comparison import impacts
from policy_engine.changing.impact import OTHERS, Alike, Impacts, Movement
from policy_engine.circumstances import When
from policy_engine.live import Live, dataset_key
from policy_engine.model import Effect, HasTag, Not, Policy, Scope
from policy_engine.profile import profile
from tests.policy_engine.naive_impact import naive_impacts

AT = datetime(2026, 6, 1, tzinfo=UTC)
SMALL = Size(databases=3, datasets=4, columns=12, tags=6, roles=6, policies=30)


def _changed(before: Live, chance: Random) -> Live:
    """The state after some changes: a policy other than it was, and perhaps one less, a role, a tag or a user."""
    other = estate(SMALL, seed=chance.randrange(10_000))
    policies = dict(before.policies)
    for name in chance.sample(sorted(policies), chance.randint(1, 2)):
        policies[name] = replace(other.policies[name], enabled=chance.random() < 0.8)
    if chance.random() < 0.3:
        policies.pop(chance.choice(sorted(policies)))
    roles, users, datasets = dict(before.roles), dict(before.users), dict(before.datasets)
    if chance.random() < 0.3:
        roles["role1"] = Role(name="role1", groups=frozenset({"group1", "group2", "temps"}))
    if chance.random() < 0.3:
        users["pat"] = User(name="pat", groups=frozenset({"group0", "group3"}), attributes={"region": "north"})
    if chance.random() < 0.3:
        key = chance.choice(sorted(datasets))
        datasets[key] = replace(datasets[key], confirmed=frozenset({chance.choice(sorted(before.tags))}))
    if chance.random() < 0.3:
        key = chance.choice(sorted(datasets))
        datasets[key] = replace(datasets[key], columns=tuple(map(_renamed, datasets[key].columns[2:])))
    if chance.random() < 0.2:
        name = chance.choice(sorted(policies))
        policies[name] = replace(policies[name], where="ghost = 1")
    if chance.random() < 0.1:
        datasets.pop(chance.choice(sorted(datasets)))
    return replace(before, policies=policies, roles=roles, users=users, datasets=datasets)


def _renamed(column: Column) -> Column:
    """The column under the same name in capitals, with the tags confirmed that were suggested."""
    return replace(column, path=(column.path[0].upper(),), confirmed=column.confirmed | column.suggested)


def _conditional(live: Live, chance: Random) -> Live:
    """The state with some policies that count for a purpose alone."""
    chosen = chance.sample(sorted(live.policies), 4)
    when = When(purposes=("audit",))
    return replace(live, policies={**live.policies, **{n: replace(live.policies[n], when=when) for n in chosen}})


def _with_fields(live: Live) -> Live:
    """The state with a dataset that has fields in a column."""
    nested = replace(_nested(frozenset({"pii.t0"})), database="db0")
    return replace(live, datasets={**live.datasets, ("db0", "people"): nested})


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), is_conditional=st.booleans(), is_nested=st.booleans())
def test_the_quick_way_finds_what_the_long_way_finds(seed: int, is_conditional: bool, is_nested: bool) -> None:
    chance = Random(seed)
    before = estate(SMALL, seed=seed)
    before = _with_fields(before) if is_nested else before
    after = _changed(before, chance)
    after = _conditional(after, chance) if is_conditional else after
    found, every = impacts(before, after, AT), naive_impacts(before, after, AT)
    assert list(found) == every
    assert list(found.first(5)) == every[:5]
    assert len(found) == len(every)
    assert bool(found) is bool(every)
    assert list(found.reached) == list(dict.fromkeys((each.kind, each.name, each.dataset) for each in every))
    counted: dict[tuple[str, str], Counter[Movement]] = {}
    for each in every:
        counted.setdefault((each.kind, each.name), Counter())[each.movement] += 1
    assert list(found.counts.items()) == list(counted.items())
    assert list(found.only(lambda alike: alike.name == "role1")) == [each for each in every if each.name == "role1"]
    firsts = [every.index(Impacts((alike,)).first(1)[0]) for alike in found.alike]
    assert firsts == sorted(firsts)


def test_what_is_looked_for_later_is_looked_for_once_and_not_before_somebody_asks() -> None:
    before = estate(SMALL)
    found = impacts(before, _changed(before, Random(1)), AT)
    every, looked = tuple(found.alike), list[int]()

    def find() -> Iterator[Alike]:
        looked.append(1)
        yield from reversed(every)

    later = Impacts.later(find)
    assert not looked
    assert every
    assert list(later) == list(found)
    assert (len(later), later.reached) == (len(found), found.reached)
    assert looked == [1]


def _nested(tags: frozenset[str]) -> Dataset:
    return Dataset(
        database="shop",
        name="people",
        source="s",
        relation="people.json",
        columns=(
            Column(path=("id",), type="BIGINT", position=0),
            Column(path=("home",), type="STRUCT(zip VARCHAR, street VARCHAR)", position=1),
            Column(path=("home", "zip"), type="VARCHAR", position=2, confirmed=tags),
            Column(path=("home", "street"), type="VARCHAR", position=3, confirmed=frozenset({"pii.street"})),
        ),
    )


def test_a_field_that_opens_inside_a_column_is_told() -> None:
    grant = Policy(
        id="p", effect=Effect.GRANT, roles=("r",), scope=Scope(database="shop"), having=Not(HasTag("pii.zip"))
    )
    strict = replace(grant, id="street", effect=Effect.DENY, having=HasTag("pii.street"))
    before = Live(
        roles={"r": Role(name="r", groups=frozenset({"g"}))},
        datasets={("shop", "people"): _nested(frozenset({"pii.zip"}))},
        policies={"p": grant, "street": strict},
    )
    after = replace(before, datasets={("shop", "people"): _nested(frozenset())})
    found = impacts(before, after, AT)
    assert ("home.zip", "hidden", "clear") in {(impact.column, impact.before, impact.after) for impact in found}
    assert list(found) == naive_impacts(before, after, AT)


def _state(*policies: Policy) -> Live:
    dataset = _nested(frozenset())
    return Live(
        datasets={dataset_key("shop", "people"): dataset},
        roles={"r": Role(name="r", groups=frozenset({"g"}))},
        policies={policy.id: policy for policy in policies},
    )


@pytest.mark.parametrize("is_conditional", [False, True])
def test_what_was_remembered_of_datasets_may_be_forgotten(
    is_conditional: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "_capacity", 1)
    before = estate(SMALL, seed=3)
    after = _changed(before, Random(3))
    after = _conditional(after, Random(4)) if is_conditional else after
    found = list(impacts(before, after, AT))
    assert found
    assert found == naive_impacts(before, after, AT)


def test_what_opens_all_rows_and_what_refuses_a_dataset_is_named() -> None:
    shop = Scope(database="shop")
    some = Policy(id="some", effect=Effect.GRANT, roles=("r",), scope=shop, where="id > 1")
    all_of_it = Policy(id="all", effect=Effect.GRANT, roles=("r",), scope=Scope(database="shop", dataset="people"))
    [rows] = impacts(_state(some), _state(some, all_of_it), AT)
    assert (rows.column, rows.before, rows.after, rows.policies) == ("", "filtered", "all rows", ("all",))
    broken = Policy(id="broken", effect=Effect.RESTRICT, roles=("r",), scope=shop, where="ghost = 1")
    lost = impacts(_state(some), _state(some, broken), AT)
    assert {(impact.after, impact.policies) for impact in lost} == {("hidden", ("broken",))}


def test_the_order_of_others_says_nothing_of_how_they_are_called() -> None:
    def alike(name: str, before: str) -> Alike:
        movement = Movement.GAINS
        return Alike(
            kind="role", name=name, dataset="a.b", movement=movement, before=before, after="clear", columns=("x", "y")
        )

    def told(masked: str, hidden: str) -> list[tuple[str, str]]:
        others = Impacts((alike(masked, "masked"), alike(hidden, "hidden"))).told(
            lambda each: replace(each, name=OTHERS)
        )
        return [(impact.column, impact.before) for impact in others]

    assert told("aa", "bb") == told("bb", "aa")
