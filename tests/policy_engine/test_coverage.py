"""What is counted of an estate is what decisions tell column by column, for every role."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from benchmarks.ground.estate import Size, estate
from catalog.errors import NotAllowed
from catalog.model import Column, Dataset
from catalog.people.model import Role
from policy_engine.capabilities import Rights
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import decide
from policy_engine.model import Effect, HasTag, Policy, PolicySet, Scope, Subject, TransformCall, TransformRule
from policy_engine.oversight import overseen, require_oversight
from policy_engine.subjects import holder_of
from policy_engine.telling.coverage import Covered, coverage, coverage_of_roles

AT = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_numbers_of_a_role_are_those_of_its_decisions(seed: int) -> None:
    live = estate(Size(databases=3, datasets=4, columns=12, tags=20, roles=6, policies=24), seed=seed)
    policies, datasets = live.policy_set, tuple(live.datasets.values())
    found = coverage_of_roles(datasets, policies, AT, live.datasets.get)
    for role in random.Random(seed).sample(policies.roles, 4):
        counted: Counter[str] = Counter()
        for dataset in datasets:
            decision = decide(holder_of(role), dataset, policies, AT, AT_MOST, live.datasets.get)
            for column in decision.columns:
                counted["hidden" if decision.broken else column.outcome.value] += 1
        assert found[role.name].as_json() == {name: counted[name] for name in ("clear", "masked", "hidden")}
        assert found[role.name].columns == 3 * 4 * 12


def test_nothing_is_seen_of_a_dataset_that_is_refused_and_fields_inside_are_not_counted() -> None:
    nested = Column(path=("contact",), type="STRUCT(phone VARCHAR)", position=0)
    phone = Column(path=("contact", "phone"), type="VARCHAR", position=1, confirmed=frozenset({"pii.phone"}))
    name = Column(path=("name",), type="VARCHAR", position=2)
    dataset = Dataset(database="shop", name="people", source="s", relation="r", columns=(nested, phone, name))
    see = Policy(id="see", effect=Effect.GRANT, roles=("clerk",), scope=Scope())
    broken = Policy(id="lost", effect=Effect.RESTRICT, roles=("clerk",), scope=Scope(), where="nothing_like_it = 1")
    clerk = Role(name="clerk", groups=frozenset({"clerks"}))
    subject = Subject(user="kim", groups=frozenset({"clerks"}))
    for policies, expected in (((see,), Covered(clear=2)), ((see, broken), Covered(hidden=2)), ((), Covered(hidden=2))):
        [(_, covered)] = coverage(subject, [dataset], PolicySet(revision=1, policies=policies, roles=(clerk,)), AT)
        assert covered == expected
    mask = TransformRule(tagged=HasTag("pii.phone"), call=TransformCall(name="null"))
    masked = Policy(id="see", effect=Effect.GRANT, roles=("clerk",), scope=Scope(), transforms=(mask,))
    [(_, covered)] = coverage(subject, [dataset], PolicySet(revision=1, policies=(masked,), roles=(clerk,)), AT)
    decision = decide(subject, dataset, PolicySet(revision=1, policies=(masked,), roles=(clerk,)), AT, AT_MOST)
    assert covered.as_json() == {
        outcome: sum(column.outcome == outcome for column in decision.columns) for outcome in covered.as_json()
    }


@pytest.mark.parametrize(
    ("groups", "capabilities", "expected"),
    [
        ({"admin"}, (), None),
        ({"auditor"}, (), None),
        ({"people"}, ("policy:write",), None),
        ({"people"}, ("policy:write on Shop", "audit:read on lab", "tag:assign"), frozenset({"shop", "lab"})),
        ({"people"}, ("tag:assign", "subject:impersonate", "metrics:read"), frozenset()),
    ],
)
def test_who_may_be_told_what_others_see(
    groups: set[str], capabilities: tuple[str, ...], expected: frozenset[str] | None
) -> None:
    role = Role(name="people", groups=frozenset({"people"}), capabilities=frozenset(capabilities))
    policies = PolicySet(revision=1, policies=(), roles=(role,))
    rights = Rights(Subject(user="kim", groups=frozenset(groups)), policies)
    assert overseen(rights) == expected
    if expected == frozenset():
        with pytest.raises(NotAllowed, match="home:administer"):
            require_oversight(rights, "read reports")
    else:
        assert require_oversight(rights, "read reports") == expected
