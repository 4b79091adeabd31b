"""What somebody is told of a plan: what it does to people, in words and by names that are theirs to know.

INVARIANT: each field of a plan, each kind of change, note and person that is told has its own rule here; whatever has
none is withheld. Who administers may know of everything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from catalog.names import fold, split
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.differences import Change, tag_changes
from policy_engine.changing.impact import OTHERS, Alike, Impacts
from policy_engine.changing.notes import Note
from policy_engine.changing.plan import Plan
from policy_engine.changing.reach import namespace
from policy_engine.changing.row_counts import RowCount
from policy_engine.live import Live
from policy_engine.model import Policy, PolicySet, Subject
from policy_engine.oversight import overseen, told_roles
from policy_engine.own_names import is_own
from policy_engine.readers import known_roles, reader, reads_every_policy

_OUTCOMES = frozenset({"clear", "hidden", "all rows", "filtered"})
_ELSEWHERE = Note("what this does where others see what you may not oversee is told to administrators", kind="told")
_ACCOUNTS = Note("what this does to single accounts is told to who may see as others", kind="told")


def told_plan(plan: Plan, subject: Subject) -> Plan:
    """The same plan, whose words name nothing and nobody that the subject may not know, before or after the change.

    What may be known is asked of the very state that the plan is made against, which can be newer than what was in
    force when the subject asked. What is carried out of the plan is the same.

    Example: `told_plan(plan, subject).impacts.first(1)`.
    """
    told = _Telling(plan, subject)
    return plan if told.administers else Plan(**{each.name: TOLD[each.name](told) for each in fields(Plan)})


def told_notes(notes: Iterable[Note], plan: Plan, subject: Subject) -> Iterator[Note]:
    """Those notes about a plan that the subject may be told, each without names that they may not know."""
    return _Telling(plan, subject).notes(notes)


def refuse_taken(policy: Policy, before: Live, subject: Subject) -> None:
    """Raise PolicyInvalid for the name of another's policy: what that is about is not told, nor who may write it."""
    old = before.policies.get(fold(policy.id))
    if old is not None and old != policy and not reader(subject, before.policy_set)(old):
        raise PolicyInvalid(f"there is a policy `{policy.id}` already, which is not yours", hint="choose another name")


@contextmanager
def names_withheld(subject: Subject, current: PolicySet) -> Iterator[None]:
    """Has a refusal inside suggest no role, database or dataset, and no column, that the subject may not know of.

    That nothing has a name like the one that was written is told no more than that something has.
    """
    try:
        yield
    except PolicyInvalid as error:
        if error.gives is not None and not may_know(*error.gives, subject, current):
            error.hint, error.gives = "look up how it is called, or ask an administrator", None
        raise


def may_know(kind: str, name: str, subject: Subject, current: PolicySet) -> bool:
    """Whether somebody may know of a thing by its kind and name; of what is of no listed kind nobody but overseers."""
    rights = Rights(subject, current)
    if reads_every_policy(rights) or kind == "tag":
        return True
    if kind == "role":
        return fold(name) in map(fold, known_roles(subject, current))
    databases = overseen(rights)
    place = fold(split(name)[0]) if kind in ("database", "dataset") and split(name) else ""
    return kind in ("database", "dataset") and (databases is None or place in databases)


