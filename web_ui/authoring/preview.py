"""What a plan does to one person on one dataset: columns and rows before and after, why, and the SQL that would run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.errors import NotAllowed, VeilError
from catalog.journal.event import Event, EventKind
from catalog.journal.event_terms import BEYOND
from catalog.model import Dataset
from catalog.names import fold, join, split
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.plan import Plan
from policy_engine.changing.row_counts import RowCount, rows_of
from policy_engine.circumstances import LAST_YEAR, Circumstances
from policy_engine.judging.decide import decide
from policy_engine.judging.reasons import of_another
from policy_engine.live import Live, dataset_key
from policy_engine.model import ColumnDecision, Decision, Outcome, PolicySet, Subject
from policy_engine.readers import readable
from proxy.governance import Request
from proxy.http import answers
from proxy.refusals import RequestInvalid
from web_ui.authoring.masked_sample import MaskedSample, masked_sample
from web_ui.authoring.somebody import Somebody, may_look_as
from web_ui.parts import Parts
from web_ui.row_counts import row_counter

EXTRAS = ("sql", "rows", "sample")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom a preview is about, on which dataset, for what purpose, and what more is asked for.

    `at` is when they look, now unless told: what is in force then of the policies, by their own times; tags, accounts
    and data are those of today.
    """

    who: Somebody
    dataset: str
    purpose: str = ""
    extras: frozenset[str] = frozenset()
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a column is met, and why as far as that may be told."""

    outcome: Outcome
    transform: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One column before and after."""

    name: str
    before: Told
    after: Told

    @property
    def moves(self) -> bool:
        """Whether anything is different."""
        return (self.before.outcome, self.before.transform) != (self.after.outcome, self.after.transform)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The columns with what moves first; `hidden` counts those that stay hidden and are not told of one by one."""

    who: str
    dataset: str
    lines: tuple[Line, ...]
    hidden: int
    rows: tuple[str, str]
    at: datetime | None = None
    count: RowCount | None = None
    sql: tuple[str, str] | None = None
    sample: MaskedSample | None = None


def preview(parts: Parts, looking: Subject, plan: Plan, asked: Asked) -> Preview:
    """What the plan does to somebody, for a person who may make that plan; raises NotAllowed and RequestInvalid.

    INVARIANT: reasons and SQL, which tell of policies that the person may not read, are for those alone who may see as
    others; whoever writes policies for a database is told the outcomes there, and not which accounts there are.
    """
    current = plan.before.policy_set
    rights = Rights(looking, current)
    if asked.who.kind == "user" and fold(asked.who.name) != fold(looking.user):
        rights.require(Action.SUBJECT_IMPERSONATE, None, "see what others would see")
    subject = asked.who.subject(parts.accounts, current, looking, plan.after.policy_set)
    dataset = _dataset(asked.dataset, plan.after, rights)
    _require_to_come(asked.at, parts.clock())
    tells_all = may_look_as(subject, looking, rights)
    _tell(parts, looking, asked, dataset, plan)
    before, after = (_decided(parts, live, subject, dataset, asked) for live in (plan.before, plan.after))
    names = None if tells_all else frozenset(fold(policy.id) for policy in readable(looking, plan.after.policy_set))
    lines = tuple(_lines(before, after, names))
    is_told = tells_all and parts.tells_hidden
    kept = tuple(line for line in lines if is_told or not _stays_hidden(line))
    return Preview(
        who=str(asked.who),
        dataset=dataset.full_name,
        lines=tuple(sorted(kept, key=lambda line: not line.moves)),
        hidden=len(lines) - len(kept),
        at=asked.at,
        rows=(_row_words(before, tells_all=tells_all), _row_words(after, tells_all=tells_all)),
        count=_count(parts, looking, rights, subject, plan, asked, dataset),
        sql=_sql(parts, looking, subject, plan, asked, dataset) if tells_all and "sql" in asked.extras else None,
        sample=_sample(parts, looking, after) if tells_all and "sample" in asked.extras else None,
    )


def _require_to_come(at: datetime | None, now: datetime) -> None:
    """Refuses a moment of the past: what was decided then stands in the journal, under the policies of then."""
    if at is not None and at.year > LAST_YEAR:
        raise RequestInvalid(f"a preview looks no further than the year {LAST_YEAR}", hint="look at an earlier day")
    if at is not None and at < now:
        raise RequestInvalid("a preview is of now or of a time to come", hint="the journal tells what was")


def _dataset(name: str, live: Live, rights: Rights) -> Dataset:
    """The dataset of that name, in a database whose policies the person may write; elsewhere none is there."""
    parts = split(name)
    found = live.datasets.get(dataset_key(*parts)) if len(parts) == 2 else None
    if found is None or not rights.may(Action.POLICY_WRITE, found.database):
        raise RequestInvalid(f"there is no dataset `{name[:200]}` to try the policy on", hint="choose one in its scope")
    return found


def _decided(parts: Parts, live: Live, subject: Subject, dataset: Dataset, asked: Asked) -> Decision:
    around = Circumstances(purpose=asked.purpose or None)
    return decide(subject, dataset, live.policy_set, asked.at or parts.clock(), around, live.datasets.get)


def _lines(before: Decision, after: Decision, readable_names: frozenset[str] | None) -> Iterator[Line]:
    was, will = _told(before), _told(after)
    for name in dict.fromkeys((*was, *will)):
        one, other = was.get(name) or _within(name, was), will.get(name) or _within(name, will)
        yield Line(name=name, before=_words(one, before, readable_names), after=_words(other, after, readable_names))


def _told(decision: Decision) -> Mapping[str, ColumnDecision]:
    return {item.name: item for column in decision.columns for item in column.told}


def _within(name: str, told: Mapping[str, ColumnDecision]) -> ColumnDecision | None:
    """The column around a field that is told as one with it."""
    while "." in name:
        name = name.rpartition(".")[0]
        if name in told:
            return told[name]
    return None


def _words(column: ColumnDecision | None, decision: Decision, readable_names: frozenset[str] | None) -> Told:
    if column is None or decision.broken:
        why = decision.rows.reason if decision.broken and readable_names is None else ""
        return Told(outcome=Outcome.HIDDEN, transform="", why=why)
    if readable_names is None:
        return Told(outcome=column.outcome, transform=column.transform, why=of_another(column.reason))
    named = [f"`{name}`" for name in column.policies if fold(name) in readable_names]
    why = f"by {', '.join(named)}" if named else ""
    return Told(outcome=column.outcome, transform=column.transform, why=why)


def _stays_hidden(line: Line) -> bool:
    return line.before.outcome is line.after.outcome is Outcome.HIDDEN


def _row_words(decision: Decision, *, tells_all: bool) -> str:
    if not decision.is_visible and not decision.broken:
        return "the dataset is not there"
    if tells_all:
        return decision.rows.reason
    return "no rows" if decision.rows.filter == "FALSE" else "some rows" if decision.rows.filter else "all rows"


def _count(
    parts: Parts, looking: Subject, rights: Rights, subject: Subject, plan: Plan, asked: Asked, dataset: Dataset
) -> RowCount | None:
    """The rows, counted on the source, for those who may have them counted for a plan."""
    if "rows" not in asked.extras or not rights.may(Action.HOME_ADMINISTER):
        return None
    count = row_counter(parts, looking.user, answers.client())
    return rows_of(
        subject, asked.who.kind, dataset.full_name, (plan.before, plan.after), count, asked.at or parts.clock()
    )


def _sql(
    parts: Parts, looking: Subject, subject: Subject, plan: Plan, asked: Asked, dataset: Dataset
) -> tuple[str, str]:
    sql = f"SELECT * FROM {join(dataset.database, dataset.name)}"
    request = Request(sql=sql, purpose=asked.purpose or None, client=answers.client())
    was, will = (live.policy_set for live in (plan.before, plan.after))
    before, after = (_foreseen(parts, looking, subject, request, policies, asked.at) for policies in (was, will))
    return before, after


def _foreseen(
    parts: Parts, looking: Subject, subject: Subject, request: Request, policies: PolicySet, at: datetime | None
) -> str:
    """The SQL, or why there is none."""
    decision_id = answers.decision_id()
    try:
        return parts.pipeline.foreseen(subject, request, policies, decision_id=decision_id, asked_by=looking, at=at)
    except NotAllowed:
        raise
    except VeilError as error:
        return f"-- {error.detail}"


def _sample(parts: Parts, looking: Subject, after: Decision) -> MaskedSample:
    return masked_sample(parts, looking, after, decision_id=answers.decision_id(), client=answers.client())


def _is_beyond(plan: Plan, dataset: Dataset) -> bool:
    """Whether a plan changes policies of another database, which its event then names."""
    changed = {fold(change.name) for change in plan.changes if change.kind == "policy"}
    policies = (policy for live in (plan.before, plan.after) for policy in live.policy_set.policies)
    places = (policy.scope.database for policy in policies if fold(policy.id) in changed)
    return any(place is not None and fold(place) != fold(dataset.database) for place in places)


def _tell(parts: Parts, looking: Subject, asked: Asked, dataset: Dataset, plan: Plan) -> None:
    """Writes down who looked at what somebody would see."""
    parts.journal.append(
        Event(
            kind=EventKind.EXPLAIN_READ,
            user=looking.user,
            groups=tuple(sorted(looking.groups)),
            datasets=(dataset.full_name,),
            policies=tuple(change.name for change in plan.changes if change.kind == "policy"),
            revision=plan.revision,
            decision_id=answers.decision_id(),
            client=answers.client(),
            details={
                "as": f"{asked.who.kind} {asked.who.name}",
                "foreseen": True,
                **({BEYOND: True} if _is_beyond(plan, dataset) else {}),
            },
        )
    )
