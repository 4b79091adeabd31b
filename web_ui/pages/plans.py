"""A plan as pages show it: who gains or loses what, the worst first, and whether it is the one that was looked at."""

from dataclasses import dataclass

import flask

from policy_engine.changing.impact import Impact, Movement
from policy_engine.changing.plan import Plan

MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One difference for people as a row of the table."""

    who: str
    movement: Movement
    what: str
    before: str
    after: str
    because: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan with its first lines, and how many there are beyond these."""

    plan: Plan
    lines: tuple[Line, ...]
    further: int
    is_another: bool = False

    @classmethod
    def of(cls, plan: Plan, *, is_another: bool = False) -> "PlanView":
        """The view of a plan; `is_another` when somebody asked to apply a plan that holds no longer."""
        lines = tuple(map(_line, plan.impacts.first(MOST_LINES)))
        return cls(plan=plan, lines=lines, further=max(0, len(plan.impacts) - MOST_LINES), is_another=is_another)


def was_looked_at(plan: Plan) -> bool:
    """Whether the form that is sent carries the number of this very plan."""
    return flask.request.form.get("plan") == plan.id


def _line(impact: Impact) -> Line:
    return Line(
        who=f"{impact.kind} {impact.name}",
        movement=impact.movement,
        what=f"{impact.dataset}.{impact.column}" if impact.column else f"rows of {impact.dataset}",
        before=impact.before,
        after=impact.after + (", on some rows" if impact.is_filtered and impact.column else ""),
        because=", ".join(impact.policies),
        when=impact.when,
    )