@dataclass(frozen=True)
class _Telling:
    """What one subject may be told of one plan."""

    plan: Plan
    subject: Subject

    @cached_property
    def current(self) -> PolicySet:
        return self.plan.before.policy_set

    @cached_property
    def rights(self) -> Rights:
        return Rights(self.subject, self.current)

    @cached_property
    def administers(self) -> bool:
        return self.rights.may(Action.HOME_ADMINISTER)

    @cached_property
    def knows_people(self) -> bool:
        """Whether they may know who there is and what each sees, as administrators and auditors do."""
        return reads_every_policy(self.rights)

    @cached_property
    def unread(self) -> frozenset[str]:
        """The folded names of policies that they may not read, as they are or as they would be."""
        reads = reader(self.subject, self.current)
        known = (*self.plan.before.policies.items(), *self.plan.after.policies.items())
        return frozenset(key for key, policy in known if not reads(policy))

    @cached_property
    def databases(self) -> frozenset[str] | None:
        return overseen(self.rights)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The folded names of roles that are told: their own, and those with a grant where they oversee others."""
        return told_roles(self.subject, self.current, self.plan.before.policy_set, self.plan.after.policy_set)

    def tells_tag(self, tag: str) -> bool:
        return self.administers or self.rights.may(Action.TAG_ASSIGN, namespace(tag))

    @cached_property
    def datasets(self) -> Mapping[str, tuple[Dataset | None, Dataset | None]]:
        """Every dataset before and after, by its name."""
        sides = [
            {each.full_name: each for each in live.datasets.values()} for live in (self.plan.before, self.plan.after)
        ]
        return {name: (sides[0].get(name), sides[1].get(name)) for name in {**sides[0], **sides[1]}}

    def changes(self) -> tuple[Change, ...]:
        """Every change by name, as who may make it has stated it, with as much of what is said as may be known."""
        return tuple(replace(each, details=self._details(each)) for each in self.plan.changes)

    def _details(self, change: Change) -> tuple[str, ...]:
        rule = DETAILS.get(change.kind)
        return rule(self, change) if rule else ()

    def of_dataset(self, change: Change) -> tuple[str, ...]:
        before, after = self.datasets.get(change.name, (None, None))
        return tag_changes(before, after, self.tells_tag) if before and after else ()

    def of_policy(self, change: Change) -> tuple[str, ...]:
        return () if fold(change.name) in self.unread else change.details

    def of_tag(self, change: Change) -> tuple[str, ...]:
        return change.details if self.tells_tag(change.name) else ()

    def notes(self, notes: Iterable[Note]) -> Iterator[Note]:
        """Those that may be told, each without the names that may not."""
        for note in notes:
            rule = NOTES.get(note.kind)
            if self.knows_people or (rule is not None and rule(self, note)):
                is_known = note.gives is None or may_know(*note.gives, self.subject, self.current)
                yield note if is_known else Note(note.general, kind=note.kind, name=note.name)

    def about_policy(self, note: Note) -> bool:
        return fold(note.name) not in self.unread

    def warnings(self) -> tuple[Note, ...]:
        """The warnings that may be told, and that something may be withheld wherever it could, whether or not it is."""
        before, after = self.plan.before.policies, self.plan.after.policies
        changed = [policy for key in {*before, *after} for policy in (before.get(key), after.get(key)) if policy]
        changed = [policy for policy in changed if before.get(fold(policy.id)) != after.get(fold(policy.id))]
        is_of_accounts = any(is_own(policy.scope) for policy in changed) and not self._sees_as_others
        is_elsewhere = not self.knows_people and any(each.kind in ("dataset", "tag") for each in self.plan.changes)
        told = self.notes(self.plan.warnings)
        return (*told, *([_ELSEWHERE] if is_elsewhere else ()), *([_ACCOUNTS] if is_of_accounts else ()))

    @cached_property
    def _sees_as_others(self) -> bool:
        return self.rights.may(Action.SUBJECT_IMPERSONATE)

    def impacts(self) -> Impacts:
        return self.plan.impacts.told(self._impact)

    def _impact(self, alike: Alike) -> Alike | None:
        rule = PEOPLE.get(alike.kind)
        if rule is None or not rule(self, alike):
            return None
        if not self.knows_people and not self._oversees(alike.dataset):
            return self._from_afar(alike)
        alike = self._named(alike)
        kept = tuple(name for name in alike.policies if fold(name) not in self.unread)
        # Conditions are those of the policies together, so they are told with all of them or not at all.
        return alike if kept == alike.policies else replace(alike, policies=kept, when="")

    def _named(self, alike: Alike) -> Alike:
        is_told = alike.kind != "role" or self.knows_people or fold(alike.name) in self.roles
        return alike if is_told else replace(alike, name=OTHERS)

    def of_role(self, _: Alike) -> bool:
        return True

    def of_group(self, _: Alike) -> bool:
        return self.knows_people

    def of_user(self, alike: Alike) -> bool:
        return self._sees_as_others or fold(alike.name) == fold(self.subject.user)

    def _oversees(self, name: str) -> bool:
        if self.databases is None:
            return True
        there = [dataset for dataset in self.datasets.get(name, ()) if dataset is not None]
        return bool(there) and all(fold(dataset.database) in self.databases for dataset in there)

    def _tagged(self, name: str) -> frozenset[str]:
        """The folded columns of a dataset whose tags change; the empty name stands for the dataset's own tags."""
        if name not in self._tags_moved:
            before, after = ({} if each is None else _tags(each) for each in self.datasets.get(name, (None, None)))
            moved = (column for column in {**before, **after} if before.get(column) != after.get(column))
            self._tags_moved[name] = frozenset(moved)
        return self._tags_moved[name]

    @cached_property
    def _tags_moved(self) -> dict[str, frozenset[str]]:
        return {}

    def _from_afar(self, alike: Alike) -> Alike | None:
        """What tags of theirs do to others on a dataset that they do not oversee: the outcome on what they tagged."""
        tagged = self._tagged(alike.dataset)
        if not tagged:
            return None
        named = ("",) if alike.is_of_rows else tuple(column for column in alike.columns if fold(column) in tagged)
        return Alike(
            kind=alike.kind,
            name=self._named(alike).name,
            dataset=alike.dataset,
            columns=named or ("*",),
            movement=alike.movement,
            before=_outcome(alike.before),
            after=_outcome(alike.after),
        )


def _tags(dataset: Dataset) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """The tags that count on each folded column, and under the empty name on the dataset."""
    columns = {fold(column.name): (column.confirmed, column.suggested) for column in dataset.columns}
    return {"": (dataset.confirmed, dataset.suggested), **columns}


def _outcome(shown: str) -> str:
    return shown if shown in _OUTCOMES else "masked"


TOLD: Mapping[str, Callable[[_Telling], Any]] = {
    # What is carried out, and no answer holds.
    "revision": lambda told: told.plan.revision,
    "before": lambda told: told.plan.before,
    "after": lambda told: told.plan.after,
    "facts": lambda told: told.plan.facts,
    # What answers hold.
    "changes": _Telling.changes,
    "impacts": _Telling.impacts,
    "warnings": _Telling.warnings,
    "drift": lambda told: tuple(told.notes(told.plan.drift)),
    "rows": lambda _: _NO_ROWS,
}
"""How each field of a plan is told to who does not administer."""

_NO_ROWS: tuple[RowCount, ...] = ()

DETAILS: Mapping[str, Callable[[_Telling, Change], tuple[str, ...]]] = {
    "dataset": _Telling.of_dataset,
    "policy": _Telling.of_policy,
    "tag": _Telling.of_tag,
}
"""What is said of each kind of change that is told."""

NOTES: Mapping[str, Callable[[_Telling, Note], bool]] = {
    "policy": _Telling.about_policy,
    "test": lambda _, __: True,
}
"""Which notes of each kind are told; a failing test says nothing that the document does not."""

PEOPLE: Mapping[str, Callable[[_Telling, Alike], bool]] = {
    "role": _Telling.of_role,
    "group": _Telling.of_group,
    "user": _Telling.of_user,
}
"""Of which people of each kind is told how they see something otherwise."""
