"""One query, as a straight line: settle, journal(begin), execute, stream, journal(end).

Identity comes before this file (http/identity.py) and bytes after it (answering/wire.py). What was decided is durable
in the journal before the first byte can leave; every refusal is journalled too. Explaining is the same line, stopped
before it runs.
"""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from catalog.errors import SqlInvalid, VeilError
from catalog.journal.event import EventKind
from catalog.journal.journal import Journal
from catalog.sources.allowed_time import allowed
from catalog.sources.connector import Limits, Run
from policy_engine.model import PolicySet, Subject
from policy_engine.readers import readable
from policy_engine.store import PolicyStore
from policy_engine.telling.explain import DatasetTold, told, with_statements
from proxy import record
from proxy.answering.answer import Answer, Ending
from proxy.answering.meter import Meter
from proxy.governance import Governor, Request, Settled
from proxy.reading.parameters import bind
from proxy.reading.tokens import SqlLimits
from proxy.rewriting.resolve import OF_SOURCES, Explain, check_columns, without_unseen
from proxy.turns import Turns

__all__ = ["Answer", "Pipeline", "QueryLimits", "Request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """What one query may use, how many one person may run or have explained `at_once`, and how much an error tells of
    hidden columns.
    """

    seconds: float = 300.0
    max_rows: int | None = None
    batch_rows: int = 65_536
    sql: SqlLimits = field(default_factory=SqlLimits)
    explain: Explain = "full"
    at_once: int | None = None


class Pipeline:
    """Answers and explains queries for subjects; thread-safe, one for a process."""

    def __init__(
        self,
        *,
        governor: Governor,
        policies: PolicyStore,
        journal: Journal,
        limits: QueryLimits,
        meter: Meter,
    ) -> None:
        self._governor = governor
        self._policies = policies
        self._journal = journal
        self._limits = limits
        self._turns = Turns(limits.at_once)
        self._meter = meter

    def query(
        self,
        subject: Subject,
        request: Request,
        *,
        decision_id: str,
        on_settled: Callable[[], None] = lambda: None,
        on_start: Callable[[Run], None] | None = None,
    ) -> Answer:
        """The governed answer, begun: its first batch is there, or the failure is raised.

        `on_settled` is called when it is decided what may run, and may refuse; `on_start` gets the run before it
        executes, so that a watcher can cancel it from another thread.
        """
        begun_at = time.monotonic()
        with contextlib.ExitStack() as failing:
            with self._refusals_journalled(subject, request, decision_id):
                end_turn = self._turns.take(subject.user)
                failing.callback(end_turn)
                with allowed(self._limits.seconds):
                    settled = self._governor.settle(subject, request)
                values = bind(request.parameters, settled.statement.parameters)
                on_settled()
            self._journal.append(record.beginning(subject, request, decision_id, settled))
            rewritten = settled.rewritten
            limits = Limits(
                seconds=self._limits.seconds,
                spent=time.monotonic() - begun_at,
                batch_rows=self._limits.batch_rows,
                is_whole=rewritten.may_fail,
            )
            run = settled.session.run(rewritten.sql, {**values, **rewritten.parameters}, limits, rewritten.work)
            if on_start is not None:
                on_start(run)
            answer = self._answer(subject, request, decision_id, settled, run, end_turn)
            answer.begin(functools.partial(self._reworded, settled))
            failing.pop_all()
        return answer

    def explain(
        self, subject: Subject, request: Request, *, decision_id: str, asked_by: Subject, is_operator: bool = False
    ) -> dict[str, object]:
        """What would be decided and which SQL would run, in the shape of POST /explain; nothing is run.

        Policies are told as statements to whoever may read them, the operator of the home all of them; but not where
        `explain` is brief, since a statement may tell of a column that it hides.
        """
        with (
            self._refusals_journalled(asked_by, request, decision_id),
            self.turn(asked_by),
            allowed(self._limits.seconds),
        ):
            settled = self._governor.settle(subject, request)
            check_columns(settled.statement, settled.named, self._limits.explain, settled.policies)
        details = {"as": subject.user or sorted(subject.groups), "request": settled.rewritten.blanked_request}
        self._journal.append(record.decided(EventKind.EXPLAIN_READ, asked_by, request, decision_id, settled, details))
        policies = settled.policies.policies if is_operator else readable(asked_by, settled.policies)
        datasets = _datasets(settled, self._limits.explain)
        if self._limits.explain == "full":
            datasets = [with_statements(dataset, policies) for dataset in datasets]
        return {**_access(settled, decision_id, datasets), "sql": settled.rewritten.shown}

    def foreseen(
        self,
        subject: Subject,
        request: Request,
        policies: PolicySet,
        *,
        decision_id: str,
        asked_by: Subject,
        at: datetime | None = None,
    ) -> str:
        """The SQL that would run under policies that are not in force, on record; nothing is run."""
        with self.turn(asked_by), allowed(self._limits.seconds):
            settled = self._governor.foreseen(subject, request, policies, at)
        details = {"as": subject.user or sorted(subject.groups), "foreseen": True}
        self._journal.append(record.decided(EventKind.EXPLAIN_READ, asked_by, request, decision_id, settled, details))
        return settled.rewritten.shown

    @contextlib.contextmanager
    def turn(self, subject: Subject) -> Iterator[None]:
        """One of the person's turns while a text is settled, which of some texts takes seconds."""
        end_turn = self._turns.take(subject.user)
        try:
            yield
        finally:
            end_turn()

    def _reworded(self, settled: Settled, error: VeilError) -> VeilError:
        """A failure in the words of what the person can see: a name that means nothing there is an unknown column."""
        if isinstance(error, SqlInvalid):
            try:
                check_columns(settled.statement, settled.named, self._limits.explain, settled.policies)
            except VeilError as better:
                return better
        return without_unseen(error, settled.named) if isinstance(error, OF_SOURCES) else error

    @contextlib.contextmanager
    def _refusals_journalled(self, subject: Subject, request: Request, decision_id: str) -> Iterator[None]:
        try:
            yield
        except VeilError as error:
            self._meter.refused(error.code)
            revision = self._policies.current().revision
            self._journal.append(record.refused(subject, request, decision_id, revision, error))
            raise

    def _answer(
        self,
        subject: Subject,
        request: Request,
        decision_id: str,
        settled: Settled,
        run: Run,
        end_turn: Callable[[], None],
    ) -> Answer:
        def journal_end(ending: Ending) -> None:
            end_turn()
            self._meter.ended(ending)
            self._journal.append(record.ended(subject, request, decision_id, settled, ending))

        self._meter.began()
        return Answer(
            run,
            decision_id=decision_id,
            revision=settled.revision,
            access=_access(settled, decision_id, _datasets(settled, self._limits.explain)),
            max_rows=self._limits.max_rows,
            on_end=journal_end,
        )


def _access(settled: Settled, decision_id: str, datasets: list[DatasetTold]) -> dict[str, object]:
    """What the person is told of the decision beside the data: columns, rows, policies and notices."""
    return {
        "decision_id": decision_id,
        "revision": settled.revision,
        "datasets": datasets,
        "notices": list(settled.notices),
    }


def _datasets(settled: Settled, explain: Explain) -> list[DatasetTold]:
    owners = settled.policies.owners
    return [told(decision, owners, with_hidden=explain == "full") for decision in settled.decisions]
