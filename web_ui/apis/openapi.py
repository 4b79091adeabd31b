"""The control API described in OpenAPI 3.1, joined with the data API's description."""

from collections.abc import Mapping

from catalog.crawl_runs import RunState
from catalog.journal.event import EventKind, Verdict
from catalog.model import Level, TagOrigin, TagState
from proxy.http.openapi import (
    COUNT,
    DATA_PATHS,
    SCHEMAS,
    TEXT,
    TEXTS,
    YES_NO,
    Json,
    answer,
    describe,
    listed,
    named,
    operation,
    parameter,
    record,
)
from web_ui.apis.crawls import OUTCOMES
from web_ui.apis.openapi_previews import PREVIEW_PATHS, PREVIEW_SCHEMAS
from web_ui.apis.openapi_record import RECORD_PATHS
from web_ui.apis.openapi_reports import REPORT_PATHS, REPORT_SCHEMAS
from web_ui.apis.openapi_requests import REQUEST_PATHS, REQUEST_SCHEMAS
from web_ui.apis.openapi_rules import RULE_PATHS, RULE_SCHEMAS
from web_ui.apis.openapi_sources import SOURCE_PATHS, SOURCE_SCHEMAS

_MOMENT: Json = {"type": "string", "format": "date-time"}
_PRUNE = parameter("prune", "Remove policies and roles that the document does not name.", schema=YES_NO)
_DOCUMENT: Json = {"application/yaml": {"schema": TEXT}, "application/json": {"schema": {"type": "object"}}}

CONTROL_SCHEMAS: Json = {
    "Plan": record(
        {
            "plan": TEXT,
            "revision": COUNT,
            "changes": listed(record({"sign": TEXT, "kind": TEXT, "name": TEXT, "details": TEXTS})),
            "impact": listed({"type": "object"}),
            "warnings": TEXTS,
            "drift": TEXTS,
            "rows": listed({"type": "object"}),
        }
    ),
    "Rollback": record({"revision": COUNT, "why": TEXT}, {"against": COUNT}, closed=True),
    "Revision": record(
        {
            "revision": COUNT,
            "at": _MOMENT,
            "by": TEXT,
            "why": TEXT,
            "difference": TEXTS,
            "statements": {"type": "object", "additionalProperties": TEXT},
        }
    ),
    "Assignment": record(
        {
            "id": COUNT,
            "dataset": TEXT,
            "column": TEXT,
            "type": TEXT,
            "tag": TEXT,
            "level": {"enum": [level.value for level in Level]},
            "state": {"enum": [state.value for state in TagState]},
            "origin": {"enum": [origin.value for origin in TagOrigin]},
            "rule": TEXT,
            "confidence": {"type": "number"},
            "evidence": TEXT,
            "by": TEXT,
            "at": {"type": ["string", "null"], "format": "date-time"},
            "missing_since": {"type": ["string", "null"], "format": "date-time"},
        }
    ),
    "Tried": record(
        {
            "dataset": TEXT,
            "column": TEXT,
            "fit": {"enum": ["match", "near"]},
            "confidence": {"type": "number"},
            "evidence": TEXT,
            "hits": TEXTS,
            "misses": TEXTS,
        }
    ),
    "Verdicts": record({}, {"confirm": listed(COUNT), "reject": listed(COUNT), "why": TEXT}, closed=True),
    "Crawl": record(
        {
            "id": COUNT,
            "source": TEXT,
            "path": TEXT,
            "into": TEXT,
            "full": YES_NO,
            "by": TEXT,
            "state": {"enum": [state.value for state in RunState]},
            "problem": TEXT,
            "done": COUNT,
            "total": COUNT,
            "counts": {"type": "object", "additionalProperties": COUNT},
            "requested_at": _MOMENT,
            "started_at": {"type": ["string", "null"], "format": "date-time"},
            "ended_at": {"type": ["string", "null"], "format": "date-time"},
        }
    ),
    "Relation": record(
        {"relation": TEXT, "outcome": TEXT, "datasets": TEXTS, "suggestions": COUNT, "reason": TEXT, "hint": TEXT}
    ),
    "Event": record(
        {
            "seq": COUNT,
            "at": _MOMENT,
            "kind": {"enum": [kind.value for kind in EventKind]},
            "user": TEXT,
            "verdict": {"enum": [verdict.value for verdict in Verdict]},
        },
        {"previous_hash": TEXT, "hash": TEXT},
    ),
}

