"""Tags and rules under /api/v1 as people look after them: uses, precision so far, histories, and rules to keep."""

from collections.abc import Mapping
from dataclasses import dataclass

import flask

from catalog.clock import written_time
from policy_engine.capabilities import Rights
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.apis.tags import as_json
from web_ui.parts import Parts
from web_ui.tag_history import TagHistory, Told, tag_history
from web_ui.tag_rules import Recorded, TagRules, Used


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesApi:
    """The routes of tags' uses and of rules over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("rules_api", __name__)
        routes.get("/tags/uses")(self.uses)
        routes.get("/tags/history")(self.history)
        routes.get("/rules")(self.rules)
        routes.post("/rules")(self.put)
        routes.post("/rules/remove")(self.remove)
        return routes

    def uses(self) -> flask.Response:
        """The tags that the person may assign, each with how often it is suggested, confirmed and rejected."""
        found = self._rules()
        refuse_unknown_arguments()
        return flask.jsonify({"tags": [_used(each) for each in found.tags()]})

    def history(self) -> flask.Response:
        """What stands on a column, and who said what of it when."""
        rights = Rights(answers.subject(self.identity), self.parts.policies.current())
        refuse_unknown_arguments("dataset", "column")
        asked = flask.request.args
        return flask.jsonify(
            _history(tag_history(self.parts, rights, asked.get("dataset", ""), asked.get("column", "")))
        )

    def rules(self) -> flask.Response:
        """The rules whose tags the person may assign, each with how often it was right so far."""
        found = self._rules()
        refuse_unknown_arguments()
        return flask.jsonify({"rules": [_recorded(each) for each in found.rules()]})

    def put(self) -> flask.Response:
        """Keep a rule; the answer is the plan that was carried out."""
        found = self._rules()
        refuse_unknown_arguments()
        body = Body.read("rule", "why")
        rule = body.raw("rule")
        if not isinstance(rule, Mapping):
            raise RequestInvalid("`rule` is no object", hint="write it as under `rules` in a document")
        return flask.jsonify(found.put_rule(rule, why=body.text("why", default="")).as_json())

    def remove(self) -> flask.Response:
        """Take a rule away; the answer is the plan that was carried out."""
        found = self._rules()
        refuse_unknown_arguments()
        body = Body.read("rule", "why")
        return flask.jsonify(found.remove_rule(body.text("rule"), why=body.text("why", default="")).as_json())

    def _rules(self) -> TagRules:
        return TagRules(parts=self.parts, subject=answers.subject(self.identity))


def _used(each: Used) -> dict[str, object]:
    return {
        "tag": each.tag,
        "comment": each.comment,
        "level": each.level,
        "suggested": each.suggested,
        "confirmed": each.confirmed,
        "rejected": each.rejected,
    }


def _recorded(each: Recorded) -> dict[str, object]:
    return {
        "rule": each.rule.name,
        "tag": each.rule.tag,
        "looks": each.looks,
        "own": each.is_own,
        "suggested": each.suggested,
        "confirmed": each.confirmed,
        "rejected": each.rejected,
        "precision": each.precision,
    }


def _history(found: TagHistory) -> dict[str, object]:
    return {
        "dataset": found.dataset,
        "column": found.column,
        "standing": [as_json(each) for each in found.standing],
        "told": [_told(each) for each in found.told],
    }


def _told(each: Told) -> dict[str, object]:
    at = written_time(each.at) if each.at else None
    return {"at": at, "by": each.by, "what": each.what, "why": each.why, "revision": each.revision}
