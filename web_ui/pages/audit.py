"""The Audit page: the journal searched by who, what, when and why, and the story of one event."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import flask

from catalog.model import Verdict
from catalog.seals import Seal
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Outcome, Subject
from proxy.identity import Identity
from proxy.refusals import NotThere
from web_ui.event_search import note_reading, reach_of, search
from web_ui.pages.event_words import DEEDS
from web_ui.pages.frame import viewer
from web_ui.parts import Parts

PAGE_ROWS = 50
_SHOWN = ("text", "user", "dataset", "column", "tag", "policy", "kind", "verdict", "decision_id", "from", "to")
_SQL = ("request", "sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One part of a search, and the address of the search without it."""

    name: str
    value: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Lists events that the person may read, and tells each of them whole."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("audit", __name__)
        page.get("/audit")(self.show)
        page.get("/audit/<int:number>")(self.event)
        return page

    def show(self) -> flask.typing.ResponseReturnValue:
        """The events that were asked for, newest first, some at a time; what was left empty leaves the address."""
        subject = viewer(self.identity)
        given = {name: value.strip() for name, value in flask.request.args.items()}
        if not all(given.values()):
            return flask.redirect(_address({name: value for name, value in given.items() if value}), code=303)
        found = search(self.parts, subject, page=PAGE_ROWS)
        asked = {name: given[name] for name in _SHOWN if name in given}
        return flask.render_template(
            "audit.html",
            events=found.events,
            deeds=DEEDS,
            verdicts=tuple((verdict.value, verdict.value) for verdict in Verdict),
            asked=asked,
            chips=_chips(asked),
            older=_address({**asked, "before": str(found.before)}) if len(found.events) == PAGE_ROWS else None,
            is_first="before" not in flask.request.args,
            twin=f"{flask.url_for('control.events')}?{urlencode(asked)}",
            reads=self._reads(subject),
            seal=self._seal(subject),
        )

    def event(self, number: int) -> str:
        """One event as a story: who, what, how each column was shown, and by which policies; SQL before and after."""
        subject = viewer(self.identity)
        reach = reach_of(self.parts, subject)
        event = self.parts.journal.event(number)
        if event is None or not reach.covers(event):
            raise NotThere("there is no event of that number that you can read", hint="search the journal")
        note_reading(self.parts, subject, {"event": number})
        told = reach.told(event)
        related = self.parts.journal.search(decision_id=event.decision_id, limit=20) if event.decision_id else ()
        return flask.render_template(
            "event.html",
            event=event,
            deed=DEEDS[event.kind],
            columns=_columns(told),
            details={name: _text(value) for name, value in event.details.items() if name not in _SQL},
            sql={name: str(event.details[name]) for name in _SQL if event.details.get(name)},
            related=[each for each in related if each.seq != number and reach.covers(each)],
            deeds=DEEDS,
            told=json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True),
        )

    def _reads(self, subject: Subject) -> str:
        places = Rights(subject, self.parts.policies.current()).places(Action.AUDIT_READ)
        if places is None:
            return "Everything that happened here."
        if places:
            return f"Your own events, and those about {', '.join(sorted(places))}."
        return "Your own events."

    def _seal(self, subject: Subject) -> Seal | None:
        """The last seal, for whoever reads the whole journal."""
        if Rights(subject, self.parts.policies.current()).places(Action.AUDIT_READ) is not None:
            return None
        return next(reversed(self.parts.keeper.book.seals()), None)


def _chips(asked: Mapping[str, str]) -> list[Chip]:
    return [
        Chip(name=name, value=value, without=_address({other: asked[other] for other in asked if other != name}))
        for name, value in asked.items()
    ]


def _address(asked: Mapping[str, str]) -> str:
    return f"{flask.url_for('audit.show')}?{urlencode(asked)}" if asked else flask.url_for("audit.show")


def _columns(told: Mapping[str, object]) -> list[tuple[str, str]]:
    """Each column with how it was shown; an event that tells of no outcome has none."""
    columns = told["columns"]
    assert isinstance(columns, list)
    pairs = (column.rpartition("=") for column in columns)
    return [(name, outcome) for name, _, outcome in pairs if outcome in list(Outcome)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
