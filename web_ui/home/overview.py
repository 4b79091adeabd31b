"""What one person finds at home, put together: as much as their rights open, and nothing of the rest."""

from dataclasses import dataclass

from catalog.access_requests import AccessRequest, AccessRequests, Choice
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.event_search import Readable
from catalog.journal.seals import Seal
from catalog.model import Revision
from policy_engine.capabilities import Action, Rights
from policy_engine.judging.sights import Sight
from policy_engine.model import Subject
from policy_engine.oversight import overseen
from policy_engine.readers import reads_every_policy
from proxy.http import answers
from web_ui.home.estate import Estate, Estates, Part
from web_ui.home.steps import Step, steps
from web_ui.home.tasks import Task, tasks
from web_ui.home.week import Day, week
from web_ui.journal.search import note_reading
from web_ui.parts import Parts

MOST_SIGHTS = 12
_FEW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The state of the journal for who reads all of it: how long it is, when it was sealed, who was refused lately."""

    count: int
    head: str
    seal: Seal | None
    refusals: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the page of one person; what their rights do not open is None or empty.

    `is_unchecked` is whether lint has not looked through the policies of a large estate since something changed.
    """

    tasks: tuple[Task, ...]
    is_unchecked: bool
    steps: tuple[Step, ...]
    estate: Estate | None
    part: Part | None
    record: Record | None
    week: tuple[Day, ...]
    changes: tuple[Revision, ...]
    sights: tuple[Sight, ...]
    sight_count: int
    queries: tuple[Event, ...]
    requests: tuple[AccessRequest, ...]


def overview(parts: Parts, subject: Subject, estates: Estates, role: str = "") -> Overview:
    """What the subject finds; with a `role`, the estate as that role sees it, dataset by dataset.

    Example:
        >>> overview(parts, analyst, estates).estate is None
        True
    """
    rights = Rights(subject, parts.policies.current())
    databases = overseen(rights)
    sees_estate = databases != frozenset()
    sights = parts.metadata.find(subject, decision_id=answers.decision_id(), client=answers.client())
    return Overview(
        tasks=tasks(parts, subject, estates),
        is_unchecked=rights.may(Action.HOME_ADMINISTER) and estates.quick_findings() is None,
        steps=steps(parts) if rights.may(Action.HOME_ADMINISTER) else (),
        estate=estates.whole(databases) if sees_estate else None,
        part=estates.part(role, databases) if sees_estate and role else None,
        record=_record(parts, subject) if rights.may(Action.AUDIT_READ) else None,
        week=week(parts, subject),
        changes=parts.revisions.history()[:_FEW] if reads_every_policy(rights) else (),
        sights=tuple(_told(parts, sight) for sight in sights[:MOST_SIGHTS]),
        sight_count=len(sights),
        queries=_queries(parts, subject),
        requests=AccessRequests(parts.catalog).listed(Choice(reader=subject.user), parts.clock(), limit=_FEW),
    )


def _queries(parts: Parts, subject: Subject) -> tuple[Event, ...]:
    """Their own, of which somebody called alike but for case has none."""
    own = Readable(user=subject.user)
    return parts.journal.search(readable=own, kind=EventKind.QUERY_BEGIN, limit=_FEW)


def _told(parts: Parts, sight: Sight) -> Sight:
    return sight if parts.tells_hidden else sight.brief


def _record(parts: Parts, subject: Subject) -> Record:
    count, head = parts.journal.head()
    found = [
        event
        for kind in (EventKind.QUERY_DENY, EventKind.QUERY_END)
        for event in parts.journal.search(kind=kind, verdict=Verdict.DENY, limit=_FEW)
    ]
    refusals = tuple(sorted(found, key=lambda event: -event.seq)[:_FEW])
    note_reading(parts, subject, {"asked": {"verdict": Verdict.DENY.value}, "count": len(refusals)})
    return Record(count=count, head=head, seal=parts.keeper.book.newest(), refusals=refusals)
