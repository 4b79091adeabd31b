"""Settles everything about a query before it runs: parse, relations, decide, secure, verify.

What was settled is remembered under the kind of person, what policies ask of the request, the policy revision, the
catalog's version and the policies' time windows, so a question asked again costs a look-up, whoever of that kind asks
it, and no change anywhere can leave an old answer standing.
"""

import contextlib
import copy
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import Internal, LimitExceeded, PolicyBroken, PolicyInvalid, UnknownDataset
from catalog.model import Dataset, Source
from catalog.names import fold, join, nearest
from catalog.sources.connector import Expected, Session
from catalog.sources.engine import EngineSession
from catalog.sources.sessions import SessionCache
from policy_engine.circumstances import Circumstances
from policy_engine.judging.kinds import kind
from policy_engine.judging.phases import has_turned, phase, surroundings
from policy_engine.model import Decision, PolicySet, Subject
from policy_engine.store import PolicyStore
from policy_engine.transforms.keys import KeyRing
from policy_engine.visibility import Visibility
from proxy.reading.parameters import Values
from proxy.reading.statement import Statement, read
from proxy.reading.tokens import SqlLimits
from proxy.rewriting import information
from proxy.rewriting.conditions import check_conditions
from proxy.rewriting.fields import Named
from proxy.rewriting.memory import Memory
from proxy.rewriting.mentions import Mentions
from proxy.rewriting.placed import Placed
from proxy.rewriting.relations import Leaf, leaves
from proxy.rewriting.resolve import Explain, check_values, notices, seen_failures
from proxy.rewriting.rewrite import Rewritten, rewrite
from proxy.rewriting.shows import explained, explanation, spelled_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question: the SQL, the values for its parameters, and the database in which bare names stand."""

    sql: str
    parameters: Values = ()
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
    """A query that may run: its checked tree, the decisions, the verified SQL and the session it is for.

    It was settled `at` a moment at which its policies were in force.
    """

    statement: Statement
    named: tuple[Named, ...]
    rewritten: Rewritten
    notices: tuple[str, ...]
    session: EngineSession = field(repr=False)
    policies: PolicySet = field(repr=False)
    version: int
    at: datetime

    @property
    def revision(self) -> int:
        """The revision that it was settled under."""
        return self.policies.revision

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
        explain: Explain = "full",
    ) -> None:
        """`explain` is how much the SQL that people are shown tells of what is hidden from them."""
        self._catalog = catalog
        self._datasets = datasets
        self._policies = policies
        self._visibility = visibility
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self._limits = limits
        self._explain = explain
        self._memory: Memory[Settled] = Memory(capacity=512)

    def settle(self, subject: Subject, request: Request) -> Settled:
        """The query as it may run for the subject; raises what the person must be told."""
        kept = self._remembered(subject, request)
        if kept is not None:
            with seen_failures(kept.named):
                if self._sessions.is_current(kept.session):
                    return kept
        try:
            settled = self._answered(subject, request)
        except RecursionError:
            raise LimitExceeded("the SQL is nested too deeply", hint="split the query using WITH") from None
        self._remember(subject, request, settled)
        return settled

    def _remembered(self, subject: Subject, request: Request) -> Settled | None:
        begun = self._clock()
        policies, version, now = self._policies.current(), self._catalog.version(), self._clock()
        if has_turned(policies, begun, now):
            return None
        return self._memory.get(_key(subject, request, policies), (policies.revision, version, phase(policies, now)))

    def _remember(self, subject: Subject, request: Request, settled: Settled) -> None:
        policies = settled.policies
        bound = sum(map(len, settled.rewritten.parameters.values()))
        self._memory.put(
            _key(subject, request, policies),
            (policies.revision, settled.version, phase(policies, settled.at)),
            settled,
            weight=1 + (len(request.sql) + len(settled.rewritten.sql) + bound) // _A_WEIGHT,
        )

    def foreseen(self, subject: Subject, request: Request, policies: PolicySet, at: datetime | None = None) -> Settled:
        """The query as it would run under policies that are not in force, now or `at` another moment.

        Nothing of it is remembered.
        """
        aside = copy.copy(self)
        aside._visibility = Visibility(self._catalog, self._datasets)
        return aside._settle(subject, request, self._supposed(policies, at))

    @contextlib.contextmanager
    def _supposed(self, policies: PolicySet, at: datetime | None) -> Iterator[tuple[PolicySet, datetime]]:
        """Policies that are made of those in force, at a moment in which these still are; raises PolicyInvalid."""
        with self._policies.moment() as current:
            if current.revision != policies.revision:
                raise PolicyInvalid("the policies in force were changed meanwhile", hint="look at a new plan")
            yield policies, at or self._clock()

    def _answered(self, subject: Subject, request: Request) -> Settled:
        """The query settled; of an EXPLAIN what it asks about, so that its answer is the governed SQL."""
        asked = explained(request.sql)
        if asked is None:
            return self._settle(subject, request, self._policies.in_force(self._clock))
        settled = self._settle(subject, replace(request, sql=asked), self._policies.in_force(self._clock))
        told = {"governed_sql": settled.rewritten.shown}
        return replace(
            settled,
            statement=replace(settled.statement, parameters=()),
            rewritten=replace(settled.rewritten, sql=explanation("governed_sql"), parameters=told),
        )

    def _settle(
        self, subject: Subject, request: Request, moment: AbstractContextManager[tuple[PolicySet, datetime]]
    ) -> Settled:
        """INVARIANT: policies, the clock and all that is decided by them are read in one moment, after the SQL was
        read, which takes as long as somebody likes.
        """
        statement = read(spelled_out(request.sql, request.database), request.dialect, self._limits)
        found = leaves(statement, request.database)
        with moment as (policies, now):
            version = self._catalog.version()
            decisions = {leaf.key: self._decide(subject, leaf, policies, now, request.circumstances) for leaf in found}
            named = tuple(Named(alias=leaf.alias, decision=decisions[leaf.key]) for leaf in found)
            parts = [part for decision in decisions.values() for part in self._parts(decision)]
            contents = self._contents(subject, found, policies, now, request.circumstances)
        check_values(statement, found, named)
        warnings = notices(statement, named if self._explain == "full" else [item.briefly for item in named])
        with seen_failures(named):
            session = self._sessions.open(parts)
            for decision in decisions.values():
                check_conditions(decision, session)
        mentions = Mentions(statement.tree)
        placed = [
            _placed(leaf, item.decision, session, contents.get(leaf.key), mentions, self._explain)
            for leaf, item in zip(found, named, strict=True)
        ]
        return Settled(
            statement=statement,
            named=named,
            rewritten=rewrite(statement, placed, session, self._keys),
            notices=warnings,
            session=session,
            policies=policies,
            version=version,
            at=now,
        )

    def _decide(
        self, subject: Subject, leaf: Leaf, policies: PolicySet, now: datetime, circumstances: Circumstances
    ) -> Decision:
        """The decision for a dataset that the subject can see; absent and unseen end alike."""
        if information.is_view(leaf.key):
            return information.shown(leaf.key[1], policies.revision)
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
                ask=written,
            )
        if decision.broken:
            raise PolicyBroken(
                f"a restriction on `{written}` cannot be applied, so the dataset is refused",
                hint=f"tell the owner of {', '.join(_owned(name, policies.owners) for name in decision.broken)}",
                position=leaf.position,
                policies=dict.fromkeys(decision.broken, policies.revision),
            )
        return decision

    def _contents(
        self,
        subject: Subject,
        found: tuple[Leaf, ...],
        policies: PolicySet,
        now: datetime,
        circumstances: Circumstances,
    ) -> Mapping[tuple[str, str], str]:
        """The rows of each view of the person's own catalog that the query reads, by the leaf's key."""
        keys = {leaf.key for leaf in found if information.is_view(leaf.key)}
        if not keys:
            return {}
        datasets = self._visibility.datasets(subject, policies, now, circumstances)
        has_columns = any(map(information.needs_columns, keys))
        decisions = self._visibility.decisions(subject, policies, now, circumstances) if has_columns else ()
        return {key: information.content(key[1], datasets, decisions) for key in keys}

    def _parts(self, decision: Decision) -> Iterator[tuple[Source, Expected]]:
        """The relations that a query of a dataset must be able to reach, and where they are."""
        for dataset in _read(decision):
            source = self._datasets.source(dataset.source)
            if source is None:
                raise Internal(f"the source of {dataset.full_name} is not in the catalog")
            columns = tuple((column.name, column.type) for column in dataset.columns if len(column.path) == 1)
            yield (
                source,
                Expected(relation=dataset.relation, columns=columns, seen_in_part=bool(decision.rows.filter)),
            )


def _key(subject: Subject, request: Request, policies: PolicySet) -> Hashable:
    """All that a settled query hangs on beside the state of the world."""
    around = surroundings(policies, request.circumstances)
    return request.sql, request.dialect, fold(request.database), kind(subject, policies), around


def _placed(
    leaf: Leaf, decision: Decision, session: Session, content: str | None, mentions: Mentions, explain: Explain
) -> Placed:
    reads = mentions.reads(leaf.alias, decision)
    return Placed(
        leaf=leaf,
        decision=decision,
        physical="" if content is not None else _physical(session, decision.dataset),
        lookups={lookup.name: _physical(session, lookup.dataset) for lookup in decision.lookups},
        may_raise=session.may_raise(decision.dataset.source, decision.dataset.relation, reads.read),
        is_worked_out=session.may_raise(decision.dataset.source, decision.dataset.relation, frozenset()),
        masked=reads.masked,
        has_statistics=session.has_statistics(decision.dataset.source, decision.dataset.relation),
        masking=session.masking(decision.dataset.source, decision.dataset.relation),
        content=content,
        named=reads.named,
        order=session.order(decision.dataset.source, decision.dataset.relation) if content is None else (),
        is_told_briefly=explain == "brief",
        is_read_by_bytes=session.is_read_by_bytes(decision.dataset.source, decision.dataset.relation),
    )


def _read(decision: Decision) -> tuple[Dataset, ...]:
    """The datasets whose relations a query must be able to reach: the governed one, and those it is governed by."""
    if not decision.dataset.source:
        return ()
    return (decision.dataset, *(lookup.dataset for lookup in decision.lookups))


def _physical(session: Session, dataset: Dataset) -> str:
    return session.physical_name(dataset.source, dataset.relation)


def _owned(policy: str, owners: Mapping[str, str]) -> str:
    owner = owners.get(fold(policy))
    return f"`{policy}`" if owner is None else f"`{policy}`, `{owner}`"