CONTROL_PATHS: Json = {
    "/tags": {
        "get": operation(
            "List the tags",
            {"200": answer(record({"tags": listed(record({"tag": TEXT, "comment": TEXT, "level": TEXT}))}))},
        )
    },
    "/tags/assignments": {
        "get": operation(
            "List assignments of tags that you may assign, with evidence and state",
            {
                "200": answer(
                    record(
                        {
                            "assignments": listed(named("Assignment")),
                            "total": COUNT,
                            "offset": {"type": ["integer", "null"], "minimum": 0},
                        }
                    )
                )
            },
            parameters=(
                parameter("state", "In this state.", schema={"enum": [state.value for state in TagState]}),
                parameter("tag", "This tag, or all of a namespace."),
                parameter("dataset", "On this dataset, or in this database."),
                parameter("search", "Each word stands in dataset, column, tag, rule or evidence."),
                parameter("rule", "Suggested by this rule."),
                parameter("limit", "At most so many, 100 unless told.", schema={**COUNT, "maximum": 1000}),
                parameter("offset", "Leave out so many, to read on.", schema=COUNT),
            ),
        )
    },
    "/tags/assignments/review": {
        "post": operation(
            "Confirm and reject assignments, all or nothing (`tag:assign` on their namespaces)",
            {"200": answer(record({"changed": listed(named("Assignment")), "revision": COUNT}))},
            body={"application/json": {"schema": named("Verdicts")}},
        )
    },
    "/rules/try": {
        "post": operation(
            "Try a rule on real columns: matches, near misses and how they look, never a value (administrators)",
            {
                "200": answer(
                    record({"datasets": COUNT, "columns": listed(named("Tried")), "problems": TEXTS}),
                )
            },
            body={"application/json": {"schema": record({"rule": {"type": "object"}, "on": TEXT}, closed=True)}},
        )
    },
    "/roles": {
        "get": operation(
            "List roles: yours, or all for administrators and auditors",
            {"200": answer(record({"roles": listed(record({"role": TEXT, "groups": TEXTS, "capabilities": TEXTS}))}))},
            parameters=(parameter("role", "This one, with its policies, members and what it opens."),),
        )
    },
    "/crawls": {
        "get": operation(
            "List crawls, newest first (administrators and auditors)",
            {"200": answer(record({"crawls": listed(named("Crawl"))}))},
            parameters=(
                parameter("source", "Of this source."),
                parameter("limit", "At most so many, 100 unless told.", schema={**COUNT, "maximum": 1000}),
            ),
        ),
        "post": operation(
            "Crawl a source; the server begins as soon as it can (administrators)",
            {"202": answer(named("Crawl"))},
            body={
                "application/json": {
                    "schema": record({"source": TEXT}, {"path": TEXT, "into": TEXT, "full": YES_NO}, closed=True)
                }
            },
        ),
    },
    "/crawls/{number}": {
        "get": operation(
            "One crawl and what became of each relation",
            {
                "200": answer(
                    {
                        "allOf": [
                            named("Crawl"),
                            record(
                                {
                                    "tags": COUNT,
                                    "at": TEXT,
                                    "relations": listed(named("Relation")),
                                    "after": {"type": ["integer", "null"]},
                                }
                            ),
                        ]
                    }
                )
            },
            parameters=(
                parameter("number", "The crawl's id.", place="path"),
                parameter("limit", "At most so many relations, 100 unless told.", schema={**COUNT, "maximum": 1000}),
                parameter("after", "Only relations after this place, to read on.", schema=COUNT),
                parameter("outcome", "Only relations of which this became.", schema={"enum": [*OUTCOMES]}),
            ),
        )
    },
    "/crawls/{number}/register": {
        "post": operation(
            "Register what a crawl found, or one relation of it, by a further crawl (administrators)",
            {"202": answer(named("Crawl"))},
            body={
                "application/json": {
                    "schema": record({"into": TEXT}, {"create": YES_NO, "relation": TEXT}, closed=True)
                }
            },
            parameters=(parameter("number", "The crawl's id.", place="path"),),
        )
    },
    "/crawls/{number}/cancel": {
        "post": operation(
            "Stop a crawl after the relation that it is at (administrators)",
            {"200": answer(named("Crawl"))},
            parameters=(parameter("number", "The crawl's id.", place="path"),),
        )
    },
    "/policies": {
        "get": operation(
            "List policies: those of your roles, or all for administrators and auditors",
            {"200": answer(record({"revision": COUNT, "policies": listed({"type": "object"})}))},
            parameters=(
                parameter("policy", "The name of the one policy that is asked about."),
                parameter("revision", "As it stood in this revision.", schema=COUNT),
            ),
        )
    },
    "/policies/plan": {
        "post": operation(
            "See what a document would change, and for whom (administrators)",
            {"200": answer(named("Plan"))},
            body=_DOCUMENT,
            parameters=(
                _PRUNE,
                parameter("rows", "Count on the sources how many rows open or close.", schema=YES_NO),
            ),
        )
    },
    "/policies/apply": {
        "post": operation(
            "Carry a document out, all or nothing (administrators)",
            {"200": answer({"allOf": [named("Plan"), record({"applied": YES_NO, "live": COUNT})]})},
            body=_DOCUMENT,
            parameters=(_PRUNE, parameter("why", "The reason, kept with the revision.")),
        )
    },
    "/ddl": {
        "post": operation(
            "Carry out one policy statement (administrators), or answer a SHOW or DESCRIBE",
            {
                "200": answer(
                    {
                        "oneOf": [
                            {"allOf": [named("Plan"), record({"applied": YES_NO, "live": COUNT})]},
                            record({"columns": TEXTS, "rows": listed(TEXTS)}),
                        ]
                    }
                )
            },
            body={"application/json": {"schema": record({"statement": TEXT})}},
        )
    },
    "/policies/history": {
        "get": operation(
            "List the revisions, newest first (administrators and auditors)",
            {"200": answer(record({"revisions": listed(named("Revision"))}))},
            parameters=(parameter("limit", "At most so many, 100 unless told.", schema={**COUNT, "maximum": 10_000}),),
        )
    },
    "/policies/rollback": {
        "post": operation(
            "Put the policies and roles of a revision in force again, as a new one; refused if `against` is not live"
            " (administrators and auditors, as far as they may change what differs)",
            {"200": answer({"allOf": [named("Plan"), record({"applied": YES_NO, "live": COUNT})]})},
            body={"application/json": {"schema": named("Rollback")}},
        )
    },
}


def description() -> Mapping[str, object]:
    """Everything under /api/v1."""
    paths = {
        **DATA_PATHS,
        **CONTROL_PATHS,
        **PREVIEW_PATHS,
        **RECORD_PATHS,
        **REPORT_PATHS,
        **REQUEST_PATHS,
        **RULE_PATHS,
        **SOURCE_PATHS,
    }
    schemas = {
        **SCHEMAS,
        **CONTROL_SCHEMAS,
        **PREVIEW_SCHEMAS,
        **REPORT_SCHEMAS,
        **REQUEST_SCHEMAS,
        **RULE_SCHEMAS,
        **SOURCE_SCHEMAS,
    }
    return describe(paths, schemas)
