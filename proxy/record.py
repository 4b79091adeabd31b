"""What the journal keeps of a query: who asked what, what was decided, and how it ended; never a value of data."""

from collections.abc import Iterable, Mapping

from catalog.errors import LimitExceeded, VeilError
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.event_terms import BRIEFLY, HIDING
from catalog.names import join
from policy_engine.model import Decision, Outcome, Subject
from policy_engine.subjects import came_by
from proxy.answering.answer import Ending
from proxy.governance import Request, Settled
from proxy.reading.statement import read
from proxy.rewriting.rewrite import blanked
from proxy.rewriting.verify import VerificationFailed

_LONGEST = 20_000
_HIDDEN = f"={Outcome.HIDDEN}"


def beginning(subject: Subject, request: Request, decision_id: str, settled: Settled) -> Event:
    """The event that is durable before the first byte leaves; SQL before and after, literals blanked."""
    details = {"request": settled.rewritten.blanked_request[:_LONGEST], "sql": settled.rewritten.blanked[:_LONGEST]}
    return decided(EventKind.QUERY_BEGIN, subject, request, decision_id, settled, details)


def decided(
    kind: EventKind,
    subject: Subject,
    request: Request,
    decision_id: str,
    settled: Settled,
    details: Mapping[str, object],
) -> Event:
    """An event about decisions: the datasets, their columns with outcomes, the policies that decided."""
    decisions = settled.decisions
    columns = _columns(decisions)
    is_hidden = any(column.endswith(_HIDDEN) for column in columns)
    is_partly = any(column.brief for decision in decisions for column in decision.columns)
    briefs = [decision.briefly for decision in decisions] if is_partly else decisions
    told = {policy for decision in briefs for policy in _policies(decision, with_hidden=False)}
    policies = {policy for decision in decisions for policy in _policies(decision)} | told
    hiding = policies - told
    return Event(
        kind=kind,
        user=subject.user,
        groups=tuple(sorted(subject.groups)),
        datasets=tuple(decision.dataset.full_name for decision in settled.decisions),
        columns=columns,
        tags=tuple(sorted({tag for decision in settled.decisions for tag in _shown_tags(decision)})),
        policies=tuple(sorted(policies)),
        revision=settled.revision,
        decision_id=decision_id,
        client=request.client,
        details={
            **details,
            **({HIDING: sorted(hiding)} if is_hidden else {}),
            **({BRIEFLY: [name for name in _columns(briefs) if not name.endswith(_HIDDEN)]} if is_partly else {}),
            **({"purpose": request.purpose} if request.purpose else {}),
            **came_by(subject),
        },
    )


def ended(subject: Subject, request: Request, decision_id: str, settled: Settled, ending: Ending) -> Event:
    """The event that tells how a begun query ended, and how much left."""
    details = {"rows": ending.rows, "bytes": ending.bytes, "ms": ending.milliseconds}
    return Event(
        kind=EventKind.QUERY_END,
        user=subject.user,
        verdict=ending.verdict,
        groups=tuple(sorted(subject.groups)),
        datasets=tuple(decision.dataset.full_name for decision in settled.decisions),
        revision=settled.revision,
        decision_id=decision_id,
        client=request.client,
        details={**details, **({"code": ending.code} if ending.code else {}), **came_by(subject)},
    )


def refused(subject: Subject, request: Request, decision_id: str, revision: int, error: VeilError) -> Event:
    """The event of a query that was not let through; SQL that cannot be read, or is too large, is kept as a length."""
    outline = "" if isinstance(error, LimitExceeded) else _outline(request)
    details: dict[str, object] = {"code": error.code, "characters": len(request.sql), "request": outline}
    details |= came_by(subject)
    if isinstance(error, VerificationFailed):
        details["alarm"] = error.what
    return Event(
        kind=EventKind.QUERY_DENY,
        user=subject.user,
        verdict=Verdict.DENY,
        groups=tuple(sorted(subject.groups)),
        revision=revision,
        decision_id=decision_id,
        client=request.client,
        details=details,
    )


def _outline(request: Request) -> str:
    """The request with its literals blanked, or nothing when it is not SQL that could be."""
    try:
        return blanked(read(request.sql, request.dialect))[:_LONGEST]
    except (VeilError, RecursionError):
        return ""


def _columns(decisions: Iterable[Decision]) -> tuple[str, ...]:
    """Each column with its outcome, and each field in it as far as one word does not tell them."""
    return tuple(
        f"{join(decision.dataset.database, decision.dataset.name, *item.path)}={item.outcome}"
        for decision in decisions
        for column in decision.columns
        for item in column.told
    )


def _shown_tags(decision: Decision) -> set[str]:
    every = (item for column in decision.columns for item in (column, *column.nested))
    return {tag for item in every if item.outcome is not Outcome.HIDDEN for tag in item.tags}


def _policies(decision: Decision, *, with_hidden: bool = True) -> set[str]:
    """The policies that decided; without hidden columns, those of which an explanation tells that has none."""
    every = (item for column in decision.columns for item in column.told)
    told = (item for item in every if with_hidden or item.outcome is not Outcome.HIDDEN)
    return {*decision.rows.policies, *(policy for item in told for policy in item.policies)}
