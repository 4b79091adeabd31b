"""Crawls under /api/v1: ask for one, see how far it is, relation by relation, and cancel it."""

from dataclasses import dataclass

import flask

from catalog.clock import written_time
from catalog.crawl_comparison import Moved, compared
from catalog.crawl_runs import CrawlItem, CrawlRun, CrawlRuns, RunState
from catalog.journal.event import Event, EventKind, Verdict
from crawler.crawl import ask_for
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from policy_engine.oversight import require_sources
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import NotThere, RequestInvalid
from web_ui import arguments
from web_ui.databases import made_sure
from web_ui.numbers import whole_number
from web_ui.parts import Parts

_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many tags a run has suggested so far, and which relation it is at."""

    tags: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawls:
    """What the API and the pages do with crawls, as one person: for administrators; auditors may look."""

    parts: Parts
    subject: Subject

    def ask_for(self, source: str, path: str, into: str, is_full: bool) -> CrawlRun:
        """A run that the server begins as soon as it can."""
        self._require("crawl sources")
        by, clock = self.subject.user, self.parts.clock
        run = ask_for(
            self.parts.catalog, source, path=path or None, into=into or None, is_full=is_full, by=by, clock=clock
        )
        self.parts.crawls.wake()
        return run

    def register(self, number: str, into: str, *, creates: bool = False, only: str = "") -> CrawlRun:
        """A further run that registers what one found and nobody has, in a database that it `creates` if need be.

        It looks again at what it registers, so that nothing is registered that has gone meanwhile.
        """
        self._require("register datasets")
        run = self.run(number)
        if not into:
            raise RequestInvalid("no database is named", hint="name one, or a new one")
        if creates:
            into = made_sure(self.parts, self.subject, into, why=f"for what crawl {run.id} found")
        return self.ask_for(run.source, only or run.path, into, False)

    def runs(self, source: str | None, limit: int) -> tuple[CrawlRun, ...]:
        """Runs, newest first."""
        self._require_sight()
        return self._store().runs(source=source, limit=limit)

    def run(self, number: str) -> CrawlRun:
        """One run; raises NotThere."""
        self._require_sight()
        if (found := self._store().find(whole_number(number) or 0)) is None:
            raise NotThere(f"there is no crawl `{number[:40]}`", hint="list the crawls and take a number from there")
        return found

    def items(self, run: CrawlRun, after: int, limit: int, outcome: str | None = None) -> tuple[CrawlItem, ...]:
        """The relations of a run in order, or those with an outcome."""
        return self._store().items(run.id, after=after, limit=limit, outcome=outcome)

    def standing(self, run: CrawlRun) -> Standing:
        """How far a run is, in numbers and words."""
        store = self._store()
        at = store.items(run.id, limit=1, is_left=True) if run.state is RunState.RUNNING else ()
        return Standing(tags=store.suggested(run.id), at=at[0].relation if at else "")

    def since(self, run: CrawlRun) -> tuple[CrawlRun, tuple[Moved, ...]] | None:
        """The crawl before this one of the same part of the source, and what stands otherwise since."""
        earlier = self._store().before(run)
        return None if earlier is None else (earlier, compared(self.parts.catalog, run.id, earlier.id))

    def cancel(self, number: str) -> CrawlRun:
        """Stops a run after the relation that it is at; who asked for that is on record."""
        run = self.run(number)
        self._require("cancel crawls")
        with self.parts.catalog.transaction():
            stopped = self._store().cancel(run.id)
            if not run.state.is_over:
                self.parts.journal.append(
                    Event(
                        kind=EventKind.CRAWL_CANCEL,
                        user=self.subject.user,
                        groups=tuple(sorted(self.subject.groups)),
                        verdict=Verdict.ALLOW,
                        client=answers.client(),
                        decision_id=answers.decision_id(),
                        details={"run": run.id, "source": run.source},
                    )
                )
        return stopped

    def _store(self) -> CrawlRuns:
        return CrawlRuns(self.parts.catalog, clock=self.parts.clock)

    def _rights(self) -> Rights:
        return Rights(self.subject, self.parts.policies.current())

    def _require(self, what: str) -> None:
        self._rights().require(Action.HOME_ADMINISTER, None, what)

    def _require_sight(self) -> None:
        require_sources(self._rights(), "see crawls")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlsApi:
    """The routes of crawls over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("crawls_api", __name__)
        routes.get("/crawls")(self.crawls)
        routes.post("/crawls")(self.start)
        routes.get("/crawls/<number>")(self.crawl)
        routes.post("/crawls/<number>/cancel")(self.cancel)
        routes.post("/crawls/<number>/register")(self.register)
        return routes

    def crawls(self) -> flask.Response:
        """Crawls, newest first."""
        crawls = self._crawls()
        refuse_unknown_arguments("source", "limit")
        found = crawls.runs(flask.request.args.get("source"), arguments.number("limit", _MOST) or 100)
        return flask.jsonify({"crawls": [run_json(run) for run in found]})

    def start(self) -> tuple[flask.Response, int, dict[str, str]]:
        """Ask for a crawl; it begins as soon as the server can."""
        crawls = self._crawls()
        refuse_unknown_arguments()
        body = Body.read("source", "path", "into", "full")
        is_full = body.raw("full")
        if is_full not in (None, True, False):
            raise RequestInvalid("`full` is neither true nor false", hint="leave it out for false")
        run = crawls.ask_for(
            body.text("source"), body.text("path", default=""), body.text("into", default=""), bool(is_full)
        )
        return flask.jsonify(run_json(run)), 202, {"Location": f"{answers.PREFIX}/crawls/{run.id}"}

    def crawl(self, number: str) -> flask.Response:
        """One crawl with its relations, some at a time."""
        crawls = self._crawls()
        refuse_unknown_arguments("limit", "after", "outcome")
        run = crawls.run(number)
        after, limit = arguments.number("after", 2**62), arguments.number("limit", _MOST) or 100
        items = crawls.items(run, -1 if after is None else after, limit, outcome_asked())
        following = items[-1].position if len(items) == limit else None
        told, standing = [item_json(item) for item in items], crawls.standing(run)
        return flask.jsonify(
            {**run_json(run), "tags": standing.tags, "at": standing.at, "relations": told, "after": following}
        )

    def register(self, number: str) -> tuple[flask.Response, int, dict[str, str]]:
        """Register what a crawl found, or one relation of it, in a database, by a further crawl."""
        crawls = self._crawls()
        refuse_unknown_arguments()
        body = Body.read("into", "create", "relation")
        creates = body.raw("create")
        if creates not in (None, True, False):
            raise RequestInvalid("`create` is neither true nor false", hint="leave it out for false")
        only = body.text("relation", default="")
        run = crawls.register(number, body.text("into"), creates=bool(creates), only=only)
        return flask.jsonify(run_json(run)), 202, {"Location": f"{answers.PREFIX}/crawls/{run.id}"}

    def cancel(self, number: str) -> flask.Response:
        """Stop a crawl after the relation that it is at."""
        crawls = self._crawls()
        refuse_unknown_arguments()
        return flask.jsonify(run_json(crawls.cancel(number)))

    def _crawls(self) -> Crawls:
        return Crawls(parts=self.parts, subject=answers.subject(self.identity))


