"""The Reports pages: the questions that auditors ask, each with its answer as a table that can be printed and sent."""

import functools
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

import flask

from catalog.errors import NotAllowed, VeilError
from proxy.http import answers, problems
from proxy.http.identity import Identity
from web_ui.apis.reports import Reports
from web_ui.home.estate import Estates
from web_ui.pages.frame import viewer
from web_ui.parts import Parts
from web_ui.reports.kinds import Kind, kind_of
from web_ui.reports.report import Answered

MOST_ROWS = 500
MOST_NAMES = 8
"""How many roles, policies or accounts a cell names on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsPage:
    """Lists reports, and shows one; an address with all that it asks for is the answer."""

    parts: Parts
    identity: Identity
    estates: Estates

    def blueprint(self) -> flask.Blueprint:
        """The routes of these pages."""
        page = flask.Blueprint("reports", __name__)
        page.get("/reports")(self.show)
        page.get("/reports/<name>")(self.one)
        return page

    def show(self) -> str:
        """The reports that the person may read."""
        return flask.render_template("reports.html", kinds=self._reports().kinds())

    def one(self, name: str) -> flask.typing.ResponseReturnValue:
        """One report, or the form for what it asks for."""
        reports = self._reports()
        kinds = reports.kinds()
        kind, asked = kind_of(name), {key: value for key, value in flask.request.args.items() if value.strip()}
        if any(each.is_needed and each.name not in asked for each in kind.inputs):
            return self._page(kind, asked, kinds)
        try:
            return self._page(kind, asked, kinds, made=reports.read(kind, asked))
        except NotAllowed:
            raise
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(kind, asked, kinds, problem=problem), problem.status

    def _page(
        self,
        kind: Kind,
        asked: dict[str, str],
        kinds: tuple[Kind, ...],
        *,
        made: Answered | None = None,
        problem: VeilError | None = None,
    ) -> str:
        chart = made.report.chart if made else None
        api, words = flask.url_for("reports_api.report", name=kind.name), urlencode(asked)
        rows = tuple(islice(made.report.rows, MOST_ROWS)) if made else ()
        return flask.render_template(
            "report.html",
            kind=kind,
            kinds=kinds,
            asked=asked,
            made=made,
            rows=rows,
            most_names=MOST_NAMES,
            is_cut=any(isinstance(cell, tuple) and len(cell) > MOST_NAMES for row in rows for cell in row),
            choices=made.report.choices if made else {},
            figure=self.parts.pictures.figure(chart) if chart and chart.rows else None,
            problem=problem,
            once=functools.cache,
            twin=f"{api}?{words}" if words else api,
            csv=f"{api}?{urlencode({**asked, 'format': 'csv'})}",
        )

    def _reports(self) -> Reports:
        return Reports(parts=self.parts, estates=self.estates, subject=viewer(self.identity))
