"""The Query page: SQL run, explained or fetched as a file, by the same pipeline and as the same person as anywhere."""

import contextlib
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import flask

from catalog.errors import NotAllowed, VeilError
from catalog.model import Dataset
from catalog.names import join
from policy_engine.model import ColumnDecision, Outcome, Subject
from policy_engine.shown_types import shown_type
from proxy.answering.answer import Answer
from proxy.answering.wire import Format
from proxy.governance import Request
from proxy.http import answers, problems
from proxy.http.api import streamed
from proxy.http.departures import Departures
from proxy.http.identity import Identity
from proxy.http.streams import refuse_old_protocol
from proxy.refusals import RequestInvalid
from web_ui.pages.event_words import ENDINGS
from web_ui.pages.frame import public_url, viewer
from web_ui.pages.grid import read_grid
from web_ui.pages.notebook import notebook
from web_ui.pages.query_form import QueryForm
from web_ui.pages.query_history import own_queries
from web_ui.parts import Parts
from web_ui.view_as import Seen, seen

MOST_ROWS = 200
_LISTED = 30
_COMPLETED = 2_000
_FILES = {"csv": Format.CSV, "parquet": Format.PARQUET}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPage:
    """Shows a form for SQL and what came of it; an address with `?sql=` fills the form and runs nothing."""

    parts: Parts
    identity: Identity
    departures: Departures = field(default_factory=Departures)

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("query", __name__)
        page.get("/query")(self.show)
        page.post("/query")(self.ask)
        page.get("/query/names")(self.names)
        page.get("/query/history")(self.history)
        return page

    def show(self) -> str:
        """The form, and what the person may ask about."""
        return self._page(seen(self.identity), QueryForm.read(flask.request.args))

    def names(self) -> flask.Response:
        """What an editor may complete: the datasets and columns that the person sees, and no other."""
        found: dict[str, dict[str, list[dict[str, str]]]] = {}
        for dataset, columns in self._outline(seen(self.identity), _COMPLETED):
            found.setdefault(dataset.database, {})[dataset.name] = [
                {"name": column.name, "type": shown_type(column), "outcome": column.outcome} for column in columns
            ]
        return flask.jsonify(found)

    def history(self) -> str:
        """What the person asked before, as the journal keeps it."""
        queries = own_queries(self.parts, viewer(self.identity))
        return flask.render_template("query_history.html", queries=queries, endings=ENDINGS)

    def ask(self) -> flask.typing.ResponseReturnValue:
        """Run, explain or fetch what the form holds."""
        who = seen(self.identity)
        subject = who.subject
        form = QueryForm.read(flask.request.form)
        action = flask.request.form.get("action", "run")
        if action not in ("run", "explain", "notebook", *_FILES):
            raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
        try:
            request = form.request()
            if who.is_another and action != "explain":
                raise NotAllowed("nothing is run while you look as another", hint="explain it, or leave that view")
            if action in _FILES:
                return self._fetched(subject, request, _FILES[action])
            if action == "run":
                return self._run(who, request, form)
            decision_id = answers.decision_id()
            with answers.unchanged(self.identity):
                told = self.parts.pipeline.explain(subject, request, decision_id=decision_id, asked_by=who.by)
            if action == "notebook":
                text = notebook(form, request, public_url())
                return _file(flask.Response(text, content_type="application/x-ipynb+json"), "query.ipynb")
            return self._page(who, form, access=told)
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(who, form, problem=problem), problem.status

    def _run(self, who: Seen, request: Request, form: QueryForm) -> str:
        with contextlib.ExitStack() as held:
            answer = self._answer(held, who.by, request)
            found = read_grid(answer, MOST_ROWS, _outcomes(answer.access))
            return self._page(who, form, found=found, access=answer.access)

    def _fetched(self, subject: Subject, request: Request, form: Format) -> flask.Response:
        refuse_old_protocol()
        with contextlib.ExitStack() as held:
            return _file(streamed(self._answer(held, subject, request), form, held), f"answer.{form}")

    def _answer(self, held: contextlib.ExitStack, subject: Subject, request: Request) -> Answer:
        """The answer, cancelled when the browser goes away or the person stops it, which closes the connection."""
        watch = self.departures.watch(flask.request.environ.get("gunicorn.socket"))
        held.callback(watch.close)
        with answers.unchanged(self.identity):
            begun = self.parts.pipeline.query(
                subject,
                request,
                decision_id=answers.decision_id(),
                on_settled=functools.partial(answers.refuse_if_changed, self.identity),
                on_start=watch.attach,
            )
            return held.enter_context(begun)

    def _page(self, who: Seen, form: QueryForm, **result: object) -> str:
        """The whole page, or what came of the form alone where a script puts that into the page."""
        told = {"form": form, **result}
        if flask.request.headers.get("HX-Request") == "true":
            return flask.render_template("query_result.html", **told)
        outline = self._outline(who, _LISTED + 1)
        listed = [(join(dataset.database, dataset.name), dataset, columns) for dataset, columns in outline[:_LISTED]]
        return flask.render_template("query.html", listed=listed, has_more=len(outline) > _LISTED, **told)

    def _outline(self, who: Seen, most: int) -> tuple[tuple[Dataset, tuple[ColumnDecision, ...]], ...]:
        decision_id, client = answers.decision_id(), answers.client()
        return self.parts.metadata.outline(who.subject, most, decision_id=decision_id, client=client, asked_by=who.by)


def _file(response: flask.Response, name: str) -> flask.Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


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
