"""The page that changes policies: a document is written, its plan is looked at, and only then it is applied."""

from dataclasses import dataclass

import flask

from catalog.errors import VeilError
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.delegation import require_any
from policy_engine.changing.plan import Plan
from policy_engine.document.writing import policy_entry, roles, write
from policy_engine.model import Subject
from policy_engine.readers import readable
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.authoring.planning import applied, planned
from web_ui.authoring.policy_at import not_there
from web_ui.pages.frame import viewer
from web_ui.pages.plans import PlanView, was_looked_at
from web_ui.parts import Parts

_WHAT = "change policies"
_EXAMPLE = """veil: 1
policies:
  - policy: analysts-medical
    grant: select
    to: [healthcare_analyst_role]
    scope: medical_charges
    having: not phi.phone_number
    transform: [{tagged: phi.mrn, with: tokenize()}]
    where: opted_out != 1
    why: say why, for whoever reads this in a year
"""
_ROLE = """veil: 1
roles:
  healthcare_analyst_role:
    groups: [general_analyst_group]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Plans a document and applies the very plan that was looked at; anything else is planned again."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("change", __name__)
        page.get("/policies/change")(self.show)
        page.post("/policies/change")(self.change)
        return page

    def show(self) -> str:
        """The form, holding one policy or role as it is now, or an example."""
        subject, given = self._writer(), flask.request.args
        if "role" in given:
            return self._page(self._role(subject, given["role"]))
        name = given.get("policy", "")
        return self._page(self._document(subject, name) if name else _EXAMPLE)

    def change(self) -> flask.typing.ResponseReturnValue:
        """Plan what the form holds; with the number of a plan that still holds, carry it out."""
        subject = self._writer()
        form = flask.request.form
        text, why = form.get("document", ""), form.get("why", "").strip()
        if form.get("action") not in ("plan", "apply"):
            raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
        try:
            plan = planned(self.parts, subject, text, what=_WHAT)
            if form["action"] == "plan" or not plan.has_changes:
                return self._page(text, why=why, plan=plan)
            if not was_looked_at(plan):
                return self._page(text, why=why, plan=plan, is_another=True), 409
            done = applied(self.parts, subject, plan, why=why)
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(text, why=why, problem=problem), problem.status
        return flask.redirect(flask.url_for("policies.show", since=done.revision), code=303)

    def _writer(self) -> Subject:
        """Who looks at the page; raises NotAllowed for somebody who may change nothing."""
        subject = viewer(self.identity)
        require_any(Rights(subject, self.parts.policies.current()), _WHAT)
        return subject

    def _document(self, subject: Subject, name: str) -> str:
        found = next(
            (each for each in readable(subject, self.parts.policies.current()) if fold(each.id) == fold(name)), None
        )
        if found is None:
            raise not_there()
        return write({"veil": 1, "policies": [policy_entry(found)]})

    def _role(self, subject: Subject, name: str) -> str:
        """A role as a document, or an example of one; raises NotAllowed for who may change none."""
        Rights(subject, self.parts.policies.current()).require(Action.HOME_ADMINISTER, None, "change roles")
        found = [role for role in self.parts.policies.current().roles if fold(role.name) == fold(name)]
        return write({"roles": roles(found)}) if found else _ROLE

    def _page(
        self,
        document: str,
        *,
        why: str = "",
        plan: Plan | None = None,
        is_another: bool = False,
        problem: VeilError | None = None,
    ) -> str:
        view = PlanView.of(plan, is_another=is_another) if plan else None
        return flask.render_template("change.html", document=document, why=why, view=view, problem=problem)
