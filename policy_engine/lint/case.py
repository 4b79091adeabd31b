"""What lint looks at: a draft at a moment, and what each set of roles that somebody holds meets in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from catalog.model import Column, Dataset
from catalog.names import fold
from policy_engine.changing.draft import ASSUMED_TYPE, Draft
from policy_engine.document.places import Place
from policy_engine.filters import filters
from policy_engine.judging.cells import ALWAYS
from policy_engine.judging.nesting import nest
from policy_engine.judging.policy_index import is_in_force, roles_of
from policy_engine.judging.rulings import Ruling, Rulings
from policy_engine.live import DatasetKey, Live
from policy_engine.model import Policy
from policy_engine.profile import FieldProfile, profile
from policy_engine.subjects import holder_of, subject_of

OTHER_COLUMNS = "(any other column)"

Holding = frozenset[str]
"""The folded names of roles that one person holds together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the policies say to somebody of one dataset; columns that are alike are there once."""

    holding: Holding
    dataset: Dataset
    bound: tuple[Policy, ...]
    ruled: tuple[tuple[FieldProfile, Ruling], ...]


@dataclass(slots=True, kw_only=True)
class Case:
    """A draft at a moment. Filters are taken as they are written: whom they let through is not asked here."""

    draft: Draft
    at: datetime
    _sights: tuple[Sight, ...] | None = None
    _places: dict[str, Place] = field(default_factory=dict)

    @property
    def live(self) -> Live:
        """The state that is looked at."""
        return self.draft.live

    @property
    def in_force(self) -> list[Policy]:
        """The policies that are enabled and in their time."""
        return [policy for policy in self.live.policies.values() if is_in_force(policy, self.at)]

    def place(self, policy: Policy) -> Place | None:
        """Where a policy is written, None when it is live and not in the documents."""
        if not self._places:
            self._places = {fold(stated.value.id): stated.place for stated in self.draft.document.policies}
        return self._places.get(fold(policy.id))

    def filter_problem(self, policy: Policy, dataset: Dataset) -> str:
        """Why a policy's filter cannot be judged on a dataset, empty when it can be.

        A lookup into a dataset whose columns are not known is taken to be possible.
        """
        if policy.where is None:
            return ""
        if self.draft.assumed.isdisjoint(filters.lookups(policy.where)):
            return filters.problem(policy.where, dataset, self.live.datasets.get)
        missing = filters.missing_columns(policy.where, dataset)
        return f"names {', '.join(f'`{_dotted(path)}`' for path in missing)}, which is not there" if missing else ""

    def covered(self, policy: Policy) -> Iterator[Dataset]:
        """The datasets in a policy's scope whose columns are known."""
        for key, dataset in self.live.datasets.items():
            if key not in self.draft.assumed and _is_about(policy, key):
                yield dataset

    def sights(self) -> tuple[Sight, ...]:
        """What everybody meets whom the documents' policies are about; everybody when they state none."""
        if self._sights is None:
            self._sights = tuple(self._look())
        return self._sights

    def _look(self) -> Iterator[Sight]:
        datasets = {key: self._with_others(key, dataset) for key, dataset in self.live.datasets.items()}
        stated = {fold(role) for policy in self.draft.document.policies for role in policy.value.roles}
        for holding in dict.fromkeys(self._holdings()):
            if stated and not stated & holding:
                continue
            held = [policy for policy in self.in_force if holding & set(map(fold, policy.roles))]
            for key, dataset in datasets.items():
                bound = tuple(policy for policy in held if _is_about(policy, key))
                if bound:
                    ruled = tuple(self._ruled(bound, dataset))
                    yield Sight(holding=holding, dataset=dataset, bound=bound, ruled=ruled)

    def _with_others(self, key: DatasetKey, dataset: Dataset) -> Dataset:
        """A dataset nobody could look at has more columns than the documents tag: one stands for all of them."""
        if key not in self.draft.assumed:
            return dataset
        other = Column(path=(OTHER_COLUMNS,), type=ASSUMED_TYPE, position=len(dataset.columns))
        return replace(dataset, columns=(*dataset.columns, other))

    def _ruled(self, bound: tuple[Policy, ...], dataset: Dataset) -> Iterable[tuple[FieldProfile, Ruling]]:
        """The rulings on columns and the fields in them, one of those that are alike."""
        problems = {policy.id: problem for policy in bound if (problem := self.filter_problem(policy, dataset))}
        conditions = {policy.id: policy.where or ALWAYS for policy in bound if policy.id not in problems}
        rulings = Rulings(bound, conditions, problems)
        alike: dict[object, tuple[FieldProfile, Ruling]] = {}
        for column in profile(dataset).columns:
            ruling = nest(column, rulings).ruling if column.parts else rulings.of(column)
            alike.setdefault((id(ruling), column.tags), (column, ruling))
            for inner in column.nested:
                alike.setdefault((id(rulings.of(inner)), inner.tags), (inner, rulings.of(inner)))
        return alike.values()

    def _holdings(self) -> Iterator[Holding]:
        """The sets of roles that somebody holds: whoever is in a role's groups, and each user."""
        policies = self.live.policy_set
        for role in self.live.roles.values():
            yield roles_of(holder_of(role), policies) | {fold(role.name)}
        for user in self.live.users.values():
            yield roles_of(subject_of(user), policies)


def _is_about(policy: Policy, key: DatasetKey) -> bool:
    places = zip((policy.scope.database, policy.scope.dataset), key, strict=True)
    return all(name is None or fold(name) == other for name, other in places)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path)
