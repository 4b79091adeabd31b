"""Tags under /api/v1 as stewards go through them: what is suggested and on what evidence, and their verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass

import flask

from catalog.clock import written_time
from catalog.model import TagState
from catalog.tag_assignments import Choice, Listed, TagAssignments
from policy_engine.capabilities import Rights
from policy_engine.tag_review import namespaces_of, review
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui import arguments
from web_ui.parts import Parts

_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsApi:
    """The routes of tag review over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("tag_review", __name__)
        routes.get("/tags/assignments")(self.assignments)
        routes.post("/tags/assignments/review")(self.review)
        return routes

    def assignments(self) -> flask.Response:
        """Assignments in the namespaces that the person may assign, chosen by state, tag, dataset and words."""
        rights = self._rights()
        refuse_unknown_arguments("state", "tag", "dataset", "search", "rule", "limit", "offset")
        asked = flask.request.args
        choice = Choice(
            state=arguments.choice(TagState, "state"),
            tag=asked.get("tag", ""),
            dataset=asked.get("dataset", ""),
            search=asked.get("search", ""),
            rule=asked.get("rule", ""),
            namespaces=namespaces_of(rights),
        )
        store = TagAssignments(self.parts.catalog)
        limit, offset = arguments.number("limit", _MOST) or 100, arguments.number("offset", 2**31) or 0
        with self.parts.catalog.snapshot():
            found, total = store.listed(choice, limit=limit, offset=offset), store.count(choice)
        following = offset + len(found)
        return flask.jsonify(
            {
                "assignments": [as_json(each) for each in found],
                "total": total,
                "offset": following if following < total else None,
            }
        )

    def review(self) -> flask.Response:
        """Confirm and reject assignments by their ids, all or nothing."""
        rights = self._rights()
        refuse_unknown_arguments()
        body = Body.read("confirm", "reject", "why")
        subject = answers.subject(self.identity)
        done = review(
            self.parts.catalog,
            _verdicts(body),
            rights=rights,
            by=subject.user,
            groups=sorted(subject.groups),
            why=body.text("why", default=""),
            client=answers.client(),
            decision_id=answers.decision_id(),
        )
        answers.decided_under(done.revision)
        return flask.jsonify({"changed": [as_json(each) for each in done.changed], "revision": done.revision})

    def _rights(self) -> Rights:
        return Rights(answers.subject(self.identity), self.parts.policies.current())


def as_json(each: Listed) -> dict[str, object]:
    """One assignment as the API tells it."""
    assignment = each.assignment
    return {
        "id": each.id,
        "dataset": assignment.dataset,
        "column": each.column,
        "type": each.type,
        "tag": assignment.tag,
        "level": each.level.value,
        "state": assignment.state.value,
        "origin": assignment.origin.value,
        "rule": assignment.rule,
        "confidence": assignment.confidence,
        "evidence": assignment.evidence,
        "by": assignment.by,
        "at": written_time(assignment.at) if assignment.at else None,
        "missing_since": written_time(assignment.missing_since) if assignment.missing_since else None,
    }


def _verdicts(body: Body) -> Mapping[int, TagState]:
    """What is said of which number; nothing may be both right and wrong."""
    found: dict[int, TagState] = {}
    for key, state in (("confirm", TagState.CONFIRMED), ("reject", TagState.REJECTED)):
        for value in body.values(key):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**62:
                raise RequestInvalid(f"`{key}` must be a list of ids", hint="GET /tags/assignments lists them")
            if found.setdefault(value, state) is not state:
                raise RequestInvalid(f"{value} is both confirmed and rejected", hint="say one of them")
    if not found:
        raise RequestInvalid("nothing is confirmed or rejected", hint="send `confirm`, `reject` or both, lists of ids")
    return found
