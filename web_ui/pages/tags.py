"""The Tags page: stewards go through suggested tags with their evidence, and confirm or reject many at once."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import flask

from catalog.errors import VeilError
from catalog.model import TagState
from catalog.names import join
from catalog.tag_assignments import Choice, Listed, TagAssignments, Tally
from policy_engine.capabilities import Rights
from policy_engine.changing.plan import Plan
from policy_engine.changing.told_plan import told_plan
from policy_engine.model import Subject
from policy_engine.tag_review import MOST_AT_ONCE, foreseen, namespaces_of, review
from proxy.answering.cells import texts
from proxy.answering.portions import beginning
from proxy.governance import Request
from proxy.http import answers
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui import arguments
from web_ui.numbers import whole_number
from web_ui.pages.facets import Facet, facet
from web_ui.pages.frame import viewer
from web_ui.pages.plans import PlanView, was_looked_at
from web_ui.parts import Parts

PAGE_ROWS = 50
_SAMPLE_ROWS = 5
_LONGEST_CELL = 80
_ASKED = ("tag", "dataset", "search", "rule")
_VERDICTS = {"confirm": TagState.CONFIRMED, "reject": TagState.REJECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Some values of one column as the steward sees them, or why there are none."""

    listed: Listed
    values: tuple[str | None, ...] = ()
    problem: VeilError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsPage:
    """Lists assignments in the namespaces that the person may assign, and takes verdicts."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("tags", __name__)
        page.get("/tags")(self.show)
        page.post("/tags/review")(self.review)
        return page

    def show(self) -> str:
        """What was chosen, some rows at a time; with `look`, values of one column as the person sees them."""
        subject = viewer(self.identity)
        asked = {name: flask.request.args.get(name, "").strip() for name in _ASKED}
        state = arguments.choice(TagState, "state") if flask.request.args.get("state") else None
        if "state" not in flask.request.args:
            state = TagState.SUGGESTED
        choice = Choice(state=state, namespaces=namespaces_of(self._rights(subject)), **asked)
        store, offset = TagAssignments(self.parts.catalog), arguments.number("offset", 2**31) or 0
        with self.parts.catalog.snapshot():
            found, total = store.listed(choice, limit=PAGE_ROWS, offset=offset), store.count(choice)
            tallies = store.tallied(replace(choice, rule="", tag=""))
        kept = {**asked, "state": state.value if state else ""}
        return flask.render_template(
            "tags.html",
            found=found,
            total=total,
            offset=offset,
            page_rows=PAGE_ROWS,
            states=tuple(TagState),
            asked=kept,
            known=[tag.name for tag in self.parts.tags.tags()],
            facets_of=_facets(tallies, kept),
            most=MOST_AT_ONCE,
            is_all_chosen=flask.request.args.get("all") == "1",
            looked=self._looked(subject, found),
            changed=arguments.number("changed", 2**31),
        )

    def review(self) -> flask.typing.ResponseReturnValue:
        """Take one verdict for everything that is chosen, and go back to the list."""
        subject = viewer(self.identity)
        form = flask.request.form
        verdict = _VERDICTS.get(form.get("verdict", ""))
        numbers = self._all_listed(subject) if form.get("everything") else form.getlist("ids")
        chosen = [number for each in numbers if (number := whole_number(each)) is not None]
        if verdict is None or not chosen or len(chosen) < len(numbers):
            raise RequestInvalid("no tag is chosen", hint="go back, tick some and say whether they are right")
        verdicts, rights = dict.fromkeys(chosen, verdict), self._rights(subject)
        plan = foreseen(self.parts.catalog, verdicts, rights=rights, at=self.parts.clock())
        told = told_plan(plan, subject)
        if plan.impacts and not was_looked_at(told):
            return self._foreseen(told, len(verdicts))
        done = review(
            self.parts.catalog,
            verdicts,
            rights=rights,
            by=subject.user,
            groups=sorted(subject.groups),
            client=answers.client(),
            decision_id=answers.decision_id(),
        )
        kept = {name: form.get(name, "") for name in ("state", *_ASKED)}
        address = f"{flask.url_for('tags.show')}?{urlencode({**kept, **_said(len(done.changed))})}"
        return flask.redirect(address, code=303)

    def _foreseen(self, told: Plan, count: int) -> str:
        """Who would see what otherwise, before a verdict that opens or closes something is taken."""
        form = flask.request.form
        asked = urlencode({name: form.get(name, "") for name in ("state", *_ASKED)})
        return flask.render_template(
            "tags_verdict.html",
            view=PlanView.of(told, is_another="plan" in form),
            verdict=form["verdict"],
            count=count,
            sent=[(name, value) for name, value in form.items(multi=True) if name not in ("csrf_token", "plan")],
            back=f"{flask.url_for('tags.show')}?{asked}",
        )

    def _all_listed(self, subject: Subject) -> list[str]:
        """The numbers of everything that a list chose, if it is as long as it was when somebody looked at it."""
        form = flask.request.form
        asked = {name: form.get(name, "").strip() for name in _ASKED}
        state = TagState(form["state"]) if form.get("state", "") in list(TagState) else None
        choice = Choice(state=state, namespaces=namespaces_of(self._rights(subject)), **asked)
        found = TagAssignments(self.parts.catalog).listed(choice, limit=MOST_AT_ONCE + 1)
        if str(len(found)) != form["everything"]:
            raise RequestInvalid(
                f"the list has {len(found):,} tags now, and had another number when you looked at it",
                hint="go back and look at it again",
            )
        return [str(each.id) for each in found]

    def _looked(self, subject: Subject, found: tuple[Listed, ...]) -> Looked | None:
        """INVARIANT: values are read by the same pipeline as any query, as the person who looks."""
        number = arguments.number("look", 2**62)
        listed = next((each for each in found if each.id == number), None)
        if listed is None or not listed.assignment.path:
            return None
        path = join(*listed.assignment.path)
        sql = f"SELECT {path} FROM {join(listed.database, listed.name)} LIMIT {_SAMPLE_ROWS}"
        request = Request(sql=sql, client=answers.client())
        try:
            with self.parts.pipeline.query(subject, request, decision_id=answers.decision_id()) as answer:
                table, _ = beginning(answer.batches(), answer.schema, _SAMPLE_ROWS)
        except VeilError as problem:
            return Looked(listed=listed, problem=problem)
        return Looked(listed=listed, values=tuple(map(_short, texts(table.column(0).combine_chunks()))))

    def _rights(self, subject: Subject) -> Rights:
        return Rights(subject, self.parts.policies.current())


def _facets(tallies: tuple[Tally, ...], asked: Mapping[str, str]) -> tuple[Facet, ...]:
    """What the list can be narrowed by: rules and tags, as many as it has of each in the state that is asked for."""
    rules, tags = Counter[str](), Counter[str]()
    for tally in tallies:
        count = getattr(tally, asked["state"]) if asked["state"] else sum(getattr(tally, each) for each in TagState)
        if count and asked["tag"] in ("", tally.tag):
            rules[tally.rule] += count
        if count and asked["rule"] in ("", tally.rule):
            tags[tally.tag] += count
    rules.pop("", None)
    return (
        facet("rule", rules, asked["rule"], address=_address(asked, "rule")),
        facet("tag", tags, asked["tag"], address=_address(asked, "tag")),
    )


def _address(asked: Mapping[str, str], name: str) -> Callable[[str | None], str]:
    def chosen(value: str | None) -> str:
        query: dict[str, Any] = {**asked, name: value or ""}
        return flask.url_for("tags.show", **query)

    return chosen


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"


def _said(changed: int) -> Mapping[str, int]:
    return {"changed": changed} if changed else {}
