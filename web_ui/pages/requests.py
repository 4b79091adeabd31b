"""The pages of access requests: the list, and one page with the whole story on which it is decided."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from urllib.parse import urlencode

import flask

from catalog.access_requests import AccessRequest, RequestState, Wanted
from catalog.errors import VeilError
from catalog.names import fold, join
from policy_engine.model import ColumnDecision, Outcome, Subject
from policy_engine.requests.column_changes import Change
from proxy.http import answers, problems
from proxy.http.addresses import public_url
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui import arguments
from web_ui.pages.frame import viewer
from web_ui.pages.snippets import Snippet, asked_snippets
from web_ui.parts import Parts
from web_ui.request_deeds import approved, asking, denied, reader_of, taken_back
from web_ui.request_stories import Reader, Story, terms_of

PAGE_ROWS = 50
MOST_COLUMNS = 60
MASKS = ("tokenize()", "hash()", "mask()", "mask(keep_last=>4)", "redact()", "null()")
_TERMS = ("mask", "until", "bound")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """Terms that are chosen by one click, and whether they are those that are looked at."""

    title: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsPage:
    """Shows requests to those whose business they are; to everybody else they are not there."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of these pages."""
        page = flask.Blueprint("requests", __name__)
        page.get("/requests")(self.show)
        page.get("/requests/<number>")(self.one)
        page.post("/requests/<number>/decide")(self.decide)
        page.post("/requests/<number>/withdraw")(self.withdraw)
        return page

    def show(self) -> str:
        """One's own requests and those one may decide on."""
        reader = self._reader()
        state, search = arguments.choice(RequestState, "state"), flask.request.args.get("search", "").strip()
        offset = arguments.number("offset", 2**31) or 0
        found, total = reader.listed(reader.choice(state=state, search=search), limit=PAGE_ROWS, offset=offset)
        waiting = [each for each in found if each.state is RequestState.OPEN and not reader.is_mine(each)]
        return flask.render_template(
            "requests.html",
            waiting=waiting,
            mine=[each for each in found if reader.is_mine(each)],
            others=[each for each in found if not reader.is_mine(each) and each not in waiting],
            total=total,
            offset=offset,
            page_rows=PAGE_ROWS,
            state=state.value if state else "",
            states=[each.value for each in RequestState],
            search=search,
            decides=reader.databases != frozenset(),
        )

    def one(self, number: str) -> str:
        """The story of one request, and what an approval would do on the terms that the address says."""
        given = flask.request.args
        terms = {name: given.get(name, "") for name in _TERMS}
        return self._page(self._reader(), number, tuple(given.getlist("column")), terms)

    def decide(self, number: str) -> flask.typing.ResponseReturnValue:
        """Approve the very plan that was looked at, or deny; the words stay when neither can be done."""
        reader, form = self._reader(), flask.request.form
        words, columns = form.get("words", ""), tuple(form.getlist("column"))
        terms = {name: form.get(name, "") for name in _TERMS}
        request = reader.request(number)
        try:
            if form.get("verdict") == "deny":
                denied(self.parts, reader, number, words=words)
            elif form.get("verdict") == "approve":
                chosen = terms_of(
                    request, columns=columns, mask=terms["mask"], until=terms["until"], bound=terms["bound"] == "true"
                )
                approved(self.parts, reader, number, chosen, plan=form.get("plan", ""), words=words)
            else:
                raise RequestInvalid("the form says neither yes nor no", hint="go back, and try again")
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(reader, number, columns, terms, words=words, problem=problem), problem.status
        return flask.redirect(flask.url_for("requests.one", number=request.id, done=1), code=303)

    def withdraw(self, number: str) -> flask.typing.ResponseReturnValue:
        """Take one's own request back."""
        done = taken_back(self.parts, self._reader(), number)
        return flask.redirect(flask.url_for("requests.one", number=done.id), code=303)

    def _reader(self) -> Reader:
        return reader_of(self.parts, viewer(self.identity))

    def _page(
        self,
        reader: Reader,
        number: str,
        columns: tuple[str, ...],
        terms: dict[str, str],
        *,
        words: str = "",
        problem: VeilError | None = None,
    ) -> str:
        story = reader.story(
            number, columns=columns, mask=terms["mask"], until=terms["until"], bound=terms["bound"] == "true"
        )
        request = story.request
        shown, further = _shown(story)
        return flask.render_template(
            "request.html",
            story=story,
            request=request,
            columns=shown,
            further=further,
            most_columns=MOST_COLUMNS,
            asked=[*story.proposal.columns.asked] if story.proposal else (),
            chosen=columns,
            terms=terms,
            shortcuts=self._shortcuts(request, columns, terms),
            masks=MASKS,
            words=words,
            problem=problem,
            now_seen=self._now_seen(reader.subject, request) if story.is_mine else (),
            snippets=self._snippets(story) if story.is_mine else (),
            is_new=bool(flask.request.args.get("sent")),
            is_done=bool(flask.request.args.get("done")),
        )

    def _shortcuts(
        self, request: AccessRequest, columns: tuple[str, ...], terms: dict[str, str]
    ) -> tuple[Shortcut, ...]:
        """As it is, masked, shorter: each an address of this page."""
        week = self.parts.clock() + timedelta(days=7)
        offered: list[tuple[str, dict[str, str]]] = [("As asked", {})]
        if request.wanted is not Wanted.ROWS:
            offered += [("Tokenized", {"mask": "tokenize()"}), ("Masked but for the last four", {"mask": MASKS[3]})]
        if week < request.ends_at:
            offered += [("For a week", {"until": f"{week:%Y-%m-%d}"})]
        if request.purpose:
            offered += [("Only for the purpose", {"bound": "true"})]
        here = {name: value for name, value in terms.items() if value}
        address = flask.url_for("requests.one", number=request.id)
        return tuple(
            Shortcut(
                title=title,
                address=f"{address}?{urlencode(wanted)}" if wanted else address,
                is_current=wanted == here and not columns,
            )
            for title, wanted in offered
        )

    def _now_seen(self, subject: Subject, request: AccessRequest) -> tuple[ColumnDecision, ...]:
        """What was asked for as the asker sees it now, as far as that is there."""
        decision = asking(self.parts).seen(subject, request.full_name, answers.client())
        fields = asking(self.parts).askable(decision) if decision is not None else ()
        named = set(map(fold, request.columns))
        told = [field for field in fields if not named or fold(join(*field.path)) in named]
        return tuple(field for field in told if named or field.outcome is not Outcome.HIDDEN)[:MOST_COLUMNS]

    def _snippets(self, story: Story) -> tuple[Snippet, ...]:
        """How to use what was given, in Python and on the command line."""
        if story.request.state is not RequestState.APPROVED or not story.in_force:
            return ()
        purpose = story.request.purpose if story.is_bound else ""
        return asked_snippets(public_url(), story.request.full_name, story.request.columns, purpose)


def _shown(story: Story) -> tuple[tuple[Change, ...], int]:
    """The columns that are asked for or would change, and how many others there are."""
    if story.proposal is None:
        return (), 0
    told = tuple(islice(story.proposal.columns.told, MOST_COLUMNS))
    return told, len(story.proposal.columns) - len(told)
