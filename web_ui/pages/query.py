"""The Query page: SQL run, explained or fetched as a file, by the same pipeline and as the same person as anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import flask

from catalog.errors import VeilError
from policy_engine.model import Outcome, Subject
from proxy import answers, problems
from proxy.api import purpose_of, streamed
from proxy.governance import Request
from proxy.identity import Identity
from proxy.refusals import RequestInvalid
from proxy.wire import Format
from web_ui.pages.frame import viewer
from web_ui.pages.grid import Grid, read_grid
from web_ui.parts import Parts

MOST_ROWS = 200
_MOST_DATASETS = 30
_FILES = {"csv": Format.CSV, "parquet": Format.PARQUET}
_FIELDS = ("sql", "database", "purpose")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPage:
    """Shows a form for SQL and what came of it; an address with `?sql=` fills the form and runs nothing."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("query", __name__)
        page.get("/query")(self.show)
        page.post("/query")(self.ask)
        return page

    def show(self) -> str:
        """The form, and what the person may ask about."""
        subject = viewer(self.identity)
        return self._page(subject, {name: flask.request.args.get(name, "") for name in _FIELDS})

    def ask(self) -> flask.typing.ResponseReturnValue:
        """Run, explain or fetch what the form holds."""
        subject = viewer(self.identity)
        form = {name: flask.request.form.get(name, "").strip() for name in _FIELDS}
        action = flask.request.form.get("action", "run")
        if action not in ("run", "explain", *_FILES):
            raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
        try:
            request = Request(
                sql=form["sql"],
                database=form["database"] or "main",
                purpose=purpose_of(form["purpose"] or None),
                client=answers.client(),
            )
            if action in _FILES:
                return self._fetched(subject, request, _FILES[action])
            if action == "explain":
                told = self.parts.pipeline.explain(
                    subject, request, decision_id=answers.decision_id(), asked_by=subject
                )
                return self._page(subject, form, access=told)
            return self._run(subject, request, form)
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(subject, form, problem=problem), problem.status

    def _run(self, subject: Subject, request: Request, form: Mapping[str, str]) -> str:
        with self.parts.pipeline.query(subject, request, decision_id=answers.decision_id()) as answer:
            found = read_grid(answer, MOST_ROWS, _outcomes(answer.access))
            return self._page(subject, form, found=found, access=answer.access)

    def _fetched(self, subject: Subject, request: Request, form: Format) -> flask.Response:
        answer = self.parts.pipeline.query(subject, request, decision_id=answers.decision_id())
        response = streamed(answer, form)
        response.call_on_close(answer.close)
        response.headers["Content-Disposition"] = f'attachment; filename="answer.{form}"'
        return response

    def _page(
        self,
        subject: Subject,
        form: Mapping[str, str],
        *,
        found: Grid | None = None,
        access: Mapping[str, object] | None = None,
        problem: VeilError | None = None,
    ) -> str:
        now = self.parts.clock()
        visible = self.parts.visibility.datasets(subject, self.parts.policies.current(), now)
        return flask.render_template(
            "query.html",
            form=form,
            found=found,
            most_rows=MOST_ROWS,
            access=access,
            problem=problem,
            datasets=[dataset.full_name for dataset in visible[:_MOST_DATASETS]],
            more_datasets=max(0, len(visible) - _MOST_DATASETS),
        )


def _outcomes(access: Mapping[str, object]) -> Mapping[str, Outcome]:
    """How columns are shown whose name means the same in every dataset of the query; others get no mark."""
    found: dict[str, Outcome] = {}
    unclear: set[str] = set()
    for dataset in cast("list[dict[str, Any]]", access["datasets"]):
        for column in dataset["columns"]:
            outcome = Outcome(column["outcome"])
            if found.setdefault(column["column"], outcome) is not outcome:
                unclear.add(column["column"])
    return {name: outcome for name, outcome in found.items() if name not in unclear}
