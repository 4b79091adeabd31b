"""The history of policies under /api/v1: the revisions, and the way back to one of them."""

from dataclasses import dataclass

import flask

from catalog.clock import written_time
from policy_engine.capabilities import Rights
from policy_engine.changing.apply import carry_out
from policy_engine.changing.delegation import require_change
from policy_engine.changing.history import back_to, said_in
from policy_engine.changing.told_plan import told_plan
from policy_engine.oversight import require_history
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui import arguments
from web_ui.parts import Parts

_MOST_REVISIONS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryApi:
    """The routes of the history over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("history", __name__)
        routes.get("/policies/history")(self.history)
        routes.post("/policies/rollback")(self.rollback)
        return routes

    def history(self) -> flask.Response:
        """Every revision, newest first, for administrators and auditors."""
        rights = self._rights()
        refuse_unknown_arguments("limit")
        require_history(rights, "read the history of policies")
        found = self.parts.revisions.history()[: arguments.number("limit", _MOST_REVISIONS) or 100]
        revisions = [
            {
                "revision": revision.number,
                "at": written_time(revision.at),
                "by": revision.by,
                "why": revision.why,
                "difference": revision.difference.splitlines(),
                "statements": said_in(revision, self.parts.revisions),
            }
            for revision in found
        ]
        return flask.jsonify({"revisions": revisions})

    def rollback(self) -> flask.Response:
        """Put the policies and roles of a revision in force again, as a new one; the answer is what it changed.

        INVARIANT: who may not read the history is told nothing of what lies between, not even whether it is theirs.
        """
        rights = self._rights()
        require_history(rights, "return to an earlier revision")
        refuse_unknown_arguments()
        body = Body.read("revision", "why", "against")
        number = _number(body, "revision")
        against = _number(body, "against") if body.has("against") else None
        plan = back_to(number, self.parts.catalog, at=self.parts.clock(), against=against)
        require_change(rights, plan.before, plan.after)
        subject = answers.subject(self.identity)
        applied = carry_out(
            told_plan(plan, subject),
            self.parts.catalog,
            by=subject.user,
            why=body.text("why"),
            client=answers.client(),
            back_to=number,
        )
        answers.decided_under(applied.revision)
        return flask.jsonify(applied.as_json())

    def _rights(self) -> Rights:
        return Rights(answers.subject(self.identity), self.parts.policies.current())


def _number(body: Body, key: str) -> int:
    value = body.raw(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**62:
        raise RequestInvalid(f"`{key}` must be the number of a revision", hint="GET /policies/history lists them")
    return value
