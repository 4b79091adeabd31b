"""What somebody finds at home, under /api/v1: the same as on the page."""

from dataclasses import dataclass

import flask

from catalog.clock import written_time
from policy_engine.telling.coverage import Covered
from proxy.http import answers
from proxy.http.bodies import refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.metadata import summary
from web_ui.home.estate import Estate, Estates, Part
from web_ui.home.overview import Overview, Record, overview
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeApi:
    """The route of the home over the parts it needs."""

    parts: Parts
    identity: Identity
    estates: Estates

    def blueprint(self) -> flask.Blueprint:
        """The route as Flask takes it, without the prefix."""
        routes = flask.Blueprint("home_api", __name__)
        routes.get("/home")(self.home)
        return routes

    def home(self) -> flask.Response:
        """What waits, how the estate stands, what one reads and asked lately: as far as one's rights go."""
        subject = answers.subject(self.identity)
        refuse_unknown_arguments("role")
        found = overview(self.parts, subject, self.estates, flask.request.args.get("role", ""))
        return flask.jsonify({"user": subject.user, **self._told(found)})

    def _told(self, found: Overview) -> dict[str, object]:
        levels = self.parts.levels()
        return {
            "tasks": [{"task": task.name, "count": task.count, "words": task.words} for task in found.tasks],
            "unchecked": found.is_unchecked,
            "steps": [{"step": step.title, "done": step.is_done} for step in found.steps],
            "estate": _estate(found.estate) if found.estate else None,
            "role": _part(found.part) if found.part else None,
            "journal": _record(found.record) if found.record else None,
            "week": [{"day": day.isoformat(), **numbers} for day, numbers in found.week],
            "changes": [
                {"revision": each.number, "at": written_time(each.at), "by": each.by, "why": each.why}
                for each in found.changes
            ],
            "datasets": [summary(sight, levels) for sight in found.sights],
            "dataset_count": found.sight_count,
            "requests": [
                {"request": each.id, "dataset": each.full_name, "state": each.state.value} for each in found.requests
            ],
            "queries": [
                {"event": event.seq, "at": written_time(event.at), "datasets": list(event.datasets)}
                for event in found.queries
                if event.at
            ],
        }


def _estate(estate: Estate) -> dict[str, object]:
    roles = [{"role": role, **_covered(covered)} for role, covered in estate.roles]
    return {"datasets": estate.datasets, "columns": estate.columns, "role_count": estate.role_count, "roles": roles}


def _part(part: Part) -> dict[str, object]:
    datasets = [{"dataset": dataset.full_name, **_covered(covered)} for dataset, covered in part.datasets]
    return {"role": part.role, "dataset_count": part.dataset_count, "datasets": datasets}


def _covered(covered: Covered) -> dict[str, object]:
    return {**covered.as_json()}


def _record(record: Record) -> dict[str, object]:
    seal = {"count": record.seal.count, "at": written_time(record.seal.at)} if record.seal else None
    refusals = [
        {"event": event.seq, "user": event.user, "at": written_time(event.at)} for event in record.refusals if event.at
    ]
    return {"count": record.count, "head": record.head, "seal": seal, "refusals": refusals}
