"""What changed for people in a period: who gained and lost which columns from one revision to another, as in a plan."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urlencode

from catalog.clock import written_time
from catalog.model import Revision
from catalog.names import fold, nearest
from policy_engine.capabilities import Action
from policy_engine.changing.history import impacts_between
from policy_engine.changing.impact import OTHERS, Alike, Impact, Impacts, Movement
from policy_engine.oversight import may_read_history, overseen_roles
from proxy.refusals import RequestInvalid
from web_ui.numbers import whole_number
from web_ui.pictures.bars import counts
from web_ui.pictures.chart import Chart, Link, Part
from web_ui.reports.desk import Desk
from web_ui.reports.report import Report, Row

MOVEMENTS = (
    Part(name=Movement.GAINS.value, tone="hidden", fill=1.0),
    Part(name=Movement.CHANGES.value, tone="masked", fill=0.6),
    Part(name=Movement.LOSES.value, tone="clear", fill=0.25),
)
_MOST_NOTES = 50
_MOST_ROWS = 500
_MOST_CHOICES = 200


def changes(desk: Desk) -> Report:
    """The difference that the revisions of a period made to people, on the data of today; to all of them, or to one."""
    history = desk.parts.revisions.history()
    old, new = _ends(desk, history)
    every = impacts_between(old, new, desk.parts.catalog, at=desk.at) if old < new else Impacts()
    if desk.databases is not None:
        within, known = {dataset.full_name for dataset in desk.datasets}, _known(desk, old, new)
        every = every.told(lambda alike: _as_known(desk, alike, known) if alike.dataset in within else None)
    told, who = every, desk.asked.get("who", "").strip()
    if who:
        meant = {person for person in every.counts if fold(who) in _names(person)}
        told = every.only(lambda alike: (alike.kind, alike.name) in meant)
    return Report(
        answer=f"{_period(desk, old, new)}, {f'for `{who[:100]}`, ' if who else ''}{_told(told)}.",
        columns=("change", "kind", "name", "dataset", "column", "before", "after", "rows", "policies"),
        rows=_Rows(desk, told),
        notes=(
            "Revisions are of policies and roles: what crawls and tags have changed meanwhile is not in it.",
            *(_near(who, every) if who and not told else ()),
            *(_notes(history, old, new) if desk.reads_every_policy else ()),
        ),
        chart=_chart(every, desk.asked),
        most=None if who else _MOST_ROWS,
        choices={"who": [f"{kind} {name}" for kind, name in islice(every.counts, _MOST_CHOICES)]},
    )


def _known(desk: Desk, old: int, new: int) -> frozenset[str]:
    """The folded names of the roles that may be told of, now or in one of the states that are compared."""
    states = (desk.policies, *(desk.parts.policies.at_revision(number) for number in (old, new)))
    return frozenset(fold(role.name) for state in states for role in overseen_roles(state, desk.databases))


def _as_known(desk: Desk, alike: Alike, known: frozenset[str]) -> Alike | None:
    """What a role meets, as that of *others* where the role may not be told of; groups and accounts as in a plan.

    INVARIANT: a kind that is not listed is told to nobody whose databases are limited.
    """
    if alike.kind == "role":
        return alike if fold(alike.name) in known else replace(alike, name=OTHERS)
    if alike.kind == "user" and desk.rights is not None and desk.subject is not None:
        is_own = fold(alike.name) == fold(desk.subject.user)
        return alike if is_own or desk.rights.may(Action.SUBJECT_IMPERSONATE) else None
    return None


@dataclass(frozen=True, slots=True)
class _Rows:
    """The differences as rows, each made when it is read."""

    desk: Desk
    impacts: Impacts

    def __len__(self) -> int:
        return len(self.impacts)

    def __iter__(self) -> Iterator[Row]:
        return (_row(self.desk, impact) for impact in self.impacts)


def _chart(impacts: Impacts, asked: Mapping[str, str]) -> Chart:
    """Who gains, sees otherwise or loses how many columns; rows that are filtered otherwise count as one."""
    ordered = sorted(
        impacts.counts.items(), key=lambda each: (-each[1][Movement.GAINS], -each[1].total(), " ".join(each[0]))
    )
    bars = [(_link(" ".join(person), asked), _by_word(numbers)) for person, numbers in ordered]
    return counts(
        "impact",
        bars,
        title="Who gains and who loses",
        description="How many columns each role, group or account gains, sees otherwise or loses.",
        of="For",
        parts=MOVEMENTS,
    )


def _link(who: str, asked: Mapping[str, str]) -> str | Link:
    return Link(who, f"?{urlencode({**asked, 'who': who})}")


def _by_word(numbers: Mapping[Movement, int]) -> Mapping[str, int]:
    return {movement.value: number for movement, number in numbers.items()}


def _names(person: tuple[str, str]) -> set[str]:
    """How a person can be called, folded."""
    kind, name = person
    return {fold(name), fold(f"{kind} {name}"), fold(f"{kind}:{name}")}


def _near(who: str, every: Impacts) -> list[str]:
    """Whom else somebody may have meant, of those that something differs for."""
    near = nearest(who, [f"{kind} {name}" for kind, name in every.counts])
    return [f"Did you mean `{near}`?"] if near else []


def _ends(desk: Desk, history: tuple[Revision, ...]) -> tuple[int, int]:
    """The two revisions: those that are named, or the one in force when the period began, and the newest."""
    newest = desk.policies.revision
    if desk.asked.get("from") or desk.asked.get("to"):
        old, new = _number(desk, "from", 1), _number(desk, "to", newest)
        known = {revision.number for revision in history}
        for number in (old, new):
            if number not in known:
                raise RequestInvalid(f"there is no revision {number}", hint=f"they go from 1 to {newest}")
        return min(old, new), max(old, new)
    start = _start(desk)
    before = next((revision.number for revision in history if revision.at < start), None)
    return before or min((revision.number for revision in history), default=newest), newest


def _period(desk: Desk, old: int, new: int) -> str:
    """What is compared. INVARIANT: which revision was in force at a moment, and so when others were made, is told to
    nobody else than who reads the history.
    """
    if _reads_history(desk) or desk.asked.get("from") or desk.asked.get("to"):
        return f"From revision {old} to revision {new}"
    return f"Since {_start(desk).date().isoformat()}"


def _reads_history(desk: Desk) -> bool:
    return desk.rights is None or may_read_history(desk.rights)


def _start(desk: Desk) -> datetime:
    """When the period begins: so many days ago, or at a moment; at the beginning of that day for who may not read when
    revisions were made.
    """
    text = desk.asked.get("since", "").strip() or "30d"
    try:
        start = datetime.fromisoformat(text).replace(tzinfo=desk.at.tzinfo)
    except ValueError:
        start = desk.at - timedelta(days=desk.days("since", 30))
    return start if _reads_history(desk) else start.replace(hour=0, minute=0, second=0, microsecond=0)


def _number(desk: Desk, name: str, otherwise: int) -> int:
    number = whole_number(desk.asked.get(name, "").strip() or str(otherwise))
    if number is None:
        raise RequestInvalid(f"`{name}` must be the number of a revision", hint="leave it out for the first or newest")
    return number


def _row(desk: Desk, impact: Impact) -> Row:
    what = (impact.dataset, impact.column or "(rows)", impact.before, impact.after)
    rows = "some" if impact.is_filtered else "all"
    return impact.movement.value, impact.kind, impact.name, *what, rows, desk.named(impact.policies)


def _told(impacts: Impacts) -> str:
    if not impacts:
        return "nobody sees anything different"
    found = sum(impacts.counts.values(), Counter[Movement]())
    gains, others, losses = (found[each] for each in (Movement.GAINS, Movement.CHANGES, Movement.LOSES))
    return f"{gains:,} columns or rows were gained, {losses:,} lost, and {others:,} are shown otherwise"


def _notes(history: tuple[Revision, ...], old: int, new: int) -> list[str]:
    within = [revision for revision in history if old < revision.number <= new]
    told = [
        f"Revision {each.number}, {written_time(each.at)[:16].replace('T', ' ')} UTC, by {each.by or 'nobody'}"
        + (f": {each.why}" if each.why else "")
        for each in within[:_MOST_NOTES]
    ]
    return told + ([f"and {len(within) - _MOST_NOTES:,} revisions more"] if len(within) > _MOST_NOTES else [])
