"""How a plan is printed, made here or at a server: its changes, then what they do to people."""

from collections.abc import Mapping
from typing import cast

from policy_engine.changing.apply import Applied
from policy_engine.changing.plan import Plan
from veil.cli.output import Table, show, show_json
from veil.cli.printing import echo


def show_plan(planned: Plan, form: str) -> None:
    """A plan that was made here and not carried out."""
    if form == "table":
        echo(planned.text())
    else:
        show_answer(planned.as_json(), form)


def show_applied(applied: Applied, form: str) -> None:
    """A plan that was carried out here."""
    if form != "table":
        show_answer(applied.as_json(), form)
        return
    echo(applied.plan.text())
    if applied.plan.has_changes:
        echo(f"  revision {applied.revision} is in force")


def show_answer(answer: Mapping[str, object], form: str) -> None:
    """A plan as a server tells it, carried out or not."""
    changes = cast("list[dict[str, object]]", answer["changes"])
    if form == "json":
        show_json(answer)
        return
    if form == "csv":
        columns = ("sign", "kind", "name", "details")
        rows = tuple(tuple(change[column] for column in columns) for change in changes)
        show(Table(columns=columns, rows=rows), form)
        return
    lines = [f"  {change['sign']} {change['kind']} {change['name']}" for change in changes]
    for impact in cast("list[dict[str, object]]", answer["impact"]):
        kind = next(iter(impact))
        what = f"{impact['dataset']}.{impact['column']}" if "column" in impact else f"rows of {impact['dataset']}"
        lines.append(f"  {kind} {impact[kind]} {impact['change']} {what}: {impact['before']} -> {impact['after']}")
    lines += [f"  rows: {_counted(count)}" for count in cast("list[dict[str, object]]", answer.get("rows", []))]
    lines += [f"  drift: {line}" for line in cast("list[str]", answer.get("drift", []))]
    lines += [f"  warning: {warning}" for warning in cast("list[str]", answer["warnings"])]
    head = f"Plan {answer['plan']} against revision {answer['revision']} (live)"
    echo("\n".join([head, *lines] if changes else ["Nothing to change", *lines]))
    if answer.get("applied"):
        echo(f"  revision {answer['live']} is in force")


def _counted(count: dict[str, object]) -> str:
    kind = next(iter(count))
    if count["problem"]:
        return f"{count['dataset']} for {kind} {count[kind]}: {count['problem']}"
    return (
        f"{kind} {count[kind]} sees {count['after']} of {count['total']} of {count['dataset']} (was {count['before']})"
    )
