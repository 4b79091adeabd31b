"""The Tags page: stewards go through suggested tags with their evidence, and confirm or reject many at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import flask
import pyarrow as pa

from catalog.errors import VeilError
from catalog.model import TagState
from catalog.names import join
from catalog.tag_assignments import Choice, Listed, TagAssignments
from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from policy_engine.tag_review import namespaces_of, review
from proxy import answers
from proxy.cells import texts
from proxy.governance import Request
from proxy.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui import arguments
from web_ui.pages.frame import viewer
from web_ui.parts import Parts

PAGE_ROWS = 50
_SAMPLE_ROWS = 5
_LONGEST_CELL = 80
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
        asked = {name: flask.request.args.get(name, "").strip() for name in ("tag", "dataset", "search")}
        state = arguments.choice(TagState, "state") if flask.request.args.get("state") else None
        if "state" not in flask.request.args:
            state = TagState.SUGGESTED
        choice = Choice(state=state, namespaces=namespaces_of(self._rights(subject)), **asked)
        store, offset = TagAssignments(self.parts.catalog), arguments.number("offset", 2**31) or 0
        with self.parts.catalog.snapshot():
            found, total = store.listed(choice, limit=PAGE_ROWS, offset=offset), store.count(choice)
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
            is_all_chosen=flask.request.args.get("all") == "1",
            looked=self._looked(subject, found),
            changed=arguments.number("changed", 2**31),
        )

    def review(self) -> flask.typing.ResponseReturnValue:
        """Take one verdict for everything that is chosen, and go back to the list."""
        subject = viewer(self.identity)
        form = flask.request.form
        verdict = _VERDICTS.get(form.get("verdict", ""))
        numbers = form.getlist("ids")
        if verdict is None or not numbers or not all(each.isascii() and each.isdigit() for each in numbers):
            raise RequestInvalid("no tag is chosen", hint="go back, tick some and say whether they are right")
        done = review(
            self.parts.catalog,
            {int(number[:18]): verdict for number in numbers},
            rights=self._rights(subject),
            by=subject.user,
            groups=sorted(subject.groups),
            client=answers.client(),
            decision_id=answers.decision_id(),
        )
        kept = {name: form.get(name, "") for name in ("state", "tag", "dataset", "search")}
        address = f"{flask.url_for('tags.show')}?{urlencode({**kept, **_said(len(done.changed))})}"
        return flask.redirect(address, code=303)

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
                table = pa.Table.from_batches(answer.batches(), answer.schema)
        except VeilError as problem:
            return Looked(listed=listed, problem=problem)
        return Looked(listed=listed, values=tuple(map(_short, texts(table.column(0).combine_chunks()))))

    def _rights(self, subject: Subject) -> Rights:
        return Rights(subject, self.parts.policies.current())


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"


def _said(changed: int) -> Mapping[str, int]:
    return {"changed": changed} if changed else {}
