"""The routes of the API."""

from policy_engine.capabilities import Action
from policy_engine.oversight import OVERSIGHT
from tests.web_ui.route import READ, STEWARD, WRITE, Open, Route

SQL: dict[str, object] = {"sql": "select 1"}
DOCUMENT: dict[str, object] = {"veil": 1}
PREVIEW: dict[str, object] = {"document": DOCUMENT, "as": {"role": "clerk"}, "on": "shop.orders"}
ASK: dict[str, object] = {"dataset": "shop.orders", "why": "to look"}
RULE = {"rule": "r", "on": {"name": "email"}, "tag": "pii.email"}
SOURCE: dict[str, object] = {"source": "pond", "connector": "files", "options": {"path": "/nowhere"}}
API_ROUTES = (
    Route(method="GET", rule="/api/v1/health", who=(Action.HOME_ADMINISTER,)),
    Route(method="POST", rule="/api/v1/health/examine", who=(Action.HOME_ADMINISTER,)),
    Route(method="GET", rule="/api/v1/home", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/reports", who=OVERSIGHT),
    Route(method="GET", rule="/api/v1/reports/<name>", called="/api/v1/reports/unused", who=OVERSIGHT),
    Route(method="POST", rule="/api/v1/query", who=Open.SIGNED_IN, body=SQL),
    Route(method="POST", rule="/api/v1/explain", who=Open.SIGNED_IN, body=SQL),
    Route(method="GET", rule="/api/v1/datasets", who=Open.SIGNED_IN),
    Route(
        method="GET",
        rule="/api/v1/datasets/<database>/<name>",
        called="/api/v1/datasets/shop/orders",
        who=Open.SIGNED_IN,
    ),
    Route(method="GET", rule="/api/v1/whoami", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/openapi.json", who=Open.EVERYBODY),
    Route(method="GET", rule="/api/v1/tags", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/roles", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/policies", who=Open.SIGNED_IN),
    Route(method="POST", rule="/api/v1/policies/plan", who=WRITE, body=DOCUMENT),
    Route(method="POST", rule="/api/v1/policies/apply", who=WRITE, body=DOCUMENT),
    Route(method="POST", rule="/api/v1/policies/preview", who=(Action.POLICY_WRITE,), body=PREVIEW),
    Route(method="GET", rule="/api/v1/policies/history", who=READ),
    Route(method="POST", rule="/api/v1/policies/rollback", who=READ, body={"revision": 999_999, "why": "to try"}),
    Route(method="POST", rule="/api/v1/ddl", who=Open.SIGNED_IN, body={"statement": "SHOW DATABASES"}),
    Route(method="GET", rule="/api/v1/access-requests", who=Open.SIGNED_IN),
    Route(method="POST", rule="/api/v1/access-requests", who=Open.SIGNED_IN, body=ASK),
    Route(
        method="GET",
        rule="/api/v1/access-requests/<number>",
        called="/api/v1/access-requests/1",
        who=Open.SIGNED_IN,
    ),
    Route(
        method="POST",
        rule="/api/v1/access-requests/<number>/decide",
        called="/api/v1/access-requests/1/decide",
        who=Open.SIGNED_IN,
        body={"verdict": "deny", "words": "no"},
    ),
    Route(
        method="POST",
        rule="/api/v1/access-requests/<number>/withdraw",
        called="/api/v1/access-requests/1/withdraw",
        who=Open.SIGNED_IN,
    ),
    Route(method="GET", rule="/api/v1/audit/events", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/audit/export", who=Open.SIGNED_IN),
    Route(method="GET", rule="/api/v1/audit/verification", who=(Action.AUDIT_READ,)),
    Route(method="POST", rule="/api/v1/audit/verification", who=(Action.AUDIT_READ,)),
    Route(method="GET", rule="/api/v1/crawls", who=READ),
    Route(method="POST", rule="/api/v1/crawls", who=(Action.HOME_ADMINISTER,), body={"source": "lake"}),
    Route(method="GET", rule="/api/v1/crawls/<number>", called="/api/v1/crawls/1", who=READ),
    Route(
        method="POST",
        rule="/api/v1/crawls/<number>/cancel",
        called="/api/v1/crawls/1/cancel",
        who=(Action.HOME_ADMINISTER,),
    ),
    Route(
        method="POST",
        rule="/api/v1/crawls/<number>/register",
        called="/api/v1/crawls/1/register",
        who=(Action.HOME_ADMINISTER,),
        body={"into": "shop"},
    ),
    Route(method="GET", rule="/api/v1/sources", who=READ),
    Route(method="POST", rule="/api/v1/sources", who=(Action.HOME_ADMINISTER,), body=SOURCE),
    Route(method="POST", rule="/api/v1/sources/test", who=(Action.HOME_ADMINISTER,), body=SOURCE),
    Route(method="GET", rule="/api/v1/sources/<name>", called="/api/v1/sources/lake", who=READ),
    Route(
        method="POST",
        rule="/api/v1/sources/<name>/test",
        called="/api/v1/sources/lake/test",
        who=(Action.HOME_ADMINISTER,),
    ),
    Route(
        method="POST",
        rule="/api/v1/sources/<name>/remove",
        called="/api/v1/sources/lake/remove",
        who=(Action.HOME_ADMINISTER,),
        body={"datasets": False},
    ),
    Route(method="GET", rule="/api/v1/rules", who=STEWARD),
    Route(
        method="POST",
        rule="/api/v1/rules/remove",
        who=(Action.HOME_ADMINISTER,),
        body={"rule": "none like it"},
    ),
    Route(
        method="POST",
        rule="/api/v1/rules",
        who=(Action.HOME_ADMINISTER,),
        body={"rule": {"name": "r", "tag": "pii.email", "column_name": "email"}},
    ),
    Route(method="GET", rule="/api/v1/tags/uses", who=STEWARD),
    Route(
        method="GET",
        rule="/api/v1/tags/history",
        called="/api/v1/tags/history?dataset=shop.orders",
        who=(Action.TAG_ASSIGN,),
    ),
    Route(method="POST", rule="/api/v1/rules/try", who=(Action.HOME_ADMINISTER,), body={"rule": RULE, "on": "shop"}),
    Route(method="GET", rule="/api/v1/tags/assignments", who=(Action.TAG_ASSIGN,)),
    Route(method="POST", rule="/api/v1/tags/assignments/review", who=(Action.TAG_ASSIGN,), body={"confirm": [1]}),
)
FURTHER = (
    Route(method="GET", rule="/reports/<name>", called="/reports/warnings", who=READ),
    Route(method="GET", rule="/api/v1/reports/<name>", called="/api/v1/reports/warnings", who=READ),
    Route(
        method="POST",
        rule="/api/v1/explain",
        who=(Action.SUBJECT_IMPERSONATE,),
        body={**SQL, "as": {"user": "max"}},
    ),
    Route(
        method="POST",
        rule="/api/v1/policies/plan",
        called="/api/v1/policies/plan?rows=true",
        who=(Action.HOME_ADMINISTER,),
        body=DOCUMENT,
    ),
)
"""What takes a capability only when more is asked for."""
