"""How much of an estate is clear, masked and hidden for somebody: counted from the decision that a query would get."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Dataset
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import Judge
from policy_engine.judging.judged import Judged
from policy_engine.model import Estate, Outcome, PolicySet, Subject, nowhere
from policy_engine.subjects import holder_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How many columns of something are shown how; fields inside of columns are not counted by themselves.

    Example: `Covered(clear=11, masked=1, hidden=2)`.
    """

    clear: int = 0
    masked: int = 0
    hidden: int = 0

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return self.clear + self.masked + self.hidden

    def as_json(self) -> dict[str, int]:
        """The numbers by outcome, in the order of the outcomes."""
        return {outcome.value: getattr(self, outcome.value) for outcome in Outcome}

    def __add__(self, other: "Covered") -> "Covered":
        return Covered(
            clear=self.clear + other.clear, masked=self.masked + other.masked, hidden=self.hidden + other.hidden
        )


def coverage(
    subject: Subject, datasets: Iterable[Dataset], policies: PolicySet, at: datetime, estate: Estate = nowhere
) -> Iterator[tuple[Dataset, Covered]]:
    """Each dataset with how much of it the subject sees at most: what some purpose, network or hour may open is there.

    Of a dataset that is refused nothing is seen.

    Example:
        >>> [(dataset.name, covered.hidden) for dataset, covered in coverage(subject, datasets, policies, at)]
        [('orders', 1), ('salaries', 9)]
    """
    judge = Judge(subject, policies, at, AT_MOST, estate)
    return ((dataset, _covered(judge.judge(dataset))) for dataset in datasets)


def coverage_of_roles(
    datasets: Iterable[Dataset], policies: PolicySet, at: datetime, estate: Estate = nowhere
) -> Mapping[str, Covered]:
    """How much of all the datasets together somebody sees who holds just one role, for each role."""
    every = tuple(datasets)
    return {
        role.name: sum((covered for _, covered in coverage(holder_of(role), every, policies, at, estate)), Covered())
        for role in policies.roles
    }


def _covered(judged: Judged) -> Covered:
    found: Counter[Outcome] = Counter()
    if judged.broken:
        found[Outcome.HIDDEN] = sum(judged.fields.tally.values())
    elif judged.is_plain:
        for kind, number in judged.fields.tally.items():
            found[judged.verdicts[kind].outcome] += number
    else:
        found.update(verdict.outcome for _, verdict in judged.columns)
    return Covered(clear=found[Outcome.CLEAR], masked=found[Outcome.MASKED], hidden=found[Outcome.HIDDEN])
