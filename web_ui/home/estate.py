"""How the whole estate stands: what each role sees of it and what lint says of its policies.

It is worked out once for each state of data and policies, since a large estate takes longer than a page should.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from catalog.model import Dataset
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.changing.draft import Draft
from policy_engine.document.model import Document
from policy_engine.judging.phases import phase
from policy_engine.lint.findings import Finding, Severity
from policy_engine.lint.run import lint
from policy_engine.live import read_live
from policy_engine.model import PolicySet
from policy_engine.oversight import overseen_roles
from policy_engine.profile import profile
from policy_engine.subjects import holder_of
from policy_engine.telling.coverage import Covered, coverage, coverage_of_roles
from web_ui.parts import Parts

Databases = frozenset[str] | None
"""Folded names of the databases that somebody may be told of, None for all."""

Result = TypeVar("Result")

MOST_ROLES = 20
MOST_DATASETS = 200
_KEPT = 64
_QUICK = 100_000
"""Columns times roles that are looked through while a page is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """How many datasets and columns there are, and how much of them each role sees; some roles may be left out.

    For who is told of some databases alone there are no other roles than those with a grant that reaches them.
    """

    datasets: int
    columns: int
    roles: tuple[tuple[str, Covered], ...]
    role_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How much of each dataset one role sees, what is hidden most first; some datasets may be left out."""

    role: str
    datasets: tuple[tuple[Dataset, Covered], ...]
    dataset_count: int


class Estates:
    """The estate as it stands now, whole or as far as some databases go.

    Example:
        >>> Estates(parts).whole(None).roles
        (('clerk', Covered(clear=3, masked=1, hidden=1)), ('boss', Covered(clear=5, masked=0, hidden=0)))
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def whole(self, databases: Databases) -> Estate:
        """Every role beside the others."""
        return self._once(("whole", databases), lambda policies, now: self._whole(databases, policies, now))

    def part(self, role: str, databases: Databases) -> Part | None:
        """One role, dataset by dataset; None when there is no such role."""
        return self._once(
            ("part", databases, fold(role)), lambda policies, now: self._part(fold(role), databases, policies, now)
        )

    def findings(self) -> tuple[Finding, ...]:
        """The errors and warnings that lint has for what is in force."""
        return self._once(("findings",), self._findings)

    def quick_findings(self) -> tuple[Finding, ...] | None:
        """The same where they are known or soon found; None for a large estate that was not looked through yet."""
        with self._lock, self._parts.policies.in_force(self._parts.clock) as (policies, now):
            is_known = self._state(("findings",), policies, now) in self._kept
        estate = self.whole(None)
        return self.findings() if is_known or estate.columns * estate.role_count <= _QUICK else None

    def _whole(self, databases: Databases, policies: PolicySet, at: datetime) -> Estate:
        datasets = self._within(databases)
        every = overseen_roles(policies, databases)
        roles = _most_telling(every, policies)[:MOST_ROLES]
        found = coverage_of_roles(datasets, replace(policies, roles=roles), at, self._parts.visibility.every().get)
        return Estate(
            datasets=len(datasets),
            columns=sum(len(profile(dataset).columns) for dataset in datasets),
            roles=tuple((role.name, found[role.name]) for role in roles),
            role_count=len(every),
        )

    def _part(self, role: str, databases: Databases, policies: PolicySet, at: datetime) -> Part | None:
        found = next((each for each in overseen_roles(policies, databases) if fold(each.name) == role), None)
        if found is None:
            return None
        covered = sorted(
            coverage(holder_of(found), self._within(databases), policies, at, self._parts.visibility.every().get),
            key=lambda each: (-each[1].hidden, -each[1].masked, fold(each[0].full_name)),
        )
        return Part(role=found.name, datasets=tuple(covered[:MOST_DATASETS]), dataset_count=len(covered))

    def _findings(self, policies: PolicySet, at: datetime) -> tuple[Finding, ...]:
        live = replace(read_live(self._parts.catalog), datasets=self._parts.visibility.every())
        draft = Draft(document=Document(), live=live)
        return tuple(finding for finding in lint(draft, at) if finding.severity is not Severity.HINT)

    def _within(self, databases: Databases) -> tuple[Dataset, ...]:
        every = self._parts.visibility.every().items()
        return tuple(dataset for (database, _), dataset in every if databases is None or database in databases)

    def _once(self, what: Hashable, work: Callable[[PolicySet, datetime], Result]) -> Result:
        """What comes of the work, which is done once for each state of data and policies."""
        with self._lock, self._parts.policies.in_force(self._parts.clock) as (policies, now):
            state = self._state(what, policies, now)
            if state not in self._kept:
                self._kept[state] = work(policies, now)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(state)
            found: Result = self._kept[state]
            return found

    def _state(self, what: Hashable, policies: PolicySet, now: datetime) -> Hashable:
        return what, self._parts.catalog.version(), policies.revision, phase(policies, now)


def _most_telling(roles: Iterable[Role], policies: PolicySet) -> tuple[Role, ...]:
    """The roles that policies are for, then the others, by name."""
    named = {fold(role) for policy in policies.policies for role in policy.roles}
    return tuple(sorted(roles, key=lambda role: (fold(role.name) not in named, fold(role.name))))
