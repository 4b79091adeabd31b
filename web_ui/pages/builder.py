"""The sentence builder: fields for each part of a policy, and beside them what that policy would do, and to whom."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import flask

from catalog.drafts import Draft, Drafts, Form
from catalog.errors import PolicyInvalid, VeilError
from catalog.names import fold, join
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.delegation import require_policy_writer
from policy_engine.changing.plan import Plan
from policy_engine.changing.plan_warnings import covered_datasets, filter_warnings, place_warnings, transform_warnings
from policy_engine.changing.told_plan import told_notes
from policy_engine.circumstances import WEEKDAYS
from policy_engine.document.writing import policy_entry, write
from policy_engine.model import Effect, Policy, PolicySet, Subject
from policy_engine.personal_roles import nameable_roles
from policy_engine.readers import known_roles
from policy_engine.transforms.known import TRANSFORMS
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.arguments import read_moment, read_number
from web_ui.authoring.builder import (
    FIELDS,
    PICKS,
    Known,
    Reading,
    attribute_rows,
    blank_form,
    form_of,
    read_form,
    transform_rows,
)
from web_ui.authoring.known_names import KINDS, Names
from web_ui.authoring.planning import applied, planned
from web_ui.authoring.policy_at import readable_policy
from web_ui.authoring.preview import EXTRAS, Asked, Line, Preview, preview
from web_ui.authoring.somebody import Somebody
from web_ui.numbers import whole_number
from web_ui.pages.addresses import named, policy_url
from web_ui.pages.drafts import open_draft, save_draft
from web_ui.pages.frame import viewer
from web_ui.pages.plans import PlanView, was_looked_at
from web_ui.pages.policy_cards import Card
from web_ui.pages.stretch import MOST_PAGES, Stretch, stretch
from web_ui.parts import Parts

_WHAT = "write policies"
_PREFILLED = ("policy", "to", "scope", "having", "pick", "tagged", "with", "where", "why")
_MOST_ROWS = 50
_ADDED = {
    "add-role": ("to",),
    "add-transform": ("tagged", "with", "arguments"),
    "add-attribute": ("attribute", "values"),
}
_TAKEN = {f"remove-{name.removeprefix('add-')}": fields for name, fields in _ADDED.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands beside the fields: the policy in its three forms, its plan, and what that does to somebody."""

    reading: Reading = field(default_factory=Reading)
    card: Card | None = None
    view: PlanView | None = None
    asked: Asked | None = None
    preview: Preview | None = None
    columns: Stretch[Line] | None = None
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problem: VeilError | None = None
    no_preview: VeilError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuilderPage:
    """Writes and changes one policy at a time, by the engine's own reader, writers and plan."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("builder", __name__)
        page.get("/policies/new")(self.begin)
        page.post("/policies/new")(self.work)
        page.get("/policies/<name>/edit")(self.edit)
        page.post("/policies/<name>/edit")(self.work)
        page.get("/policies/names")(self.names)
        return page

    def begin(self) -> str:
        """A new policy: blank, filled in by the address, or a draft that is continued."""
        subject, current = self._writer()
        if draft := flask.request.args.get("draft", ""):
            return self._draft(subject, current, open_draft(self.parts, subject, draft), None)
        asked = flask.request.args
        given = _bounded({name: tuple(asked.getlist(name)) for name in _PREFILLED if name in asked})
        form = {**blank_form(), **given}
        return self._page(form, None, _begun(self._shown(subject, current, form, None), given))

    def edit(self, name: str) -> flask.typing.ResponseReturnValue:
        """One policy that is in force, as fields; a policy that no fields can hold is changed as a document."""
        subject, current = self._writer()
        policy = self._policy(named(name), subject, current)
        if draft := flask.request.args.get("draft", ""):
            return self._draft(subject, current, open_draft(self.parts, subject, draft), policy)
        form = form_of(policy)
        if form is None:
            return flask.render_template("inexpressible.html", policy=policy)
        return self._page(form, policy, self._shown(subject, current, form, policy))

    def work(self, name: str = "") -> flask.typing.ResponseReturnValue:
        """Add or take a row, show what the policy does, keep it as a draft, or apply the plan that was looked at."""
        subject, current = self._writer()
        policy = self._policy(named(name), subject, current) if name else None
        form, action = _sent(policy), flask.request.form.get("action", "check")
        if action in _ADDED or action.rpartition("-")[0] in _TAKEN:
            said = Shown(card=self._shown(subject, current, form, policy).card)
            return self._page(_with_rows(form, action), policy, said, focus=action)
        if action == "draft":
            return self._keep(subject, form, policy)
        if action not in ("check", "preview", "apply"):
            raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
        shown = self._shown(subject, current, form, policy)
        if action == "preview":
            return flask.render_template("preview_parts.html", **_told(form, shown))
        if action == "apply" and shown.view is not None and shown.view.plan.has_changes:
            return self._applied(subject, form, policy, shown, shown.view.plan)
        wrong = shown.problem.status if shown.problem else 422 if shown.reading.errors else 200
        return self._page(form, policy, shown), wrong

    def names(self) -> flask.Response:
        """Names for a field, as far as the person may know them anyway."""
        subject, current = self._writer()
        kind = flask.request.args.get("kind", "")
        if kind not in KINDS:
            raise RequestInvalid(f"there are no names of the kind `{kind[:50]}`", hint=f"there are {', '.join(KINDS)}")
        known = Names(parts=self.parts, subject=subject, policies=current)
        start, scope = flask.request.args.get("start", ""), flask.request.args.get("scope", "")
        return flask.jsonify({"names": known.starting(kind, start, scope)})

    def _writer(self) -> tuple[Subject, PolicySet]:
        subject, current = viewer(self.identity), self.parts.policies.current()
        require_policy_writer(Rights(subject, current), _WHAT)
        return subject, current

    def _policy(self, name: str, subject: Subject, current: PolicySet) -> Policy:
        return readable_policy(name, current.revision, subject, current, self.parts.revisions)

    def _draft(self, subject: Subject, current: PolicySet, draft: Draft, policy: Policy | None) -> str:
        form = draft.form if policy is None else {**draft.form, "policy": (policy.id,)}
        return self._page(form, policy, self._shown(subject, current, form, policy), draft=draft)

    def _keep(self, subject: Subject, form: Form, policy: Policy | None) -> flask.typing.ResponseReturnValue:
        draft = save_draft(self.parts, subject, form, flask.request.form.get("draft", ""))
        if policy is None:
            return flask.redirect(flask.url_for("builder.begin", draft=draft.id, saved="true"), code=303)
        return flask.redirect(policy_url(policy.id, page="builder.edit", draft=draft.id, saved="true"), code=303)

    def _shown(self, subject: Subject, current: PolicySet, form: Form, policy: Policy | None) -> Shown:
        """All that can be told of what the fields say."""
        known = Known(
            roles=nameable_roles(subject, current),
            tags=frozenset(tag.name for tag in self.parts.tags.tags()),
            told=frozenset(map(fold, known_roles(subject, current))),
        )
        reading = _not_taken(read_form(form, known), policy, current)
        if reading.policy is None:
            return Shown(reading=reading)
        card = Card.of(reading.policy, {}, self.parts.clock())
        text = write({"veil": 1, "policies": [policy_entry(reading.policy)]})
        try:
            plan = planned(self.parts, subject, text, what=_WHAT, is_one_of_many=True)
        except VeilError as error:
            return Shown(reading=reading, card=card, problem=problems.told(error, decision_id=answers.decision_id()))
        notes = {name: tuple(found) for name, found in _notes(reading.policy, plan, card.state, subject)}
        shown = Shown(reading=reading, card=card, view=PlanView.of(plan), notes=notes)
        try:
            asked = self._asked(subject, current, reading.policy, plan)
            shown = replace(shown, asked=asked)
            found = preview(self.parts, subject, plan, asked) if asked.dataset else None
            return replace(shown, preview=found, columns=_stretch(found.lines)) if found else shown
        except VeilError as error:
            return replace(shown, no_preview=problems.told(error, decision_id=answers.decision_id()))

    def _asked(self, subject: Subject, current: PolicySet, policy: Policy, plan: Plan) -> Asked:
        """Whom and what the preview is about: as chosen, else a role of the policy and a dataset in its scope."""
        sent = flask.request.form
        rights = Rights(subject, current)
        covered = (
            join(dataset.database, dataset.name)
            for dataset in covered_datasets(policy, plan.after)
            if rights.may(Action.POLICY_WRITE, dataset.database)
        )
        name = sent.get("as_name", "").strip()
        kind = sent.get("as_kind", "role") if name else "role"
        return Asked(
            who=Somebody(kind=kind, name=name or policy.roles[0]),
            dataset=sent.get("on", "").strip() or next(covered, ""),
            purpose=sent.get("for_purpose", "").strip(),
            extras=frozenset(sent.getlist("extra")) & frozenset(EXTRAS),
            at=self._at(sent.get("as_of", "").strip()),
        )

    def _at(self, day: str) -> datetime | None:
        """The beginning of the day that is chosen; none for today, which is now."""
        at = read_moment("as of", day) if day else None
        return None if at is None or at.date() == self.parts.clock().date() else at

    def _applied(
        self, subject: Subject, form: Form, policy: Policy | None, shown: Shown, plan: Plan
    ) -> flask.typing.ResponseReturnValue:
        if not was_looked_at(plan):
            return self._page(form, policy, replace(shown, view=PlanView.of(plan, is_another=True))), 409
        assert shown.reading.policy is not None
        own = "" if policy is not None and policy.why == shown.reading.policy.why else shown.reading.policy.why
        why = flask.request.form.get("change_why", "").strip() or own
        try:
            done = applied(self.parts, subject, plan, why=why)
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(form, policy, replace(shown, problem=problem)), problem.status
        if draft := flask.request.form.get("draft", ""):
            Drafts(self.parts.catalog).discard(open_draft(self.parts, subject, draft).id)
        return flask.redirect(flask.url_for("policies.show", since=done.revision), code=303)

    def _page(
        self, form: Form, policy: Policy | None, shown: Shown, *, draft: Draft | None = None, focus: str = ""
    ) -> str:
        subject, current = viewer(self.identity), self.parts.policies.current()
        known = Names(parts=self.parts, subject=subject, policies=current)
        return flask.render_template(
            "builder.html",
            policy=policy,
            draft=draft,
            draft_id=draft.id if draft else flask.request.form.get("draft", ""),
            is_saved=flask.request.args.get("saved") == "true",
            live=current.revision,
            focus=focus,
            effects=tuple(Effect),
            picks=PICKS,
            transforms=TRANSFORMS,
            weekdays=WEEKDAYS,
            lists={kind: known.starting(kind, "") for kind in ("role", "scope", "tag", "dataset", "user")},
            may_look_as=Rights(subject, current).may(Action.SUBJECT_IMPERSONATE),
            may_count=Rights(subject, current).may(Action.HOME_ADMINISTER),
            **_told(form, shown),
        )


def _begun(shown: Shown, given: Container[str]) -> Shown:
    """What is told of a form before anybody wrote in it: nothing of the fields that the address left empty."""
    errors = {name: error for name, error in shown.reading.errors.items() if name in given}
    return replace(shown, reading=replace(shown.reading, errors=errors))


def _told(form: Form, shown: Shown) -> dict[str, object]:
    """What both the page and the part beside the fields need."""
    return {
        "form": form,
        "shown": shown,
        "rows": transform_rows(form),
        "attributes": attribute_rows(form),
        "change_why": flask.request.form.get("change_why", ""),
    }


def _stretch(lines: Sequence[Line]) -> Stretch[Line]:
    """The columns of the preview that the fields beside it ask for."""
    sent = flask.request.form
    page = read_number("columns_page", sent.get("columns_page", "1"), MOST_PAGES)
    return stretch(lines, sent.get("columns_like", ""), page)


def _sent(policy: Policy | None) -> Form:
    """The fields as they were sent; a policy that is changed keeps its name."""
    sent = flask.request.form
    form = _bounded({name: tuple(value.replace("\r\n", "\n") for value in sent.getlist(name)) for name in FIELDS})
    return form if policy is None else {**form, "policy": (policy.id,)}


def _with_rows(form: Form, action: str) -> Form:
    """The fields with one row more or less; all others stay as they are."""
    if action in _ADDED:
        names = _ADDED[action]
        length = max(len(form.get(name, ())) for name in names)
        return _bounded({**form, **{name: (*_padded(form.get(name, ()), length), "") for name in names}})
    kind, _, number = action.rpartition("-")
    at = whole_number(number)
    return {
        **form,
        **{name: tuple(v for place, v in enumerate(form.get(name, ())) if place != at) for name in _TAKEN[kind]},
    }


def _bounded(form: Form) -> Form:
    """The fields, or RequestInvalid for too many: each row that is wrong takes another reading of them all."""
    if any(len(values) > _MOST_ROWS for values in form.values()):
        raise RequestInvalid(f"a form has at most {_MOST_ROWS} rows", hint="write the policy as a document")
    return form


def _padded(values: tuple[str, ...], length: int) -> tuple[str, ...]:
    return (*values, *[""] * (length - len(values)))


def _not_taken(reading: Reading, policy: Policy | None, current: PolicySet) -> Reading:
    """A new policy needs a name of its own, so that none is changed by mistake."""
    new = reading.policy
    if new is None or policy is not None or fold(new.id) not in {fold(each.id) for each in current.policies}:
        return reading
    problem = PolicyInvalid(f"there is a policy `{new.id}` already", hint="choose another name, or change that policy")
    return Reading(errors={"policy": problem})


def _notes(policy: Policy, plan: Plan, state: str, subject: Subject) -> Iterator[tuple[str, list[str]]]:
    """What is legal and worth a word, by field: of the engine's own checks against the datasets in scope."""
    prefix = f"policy `{policy.id}`: "
    checks = {"scope": place_warnings, "where": filter_warnings, "transforms": transform_warnings}
    for name, check in checks.items():
        yield name, [told.removeprefix(prefix) for told in told_notes(check(policy, plan.after), plan, subject)]
    told = {"switched off": ("enabled", "while it is switched off"), "over": ("until", "since it is over")}
    told["not begun"] = ("from", "before it begins")
    if state:
        place, when = told[state]
        yield place, [f"{when}, nobody sees anything different by it"]
