"""Runs one statement: a change is planned and applied as a document is, a question is answered."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from catalog.database import Catalog
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from policy_engine.changing.apply import Applied, carry_out
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.changing.plan_warnings import scope_warnings
from policy_engine.changing.told_plan import names_withheld, told_plan
from policy_engine.ddl.answers import answer
from policy_engine.ddl.changes import state_after
from policy_engine.ddl.model import Change, Describe, PutPolicy, Question, TakePolicy
from policy_engine.ddl.reading import read_statement
from policy_engine.ddl.rights import Asker, require_plan, require_statement
from policy_engine.ddl.views import Answer, View
from policy_engine.live import DatasetKey, Live, dataset_key, read_live
from policy_engine.model import Decision, Subject
from policy_engine.personal_roles import refuse_personal
from policy_engine.store import PolicyStore
from policy_engine.visibility import Visibility

_LONGEST_QUESTION = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs statements on one catalog for a person, or without a subject for whoever operates the home.

    Example:
        >>> Runner(catalog=catalog, visibility=visibility, user="local:ada").run("CREATE ROLE clerk", utc_now)
        Applied(plan=Plan(revision=6, ..), revision=7)
    """

    catalog: Catalog
    visibility: Visibility
    user: str
    subject: Subject | None = None
    client: str = ""

    def run(self, text: str, clock: Callable[[], datetime]) -> Answer | Applied:
        """What a statement answers, or the plan that was carried out."""
        statement = read_statement(text)
        with PolicyStore(self.catalog).in_force(clock) as (_, at):
            live = read_live(self.catalog)
            asker = Asker.of(self.user, self.subject, live.policy_set)
            is_answered = isinstance(statement, Question) and not asker.administers
            decisions = self._decisions(live, at) if is_answered else None
        if isinstance(statement, Question):
            found = answer(statement, View(live=live, asker=asker, at=at, decisions=decisions))
            self._tell(statement, text.strip(), live.revision, len(found.rows))
            return found
        require_statement(statement, asker)
        if self.subject is not None and isinstance(statement, PutPolicy | TakePolicy):
            refuse_personal(statement.policy, self.subject, live.policy_set)
        with names_withheld(self.subject, live.policy_set) if self.subject else nullcontext():
            plan = plan_statement(statement, live, at=at)
        require_plan(statement, asker, plan)
        if self.subject is not None:
            plan = told_plan(plan, self.subject)
        why = statement.policy.why if isinstance(statement, PutPolicy) else ""
        return carry_out(plan, self.catalog, by=self.user, why=why, client=self.client, statement=text.strip())

    def _decisions(self, live: Live, at: datetime) -> Mapping[DatasetKey, Decision]:
        """What the person sees, through the one door."""
        seen = self.visibility.decisions(self.subject, live.policy_set, at) if self.subject else ()
        return {dataset_key(decision.dataset.database, decision.dataset.name): decision for decision in seen}

    def _tell(self, question: Question, text: str, revision: int, count: int) -> None:
        """Writes down who looked at what."""
        Journal(self.catalog).append(
            Event(
                kind=EventKind.METADATA_READ,
                user=self.user,
                groups=tuple(sorted(self.subject.groups)) if self.subject else (),
                datasets=_datasets(question),
                revision=revision,
                client=self.client,
                details={"statement": text[:_LONGEST_QUESTION], "count": count},
            )
        )


def plan_statement(change: Change, live: Live, *, at: datetime) -> Plan:
    """What a statement would change, and what that does to people; pure."""
    after = state_after(change, live)
    warnings = tuple(scope_warnings(change.policy, after)) if isinstance(change, PutPolicy) else ()
    return plan_between(live, after, at=at, warnings=warnings)


def _datasets(question: Question) -> tuple[str, ...]:
    """The dataset that a question names, if it names one."""
    if isinstance(question, Describe) and question.target.dataset is not None:
        return (f"{question.target.database}.{question.target.dataset}",)
    return ()
