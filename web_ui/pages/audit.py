"""The Audit page: the journal searched by who, what, when and why, and the story of one event."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import flask

from catalog.journal.archives import Archive
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import wanted
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from proxy.http.identity import Identity
from proxy.refusals import NotThere
from web_ui import arguments
from web_ui.apis.audit import own_event
from web_ui.journal.search import FILTERS, Page, archived_until, note_reading, paced, reach_of, search
from web_ui.pages.audit_questions import questions
from web_ui.pages.audit_timeline import over_time
from web_ui.pages.event_story import outcomes, story, withheld
from web_ui.pages.event_words import DEEDS, ENDINGS
from web_ui.pages.facets import Facet, facet
from web_ui.pages.frame import viewer
from web_ui.parts import Parts

PAGE_ROWS = 50
_FACETS = ("verdict", "kind", "user", "dataset", "tag", "policy")
_WORDS: Mapping[str, str] = {"verdict": "how it ended", "kind": "what happened", "user": "who", **DEEDS, **ENDINGS}
_OFFERED = 10
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
        page.post("/audit/verify")(self.verify)
        return page

    def show(self) -> flask.typing.ResponseReturnValue:
        """The events that were asked for, newest first, some at a time; what was left empty leaves the address."""
        subject = viewer(self.identity)
        given = {name: value.strip() for name, value in flask.request.args.items()}
        if not all(given.values()):
            return flask.redirect(_address({name: value for name, value in given.items() if value}), code=303)
        asked = {name: given[name] for name in FILTERS if name in given}
        reach = reach_of(self.parts, subject)
        reads_all = reach.readable is None
        with paced(reach):
            page = search(self.parts, subject, reach, page=PAGE_ROWS)
            facets, times = self._facets(page, asked), over_time(self.parts.journal, page.found.members)
        return flask.render_template(
            "audit.html",
            page=page,
            deeds=DEEDS,
            endings=ENDINGS,
            asked=asked,
            chips=_chips(asked),
            facets_of=facets,
            words=_WORDS,
            figure=self.parts.pictures.figure(times),
            older=_address({**asked, "before": str(page.before)}) if len(page.events) == PAGE_ROWS else None,
            is_first="before" not in flask.request.args,
            query=asked,
            reads=self._reads(subject),
            questions=questions(reads_all=reads_all) if reach.reads_others else (),
            record=self._record() if reads_all else None,
            archives=_overlapping(self.parts.journal.archives()) if reads_all else (),
            archived_until=archived_until(self.parts),
            reads_all=reads_all,
        )

    def event(self, number: int) -> str:
        """One event as a story: who, what, how each column was shown, and by which policies; SQL before and after."""
        subject = viewer(self.identity)
        reach = reach_of(self.parts, subject)
        event = self.parts.journal.event(number)
        if event is None or not reach.covers(event):
            raise NotThere("there is no event of that number that you can read", hint=self._where(number, subject))
        note_reading(self.parts, subject, {"event": number})
        told, shown = reach.told(event), reach.shown(event)
        readable = self.parts.journal.readable(reach.readable)
        same = self.parts.journal.find(wanted(decision_id=event.decision_id, readable=reach.readable))
        found = self.parts.journal.page(same, limit=20) if event.decision_id else ()
        related = [reach.shown(each) for each in found if each.seq != number]
        return flask.render_template(
            "event.html",
            event=shown,
            deed=DEEDS[event.kind],
            story=story(shown),
            withheld=withheld(shown, related),
            columns=outcomes(shown),
            difference=_difference(shown),
            details={name: _text(value) for name, value in shown.details.items() if name not in (*_SQL, "difference")},
            sql={name: str(shown.details[name]) for name in _SQL if shown.details.get(name)},
            related=related,
            deeds=DEEDS,
            endings=ENDINGS,
            told=json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True),
            older=readable.before(number),
            newer=readable.after(number),
        )

    def verify(self) -> flask.typing.ResponseReturnValue:
        """Begin to verify the whole journal, and lead back to the page that tells how far that is."""
        subject = viewer(self.identity)
        Rights(subject, self.parts.policies.current()).require(Action.AUDIT_READ, None, "verify the journal")
        self.parts.verifier.start(own_event(EventKind.AUDIT_VERIFY, subject))
        return flask.redirect(flask.url_for("audit.show") + "#record", code=303)

    def _facets(self, page: Page, asked: Mapping[str, str]) -> tuple[Facet, ...]:
        readable = page.found.reach.readable
        found = self.parts.journal.count(page.found.members, *_FACETS, most=_OFFERED, readable=readable)
        return tuple(
            facet(
                name,
                Counter({each.value: each.count for each in found[name] if each.value}),
                asked.get(name, ""),
                address=_choosing(asked, name),
            )
            for name in _FACETS
        )

    def _reads(self, subject: Subject) -> str:
        places = Rights(subject, self.parts.policies.current()).places(Action.AUDIT_READ)
        if places is None:
            return "Everything that happened here."
        if places:
            return f"Your own events, and those about {', '.join(sorted(places))}."
        return "Your own events."

    def _record(self) -> Mapping[str, object]:
        """What is known of the whole: its length, its last seal, and what the last verification found."""
        count, _ = self.parts.journal.head()
        verifier = self.parts.verifier
        return {
            "count": count,
            "seal": self.parts.keeper.book.newest(),
            "last": verifier.last(),
            "progress": verifier.progress,
            "problem": verifier.problem,
        }

    def _where(self, number: int, subject: Subject) -> str:
        """Where to look for an event that is not there; archives are told to who reads everything."""
        if reach_of(self.parts, subject).readable is None:
            for archive in self.parts.journal.archives():
                if archive.first <= number <= archive.last:
                    return f"it lies in the archive `{archive.file}`"
        return "search the journal"


def _overlapping(archives: tuple[Archive, ...]) -> tuple[Archive, ...]:
    """The archives with events of the time that is asked for."""
    start, end = arguments.moment("from"), arguments.moment("to")
    return tuple(each for each in archives if _meets(each, start, end))


def _meets(archive: Archive, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or archive.ended_at >= start) and (end is None or archive.began_at < end)


def _chips(asked: Mapping[str, str]) -> list[Chip]:
    return [
        Chip(
            name=_WORDS.get(name, name),
            value=_said(name, value),
            without=_address({other: asked[other] for other in asked if other != name}),
        )
        for name, value in asked.items()
    ]


def _said(name: str, value: str) -> str:
    return _WORDS.get(value, value) if name in ("kind", "verdict") else value


def _choosing(asked: Mapping[str, str], name: str) -> Callable[[str | None], str]:
    others = {other: value for other, value in asked.items() if other != name}
    return lambda value: _address(others if value is None else {**others, name: value})


def _address(asked: Mapping[str, str]) -> str:
    return f"{flask.url_for('audit.show')}?{urlencode(asked)}" if asked else flask.url_for("audit.show")


def _difference(event: Event) -> tuple[tuple[str, str], ...]:
    """The lines of a change, each with whether it went, came or stayed."""
    lines = event.details.get("difference")
    if not isinstance(lines, list):
        return ()
    ways = {"-": "before", "+": "after"}
    return tuple((ways.get(str(line)[:1], "same"), str(line)) for line in lines)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
