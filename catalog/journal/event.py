"""What an event of the journal is: its kinds, how it ended, and what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

LONGEST_TEXT = 20_000
"""So many characters of a text the journal keeps: everybody can have events written, and all wait for their writing."""


class EventKind(StrEnum):
    """What an event of the journal tells, as noun:verb."""

    QUERY_BEGIN = "query:begin"
    QUERY_END = "query:end"
    QUERY_DENY = "query:deny"
    METADATA_READ = "metadata:read"
    EXPLAIN_READ = "explain:read"
    VIEW_BEGIN = "view:begin"
    VIEW_END = "view:end"
    LOGIN_OK = "login:ok"
    LOGIN_FAIL = "login:fail"
    SESSION_REVOKE = "session:revoke"
    TOKEN_CREATE = "token:create"
    TOKEN_REVOKE = "token:revoke"
    DOCUMENT_APPLY = "document:apply"
    POLICY_ROLLBACK = "policy:rollback"
    DRAFT_SAVE = "draft:save"
    DRAFT_DISCARD = "draft:discard"
    SOURCE_TEST = "source:test"
    CRAWL_BEGIN = "crawl:begin"
    CRAWL_END = "crawl:end"
    CRAWL_CANCEL = "crawl:cancel"
    TAG_REVIEW = "tag:review"
    RULE_TRY = "rule:try"
    REQUEST_CREATE = "request:create"
    REQUEST_READ = "request:read"
    REQUEST_APPROVE = "request:approve"
    REQUEST_DENY = "request:deny"
    REQUEST_WITHDRAW = "request:withdraw"
    REPORT_READ = "report:read"
    AUDIT_READ = "audit:read"
    AUDIT_EXPORT = "audit:export"
    AUDIT_VERIFY = "audit:verify"
    AUDIT_SEAL = "audit:seal"
    AUDIT_ARCHIVE = "audit:archive"
    HOME_INIT = "home:init"
    KEY_ROTATE = "key:rotate"
    VALUE_DETOKENIZE = "value:detokenize"


class Verdict(StrEnum):
    """How an event ended for the person: let through, refused, failed, or stopped by the person."""

    ALLOW = "allow"
    DENY = "deny"
    ERROR = "error"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the journal; `details` holds JSON values, never values of data.

    `seq`, `at`, `previous_hash` and `hash` are given by the journal when the event is written.
    """

    kind: EventKind
    user: str
    verdict: Verdict = Verdict.ALLOW
    groups: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    revision: int = 0
    decision_id: str = ""
    client: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    seq: int = 0
    at: datetime | None = None
    previous_hash: str = ""
    hash: str = ""


def bounded(event: Event) -> Event:
    """The event with each text in its details cut that is longer than `LONGEST_TEXT`, and how much is left out.

    Example:
        >>> kept = bounded(Event(kind=EventKind.METADATA_READ, user="ada", details={"statement": "-" * 20_007}))
        >>> str(kept.details["statement"])[19_998:]
        '-- [and 7 characters more]'
    """
    return replace(event, details={name: _cut(value) for name, value in event.details.items()})


def shortened_text(text: str, most: int) -> str:
    """The text up to so many characters, and how many are left out.

    Example:
        >>> shortened_text("customers", 6)
        'custom [and 3 characters more]'
    """
    more = len(text) - most
    return text if more <= 0 else f"{text[:most]} [and {more:,} characters more]"


def _cut(value: object) -> object:
    if isinstance(value, str):
        return shortened_text(value, LONGEST_TEXT)
    if isinstance(value, Mapping):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(inner) for inner in value]
    return value
