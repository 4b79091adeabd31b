"""What a policy would do to somebody, under /api/v1: the preview that stands beside the sentence builder."""

import json
from dataclasses import dataclass

import flask

from catalog.clock import written_time
from policy_engine.capabilities import Rights
from policy_engine.changing.delegation import require_policy_writer
from policy_engine.changing.plan import Plan
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.arguments import read_moment
from web_ui.authoring.masked_sample import MaskedSample
from web_ui.authoring.planning import planned
from web_ui.authoring.preview import EXTRAS, Asked, Preview, Told, preview
from web_ui.authoring.somebody import KINDS, Somebody
from web_ui.parts import Parts

_WHAT = "write policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewApi:
    """The route of the preview over the parts it needs."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The route as Flask takes it, without the prefix."""
        routes = flask.Blueprint("previews", __name__)
        routes.post("/policies/preview")(self.preview)
        return routes

    def preview(self) -> flask.Response:
        """How somebody sees a dataset before and after a document, whom it names or not; nothing is changed."""
        subject = answers.subject(self.identity)
        require_policy_writer(Rights(subject, self.parts.policies.current()), _WHAT)
        refuse_unknown_arguments()
        body = Body.read("document", "as", "on", "purpose", "at", "show")
        asked = _asked(body)
        plan = planned(self.parts, subject, _document(body), what=_WHAT, is_one_of_many=True)
        answers.decided_under(plan.revision)
        return flask.jsonify(_as_json(plan, preview(self.parts, subject, plan, asked)))


def _asked(body: Body) -> Asked:
    show = body.texts("show") if body.has("show") else ()
    if unknown := sorted(set(show) - set(EXTRAS)):
        raise RequestInvalid(f"`{unknown[0][:50]}` is nothing to show", hint=f"there are {', '.join(EXTRAS)}")
    return Asked(
        who=_who(Body(body.raw("as"), keys=KINDS, where="`as`")),
        dataset=body.text("on"),
        purpose=body.text("purpose", default=""),
        extras=frozenset(show),
        at=read_moment("at", body.text("at")) if body.has("at") else None,
    )


def _who(body: Body) -> Somebody:
    """Whom `as` names: one user, one role, or groups."""
    named = [kind for kind in KINDS if body.has(kind)]
    if len(named) != 1:
        raise RequestInvalid("`as` does not name one kind of somebody", hint="send `user`, `role` or `groups`")
    if named != ["groups"]:
        return Somebody(kind=named[0], name=body.text(named[0]))
    groups = body.texts("groups")
    if any("," in group for group in groups):
        raise RequestInvalid("a group has a comma in its name", hint="preview for a role that names the group")
    return Somebody(kind="groups", name=",".join(groups))


def _document(body: Body) -> str:
    """The document: the text of one, or JSON of the same shape."""
    stated = body.raw("document")
    return stated if isinstance(stated, str) else json.dumps(stated)


def _as_json(plan: Plan, found: Preview) -> dict[str, object]:
    return {
        "plan": plan.id,
        "revision": plan.revision,
        "as": found.who,
        "dataset": found.dataset,
        "at": written_time(found.at) if found.at else None,
        "rows": _both(*found.rows),
        "columns": [
            {"column": line.name, "moves": line.moves, **_both(_told(line.before), _told(line.after))}
            for line in found.lines
        ],
        "hidden": found.hidden,
        "count": found.count.as_json() if found.count else None,
        "sql": _both(*found.sql) if found.sql else None,
        "sample": _sample(found.sample) if found.sample else None,
    }


def _both(before: object, after: object) -> dict[str, object]:
    return {"before": before, "after": after}


def _told(side: Told) -> dict[str, object]:
    return {"outcome": side.outcome.value, "transform": side.transform, "reason": side.why}


def _sample(sample: MaskedSample) -> dict[str, object]:
    columns = [{"column": each.name, "outcome": each.outcome.value, "note": each.note} for each in sample.columns]
    return {"columns": columns, "rows": [list(row) for row in sample.rows], "notes": list(sample.notes)}
