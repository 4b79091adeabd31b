"""Requests for access under /api/v1: ask, look at one's own, and decide on those of others where one may."""

from dataclasses import dataclass

import flask

from catalog.access_requests import AccessRequest, RequestState
from catalog.clock import written_time
from policy_engine.requests.access_requests import is_own
from policy_engine.requests.proposal import Proposal
from proxy.asking import Asked
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui import arguments
from web_ui.parts import Parts
from web_ui.request_deeds import approved, asking, denied, reader_of, taken_back
from web_ui.request_stories import Reader, Story, end_of, terms_of

_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsApi:
    """The routes of access requests over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("access_requests", __name__)
        routes.get("/access-requests")(self.listed)
        routes.post("/access-requests")(self.ask)
        routes.get("/access-requests/<number>")(self.story)
        routes.post("/access-requests/<number>/decide")(self.decide)
        routes.post("/access-requests/<number>/withdraw")(self.withdraw)
        return routes

    def listed(self) -> flask.Response:
        """One's own requests and those one may decide on, open ones first."""
        reader = self._reader()
        refuse_unknown_arguments("state", "search", "limit", "offset")
        choice = reader.choice(
            state=arguments.choice(RequestState, "state"), search=flask.request.args.get("search", "")
        )
        limit, offset = arguments.number("limit", _MOST) or 100, arguments.number("offset", 2**31) or 0
        found, total = reader.listed(choice, limit=limit, offset=offset)
        following = offset + len(found)
        return flask.jsonify(
            {
                "requests": [as_json(each, reader.subject.user) for each in found],
                "total": total,
                "offset": following if following < total else None,
            }
        )

    def ask(self) -> flask.typing.ResponseReturnValue:
        """Ask for columns of a dataset, all of it, or all its rows; what one cannot see is asked for alike."""
        subject = answers.subject(self.identity)
        refuse_unknown_arguments()
        body = Body.read("dataset", "columns", "all_rows", "why", "purpose", "until")
        asked = Asked(
            dataset=body.text("dataset"),
            columns=body.texts("columns"),
            all_rows=_flag(body, "all_rows"),
            why=body.text("why"),
            purpose=body.text("purpose", default=""),
            until=end_of(body.text("until")) if body.has("until") else None,
        )
        kept = asking(self.parts).ask(subject, asked, decision_id=answers.decision_id(), client=answers.client())
        return flask.jsonify(as_json(kept, subject.user)), 201

    def story(self, number: str) -> flask.Response:
        """One request; for who decides, what an approval would do on the terms that the parameters say."""
        reader = self._reader()
        refuse_unknown_arguments("column", "mask", "until", "bound")
        given = flask.request.args
        told = reader.story(
            number,
            columns=tuple(given.getlist("column")),
            mask=given.get("mask", ""),
            until=given.get("until", ""),
            bound=arguments.flag("bound"),
        )
        if told.problem is not None and any(name in given for name in ("column", "mask", "until", "bound")):
            raise told.problem
        return flask.jsonify(story_as_json(told, reader.subject.user))

    def decide(self, number: str) -> flask.Response:
        """Approve, by the number of the plan that was looked at, or deny with words."""
        reader = self._reader()
        refuse_unknown_arguments()
        body = Body.read("verdict", "plan", "words", "columns", "mask", "until", "bound")
        verdict = body.text("verdict")
        if verdict not in ("approve", "deny"):
            raise RequestInvalid("`verdict` is neither `approve` nor `deny`", hint="send one of them")
        words = body.text("words", default="")
        if verdict == "deny":
            done = denied(self.parts, reader, number, words=words)
        else:
            terms = terms_of(
                reader.request(number),
                columns=body.texts("columns"),
                mask=body.text("mask", default=""),
                until=body.text("until", default=""),
                bound=_flag(body, "bound"),
            )
            done = approved(self.parts, reader, number, terms, plan=body.text("plan"), words=words)
        return flask.jsonify(as_json(done, reader.subject.user))

    def withdraw(self, number: str) -> flask.Response:
        """Take one's own open request back."""
        reader = self._reader()
        refuse_unknown_arguments()
        return flask.jsonify(as_json(taken_back(self.parts, reader, number), reader.subject.user))

    def _reader(self) -> Reader:
        return reader_of(self.parts, answers.subject(self.identity))


def as_json(request: AccessRequest, reader: str) -> dict[str, object]:
    """A request as its asker and whoever decides may read it; groups and attributes are told to nobody here."""
    return {
        "id": request.id,
        "user": request.user,
        "mine": is_own(request, reader),
        "dataset": request.full_name,
        "wanted": request.wanted.value,
        "columns": list(request.columns),
        "why": request.why,
        "purpose": request.purpose,
        "state": request.state.value,
        "asked_at": written_time(request.asked_at),
        "ends_at": written_time(request.ends_at),
        "decided_by": request.decided_by,
        "decided_at": written_time(request.decided_at) if request.decided_at else None,
        "words": request.words,
        "policies": list(request.policies),
        "revision": request.revision,
    }


def story_as_json(story: Story, reader: str) -> dict[str, object]:
    """The same with the story around it: what would change, what stands against it, who has it, what came before."""
    told = {**as_json(story.request, reader), "may_decide": story.may_decide, "in_force": dict(story.in_force)}
    if story.is_mine:
        return told
    return {
        **told,
        "groups": sorted(story.request.groups),
        "proposal": None if story.proposal is None else _proposal(story.proposal, story.statements),
        "problem": "" if story.problem is None else story.problem.detail,
        "against": [{"policy": each.name, "owner": each.owner} for each in story.against],
        "holders": [
            {"role": holder.role, "shown": {how: list(columns) for how, columns in holder.shown.items()}}
            for holder in story.holders
        ],
        "past": [as_json(each, reader) for each in story.past],
    }


def _proposal(proposal: Proposal, statements: tuple[str, ...]) -> dict[str, object]:
    before, after = proposal.rows
    return {
        "plan": proposal.plan.id,
        "against_revision": proposal.plan.revision,
        "ends_at": written_time(proposal.terms.ends_at),
        "statements": list(statements),
        "columns": [
            {
                "column": change.column.name,
                "asked": change.is_asked,
                "before": change.before,
                "after": change.after,
                "at_least": change.least,
                "at_most": change.most,
                "reason": change.reason,
            }
            for change in proposal.columns
        ],
        "rows": {"before": before.reason, "after": after.reason},
        "later": [
            {"at": written_time(each.at), "column": each.column, "before": each.before, "after": each.after}
            for each in proposal.later
        ],
        "missing": list(proposal.missing),
        "keyed": list(proposal.keyed),
        "refused_because": proposal.refused_because,
    }


def _flag(body: Body, key: str) -> bool:
    value = body.raw(key)
    if value is not None and not isinstance(value, bool):
        raise RequestInvalid(f"`{key}` is neither true nor false", hint=f"leave `{key}` out for false")
    return value is True