OUTCOMES = ("new", "changed", "found", "gone", "failed", "passed", "unchanged", "left")
"""What may become of a relation, the most telling first."""


def outcome_asked() -> str | None:
    """The outcome that a request asks for, as it is kept; None for all."""
    given = flask.request.args.get("outcome")
    if given is not None and given not in OUTCOMES:
        raise RequestInvalid(f"unknown outcome `{given[:40]}`", hint=f"known: {', '.join(OUTCOMES)}")
    return "" if given == "left" else given


def run_json(run: CrawlRun) -> dict[str, object]:
    """A run as the API tells it."""
    moments = {"requested_at": run.requested_at, "started_at": run.started_at, "ended_at": run.ended_at}
    return {
        "id": run.id,
        "source": run.source,
        "path": run.path,
        "into": run.into,
        "full": run.is_full,
        "by": run.by,
        "state": run.state.value,
        "problem": run.problem,
        "done": run.done,
        "total": run.total,
        "counts": {outcome or "left": count for outcome, count in run.counts.items()},
        **{name: written_time(moment) if moment else None for name, moment in moments.items()},
    }


def item_json(item: CrawlItem) -> dict[str, object]:
    """A relation of a run as the API tells it."""
    return {
        "relation": item.relation,
        "outcome": item.outcome or "left",
        "datasets": list(item.datasets),
        "suggestions": item.suggestions,
        "reason": item.reason,
        "hint": item.hint,
    }
