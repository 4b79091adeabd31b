"""The one tree of errors that Veil tells a person about, from any room.

VeilError
├── NotAuthenticated      401  how to get a token
├── NotAllowed            403  the missing capability, and who can give it
├── UnknownDataset        404  absent and unseen are one answer
├── UnknownColumn         422  hidden and misspelt are one answer
├── SqlInvalid            400  the text is no SQL
├── SqlUnsupported        422  a construct that is not on the allow-list
├── PolicyBroken          403  a restriction that cannot be applied refuses the dataset
├── PolicyInvalid         422  a document, statement or policy that says something impossible
├── SettingsInvalid       400  a setting, name or file that cannot be used
├── SourceUnavailable     502  the source cannot be reached or has changed its shape
├── SourceTimeout         504  the source did not answer in time
├── LimitExceeded         413  a limit on rows, bytes, size or rate
├── JournalUnavailable    503  nothing is served unaudited
└── Internal              500  ours to mend; the reader gets the decision id only

A message says what, why and what next, in the reader's words, the reader's own words in backticks,
and never a value of data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a text, counted from one, with the piece it points at."""

    line: int
    column: int
    snippet: str = ""


class VeilError(Exception):
    """Something that a person is told about, with what, why and what next.

    `ask` names what the person can ask for access to, as `shop.orders.card`, where that is a way on; `policies` are
    those because of which something is not there, each with the revision under which that was decided.

    Example:
        >>> error = UnknownDataset("no dataset `shop.oders` that you can see", hint="did you mean `shop.orders`?")
        >>> error.code, error.status
        ('unknown_dataset', 404)
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong inside Veil"

    def __init__(
        self,
        detail: str,
        *,
        hint: str = "",
        position: Position | None = None,
        ask: str = "",
        policies: Mapping[str, int] = _NONE,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.position = position
        self.ask = ask
        self.policies = policies

    @property
    def in_general(self) -> str:
        """What kind of failure it is, without a word on what failed: sources name columns that not everybody sees.

        Example:
            >>> SourceUnavailable("`orders.csv` has no column `ssn` any more").in_general
            'a source is not available'
        """
        return self.title[:1].lower() + self.title[1:]


class NotAuthenticated(VeilError):
    """Nobody is signed in, or the token is unknown, expired or revoked."""

    code = "not_authenticated"
    status = 401
    title = "Sign in first"


class NotAllowed(VeilError):
    """The person is known but lacks a capability."""

    code = "not_allowed"
    status = 403
    title = "You may not do this"


class UnknownDataset(VeilError):
    """No dataset of that name is visible to this person, whether or not it exists."""

    code = "unknown_dataset"
    status = 404
    title = "No such dataset"


class UnknownColumn(VeilError):
    """No column of that name is visible to this person, whether or not it exists."""

    code = "unknown_column"
    status = 422
    title = "No such column"


class SqlInvalid(VeilError):
    """The text is not SQL that can be understood."""

    code = "sql_invalid"
    status = 400
    title = "This SQL cannot be read"


class SqlUnsupported(VeilError):
    """The SQL is understood but uses something that is not on the allow-list."""

    code = "sql_unsupported"
    status = 422
    title = "This SQL is not supported"


class PolicyBroken(VeilError):
    """A restriction cannot be applied, so the dataset is refused."""

    code = "policy_broken"
    status = 403
    title = "A policy cannot be applied"


class PolicyInvalid(VeilError):
    """A document or policy says something impossible; `path` is where in the document.

    Where the hint gives the name of a role, database or dataset, or of a column there, `gives` is its kind and name:
    not everybody may know of it. Where nothing has a name like it, the name is empty: that is not for everybody either.
    """

    gives: tuple[str, str] | None = None

    code = "policy_invalid"
    status = 422
    title = "This policy document cannot be used"


class SettingsInvalid(VeilError):
    """A setting, a name or a file given by the operator cannot be used."""

    code = "settings_invalid"
    status = 400
    title = "This cannot be used as given"


class SealInvalid(SettingsInvalid):
    """A seal of the journal is not as it was signed, or speaks against another."""


class ArchiveInvalid(SettingsInvalid):
    """An archive of the journal is missing, or is not as it was written."""


class SourceUnavailable(VeilError):
    """A source cannot be reached, read, or no longer has the shape the catalog knows.

    `place` is where in it, as `line 4`: for the report of a crawl, not for whoever asks. The hint names nothing of it.
    """

    code = "source_unavailable"
    status = 502
    title = "A source is not available"

    def __init__(self, detail: str, *, hint: str = "", position: Position | None = None, place: str = "") -> None:
        super().__init__(detail, hint=hint, position=position)
        self.place = place


class SourceTimeout(VeilError):
    """A source did not answer within the time limit."""

    code = "source_timeout"
    status = 504
    title = "A source took too long"


class LimitExceeded(VeilError):
    """A limit on rows, bytes, size or rate was passed."""

    code = "limit_exceeded"
    status = 413
    title = "A limit was passed"


class JournalUnavailable(VeilError):
    """The journal cannot be written, so nothing is served."""

    code = "journal_unavailable"
    status = 503
    title = "The journal cannot be written"


class SinkUnavailable(VeilError):
    """A place that the journal is passed on to does not take it; it gets what it missed later."""

    code = "sink_unavailable"
    status = 502
    title = "A sink is not available"


class Internal(VeilError):
    """A fault of Veil's own; what the reader sees carries the decision id and nothing else."""
