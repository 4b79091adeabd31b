"""What auditors ask most, each with where its answer begins."""

from dataclasses import dataclass

import flask

from catalog.journal.event import EventKind, Verdict

_REPORTS = (
    ("who-can-see", "Who could see a column, and by which policy?"),
    ("changes", "Who gained or lost access, and by whose change?"),
    ("unused", "Which grants does nobody use?"),
    ("unrestricted", "Which sensitive columns have no restriction?"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and the address that answers it."""

    words: str
    address: str


def questions(*, reads_all: bool) -> tuple[Question, ...]:
    """The questions; what a report or the whole record answers is for who reads the whole journal.

    Who saw a column is asked with the form beside them, as it takes a name.
    """
    return (
        Question(words="What was refused, and why?", address=_events(verdict=Verdict.DENY)),
        Question(words="Who changed what people see?", address=_events(kind=EventKind.DOCUMENT_APPLY)),
        Question(words="Who approved access, and for whom?", address=_events(kind=EventKind.REQUEST_APPROVE)),
        *(_of_the_whole() if reads_all else ()),
    )


def _of_the_whole() -> tuple[Question, ...]:
    reports = (Question(words=words, address=flask.url_for("reports.one", name=name)) for name, words in _REPORTS)
    return (*reports, Question(words="Is the record whole?", address="#record"))


def _events(**asked: str) -> str:
    return flask.url_for("audit.show", **asked)  # type: ignore[arg-type]
