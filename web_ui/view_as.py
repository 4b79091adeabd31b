"""Looking as somebody else: a mode of one sign-in in which pages tell what another would see, and nothing can be done.

INVARIANT: the mode shows less and never more. It is kept at the server with the sign-in, begun by a form that carries
this sign-in's token, and every request asks anew whether the person may look as others. Pages that do not know of the
mode are closed in it, the API too, and so is every deed but leaving. Values come from what the person may read alone.
"""

import json
from dataclasses import dataclass

import flask

from catalog.errors import NotAllowed, VeilError
from catalog.journal.event import Event, EventKind
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from proxy.http import answers
from proxy.http.identity import Identity
from web_ui.authoring.somebody import Somebody
from web_ui.parts import Parts
from web_ui.session import Sessions

OPEN = frozenset(
    {"root", "static", "data.show", "dataset.show", "policies.show", "policy.show", "query.show", "query.names"}
)
"""The pages that show what another would see."""

_DEEDS = frozenset({"view_as.leave", "sign_in.leave"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WHAT = "see what others would see"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Whom a page is made for: the `subject` whose sight it shows, and the person who looks; `name` is empty for
    oneself.
    """

    subject: Subject
    by: Subject
    name: str = ""

    @property
    def is_another(self) -> bool:
        """Whether somebody looks as another."""
        return bool(self.name)


def seen(identity: Identity) -> Seen:
    """Whom the current page is made for; raises NotAuthenticated, which leads to the sign-in page."""
    found: Seen | None = flask.g.get("seen")
    if found is not None:
        return found
    subject = answers.subject(identity)
    return Seen(subject=subject, by=subject)


class ViewAs:
    """The mode of the current request's sign-in."""

    def __init__(self, parts: Parts, identity: Identity, sessions: Sessions) -> None:
        self._parts = parts
        self._identity = identity
        self._sessions = sessions

    def begin(self, who: Somebody) -> None:
        """From now on this sign-in looks as somebody else; on record. Raises NotAllowed and RequestInvalid."""
        by = self.require()
        self._subject(who, by)
        self._sessions.view(json.dumps({"kind": who.kind, "name": who.name, "attributes": who.attributes}))
        self._tell(EventKind.VIEW_BEGIN, by, who)

    def leave(self) -> None:
        """This sign-in looks as itself again; on record. Raises NotAuthenticated."""
        by, who = answers.subject(self._identity), self._wanted()
        if who is not None:
            self._sessions.view("")
            flask.g.pop("seen", None)
            self._tell(EventKind.VIEW_END, by, who)

    def require(self) -> Subject:
        """The person who may look as others; raises NotAllowed."""
        by = answers.subject(self._identity)
        Rights(by, self._parts.policies.current()).require(Action.SUBJECT_IMPERSONATE, None, _WHAT)
        return by

    def guard(self) -> flask.typing.ResponseReturnValue | None:
        """Before a request is answered: settle whom it is made for, and close what the mode does not open."""
        if "Authorization" in flask.request.headers or flask.request.endpoint == "static":
            return None
        who = self._wanted()
        if who is None:
            return None
        try:
            by = self.require()
            subject = self._subject(who, by)
        except VeilError:
            self.leave()  # the right, the account or the role is gone; what is asked for is asked as oneself
            if flask.request.method in _SAFE:
                raise
            raise _closed("look as somebody else any more", who) from None
        flask.g.seen = Seen(subject=subject, by=by, name=str(who))
        if flask.request.path == "/" and flask.request.method in _SAFE:
            return flask.redirect(flask.url_for("data.show"))
        if not _is_open():
            raise _closed("do or open this while you look as another", who)
        return None

    def _subject(self, who: Somebody, by: Subject) -> Subject:
        with self._parts.policies.moment() as policies:
            return who.subject(self._parts.accounts, policies, by)

    def _wanted(self) -> Somebody | None:
        """Whom this sign-in looks as, None for itself."""
        text = self._sessions.viewing()
        return Somebody(**json.loads(text)) if text else None

    def _tell(self, kind: EventKind, by: Subject, who: Somebody) -> None:
        self._parts.journal.append(
            Event(
                kind=kind,
                user=by.user,
                groups=tuple(sorted(by.groups)),
                revision=self._parts.policies.current().revision,
                decision_id=answers.decision_id(),
                client=answers.client(),
                details={"as": f"{who.kind} {who.name}", **({"attributes": True} if who.attributes else {})},
            )
        )


def _is_open() -> bool:
    endpoint, request = flask.request.endpoint, flask.request
    if request.method in _SAFE:
        return endpoint in OPEN
    return endpoint in _DEEDS or (endpoint == "query.ask" and request.form.get("action") == "explain")


def _closed(what: str, who: Somebody) -> NotAllowed:
    return NotAllowed(f"you cannot {what}", hint=f"leave the view as {who} at the top of the page first")
