"""The names that a policy's fields may be completed with: no more than the person may know anyway."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalog.model import Dataset
from catalog.names import fold, join, quote, split
from policy_engine.capabilities import Action, Rights
from policy_engine.live import dataset_key
from policy_engine.model import Outcome, PolicySet, Subject
from policy_engine.readers import known_roles
from policy_engine.transforms.known import TRANSFORMS
from web_ui.parts import Parts

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names of every kind for one person who writes policies.

    Datasets are those that the person sees, and those of databases whose policies they write; users and groups are for
    those alone who may see as others.
    """

    parts: Parts
    subject: Subject
    policies: PolicySet

    def starting(self, kind: str, start: str, scope: str = "") -> tuple[str, ...]:
        """The names of a kind with these letters in them, those that begin so first."""
        wanted = fold(start.strip())
        found = [name for name in dict.fromkeys(KINDS[kind](self, scope)) if wanted in fold(name)]
        return tuple(sorted(found, key=lambda name: (not fold(name).startswith(wanted), fold(name)))[:MOST])

    def roles(self, _: str = "") -> Iterator[str]:
        """The roles that the person may know: all, or the held ones and those of policies that are theirs to read."""
        yield from known_roles(self.subject, self.policies)

    def scopes(self, _: str = "") -> Iterator[str]:
        """Databases and datasets."""
        names = [(dataset.database, dataset.name) for dataset in self._written()]
        names += [(dataset.database, dataset.name) for dataset in self._seen()]
        if self._places() is None:
            yield "*"
            yield from (quote(database.name) for database in self.parts.datasets.databases())
        yield from (quote(database) for database, _ in names)
        yield from (join(*name) for name in names)

    def datasets(self, _: str = "") -> Iterator[str]:
        """Datasets on which a policy can be tried."""
        yield from (join(dataset.database, dataset.name) for dataset in self._written())

    def columns(self, scope: str = "") -> Iterator[str]:
        """The columns of one dataset, or of all in a database on which the person may write policies."""
        parts = split(scope)
        if len(parts) == 1:
            within = [dataset for dataset in self._written() if fold(dataset.database) == fold(parts[0])]
            yield from (join(*column.path) for dataset in within for column in dataset.columns)
            return
        key = dataset_key(*parts) if len(parts) == 2 else None
        for dataset in self._written():
            if dataset_key(dataset.database, dataset.name) == key:
                yield from (join(*column.path) for column in dataset.columns)
                return
        yield from self._seen_columns(parts) if len(parts) == 2 else ()

    def tags(self, _: str = "") -> Iterator[str]:
        """Tags, which are words and not data."""
        yield from (tag.name for tag in self.parts.tags.tags())

    def transforms(self, _: str = "") -> Iterator[str]:
        """Transforms, the weakest first."""
        yield from (transform.name for transform in TRANSFORMS)

    def users(self, _: str = "") -> Iterator[str]:
        """Local accounts."""
        if self._looks_as_others():
            yield from (user.name for user in self.parts.accounts.users())

    def groups(self, _: str = "") -> Iterator[str]:
        """Groups that hold a role."""
        if self._looks_as_others():
            yield from (group for role in self.policies.roles for group in sorted(role.groups))

    def _looks_as_others(self) -> bool:
        return Rights(self.subject, self.policies).may(Action.SUBJECT_IMPERSONATE)

    def _places(self) -> frozenset[str] | None:
        return Rights(self.subject, self.policies).places(Action.POLICY_WRITE)

    def _written(self) -> Iterable[Dataset]:
        return self.parts.visibility.there(self._places())

    def _seen(self) -> Iterable[Dataset]:
        with self.parts.policies.in_force(self.parts.clock) as (policies, now):
            return self.parts.visibility.datasets(self.subject, policies, now)

    def _seen_columns(self, parts: tuple[str, ...]) -> Iterator[str]:
        database, name = parts
        with self.parts.policies.in_force(self.parts.clock) as (policies, now):
            decision = self.parts.visibility.decision(self.subject, database, name, policies, now)
        columns = decision.columns if decision else ()
        yield from (join(*column.path) for column in columns if column.outcome is not Outcome.HIDDEN)


KINDS: Mapping[str, Callable[[Names, str], Iterable[str]]] = {
    "role": Names.roles,
    "scope": Names.scopes,
    "dataset": Names.datasets,
    "column": Names.columns,
    "tag": Names.tags,
    "transform": Names.transforms,
    "user": Names.users,
    "group": Names.groups,
}
"""Everything that can be completed."""
