"""Requests for access described in OpenAPI 3.1."""

from catalog.access_requests import RequestState, Wanted
from proxy.http.openapi import COUNT, TEXT, TEXTS, YES_NO, Json, answer, listed, named, operation, parameter, record

_MOMENT: Json = {"type": "string", "format": "date-time"}
_UNTIL: Json = {"description": "A day, which is part of the time, or a moment.", "type": "string"}
_NUMBER = parameter("number", "The request's id.", place="path")
_REQUEST: Json = {
    "id": COUNT,
    "user": TEXT,
    "mine": YES_NO,
    "dataset": TEXT,
    "wanted": {"enum": [wanted.value for wanted in Wanted]},
    "columns": TEXTS,
    "why": TEXT,
    "purpose": TEXT,
    "state": {"enum": [state.value for state in RequestState]},
    "asked_at": _MOMENT,
    "ends_at": _MOMENT,
    "decided_by": TEXT,
    "decided_at": {"type": ["string", "null"], "format": "date-time"},
    "words": TEXT,
    "policies": TEXTS,
    "revision": COUNT,
}

REQUEST_SCHEMAS: Json = {
    "AccessRequest": record(_REQUEST),
    "AskForAccess": record(
        {"dataset": TEXT, "why": TEXT},
        {
            "columns": {**TEXTS, "description": "These, on the rows that you see; none is the whole dataset."},
            "all_rows": {**YES_NO, "description": "Every row, with its columns as you see them now."},
            "purpose": TEXT,
            "until": {**_UNTIL, "description": "30 days unless told."},
        },
        closed=True,
    ),
    "Proposal": record(
        {
            "plan": TEXT,
            "against_revision": COUNT,
            "ends_at": _MOMENT,
            "statements": TEXTS,
            "columns": listed(
                record(
                    {
                        "column": TEXT,
                        "asked": YES_NO,
                        "before": TEXT,
                        "after": TEXT,
                        "at_least": {**TEXT, "description": "After, in the worst circumstances of a query."},
                        "at_most": {**TEXT, "description": "After, in the best circumstances of a query."},
                        "reason": TEXT,
                    }
                )
            ),
            "rows": record({"before": TEXT, "after": TEXT}),
            "later": {
                **listed(record({"at": _MOMENT, "column": TEXT, "before": TEXT, "after": TEXT})),
                "description": "What differs from a moment on, before the access ends; of rows, no column is named.",
            },
            "missing": TEXTS,
            "keyed": {
                **TEXTS,
                "description": "Documents and maps that are opened with all their keys, also later ones.",
            },
            "refused_because": TEXT,
        }
    ),
    "RequestStory": {
        "allOf": [
            named("AccessRequest"),
            record(
                {"may_decide": YES_NO, "in_force": {"type": "object", "additionalProperties": TEXT}},
                {
                    "groups": TEXTS,
                    "proposal": {"oneOf": [{"type": "null"}, named("Proposal")]},
                    "problem": TEXT,
                    "against": listed(record({"policy": TEXT, "owner": TEXT})),
                    "holders": listed(
                        record({"role": TEXT, "shown": {"type": "object", "additionalProperties": TEXTS}})
                    ),
                    "past": listed(named("AccessRequest")),
                },
            ),
        ]
    },
    "Decide": record(
        {"verdict": {"enum": ["approve", "deny"]}},
        {
            "plan": {**TEXT, "description": "Of an approval, the plan that was looked at."},
            "words": {**TEXT, "description": "For the asker; a denial needs some."},
            "columns": {**TEXTS, "description": "Only these of what is asked for."},
            "mask": {**TEXT, "description": "A transform for all of them, as `tokenize()`."},
            "until": _UNTIL,
            "bound": {**YES_NO, "description": "Only for queries that state the purpose."},
        },
        closed=True,
    ),
}

REQUEST_PATHS: Json = {
    "/access-requests": {
        "get": operation(
            "List your requests for access, and those you may decide on",
            {
                "200": answer(
                    record(
                        {
                            "requests": listed(named("AccessRequest")),
                            "total": COUNT,
                            "offset": {"type": ["integer", "null"], "minimum": 0},
                        }
                    )
                )
            },
            parameters=(
                parameter("state", "In this state.", schema={"enum": [state.value for state in RequestState]}),
                parameter("search", "Each word stands in number, names, reason or words."),
                parameter("limit", "At most so many, 100 unless told.", schema={**COUNT, "maximum": 1000}),
                parameter("offset", "Leave out so many, to read on.", schema=COUNT),
            ),
        ),
        "post": operation(
            "Ask for access; what you cannot see is asked for by its name, and the answer tells nothing of it",
            {"201": answer(named("AccessRequest"))},
            body={"application/json": {"schema": named("AskForAccess")}},
        ),
    },
    "/access-requests/{number}": {
        "get": operation(
            "One request, and for who decides what an approval would do on these terms",
            {"200": answer(named("RequestStory"))},
            parameters=(
                _NUMBER,
                parameter("column", "Only this of what is asked for; may be repeated."),
                parameter("mask", "Through this transform, as `tokenize()`."),
                parameter("until", "No longer than that."),
                parameter("bound", "Only for queries that state the purpose.", schema=YES_NO),
            ),
        )
    },
    "/access-requests/{number}/decide": {
        "post": operation(
            "Approve or deny somebody else's request (`policy:write` on its database)",
            {"200": answer(named("AccessRequest"))},
            body={"application/json": {"schema": named("Decide")}},
            parameters=(_NUMBER,),
        )
    },
    "/access-requests/{number}/withdraw": {
        "post": operation(
            "Take your own open request back", {"200": answer(named("AccessRequest"))}, parameters=(_NUMBER,)
        )
    },
}
