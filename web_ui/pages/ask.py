"""The page on which people ask for access, filled in by the link from whatever is hidden, masked or filtered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import flask

from catalog.access_requests import Wanted
from catalog.errors import VeilError
from catalog.names import fold, join, split
from policy_engine.model import ColumnDecision, Outcome, Subject
from proxy.asking import DEFAULT_DAYS, MOST_DAYS, Asked
from proxy.http import answers, problems
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.pages.frame import viewer
from web_ui.parts import Parts
from web_ui.request_deeds import asking
from web_ui.request_stories import end_of

_MOST_DATASETS = 200
_MOST_CHOICES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A column that can be ticked, with how the person sees it now."""

    name: str
    outcome: Outcome
    transform: str
    is_ticked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage:
    """Shows the form and sends it; of a dataset that the person cannot see it says nothing, not even that."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("ask", __name__)
        page.get("/requests/new")(self.show)
        page.post("/requests/new")(self.ask)
        return page

    def show(self) -> str:
        """The form for `?d=` a dataset or a column, `?c=` columns of it, or `?rows=1` all of its rows."""
        subject, given = viewer(self.identity), flask.request.args
        dataset, column = _parted(given.get("d", "").strip())
        columns = tuple(dict.fromkeys(name for name in (*given.getlist("c"), column) if name.strip()))
        wanted = Wanted.ROWS if given.get("rows") else Wanted.COLUMNS if columns or given.get("d") else Wanted.DATASET
        day = self.parts.clock() + timedelta(days=DEFAULT_DAYS)
        form = {"dataset": dataset, "wanted": wanted.value, "until": f"{day:%Y-%m-%d}"}
        return self._page(subject, form, columns)

    def ask(self) -> flask.typing.ResponseReturnValue:
        """Send the request; what was filled in stays when it cannot be sent."""
        subject, sent = viewer(self.identity), flask.request.form
        form = {name: sent.get(name, "").strip() for name in ("dataset", "wanted", "why", "purpose", "until", "named")}
        columns = tuple(dict.fromkeys((*sent.getlist("columns"), *_listed(form["named"]))))
        try:
            asked = _asked(form, columns)
            kept = asking(self.parts).ask(subject, asked, decision_id=answers.decision_id(), client=answers.client())
        except VeilError as error:
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(subject, form, columns, problem=problem), problem.status
        return flask.redirect(flask.url_for("requests.one", number=kept.id, sent=1), code=303)

    def _page(
        self,
        subject: Subject,
        form: Mapping[str, str],
        columns: tuple[str, ...],
        problem: VeilError | None = None,
    ) -> str:
        choices = self._choices(subject, form["dataset"], columns)
        offered = {fold(choice.name) for choice in choices}
        with self.parts.policies.in_force(self.parts.clock) as (policies, now):
            visible = self.parts.visibility.datasets(subject, policies, now)
        return flask.render_template(
            "ask.html",
            form=form,
            choices=choices,
            named=", ".join(name for name in columns if fold(name) not in offered),
            datasets=[dataset.full_name for dataset in visible[:_MOST_DATASETS]],
            first_day=_day(now),
            last_day=_day(now + timedelta(days=MOST_DAYS)),
            problem=problem,
        )

    def _choices(self, subject: Subject, dataset: str, columns: Iterable[str]) -> tuple[Choice, ...]:
        """The columns of a dataset that the person sees in part, those that are not clear first."""
        desk = asking(self.parts)
        try:
            decision = desk.seen(subject, dataset, answers.client())
        except RequestInvalid:
            return ()
        fields = desk.askable(decision) if decision is not None else ()
        wanted = set(map(fold, columns))
        found = [_choice(field, wanted) for field in fields if field.outcome is not Outcome.CLEAR]
        return tuple(found[:_MOST_CHOICES])


def _choice(field: ColumnDecision, wanted: Iterable[str]) -> Choice:
    name = join(*field.path)
    is_ticked = bool({fold(name), fold(field.name)} & set(wanted))
    return Choice(name=name, outcome=field.outcome, transform=field.transform, is_ticked=is_ticked)


def _asked(form: Mapping[str, str], columns: tuple[str, ...]) -> Asked:
    if form["wanted"] not in list(Wanted):
        raise RequestInvalid("the form asks for something else than this page does", hint="go back, and try again")
    if form["wanted"] == Wanted.COLUMNS and not columns:
        raise RequestInvalid("no column is chosen", hint="tick or name some, or ask for the whole dataset")
    return Asked(
        dataset=form["dataset"],
        columns=columns if form["wanted"] == Wanted.COLUMNS else (),
        all_rows=form["wanted"] == Wanted.ROWS,
        why=form["why"],
        purpose=form["purpose"],
        until=end_of(form["until"]) if form["until"] else None,
    )


def _parted(thing: str) -> tuple[str, str]:
    """A dataset's name and that of a column of it, where it names one."""
    parts = split(thing)
    return (join(*parts[:2]), join(*parts[2:])) if len(parts) > 2 else (thing, "")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
