"""The routes of the journal, described in OpenAPI 3.1."""

from catalog.journal.event import EventKind, Verdict
from proxy.http.openapi import COUNT, HEADERS, TEXT, YES_NO, Json, answer, listed, named, operation, parameter, record

_MOMENT: Json = {"type": "string", "format": "date-time"}
_FILTERS = (
    parameter("user", "Who did it."),
    parameter("dataset", "On which dataset."),
    parameter("column", "On which column, as database.dataset.column, however it was shown."),
    parameter("tag", "On which tag."),
    parameter("policy", "Decided by which policy."),
    parameter("kind", "What happened.", schema={"enum": [kind.value for kind in EventKind]}),
    parameter("verdict", "How it ended.", schema={"enum": [verdict.value for verdict in Verdict]}),
    parameter("decision_id", "The id that the answer carried."),
    parameter("from", "Not before this moment.", schema=_MOMENT),
    parameter("to", "Before this moment.", schema=_MOMENT),
    parameter("text", "Stands in a name or text that the event tells, or is the id of its decision."),
)
_FORMS: Json = {"enum": ["jsonl", "csv", "ocsf"]}
_STATE = record(
    {
        "running": YES_NO,
        "read": COUNT,
        "of": COUNT,
        "problem": TEXT,
        "last": {
            "oneOf": [
                {"type": "null"},
                record(
                    {"at": _MOMENT, "by": TEXT, "event": COUNT, "ok": YES_NO, "events": COUNT, "seals": COUNT},
                    {"what": TEXT, "first_break": {"type": ["integer", "null"]}, "ms": COUNT},
                ),
            ]
        },
    }
)

RECORD_PATHS: Json = {
    "/audit/events": {
        "get": operation(
            "Read the journal, newest first: all of it for auditors, your own events otherwise",
            {
                "200": answer(
                    record(
                        {
                            "events": listed(named("Event")),
                            "before": {"type": ["integer", "null"], "minimum": 0},
                            "count": COUNT,
                            "archived_until": {"type": ["string", "null"], "format": "date"},
                        }
                    )
                )
            },
            parameters=(
                *_FILTERS,
                parameter("limit", "At most so many, 100 unless told.", schema={**COUNT, "maximum": 1000}),
                parameter("before", "Only events with a smaller number, to read on.", schema=COUNT),
            ),
        )
    },
    "/audit/export": {
        "get": operation(
            "Export what a search finds, oldest first, after the event that tells of the export",
            {
                "200": {
                    "description": "A file; as many events as its beginning says, or it was cut off",
                    "headers": HEADERS,
                    "content": {"application/jsonl": {"schema": TEXT}, "text/csv": {"schema": TEXT}},
                }
            },
            parameters=(*_FILTERS, parameter("format", "`jsonl` unless told.", schema=_FORMS)),
        )
    },
    "/audit/verification": {
        "get": operation(
            "How far a verification of the journal is, and what the last one found (auditors)", {"200": answer(_STATE)}
        ),
        "post": operation(
            "Begin to verify the whole journal, its archives and seals (auditors)", {"202": answer(_STATE)}
        ),
    },
}
