"""Drafts of policies: listed, continued and discarded; they are their author's, and administrators see them too."""

from dataclasses import dataclass

import flask

from catalog.drafts import Draft, Drafts, Form
from catalog.errors import LimitExceeded
from catalog.journal.event import Event, EventKind
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.delegation import require_policy_writer
from policy_engine.model import Subject
from policy_engine.readers import readable
from proxy.http import answers
from proxy.http.identity import Identity
from proxy.refusals import NotThere
from web_ui.authoring.builder import one
from web_ui.pages.frame import viewer
from web_ui.parts import Parts

_MOST = 100
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftsPage:
    """Lists the drafts that a person may open."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("drafts", __name__)
        page.get("/policies/drafts")(self.show)
        page.post("/policies/drafts/<draft_id>/discard")(self.discard)
        return page

    def show(self) -> str:
        """The drafts, the last changed first."""
        subject = self._writer()
        current = self.parts.policies.current()
        everybodys = Rights(subject, current).may(Action.HOME_ADMINISTER)
        found = Drafts(self.parts.catalog).drafts(None if everybodys else subject.user)
        known = {fold(policy.id): policy.id for policy in readable(subject, current)}
        return flask.render_template(
            "drafts.html",
            drafts=[(draft, known.get(fold(draft.name))) for draft in found],
            live=current.revision,
            everybodys=everybodys,
        )

    def discard(self, draft_id: str) -> flask.typing.ResponseReturnValue:
        """Forget a draft."""
        subject = self._writer()
        draft = open_draft(self.parts, subject, draft_id)
        Drafts(self.parts.catalog).discard(draft.id)
        _tell(self.parts, subject, EventKind.DRAFT_DISCARD, draft)
        return flask.redirect(flask.url_for("drafts.show"), code=303)

    def _writer(self) -> Subject:
        subject = viewer(self.identity)
        require_policy_writer(Rights(subject, self.parts.policies.current()), "write policies")
        return subject


def open_draft(parts: Parts, subject: Subject, draft_id: str) -> Draft:
    """A draft that is the person's or, for an administrator, anybody's; raises NotThere alike for all others."""
    found = Drafts(parts.catalog).draft(draft_id)
    may_open_all = Rights(subject, parts.policies.current()).may(Action.HOME_ADMINISTER)
    if found is None or not (may_open_all or fold(found.by) == fold(subject.user)):
        raise NotThere("there is no such draft that you can open", hint="choose one from the list of drafts")
    return found


def save_draft(parts: Parts, subject: Subject, form: Form, draft_id: str) -> Draft:
    """Keep a form as a draft, new or in the place of an opened one; on record."""
    drafts = Drafts(parts.catalog)
    known = open_draft(parts, subject, draft_id) if draft_id else None
    if known is None and len(drafts.drafts(subject.user)) >= _MOST:
        raise LimitExceeded(f"you have {_MOST} drafts already", hint="apply or discard some of them")
    draft = drafts.save(
        form,
        name=one(form, "policy")[:_LONGEST_NAME],
        by=subject.user,
        revision=parts.policies.current().revision,
        now=parts.clock(),
        id=known.id if known else "",
    )
    _tell(parts, subject, EventKind.DRAFT_SAVE, draft)
    return draft


def _tell(parts: Parts, subject: Subject, kind: EventKind, draft: Draft) -> None:
    parts.journal.append(
        Event(
            kind=kind,
            user=subject.user,
            groups=tuple(sorted(subject.groups)),
            policies=(draft.name,) if draft.name else (),
            revision=draft.revision,
            decision_id=answers.decision_id(),
            client=answers.client(),
            details={"draft": draft.id, "author": draft.by},
        )
    )
