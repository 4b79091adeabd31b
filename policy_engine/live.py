"""Everything that stands at one moment: the state that a document is compared with, and the one it leads to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database, Dataset, Source, Tag, TagRule
from catalog.names import fold
from catalog.people.accounts import Accounts
from catalog.people.model import Role, User
from catalog.tags import Tags
from policy_engine.model import Policy, PolicySet
from policy_engine.store import PolicyStore

T = TypeVar("T", Source, Database, Tag, TagRule, Role, User)
DatasetKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Sources, databases, datasets, tags, rules, roles, users and policies, each under its folded name."""

    revision: int = 0
    sources: Mapping[str, Source] = field(default_factory=dict)
    databases: Mapping[str, Database] = field(default_factory=dict)
    datasets: Mapping[DatasetKey, Dataset] = field(default_factory=dict)
    tags: Mapping[str, Tag] = field(default_factory=dict)
    rules: Mapping[str, TagRule] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)

    @property
    def policy_set(self) -> PolicySet:
        """What queries are decided under in this state."""
        return PolicySet(
            revision=self.revision, policies=tuple(self.policies.values()), roles=tuple(self.roles.values())
        )


def dataset_key(database: str, name: str) -> DatasetKey:
    """The key under which a dataset stands, however its name is written."""
    return fold(database), fold(name)


def read_live(catalog: Catalog) -> Live:
    """The state of a catalog at one moment."""
    tags, datasets = Tags(catalog), Datasets(catalog)
    with catalog.snapshot():
        policies = PolicyStore(catalog).current()
        return Live(
            revision=policies.revision,
            sources=_named(datasets.sources()),
            databases=_named(datasets.databases()),
            datasets={dataset_key(dataset.database, dataset.name): dataset for dataset in datasets.datasets()},
            tags=_named(tags.tags()),
            rules=_named(tags.rules()),
            roles=_named(policies.roles),
            users=_named(Accounts(catalog).users()),
            policies={fold(policy.id): policy for policy in policies.policies},
        )


def _named(things: Iterable[T]) -> dict[str, T]:
    return {fold(thing.name): thing for thing in things}
