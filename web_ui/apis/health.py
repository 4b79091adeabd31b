"""The health of the server under /api/v1, for administrators: its state, and an examination like `veil doctor`."""

from collections.abc import Mapping
from dataclasses import dataclass

import flask

from catalog.journal.event import Event, EventKind, Verdict
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from proxy.http import answers
from proxy.http.bodies import refuse_unknown_arguments
from proxy.http.identity import Identity
from web_ui.apis.crawls import run_json
from web_ui.apis.sources import sources_of
from web_ui.doctor import Checked, examine
from web_ui.health import Health, health, health_json
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Healths:
    """What the API and the page do with the server's health, as one person."""

    parts: Parts
    identity: Identity

    def state(self) -> Health:
        """How things stand."""
        self._require()
        return health(self.parts, sources_of(self.parts, self.identity))

    def examined(self) -> tuple[Checked, ...]:
        """What an examination finds; it reads the whole chain of the journal, which is on record."""
        subject = self._require()
        found = examine(self.parts.home)
        findings = sum(bool(each.wrong) for each in found)
        self.parts.journal.append(
            Event(
                kind=EventKind.AUDIT_VERIFY,
                user=subject.user,
                groups=tuple(sorted(subject.groups)),
                verdict=Verdict.ALLOW,
                client=answers.client(),
                decision_id=answers.decision_id(),
                details={"by": "doctor", "findings": findings},
            )
        )
        return found

    def _require(self) -> Subject:
        subject = answers.subject(self.identity)
        rights = Rights(subject, self.parts.policies.current())
        rights.require(Action.HOME_ADMINISTER, None, "look at the server's health")
        return subject


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthApi:
    """The routes of the server's health over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("health_api", __name__)
        routes.get("/health")(self.state)
        routes.post("/health/examine")(self.examine)
        return routes

    def state(self) -> flask.Response:
        """How sources, sinks, journal, plug-ins and settings stand."""
        found = self._healths().state()
        refuse_unknown_arguments()
        crawls: Mapping[str, object] = {each.source.name: run_json(each.last) for each in found.sources if each.last}
        return flask.jsonify(health_json(found, crawls))

    def examine(self) -> flask.Response:
        """Check everything that `veil doctor` checks; sources are asked, and the whole journal is read."""
        healths = self._healths()
        refuse_unknown_arguments()
        found = healths.examined()
        return flask.jsonify({"checks": [{"checked": each.what, "finding": each.wrong} for each in found]})

    def _healths(self) -> Healths:
        return Healths(parts=self.parts, identity=self.identity)
