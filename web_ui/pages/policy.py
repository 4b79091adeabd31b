"""The page of one policy: what it says now or said in a revision, what changed, and the way to remove it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import flask

from catalog.errors import VeilError
from catalog.model import Revision
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.apply import carry_out
from policy_engine.changing.delegation import require_any, require_change
from policy_engine.changing.differences import policy_changes
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.changing.told_plan import told_plan
from policy_engine.live import read_live
from policy_engine.model import Policy, PolicySet, Subject
from policy_engine.owners import changed_policies, last_changes, told_history
from policy_engine.readers import readable, reader, reads_every_policy
from proxy.http import answers, problems
from proxy.http.identity import Identity
from web_ui import arguments
from web_ui.authoring.policy_at import find_policy, policy_at, readable_policy
from web_ui.pages.addresses import named
from web_ui.pages.frame import viewer
from web_ui.pages.plans import PlanView, was_looked_at
from web_ui.pages.policy_cards import Card
from web_ui.parts import Parts
from web_ui.view_as import seen

_MOST_REVISIONS = 20
_LARGEST = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A revision that changed the policy, and what it said otherwise since; `is_gone` when it removed it.

    One that is not the reader's counts as none: that somebody else's became theirs, or theirs somebody else's, is told
    like a new one and a removed one, of which it is not said why.
    """

    revision: Revision
    why: str
    details: tuple[str, ...]
    is_new: bool
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage:
    """Tells of one policy; one that may not be read is not there."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("policy", __name__)
        page.get("/policies/<name>")(self.show)
        page.post("/policies/<name>/remove")(self.remove)
        return page

    def show(self, name: str) -> str:
        """The policy as it is in force, or as it stood in the revision `?rev=`."""
        who, current = seen(self.identity), self.parts.policies.current()
        subject = who.subject
        rights, wanted = Rights(subject, current), arguments.number("rev", _LARGEST)
        tells_all = reads_every_policy(rights)
        history = tuple(told_history(self.parts.revisions.history(), tells_all=tells_all, tells_of_one=True))
        number = current.revision if wanted is None else wanted
        shown = readable_policy(named(name), number, subject, current, self.parts.revisions)
        now = find_policy(readable(subject, current), shown.id)
        answers.decided_under(number)
        return flask.render_template(
            "policy.html",
            card=Card.of(shown, last_changes(rev for rev in history if rev.number <= number), self.parts.clock()),
            number=number,
            is_live=now == shown,
            is_there=now is not None,
            is_past=number != current.revision,
            steps=tuple(self._steps(shown.id, history, subject, current)),
            may_write=now is not None and not who.is_another and rights.may(Action.POLICY_WRITE, shown.scope.database),
            may_look_as=not who.is_another and rights.may(Action.SUBJECT_IMPERSONATE),
            reads_history=not who.is_another and reads_every_policy(rights),
        )

    def remove(self, name: str) -> flask.typing.ResponseReturnValue:
        """Plan the removal of the policy; with the number of a plan that still holds, carry it out."""
        subject, current = viewer(self.identity), self.parts.policies.current()
        rights = Rights(subject, current)
        require_any(rights, "change policies")
        policy = readable_policy(named(name), current.revision, subject, current, self.parts.revisions)
        why = flask.request.form.get("why", "").strip()
        is_asked = flask.request.form.get("action") == "apply"
        try:
            plan = told_plan(self._without(policy, rights), subject)
            if not is_asked or not was_looked_at(plan):
                view = PlanView.of(plan, is_another=is_asked)
                return flask.render_template("remove.html", policy=policy, view=view, why=why), 409 if is_asked else 200
            done = carry_out(plan, self.parts.catalog, by=subject.user, why=why, client=answers.client())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return flask.render_template("remove.html", policy=policy, problem=problem, why=why), problem.status
        return flask.redirect(flask.url_for("policies.show", since=done.revision), code=303)

    def _without(self, policy: Policy, rights: Rights) -> Plan:
        live = read_live(self.parts.catalog)
        kept = {key: other for key, other in live.policies.items() if key != fold(policy.id)}
        require_change(rights, live, replace(live, policies=kept))
        return plan_between(live, replace(live, policies=kept), at=self.parts.clock())

    def _steps(self, name: str, history: Iterable[Revision], subject: Subject, current: PolicySet) -> Iterator[Step]:
        """What changed, the newest first; of what the policy said when it was not theirs to read nothing is told."""
        may_read, tells_all = reader(subject, current), reads_every_policy(Rights(subject, current))
        touched = [rev for rev in history if any(fold(each) == fold(name) for _, each in changed_policies(rev))]
        for revision in touched[:_MOST_REVISIONS]:
            stood = (
                policy_at(name, number, current, self.parts.revisions)
                for number in (revision.number - 1, revision.number)
            )
            before, after = (policy if policy and may_read(policy) else None for policy in stood)
            if before or after:
                yield Step(
                    revision=revision,
                    why=revision.why if (before and after) or tells_all else "",
                    details=policy_changes(before, after) if before and after else (),
                    is_new=before is None,
                    is_gone=after is None,
                )
