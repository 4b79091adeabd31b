"""The pages beside the review of tags: every tag with its uses, rules to try and keep, and a column's history."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import flask

from catalog.errors import VeilError
from catalog.model import Level
from catalog.names import join
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.apis.trials import Trial, rules_of, trial
from web_ui.pages.frame import viewer
from web_ui.parts import Parts
from web_ui.tag_history import tag_history
from web_ui.tag_rules import TagRules, known_detectors

_LOOKS = ("column_name", "content", "detector")
_NUMBERS = ("min_match", "min_rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRulesPage:
    """Shows stewards the tags and rules of their namespaces; administrators make tags, and try and keep rules."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of these pages; the menu counts them as the page of tags."""
        page = flask.Blueprint("tag_rules", __name__)
        page.get("/tags/all")(self.tags)
        page.post("/tags/all")(self.make)
        page.get("/tags/rules")(self.rules)
        page.post("/tags/rules")(self.change)
        page.post("/tags/rules/remove")(self.remove)
        page.get("/tags/history")(self.history)
        return page

    def tags(self) -> str:
        """Every tag by namespace, with its uses and level."""
        return self._tags({})

    def make(self) -> flask.typing.ResponseReturnValue:
        """Make a tag, or say its comment and level anew."""
        form = flask.request.form
        name, comment, level = (form.get(key, "").strip() for key in ("name", "comment", "level"))
        self._administrator("make tags")
        try:
            self._found().put_tag(name, comment, level, why=form.get("why", "").strip())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._tags(form, problem), problem.status
        return flask.redirect(flask.url_for("tag_rules.tags", made=name), code=303)

    def rules(self) -> str:
        """The rules, with how often each was right, and a form to try one."""
        return self._rules(dict(flask.request.args))

    def change(self) -> flask.typing.ResponseReturnValue:
        """Try the rule of the form on real columns, or keep it."""
        form, subject = flask.request.form, self._administrator("try rules")
        if form.get("action") not in ("try", "save"):
            raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
        entry = stated_rule(form)
        try:
            if form["action"] == "save":
                self._found().put_rule(entry, why=form.get("why", "").strip())
                return flask.redirect(flask.url_for("tag_rules.rules", saved=entry["name"]), code=303)
            return self._rules(form, tried=self._tried(entry, form.get("on", "").strip(), subject))
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._rules(form, problem=problem), problem.status

    def remove(self) -> flask.typing.ResponseReturnValue:
        """Take a rule away; what it suggested stays to be judged."""
        form = flask.request.form
        self._administrator("take rules away")
        try:
            self._found().remove_rule(form.get("rule", ""), why=form.get("why", "").strip())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._rules({}, problem=problem), problem.status
        return flask.redirect(flask.url_for("tag_rules.rules", removed=form["rule"]), code=303)

    def history(self) -> flask.typing.ResponseReturnValue:
        """What stands on a column, and who said what of it when; without a dataset it is the list of all tags."""
        asked = flask.request.args
        rights = Rights(viewer(self.identity), self.parts.policies.current())
        found = tag_history(self.parts, rights, asked.get("dataset", ""), asked.get("column", ""))
        if not found.dataset:
            return flask.redirect(flask.url_for("tags.show"), code=303)
        return flask.render_template("tag_history.html", found=found, may_change=rights.may(Action.HOME_ADMINISTER))

    def _tried(self, entry: Mapping[str, object], on: str, subject: Subject) -> Trial:
        [rule] = rules_of(json.dumps({"veil": 1, "rules": [entry]}), self.parts.home.documents)
        client, decision_id = answers.client(), answers.decision_id()
        return trial(self.parts, rule, on, by=subject.user, client=client, decision_id=decision_id)

    def _tags(self, form: Mapping[str, str], problem: VeilError | None = None) -> str:
        found = self._found()
        return flask.render_template(
            "tags_all.html",
            tags=found.tags(),
            levels=tuple(Level),
            may_change=found.may_change,
            given=form,
            problem=problem,
            made=flask.request.args.get("made", ""),
        )

    def _rules(self, form: Mapping[str, str], *, tried: Trial | None = None, problem: VeilError | None = None) -> str:
        found = self._found()
        return flask.render_template(
            "rules.html",
            rules=found.rules(),
            known=[tag.name for tag in self.parts.tags.tags()],
            detectors=known_detectors(self.parts),
            places=self._places() if found.may_change else (),
            may_change=found.may_change,
            given=form,
            tried=tried,
            problem=problem,
            saved=flask.request.args.get("saved", ""),
            removed=flask.request.args.get("removed", ""),
        )

    def _places(self) -> tuple[str, ...]:
        """Where a rule can be tried: databases and datasets."""
        datasets = self.parts.datasets.names()
        return (*dict.fromkeys(join(database) for database, _ in datasets), *(join(*each) for each in datasets))

    def _found(self) -> TagRules:
        return TagRules(parts=self.parts, subject=viewer(self.identity))

    def _administrator(self, what: str) -> Subject:
        subject = viewer(self.identity)
        Rights(subject, self.parts.policies.current()).require(Action.HOME_ADMINISTER, None, what)
        return subject


def stated_rule(form: Mapping[str, str]) -> dict[str, object]:
    """The rule that a form states, as under `rules` in a document; what is left empty is not said.

    Example:
        >>> stated_rule({"name": "mrn", "tag": "phi.mrn", "column_name": "mrn", "content": "", "min_rows": "20"})
        {'name': 'mrn', 'tag': 'phi.mrn', 'column_name': 'mrn'}
    """
    said = {key: form[key].strip() for key in ("name", "tag", *_LOOKS) if form.get(key, "").strip()}
    words = [word.strip() for word in form.get("words", "").splitlines() if word.strip()]
    counts = words or "content" in said
    numbers = {key: _number(form[key]) for key in _NUMBERS if counts and form.get(key, "").strip()}
    return {**said, **({"words": words} if words else {}), **numbers}


def _number(text: str) -> object:
    """A number as it was written; anything else stays a text, which the document refuses in its own words."""
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text
