"""Settles everything about a query before it runs: parse, relations, decide, secure, verify.

What was settled is remembered under the subject, what policies ask of the request, the policy revision, the catalog's
version and the policies' time windows, so a question asked again costs a look-up, and no change anywhere can leave an
old answer standing.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import Internal, LimitExceeded, PolicyBroken, UnknownDataset
from catalog.model import Dataset, Source
from catalog.names import fold, join, nearest
from catalog.sources.connector import Expected, Session
from catalog.sources.engine import EngineSession
from catalog.sources.sessions import SessionCache
from policy_engine.circumstances import Circumstances
from policy_engine.model import Decision, PolicySet, Subject
from policy_engine.phases import phase, surroundings
from policy_engine.store import PolicyStore
from policy_engine.transforms.keys import KeyRing
from policy_engine.visibility import Visibility
from proxy.fields import Named
from proxy.memory import Memory
from proxy.relations import Leaf, leaves
from proxy.resolve import check_values, notices
from proxy.rewrite import Placed, Rewritten, rewrite
from proxy.statement import Statement, read
from proxy.tokens import SqlLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question: the SQL, the values for its `?`, and the database in which bare names stand."""

    sql: str
    parameters: tuple[object, ...] = ()
    database: str = "main"
    dialect: str = "duckdb"
    purpose: str | None = None
    client: str = ""

    @property
    def circumstances(self) -> Circumstances:
        """What policies may ask of the request beside who asks and when."""
        return Circumstances(purpose=self.purpose, address=self.client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A query that may run: its checked tree, the decisions, the verified SQL and the session it is for."""

    statement: Statement
    named: tuple[Named, ...]
    rewritten: Rewritten
    notices: tuple[str, ...]
    session: EngineSession = field(repr=False)
    revision: int

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """One decision for each dataset, in the order in which the query names them."""
        return tuple({item.decision.dataset.full_name: item.decision for item in self.named}.values())


_A_WEIGHT = 1_000  # characters of SQL: a few hundred of the longest would fill the machine's memory


class Governor:
    """Settles queries for subjects; thread-safe."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        datasets: Datasets,
        policies: PolicyStore,
        visibility: Visibility,
        sessions: SessionCache,
        keys: KeyRing,
        clock: Callable[[], datetime],
        limits: SqlLimits,
    ) -> None:
        self._catalog = catalog
        self._datasets = datasets
        self._policies = policies
        self._visibility = visibility
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self._limits = limits
        self._memory: Memory[Settled] = Memory(capacity=512)

    def settle(self, subject: Subject, request: Request) -> Settled:
        """The query as it may run for the subject; raises what the person must be told."""
        policies, now = self._policies.current(), self._clock()
        around = surroundings(policies, request.circumstances)
        key = (request.sql, request.dialect, fold(request.database), _fingerprint(subject), around)
        state = (policies.revision, self._catalog.version(), phase(policies, now))
        kept = self._memory.get(key, state)
        if kept is not None and self._sessions.is_current(kept.session):
            return kept
        try:
            settled = self._settle(subject, request, policies, now)
        except RecursionError:
            raise LimitExceeded("the SQL is nested too deeply", hint="split the query using WITH") from None
        self._memory.put(key, state, settled, weight=1 + len(request.sql) // _A_WEIGHT)
        return settled

    def _settle(self, subject: Subject, request: Request, policies: PolicySet, now: datetime) -> Settled:
        statement = read(request.sql, request.dialect, self._limits)
        found = leaves(statement, request.database)
        decisions = {leaf.key: self._decide(subject, leaf, policies, now, request.circumstances) for leaf in found}
        named = tuple(Named(alias=leaf.alias, decision=decisions[leaf.key]) for leaf in found)
        check_values(statement, named)
        warnings = notices(statement, named)
        session = self._sessions.open([self._part(dataset) for item in named for dataset in _read(item.decision)])
        placed = [
            Placed(
                leaf=leaf,
                decision=item.decision,
                physical=_physical(session, item.decision.dataset),
                lookups={lookup.name: _physical(session, lookup.dataset) for lookup in item.decision.lookups},
            )
            for leaf, item in zip(found, named, strict=True)
        ]
        return Settled(
            statement=statement,
            named=named,
            rewritten=rewrite(statement, placed, session, self._keys),
            notices=warnings,
            session=session,
            revision=policies.revision,
        )

    def _decide(
        self, subject: Subject, leaf: Leaf, policies: PolicySet, now: datetime, circumstances: Circumstances
    ) -> Decision:
        """The decision for a dataset that the subject can see; absent and unseen end alike."""
        decision = self._visibility.decision(subject, leaf.database, leaf.name, policies, now, circumstances)
        written = join(leaf.database, leaf.name)[:200]
        if decision is None:
            visible = self._visibility.datasets(subject, policies, now, circumstances)
            seen = [dataset.full_name for dataset in visible]
            like = nearest(written, seen)
            raise UnknownDataset(
                f"no dataset `{written}` that you can see",
                hint=f"did you mean `{like}`?" if like else "list what you can see, or ask its owner for access",
                position=leaf.position,
            )
        if decision.broken:
            raise PolicyBroken(
                f"a restriction on `{written}` cannot be applied, so the dataset is refused",
                hint=f"tell the owner of {', '.join(f'`{name}`' for name in decision.broken)}",
                position=leaf.position,
            )
        return decision

    def _part(self, dataset: Dataset) -> tuple[Source, Expected]:
        source = self._datasets.source(dataset.source)
        if source is None:
            raise Internal(f"the source of {dataset.full_name} is not in the catalog")
        columns = tuple((column.name, column.type) for column in dataset.columns if len(column.path) == 1)
        return source, Expected(relation=dataset.relation, columns=columns)


def _read(decision: Decision) -> tuple[Dataset, ...]:
    """The datasets whose relations a query must be able to reach: the governed one, and those it is governed by."""
    return (decision.dataset, *(lookup.dataset for lookup in decision.lookups))


def _physical(session: Session, dataset: Dataset) -> str:
    return session.physical_name(dataset.source, dataset.relation)


def _fingerprint(subject: Subject) -> Hashable:
    return subject.user, subject.groups, tuple(sorted(subject.attributes.items()))
