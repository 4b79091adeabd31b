"""The journal under /api/v1: exports of what a search found, and the verification of the whole."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import flask

from catalog.clock import written_time
from catalog.errors import NotAuthenticated
from catalog.journal.event import Event, EventKind
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from proxy.http import answers
from proxy.http.bodies import refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.http.streams import Stream, refuse_old_protocol
from proxy.refusals import RequestInvalid
from proxy.turns import Turns
from web_ui.journal.exports import EXPORTS
from web_ui.journal.search import FILTERS, Found, matching, paced, reach_of
from web_ui.parts import Parts

ASK_AGAIN_SECONDS = 1.0
"""An export is read for hours: so often is asked whether who reads it still may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditApi:
    """The routes of the record over the parts they need."""

    parts: Parts
    identity: Identity
    exporting: Turns = field(
        default_factory=lambda: Turns(
            2,
            "export of the journal under way",
            "exports of the journal under way",
            hint="read the exports to their end or close them, then ask again",
        )
    )

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("record", __name__)
        routes.get("/audit/export")(self.export)
        routes.get("/audit/verification")(self.verification)
        routes.post("/audit/verification")(self.verify)
        return routes

    def export(self) -> flask.Response:
        """What a search finds, oldest first, as a file that tells what it is of; an export is journalled."""
        subject = answers.subject(self.identity)
        refuse_old_protocol()
        refuse_unknown_arguments(*FILTERS, "format")
        form = flask.request.args.get("format", "jsonl")
        if form not in EXPORTS:
            raise RequestInvalid(
                f"unknown format `{form}`", hint="known: " + ", ".join(f"`{name}`" for name in EXPORTS)
            )
        with contextlib.ExitStack() as held:
            held.callback(self.exporting.take(subject.user))
            reach = reach_of(self.parts, subject)
            with paced(reach):
                found = matching(self.parts, subject, reach)
            told = self._told(subject, form, found)
            kind, lines = EXPORTS[form]
            # The context of the request stands for each question alone: while pieces are sent it would be of whatever
            # else its thread does.
            asked = functools.partial(self.identity.subject, flask.request.headers.get("Authorization"))
            events = self._while_readable(found, subject, flask.copy_current_request_context(asked))
            pieces = (line.encode() for line in lines(told, events, found.reach))
            held.callback(pieces.close)
            stream = Stream(pieces, decision_id=answers.decision_id(), on_failure=lambda _: None)
            stream.hold(held)
            answer = flask.Response(stream, mimetype=kind)
        suffix = "csv" if form == "csv" else "jsonl"
        answer.headers["Content-Disposition"] = f'attachment; filename="veil-journal-{told.seq}.{suffix}"'
        return answer

    def verification(self) -> flask.Response:
        """How far a verification is that runs, and what the last one found; for who reads the whole journal."""
        self._require("see whether the journal holds")
        refuse_unknown_arguments()
        return flask.jsonify(self._state())

    def verify(self) -> tuple[flask.Response, int]:
        """Begin to verify the whole chain, archives and seals, beside the answers."""
        refuse_unknown_arguments()
        subject = self._require("verify the journal")
        self.parts.verifier.start(own_event(EventKind.AUDIT_VERIFY, subject))
        return flask.jsonify(self._state()), 202

    def _told(self, subject: Subject, form: str, found: Found) -> Event:
        details: dict[str, object] = {"asked": found.asked, "format": form, "count": found.members.count}
        if found.reach.readable is None:
            seq, head = self.parts.journal.head()
            details["head"] = {"seq": seq, "hash": head}
        return self.parts.journal.append(replace(own_event(EventKind.AUDIT_EXPORT, subject), details=details))

    def _while_readable(self, found: Found, subject: Subject, asked: Callable[[], Subject]) -> Iterator[Event]:
        """Every event found; raises NotAuthenticated once who `asked` is another one, or may read something else."""
        asked_at = time.monotonic()
        for event in self.parts.journal.every(found.members):
            if time.monotonic() >= asked_at + ASK_AGAIN_SECONDS:
                now = asked()
                if now != subject or reach_of(self.parts, now).readable != found.reach.readable:
                    raise NotAuthenticated("what you may read has changed meanwhile", hint="ask again")
                asked_at = time.monotonic()
            yield event

    def _require(self, what: str) -> Subject:
        subject = answers.subject(self.identity)
        Rights(subject, self.parts.policies.current()).require(Action.AUDIT_READ, None, what)
        return subject

    def _state(self) -> dict[str, object]:
        progress, last = self.parts.verifier.progress, self.parts.verifier.last()
        return {
            "running": not progress.is_over,
            "read": progress.read,
            "of": progress.count,
            "problem": self.parts.verifier.problem,
            "last": None
            if last is None or last.at is None
            else {"at": written_time(last.at), "by": last.user, "event": last.seq, **last.details},
        }


def own_event(kind: EventKind, subject: Subject) -> Event:
    """An event of the person who sent the current request."""
    return Event(
        kind=kind,
        user=subject.user,
        groups=tuple(sorted(subject.groups)),
        client=answers.client(),
        decision_id=answers.decision_id(),
    )
