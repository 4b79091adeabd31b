"""The form of a role: which groups hold it and what its holders may do, looked at as a plan before it is applied."""

import json
from dataclasses import dataclass

import flask

from catalog.errors import VeilError
from catalog.journal.event import EventKind
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.capabilities import PLACES, Action, Capability, Rights, parse
from policy_engine.changing.plan import Plan
from policy_engine.model import Subject
from policy_engine.subjects import subject_of
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.refusals import NotThere, RequestInvalid
from web_ui.authoring.planning import applied, planned
from web_ui.pages.frame import viewer
from web_ui.pages.plans import PlanView, was_looked_at
from web_ui.parts import Parts
from web_ui.role_stories import WORDS

_WHAT = "change roles"
_SIGN_INS = 200
_MOST_GROUPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What the form holds: each action that is ticked with the places it is limited to, none for everywhere."""

    name: str
    groups: tuple[str, ...] = ()
    powers: dict[Action, tuple[str, ...]]

    @classmethod
    def of(cls, role: Role | None) -> "Stated":
        """A role as the form holds it, or the blank form."""
        powers: dict[Action, tuple[str, ...]] = {}
        for held in map(parse, sorted(role.capabilities) if role else ()):
            known = powers.get(held.action)
            is_everywhere = held.place is None or known == ()
            powers[held.action] = () if is_everywhere else (*(known or ()), held.place or "")
        return cls(name=role.name if role else "", groups=tuple(sorted(role.groups)) if role else (), powers=powers)

    @classmethod
    def sent(cls) -> "Stated":
        """The form as it was sent."""
        form = flask.request.form
        ticked = [action for action in Action if action.value in form.getlist("may")]
        places = {action: _listed(form.get(f"places-{action.value}", "").replace(",", "\n")) for action in ticked}
        return cls(name=form.get("name", "").strip(), groups=_listed(form.get("groups", "")), powers=places)

    def document(self) -> str:
        """The role as a document states it."""
        powers = [
            str(Capability(action=action, place=place))
            for action, places in self.powers.items()
            for place in places or (None,)
        ]
        return json.dumps({"veil": 1, "roles": {self.name: {"groups": list(self.groups), "capabilities": powers}}})


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFormPage:
    """Makes and changes one role at a time, for administrators; documents do the same."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page; the menu counts it as the page of roles."""
        page = flask.Blueprint("role_form", __name__)
        page.get("/role")(self.show)
        page.post("/role")(self.change)
        return page

    def show(self) -> str:
        """The form: blank, or with `?name=` the role as it is."""
        self._administrator()
        name = flask.request.args.get("name", "")
        role = self._role(name)
        if name and role is None:
            raise NotThere("there is no role of that name", hint="choose one from the list")
        return self._page(Stated.of(role), role)

    def change(self) -> flask.typing.ResponseReturnValue:
        """Plan what the form states; with the number of a plan that still holds, carry it out."""
        subject, form = self._administrator(), flask.request.form
        stated, role = Stated.sent(), self._role(form.get("was", ""))
        if form.get("action") not in ("plan", "apply"):
            raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
        try:
            self._require_own_name(stated, role)
            plan = planned(self.parts, subject, stated.document(), what=_WHAT)
            if form["action"] == "plan" or not plan.has_changes:
                return self._page(stated, role, plan=plan)
            if not was_looked_at(plan):
                return self._page(stated, role, plan=plan, is_another=True), 409
            done = applied(self.parts, subject, plan, why=form.get("why", "").strip())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(stated, role, problem=problem), problem.status
        return flask.redirect(flask.url_for("roles.one", name=stated.name, since=done.revision), code=303)

    def _administrator(self) -> Subject:
        subject = viewer(self.identity)
        Rights(subject, self.parts.policies.current()).require(Action.HOME_ADMINISTER, None, _WHAT)
        return subject

    def _role(self, name: str) -> Role | None:
        roles = self.parts.policies.current().roles
        return next((role for role in roles if fold(role.name) == fold(name)), None)

    def _require_own_name(self, stated: Stated, role: Role | None) -> None:
        """No other role has that name, so that none is changed by mistake."""
        if not stated.name:
            raise RequestInvalid("the role has no name", hint="policies call it by that name")
        if self._role(stated.name) not in (None, role):
            raise RequestInvalid(
                f"there is a role `{stated.name[:100]}` already", hint="change that one, or name another"
            )

    def _page(
        self,
        stated: Stated,
        role: Role | None,
        *,
        plan: Plan | None = None,
        is_another: bool = False,
        problem: VeilError | None = None,
    ) -> str:
        return flask.render_template(
            "role_form.html",
            stated=stated,
            role=role,
            words=WORDS,
            places=PLACES,
            known=self._known(),
            why=flask.request.form.get("why", ""),
            view=PlanView.of(plan, is_another=is_another) if plan else None,
            problem=problem,
        )

    def _known(self) -> tuple[str, ...]:
        """Groups that people have: of local accounts, and of who signed in lately; nobody's own name is one."""
        people = [(each.user, each.groups) for each in map(subject_of, self.parts.accounts.users())]
        seen = self.parts.journal.search(kind=EventKind.LOGIN_OK, limit=_SIGN_INS)
        people += [(event.user, frozenset(event.groups)) for event in seen]
        found = {group for user, groups in people for group in groups if fold(group) != fold(user)}
        return tuple(sorted(found)[:_MOST_GROUPS])


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
