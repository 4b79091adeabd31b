"""Findings about single cells: policies that disagree, transforms that cannot be, filters without their columns."""

from collections.abc import Iterator
from itertools import combinations

from policy_engine.changing import unfit
from policy_engine.judging.cells import ALWAYS, NOTHING, Contribution
from policy_engine.judging.rulings import Ruling
from policy_engine.lint.case import Case
from policy_engine.lint.clashes import clash
from policy_engine.lint.findings import MISSING_FILTER_COLUMN, UNDECIDED_CELL, UNFIT_TRANSFORM, UNJUDGED_FILTER, Finding
from policy_engine.model import Effect
from policy_engine.strength import Strength


def undecided_cells(case: Case) -> Iterator[Finding]:
    """Policies for the same people that show one column through different transforms of equal strength."""
    told: set[tuple[str, str]] = set()
    for sight in case.sights():
        for field, ruling in sight.ruled:
            for pair in _disagreeing(ruling):
                first, policy = (next(item for item in sight.bound if item.id == name) for name in pair)
                if pair not in told and not ruling.hidden_by and not clash(first, policy):
                    told.add(pair)
                    sentence = (
                        f"policies `{pair[0]}` and `{pair[1]}` show `{sight.dataset.full_name}.{field.column.name}` "
                        f"through different transforms of equal strength, so it is NULL"
                    )
                    yield Finding(kind=UNDECIDED_CELL, place=case.place(policy), sentence=sentence)


def _disagreeing(ruling: Ruling) -> Iterator[tuple[str, str]]:
    least = ruling.least
    if least == NOTHING and len(ruling.raised_by) > 1:
        yield ruling.raised_by[0], ruling.raised_by[1]
        return
    plain = [item.showing.strength for item in ruling.contributions if item.when == ALWAYS]
    weakest = min(plain, default=Strength.HIDDEN)
    for one, other in combinations(ruling.contributions, 2):
        if _differ(one, other) and least.strength <= one.showing.strength <= weakest:
            yield one.policy, other.policy
    for item in ruling.contributions:
        if ruling.raised_by and item.showing.strength == least.strength and item.showing != least:
            yield item.policy, ruling.raised_by[0]


def _differ(one: Contribution, other: Contribution) -> bool:
    return one.showing != other.showing and one.showing.strength == other.showing.strength


def unfit_transforms(case: Case) -> Iterator[Finding]:
    """Transforms on columns of a type that they cannot show."""
    for policy in case.in_force:
        for found in unfit.unfit_transforms(policy, case.covered(policy)):
            where = f"`{found.dataset}.{found.column}`"
            sentence = f"policy `{policy.id}`: on {where}, `{found.transform}` {found.why}"
            yield Finding(kind=UNFIT_TRANSFORM, place=case.place(policy), sentence=sentence)


def unjudged_filters(case: Case) -> Iterator[Finding]:
    """Filters that name, or look for, what is not there, on a dataset in scope."""
    for policy in case.in_force:
        for dataset in case.covered(policy) if policy.where else ():
            problem = case.filter_problem(policy, dataset)
            if problem:
                kind = MISSING_FILTER_COLUMN if problem.startswith("names ") else UNJUDGED_FILTER
                so = "gives nothing" if policy.effect is Effect.GRANT else "refuses the dataset"
                sentence = f"on `{dataset.full_name}` the filter of policy `{policy.id}` {problem}, so it {so}"
                yield Finding(kind=kind, place=case.place(policy), sentence=sentence)
