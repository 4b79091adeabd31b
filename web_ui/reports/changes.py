"""What changed for people in a period: who gained and lost which columns from one revision to another, as in a plan."""

from collections import Counter
from datetime import datetime, timedelta

from catalog.clock import written_time
from catalog.model import Revision
from policy_engine.changing.history import between
from policy_engine.changing.impact import Impact, Movement
from proxy.refusals import RequestInvalid
from web_ui.pictures.bars import counts
from web_ui.pictures.chart import Chart, Part
from web_ui.reports.desk import Desk
from web_ui.reports.report import Cell, Report

MOVEMENTS = (
    Part(name=Movement.GAINS.value, tone="hidden", fill=1.0),
    Part(name=Movement.CHANGES.value, tone="masked", fill=0.6),
    Part(name=Movement.LOSES.value, tone="clear", fill=0.25),
)
_MOST_NOTES = 50


def changes(desk: Desk) -> Report:
    """The difference that the revisions of a period made to people, on the data of today."""
    history = desk.parts.revisions.history()
    old, new = _ends(desk, history)
    found = between(old, new, desk.parts.catalog, at=desk.at) if old < new else None
    within, sees_all = {dataset.full_name for dataset in desk.datasets}, desk.databases is None
    impacts = [each for each in (found.impacts if found else ()) if sees_all or each.dataset in within]
    return Report(
        answer=f"From revision {old} to revision {new}, {_told(impacts)}.",
        columns=("change", "kind", "name", "dataset", "column", "before", "after", "rows", "policies"),
        rows=tuple(_row(desk, impact) for impact in impacts),
        notes=(
            "Revisions are of policies and roles: what crawls and tags have changed meanwhile is not in it.",
            *(_notes(history, old, new) if desk.reads_every_policy else ()),
        ),
        chart=impact_chart(impacts),
    )


def impact_chart(impacts: list[Impact]) -> Chart:
    """Who gains, sees otherwise or loses how many columns; rows that are filtered otherwise count as one.

    Example: `impact_chart(list(plan.impacts))` beside a plan.
    """
    found: dict[str, Counter[str]] = {}
    for impact in impacts:
        found.setdefault(f"{impact.kind} {impact.name}", Counter())[impact.movement.value] += 1
    bars = sorted(found.items(), key=lambda each: (-each[1][Movement.GAINS], -each[1].total(), each[0]))
    return counts(
        "impact",
        bars,
        title="Who gains and who loses",
        description="How many columns each role, group or account gains, sees otherwise or loses.",
        of="For",
        parts=MOVEMENTS,
    )


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


def _start(desk: Desk) -> datetime:
    """When the period begins: so many days ago, or at the beginning of a day."""
    text = desk.asked.get("since", "").strip() or "30d"
    try:
        return datetime.fromisoformat(text).replace(tzinfo=desk.at.tzinfo)
    except ValueError:
        return desk.at - timedelta(days=desk.days("since", 30))


def _number(desk: Desk, name: str, otherwise: int) -> int:
    text = desk.asked.get(name, "").strip() or str(otherwise)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RequestInvalid(f"`{name}` must be the number of a revision", hint="leave it out for the first or newest")
    return int(text)


def _row(desk: Desk, impact: Impact) -> tuple[Cell, ...]:
    what = (impact.dataset, impact.column or "(rows)", impact.before, impact.after)
    rows = "some" if impact.is_filtered else "all"
    return impact.movement.value, impact.kind, impact.name, *what, rows, desk.named(impact.policies)


def _told(impacts: list[Impact]) -> str:
    if not impacts:
        return "nobody sees anything different"
    found = Counter(impact.movement for impact in impacts)
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
