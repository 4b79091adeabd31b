"""What an event of the journal tells, as people would say it."""

from collections.abc import Mapping

from catalog.journal.event import EventKind, Verdict

DEEDS: Mapping[str, str] = {
    EventKind.QUERY_BEGIN: "asked a query",
    EventKind.QUERY_END: "got the end of an answer",
    EventKind.QUERY_DENY: "was refused a query",
    EventKind.METADATA_READ: "looked at what there is",
    EventKind.EXPLAIN_READ: "had a query explained",
    EventKind.VIEW_BEGIN: "began to look as somebody else",
    EventKind.VIEW_END: "looked as themselves again",
    EventKind.LOGIN_OK: "signed in",
    EventKind.LOGIN_FAIL: "could not sign in",
    EventKind.TOKEN_CREATE: "made a token",
    EventKind.TOKEN_REVOKE: "revoked a token",
    EventKind.DOCUMENT_APPLY: "changed what is in force",
    EventKind.POLICY_ROLLBACK: "went back to an earlier revision",
    EventKind.DRAFT_SAVE: "saved a draft of a policy",
    EventKind.DRAFT_DISCARD: "discarded a draft of a policy",
    EventKind.SOURCE_TEST: "tried to reach a source",
    EventKind.CRAWL_BEGIN: "had a crawl begin",
    EventKind.CRAWL_END: "had a crawl end",
    EventKind.CRAWL_CANCEL: "stopped a crawl",
    EventKind.TAG_REVIEW: "confirmed or rejected tags",
    EventKind.RULE_TRY: "tried a rule",
    EventKind.REQUEST_CREATE: "asked for access",
    EventKind.REQUEST_READ: "looked at somebody's request for access",
    EventKind.REQUEST_APPROVE: "approved a request for access",
    EventKind.REQUEST_DENY: "denied a request for access",
    EventKind.REQUEST_WITHDRAW: "took a request for access back",
    EventKind.REPORT_READ: "read a report",
    EventKind.AUDIT_READ: "read the journal",
    EventKind.AUDIT_EXPORT: "exported the journal",
    EventKind.AUDIT_VERIFY: "verified the journal",
    EventKind.AUDIT_SEAL: "sealed the journal",
    EventKind.AUDIT_ARCHIVE: "archived the oldest events of the journal",
    EventKind.HOME_INIT: "made this home",
    EventKind.SESSION_REVOKE: "ended sign-ins",
    EventKind.KEY_ROTATE: "put a new key in use",
    EventKind.VALUE_DETOKENIZE: "turned tokens back into values",
}
"""Each kind as what somebody did; the person's name stands before it."""

ENDINGS: Mapping[str, str] = {
    Verdict.ALLOW: "allowed",
    Verdict.DENY: "refused",
    Verdict.ERROR: "failed",
    Verdict.CANCEL: "stopped",
}
"""How an event ended, in the words of the pictures too."""
