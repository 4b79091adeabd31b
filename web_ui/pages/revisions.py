"""The pages of the history: every revision, what one changed or two differ in, and the way back to one."""

from dataclasses import dataclass, replace

import flask

from catalog.errors import VeilError
from catalog.model import Revision
from policy_engine.capabilities import Rights
from policy_engine.changing.apply import carry_out
from policy_engine.changing.delegation import may_change_anything, require_change
from policy_engine.changing.differences import differences
from policy_engine.changing.history import at_revision, back_to, between
from policy_engine.changing.plan import Plan
from policy_engine.changing.told_plan import told_plan
from policy_engine.live import Live, read_live
from policy_engine.oversight import require_history
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.refusals import NotThere, RequestInvalid
from web_ui import arguments
from web_ui.pages.frame import viewer
from web_ui.pages.plans import PlanView, was_looked_at
from web_ui.parts import Parts

_LARGEST = 2**31
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionsPage:
    """Shows revisions to administrators and auditors; going back is a change like any other."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of these pages."""
        page = flask.Blueprint("revisions", __name__)
        page.get("/policies/history")(self.show)
        page.get("/policies/history/<int:number>")(self.one)
        page.post("/policies/history/<int:number>")(self.go_back)
        return page

    def show(self) -> str:
        """Every revision, newest first, so many at once."""
        self._reader()
        before = arguments.number("before", _LARGEST)
        every = self.parts.revisions.history()
        older = [revision for revision in every if before is None or revision.number < before]
        return flask.render_template(
            "revisions.html",
            revisions=older[:_MOST],
            more=older[_MOST - 1].number if len(older) > _MOST else None,
            live=self.parts.policies.current().revision,
        )

    def one(self, number: int) -> str:
        """What a revision changed, or what lies between it and the revision `?from=`."""
        rights = self._reader()
        revision = self._revision(number)
        old = arguments.number("from", _LARGEST)
        if old is not None and old != number:
            self._revision(old)
        live = read_live(self.parts.catalog)
        start = number - 1 if old is None else old
        is_asked = arguments.flag("people")
        plan = between(start, number, self.parts.catalog, at=self.parts.clock()) if is_asked and start else None
        return self._page(
            revision,
            live=live.revision,
            start=start,
            changes=differences(self._state(start, live), self._state(number, live)),
            people=PlanView.of(plan) if plan else None,
            may_change=may_change_anything(rights),
        )

    def go_back(self, number: int) -> flask.typing.ResponseReturnValue:
        """Plan the return to a revision; with the number of a plan that still holds, carry it out as a new one."""
        subject = viewer(self.identity)
        rights = Rights(subject, self.parts.policies.current())
        require_history(rights, "return to an earlier revision")
        why, action = flask.request.form.get("why", "").strip(), flask.request.form.get("action")
        if action not in ("plan", "apply"):
            raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
        revision = self._revision(number)
        try:
            plan = back_to(number, self.parts.catalog, at=self.parts.clock())
            require_change(rights, plan.before, plan.after)
            plan = told_plan(plan, subject)
            is_other = action == "apply" and plan.has_changes and not was_looked_at(plan)
            if action == "plan" or is_other or not plan.has_changes:
                return self._planned(revision, plan, why, is_other=is_other), 409 if is_other else 200
            done = carry_out(
                plan, self.parts.catalog, by=subject.user, why=why, client=answers.client(), back_to=number
            )
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return flask.render_template("rollback.html", revision=revision, why=why, problem=problem), problem.status
        return flask.redirect(flask.url_for("policies.show", since=done.revision), code=303)

    def _planned(self, revision: Revision, plan: Plan, why: str, *, is_other: bool) -> str:
        view = PlanView.of(plan, is_another=is_other)
        return flask.render_template("rollback.html", revision=revision, why=why, view=view)

    def _page(self, revision: Revision, **shown: object) -> str:
        return flask.render_template("revision.html", revision=revision, **shown)

    def _state(self, number: int, live: Live) -> Live:
        """The policies and roles of a revision; before the first there was nothing."""
        if number == 0:
            return replace(live, revision=0, policies={}, roles={})
        return at_revision(number, live, self.parts.catalog)

    def _reader(self) -> Rights:
        rights = Rights(viewer(self.identity), self.parts.policies.current())
        require_history(rights, "read the history of policies")
        return rights

    def _revision(self, number: int) -> Revision:
        found = next((each for each in self.parts.revisions.history() if each.number == number), None)
        if found is None:
            raise NotThere(f"there is no revision {number}", hint="choose one from the history")
        return found
