"""What a report is made from: the parts, the moment, and how far the person who asks may look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog.errors import UnknownDataset
from catalog.journal.event_search import Readable
from catalog.model import Dataset
from catalog.names import fold, join, nearest, split_field
from catalog.people.model import Role
from policy_engine.capabilities import Action, Rights
from policy_engine.live import DatasetKey, dataset_key
from policy_engine.model import Estate, PolicySet, Subject
from policy_engine.oversight import overseen_roles, require_oversight
from policy_engine.readers import readable, reads_every_policy
from proxy.refusals import RequestInvalid
from web_ui.home.estate import Databases, Estates
from web_ui.journal.reach import Reach
from web_ui.numbers import whole_number
from web_ui.parts import Parts
from web_ui.reports.report import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What surrounds one question; without `subject` and `rights` the operator of the home asks, who has its files.

    `policies` and `every` dataset there is belong to one moment.
    """

    parts: Parts
    estates: Estates
    subject: Subject | None
    rights: Rights | None
    asked: Mapping[str, str]
    policies: PolicySet
    every: Mapping[DatasetKey, Dataset]
    at: datetime
    _nameable: frozenset[str] | None = field(init=False)
    """The folded names of the policies that may be named, None for all: every row of a report asks for some."""

    def __post_init__(self) -> None:
        nameable = None
        if self.subject is not None and not self.reads_every_policy:
            nameable = frozenset(fold(policy.id) for policy in readable(self.subject, self.policies))
        object.__setattr__(self, "_nameable", nameable)

    @property
    def databases(self) -> Databases:
        """The folded databases that may be told of, None for all; raises NotAllowed for none."""
        return None if self.rights is None else require_oversight(self.rights, "read reports")

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets that may be told of, by name."""
        databases = self.databases
        return tuple(
            dataset for (database, _), dataset in self.every.items() if databases is None or database in databases
        )

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that may be told of."""
        return overseen_roles(self.policies, self.databases)

    def covers(self, database: str | None) -> bool:
        """Whether a database may be told of; without a name, all of them."""
        databases = self.databases
        return databases is None or (database is not None and fold(database) in databases)

    def reads_journal(self, database: str | None) -> bool:
        """Whether events about a database may be told of; without a name, all events."""
        return self.rights is None or self.rights.may(Action.AUDIT_READ, database)

    @property
    def readable(self) -> Readable | None:
        """What of the journal may be read; None is all of it."""
        if self.subject is None or self.rights is None:
            return None
        return Reach(self.subject, self.rights, tells_hidden=self.parts.tells_hidden).readable

    @property
    def reads_every_policy(self) -> bool:
        """Whether policies may be named that are of others, as administrators and auditors may have them."""
        return reads_every_policy(self.rights)

    def named(self, policies: Iterable[str]) -> tuple[str, ...]:
        """Those of the policies that may be named."""
        return tuple(name for name in policies if self._nameable is None or fold(name) in self._nameable)

    def said(self, reason: str, policies: Iterable[str], otherwise: str = "") -> str:
        """A reason, or other words where it would name a policy that may not be named."""
        every = tuple(policies)
        return reason if self.named(every) == every else otherwise

    @property
    def look(self) -> Estate:
        """The datasets that filters may look into."""
        return self.every.get

    def word(self, name: str, otherwise: str = "") -> str:
        """One of the words that were asked with; raises RequestInvalid when it has to be there and is not."""
        found = self.asked.get(name, "").strip() or otherwise
        if not found:
            raise RequestInvalid(f"the report needs `{name}`", hint="say what it is about")
        return found

    def days(self, name: str, otherwise: int) -> int:
        """A number of days, written `30` or `30d`."""
        days = whole_number(self.word(name, str(otherwise)).removesuffix("d"), 36_500)
        if not days:
            raise RequestInvalid(f"`{name}` must be a number of days", hint="write `30d`")
        return days

    def thing(self, name: str) -> tuple[Dataset, str | None]:
        """The dataset that `database.dataset` or `database.dataset.column` names, and the column.

        One beyond what may be told of is told of like one that is not there, and is not looked for.
        """
        text = self.word(name)
        path = split_field(text)
        known = self.every.get(dataset_key(*path[:2])) if len(path) > 1 and self.covers(path[0]) else None
        if known is None:
            near = nearest(text, [each.full_name for each in self.datasets])
            hint = f"did you mean `{near}`?" if near else "write database.dataset, or database.dataset.column"
            raise UnknownDataset(f"there is no dataset `{text[:200]}`", hint=hint)
        if len(path) == 2:
            return known, None
        asked = tuple(map(fold, path[2:]))
        column = next((each for each in known.columns if tuple(map(fold, each.path)) == asked), None)
        if column is None:
            near = nearest(".".join(path[2:]), [each.name for each in known.columns])
            hint = f"did you mean `{near}`?" if near else f"`{join(known.database, known.name)}` alone lists them"
            raise UnknownDataset(f"`{known.full_name}` has no column `{'.'.join(path[2:])[:200]}`", hint=hint)
        return known, column.name

    def standing(self) -> Standing:
        """Under what the report is answered."""
        if not self.reads_journal(None):
            return Standing(at=self.at, revision=self.policies.revision)
        events, head = self.parts.journal.head()
        return Standing(at=self.at, revision=self.policies.revision, events=events, head=head)
