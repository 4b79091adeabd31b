"""Reports under /api/v1, as JSON or CSV, for administrators, auditors and delegates within their databases."""

from collections.abc import Mapping
from dataclasses import dataclass

import flask

from catalog.journal.event import Event, EventKind
from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from policy_engine.oversight import require_oversight
from policy_engine.readers import reads_every_policy
from proxy.http import answers
from proxy.http.bodies import refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.arguments import read_number
from web_ui.home.estate import Estates
from web_ui.parts import Parts
from web_ui.reports.kinds import KINDS, Kind, answer, kind_of
from web_ui.reports.report import Answered

_MOST_ROWS = 999_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """What the API and the pages do with reports, as one person; a reading of one is on record."""

    parts: Parts
    estates: Estates
    subject: Subject

    def kinds(self) -> tuple[Kind, ...]:
        """The reports that the person may read; raises NotAllowed for none."""
        rights = Rights(self.subject, self.parts.policies.current())
        require_oversight(rights, "read reports")
        return tuple(kind for kind in KINDS if not kind.is_of_everything or reads_every_policy(rights))

    def read(self, kind: Kind, asked: Mapping[str, str]) -> Answered:
        """A report, made now."""
        made = answer(self.parts, self.estates, kind, asked, subject=self.subject)
        self.parts.journal.append(
            Event(
                kind=EventKind.REPORT_READ,
                user=self.subject.user,
                groups=tuple(sorted(self.subject.groups)),
                revision=made.standing.revision,
                client=answers.client(),
                decision_id=answers.decision_id(),
                details={"report": kind.name, "asked": dict(made.asked), "count": len(made.report.rows)},
            )
        )
        answers.decided_under(made.standing.revision)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsApi:
    """The routes of reports over the parts they need."""

    parts: Parts
    identity: Identity
    estates: Estates

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("reports_api", __name__)
        routes.get("/reports")(self.listed)
        routes.get("/reports/<name>")(self.report)
        return routes

    def listed(self) -> flask.Response:
        """The reports that one may read."""
        kinds = self._reports().kinds()
        refuse_unknown_arguments()
        told = [{"report": kind.name, "title": kind.title, "words": kind.words} for kind in kinds]
        return flask.jsonify({"reports": told})

    def report(self, name: str) -> flask.Response:
        """One report."""
        reports = self._reports()
        reports.kinds()
        asked = flask.request.args.to_dict()
        form = asked.pop("format", "json")
        if form not in ("json", "csv"):
            raise RequestInvalid(f"a report is not written as `{form[:40]}`", hint="`json` or `csv`")
        limit = asked.pop("limit", "")
        most = read_number("limit", limit, _MOST_ROWS) if limit else None
        made = reports.read(kind_of(name), asked)
        if form == "json":
            return flask.jsonify(made.as_json(most))
        response = flask.Response(made.as_csv(), mimetype="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="{made.name}.csv"'
        return response

    def _reports(self) -> Reports:
        return Reports(parts=self.parts, estates=self.estates, subject=answers.subject(self.identity))
