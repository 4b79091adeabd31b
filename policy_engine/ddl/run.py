"""Runs one statement: a change is planned and applied as a document is, a question is answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.database import Catalog
from catalog.journal import Journal
from catalog.model import Event, EventKind
from policy_engine.apply import Applied, carry_out
from policy_engine.ddl.answers import Answer, View, answer
from policy_engine.ddl.changes import state_after
from policy_engine.ddl.model import Change, Describe, PutPolicy, Question
from policy_engine.ddl.reading import read_statement
from policy_engine.ddl.rights import Asker, require_change
from policy_engine.live import Live, dataset_key, read_live
from policy_engine.model import Decision
from policy_engine.plan import Plan, plan_between
from policy_engine.plan_warnings import scope_warnings
from policy_engine.visibility import Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs statements for one asker on one catalog.

    Example:
        >>> Runner(catalog=catalog, visibility=visibility, asker=operator("ada")).run("CREATE ROLE clerk", at=now)
        Applied(plan=Plan(revision=6, ..), revision=7)
    """

    catalog: Catalog
    visibility: Visibility
    asker: Asker
    client: str = ""

    def run(self, text: str, *, at: datetime) -> Answer | Applied:
        """What a statement answers, or the plan that was carried out."""
        statement = read_statement(text)
        if isinstance(statement, Question):
            return self._answered(statement, text.strip(), at)
        require_change(statement, self.asker)
        plan = plan_statement(statement, read_live(self.catalog), at=at)
        why = statement.policy.why if isinstance(statement, PutPolicy) else ""
        return carry_out(plan, self.catalog, by=self.asker.user, why=why, client=self.client, statement=text.strip())

    def _answered(self, question: Question, text: str, at: datetime) -> Answer:
        """The answer, and the event that tells who looked."""
        live = read_live(self.catalog)
        view = View(live=live, asker=self.asker, at=at, decisions=self._decisions(live, at))
        found = answer(question, view)
        subject = self.asker.subject
        Journal(self.catalog).append(
            Event(
                kind=EventKind.METADATA_READ,
                user=self.asker.user,
                groups=tuple(sorted(subject.groups)) if subject else (),
                datasets=_datasets(question),
                revision=live.revision,
                client=self.client,
                details={"statement": text, "count": len(found.rows)},
            )
        )
        return found

    def _decisions(self, live: Live, at: datetime) -> Mapping[tuple[str, str], Decision] | None:
        """What the asker sees, through the one door; None for whoever administers."""
        subject = self.asker.subject
        if subject is None or self.asker.may_change:
            return None
        found = self.visibility.decisions(subject, live.policy_set, at)
        return {dataset_key(decision.dataset.database, decision.dataset.name): decision for decision in found}


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
