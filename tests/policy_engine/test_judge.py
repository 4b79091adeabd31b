"""What a judge remembers of one dataset changes nothing about another: it finds what a judge who begins anew finds."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.model import Dataset
from policy_engine.judging.decide import Judge, decide
from policy_engine.model import Decision, Outcome, PolicySet, Subject
from tests.policy_engine import drawn

SOMEBODY = Subject(user="ann", groups=frozenset({"g1", "g2"}), attributes={})


@st.composite
def estates(draw: st.DrawFn) -> tuple[list[Dataset], PolicySet]:
    """Some datasets that share a few columns, in one database, and policies on any of them."""
    datasets = [
        replace(draw(drawn.datasets()), name=("people", "t1", "t2", "t3", "t4")[number])
        for number in range(draw(st.integers(2, 5)))
    ]
    found = [policy for dataset in datasets for policy in draw(drawn.policies(dataset))]
    named = tuple(replace(policy, id=f"p{number}") for number, policy in enumerate(found))
    return datasets, PolicySet(revision=1, policies=named, roles=drawn.ROLES)


@settings(max_examples=150, deadline=None)
@given(estates())
def test_many_datasets_are_judged_as_each_by_itself(drawn_estate: tuple[list[Dataset], PolicySet]) -> None:
    datasets, policies = drawn_estate
    judge = Judge(SOMEBODY, policies, drawn.AT)
    for dataset in datasets:
        alone = decide(SOMEBODY, dataset, policies, drawn.AT)
        assert judge.decide(dataset) == alone
        assert judge.sees(dataset) == alone.is_visible
        _assert_counted(judge, alone)


def _assert_counted(judge: Judge, decision: Decision) -> None:
    sight = judge.sight(decision.dataset)
    assert (sight is None) == (not decision.is_visible)
    if sight is None:
        return
    counts = Counter(column.outcome for column in decision.columns)
    assert (sight.clear, sight.masked, sight.hidden) == tuple(counts[outcome] for outcome in Outcome)
    assert sight.is_filtered == bool(decision.rows.filter)
    shown = [item for column in decision.columns for item in (column, *column.nested)]
    assert sight.tag_sets == {item.tags for item in shown if item.outcome is not Outcome.HIDDEN}
