"""People of one kind are decided about alike, whatever policies ask; who differs in nothing asked is of one kind."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.model import Column, Dataset
from catalog.people.model import Role
from policy_engine.circumstances import AT_LEAST, AT_MOST, UNKNOWN, When
from policy_engine.conditions import judge
from policy_engine.filters.filters import check_filter
from policy_engine.judging.decide import decide
from policy_engine.judging.kinds import kind
from policy_engine.model import Effect, HasTag, Policy, PolicySet, Scope, Subject, TransformRule
from policy_engine.transforms.calls import parse_call

AT = datetime(2026, 5, 1, tzinfo=UTC)
USERS = ("", "ann", "bob", "ann's")
GROUPS = ("clerks", "Nurses", "guests", "north")
ROLES = (
    Role(name="Clerk", groups=frozenset({"clerks"})),
    Role(name="nurse", groups=frozenset({"nurses", "Clerks"})),
)
STAFF = Dataset(
    database="hr",
    name="staff",
    source="lake",
    relation="staff.csv",
    columns=(Column(path=("name",), type="VARCHAR", position=0), Column(path=("area",), type="VARCHAR", position=1)),
)
ORDERS = Dataset(
    database="shop",
    name="orders",
    source="lake",
    relation="orders.csv",
    columns=(
        Column(path=("id",), type="BIGINT", position=0),
        Column(path=("email",), type="VARCHAR", position=1, confirmed=frozenset({"pii.email"})),
        Column(path=("region",), type="VARCHAR", position=2),
    ),
)
HOMES = tuple(replace(ORDERS, database=f"home_{user}") for user in USERS)
ESTATE = {("hr", "staff"): STAFF, ("shop", "orders"): ORDERS}

FILTERS = st.sampled_from(
    [
        None,
        "id > 1",
        "region = user_attribute('region')",
        "region IN (user_attribute('regions'), 'all')",
        "in_set(region, user_attribute('regions'))",
        "in_set('all', user_attribute('region'))",
        "in_group('NORTH') OR id = 1",
        "has_role('nurse')",
        "email = current_user()",
        "purpose() = 'care'",
        "region IN (SELECT area FROM hr.staff WHERE name = current_user())",
        "region IN (SELECT area FROM hr.staff WHERE name = user_attribute('region'))",
    ]
)
CALLS = st.sampled_from(["hash()", "tokenize()", "tokenize(scope=>'user')", "tokenize(scope=>'role')", "mask()"])
WHENS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            When(groups=("North", "guests")),
            When(not_groups=("guests",)),
            When(attributes=(("region", ("EU", "US")),)),
            When(attributes=(("regions", ("EU",)), ("region", ("US",)))),
            When(purposes=("care",)),
        ]
    ),
)
SCOPES = st.sampled_from(
    [
        Scope(),
        Scope(database="shop"),
        Scope(database="home_${user}"),
        Scope(database="shop", dataset="orders", columns=(("email",),)),
    ]
)


@st.composite
def policies(draw: st.DrawFn) -> PolicySet:
    made = []
    for number in range(draw(st.integers(1, 4))):
        effect, where = draw(st.sampled_from(list(Effect))), draw(FILTERS)
        is_denial = effect is Effect.DENY
        rule = TransformRule(tagged=HasTag("pii.email"), call=parse_call(draw(CALLS)))
        made.append(
            Policy(
                id=f"p{number}",
                effect=Effect.GRANT if number == 0 else effect,
                roles=tuple(draw(st.sets(st.sampled_from(["clerk", "Nurse"]), min_size=1))),
                scope=draw(SCOPES),
                transforms=() if is_denial or not draw(st.booleans()) else (rule,),
                where=None if is_denial or where is None else check_filter(where),
                when=draw(WHENS),
            )
        )
    return PolicySet(revision=1, policies=tuple(made), roles=ROLES)


def subjects() -> st.SearchStrategy[Subject]:
    values = st.one_of(st.sampled_from(["EU", "US", "EU,US"]), st.sampled_from([("EU",), ("EU", "US"), ()]))
    return st.builds(
        Subject,
        user=st.sampled_from(USERS),
        groups=st.frozensets(st.sampled_from(GROUPS)),
        attributes=st.dictionaries(st.sampled_from(["region", "regions", "shoe size"]), values),
    )


@given(policies(), st.lists(subjects(), min_size=2, max_size=6))
def test_people_of_one_kind_are_decided_about_alike(asked: PolicySet, people: list[Subject]) -> None:
    first: dict[object, Subject] = {}
    for person in people:
        other = first.setdefault(kind(person, asked), person)
        for survey in (UNKNOWN, AT_MOST, AT_LEAST):
            for dataset in (ORDERS, *HOMES):
                one, same = (decide(who, dataset, asked, AT, survey, ESTATE.get) for who in (person, other))
                assert one == same


ANN = Subject(user="ann", groups=frozenset({"ann", "clerks"}), attributes={"region": "EU", "shoe size": "39"})
BOB = Subject(user="bob", groups=frozenset({"bob", "clerks"}), attributes={"region": "US", "shoe size": "46"})
PLAIN = Policy(id="plain", effect=Effect.GRANT, roles=("clerk",), scope=Scope(database="shop"))
TOKENS = (TransformRule(tagged=HasTag("pii.email"), call=parse_call("tokenize(scope=>'user')")),)


def test_who_differs_in_nothing_that_is_asked_is_of_one_kind() -> None:
    asked = PolicySet(revision=1, policies=(PLAIN, replace(PLAIN, id="q", where="has_role('clerk')")), roles=ROLES)
    assert kind(ANN, asked) == kind(BOB, asked)
    assert kind(ANN, asked) == kind(replace(ANN, groups=ANN.groups | {"guests"}), asked)
    assert kind(ANN, asked) != kind(replace(ANN, groups=frozenset({"ann"})), asked)


@pytest.mark.parametrize(
    "policy",
    [
        replace(PLAIN, where="region = user_attribute('region')"),
        replace(PLAIN, where="email = current_user()"),
        replace(PLAIN, where="in_group('bob')"),
        replace(PLAIN, where="this is ( no filter"),
        replace(PLAIN, when=When(groups=("ann",))),
        replace(PLAIN, when=When(not_groups=("ann",))),
        replace(PLAIN, when=When(attributes=(("region", ("EU",)),))),
        replace(PLAIN, scope=Scope(database="home_${user}")),
        replace(PLAIN, transforms=TOKENS),
    ],
    ids=["attribute", "user", "group", "unreadable", "when group", "when not", "when attribute", "own", "own tokens"],
)
def test_what_a_policy_asks_tells_people_apart(policy: Policy) -> None:
    assert kind(ANN, PolicySet(revision=1, policies=(policy,), roles=ROLES)) != kind(
        BOB, PolicySet(revision=1, policies=(policy,), roles=ROLES)
    )
    of_others = PolicySet(revision=1, policies=(PLAIN, replace(policy, roles=("other",))), roles=ROLES)
    assert kind(ANN, of_others) == kind(BOB, of_others), "a policy of a role that neither holds asks nothing of them"


def test_nothing_is_known_of_people_that_kinds_do_not_know() -> None:
    assert {part.name for part in fields(Subject) if part.compare} == {"user", "groups", "attributes", "scopes"}
    of_the_request = {"purposes", "networks", "time_of_day", "weekdays", "zone"}
    assert {part.name for part in fields(When)} == {"groups", "not_groups", "attributes"} | of_the_request
    alone = Subject(user="", groups=frozenset(), attributes={})
    for condition in (When(purposes=("care",)), When(networks=("10.0.0.0/8",)), When(weekdays=("fri",))):
        assert judge(condition, alone, UNKNOWN, AT) == judge(condition, ANN, UNKNOWN, AT)
