"""The routes of home, reports and health, described in OpenAPI 3.1."""

from proxy.http.openapi import COUNT, TEXT, TEXTS, Json, answer, listed, named, operation, parameter, record
from web_ui.reports.kinds import KINDS

_MOMENT: Json = {"type": "string", "format": "date-time"}
_OBJECTS = listed({"type": "object"})
_MAYBE: Json = {"type": ["object", "null"]}

REPORT_SCHEMAS: Json = {
    "Home": record(
        {
            "user": TEXT,
            "tasks": listed(record({"task": TEXT, "count": COUNT, "words": TEXT})),
            "unchecked": {"type": "boolean"},
            "steps": listed(record({"step": TEXT, "done": {"type": "boolean"}})),
            "estate": _MAYBE,
            "role": _MAYBE,
            "journal": _MAYBE,
            "week": _OBJECTS,
            "changes": _OBJECTS,
            "datasets": _OBJECTS,
            "dataset_count": COUNT,
            "queries": _OBJECTS,
            "requests": _OBJECTS,
        }
    ),
    "Health": record(
        {
            "at": _MOMENT,
            "revision": COUNT,
            "sources": _OBJECTS,
            "sinks": _OBJECTS,
            "journal": {"type": "object"},
            "plugins": TEXTS,
            "settings": listed(record({"section": TEXT, "key": TEXT, "value": TEXT, "origin": TEXT})),
            "needs_restart": {"type": "boolean"},
        }
    ),
    "Report": record(
        {
            "report": TEXT,
            "asked": {"type": "object", "additionalProperties": TEXT},
            "at": _MOMENT,
            "revision": COUNT,
            "answer": TEXT,
            "columns": TEXTS,
            "rows": _OBJECTS,
            "count": COUNT,
            "notes": TEXTS,
        },
        {"journal": record({"count": COUNT, "head": TEXT})},
    ),
}


def _of_kinds() -> tuple[Json, ...]:
    """What each report asks for, as parameters of the one route."""
    return tuple(
        parameter(each.name, f"For `{kind.name}`: {each.label[0].lower()}{each.label[1:]}, as in `{each.hint}`.")
        for kind in KINDS
        for each in kind.inputs
    )


REPORT_PATHS: Json = {
    "/health": {
        "get": operation(
            "How sources, sinks, journal, plug-ins and settings stand (administrators)",
            {"200": answer(named("Health"))},
        )
    },
    "/health/examine": {
        "post": operation(
            "Check everything that `veil doctor` checks; sources are asked, and the whole journal is read",
            {"200": answer(record({"checks": listed(record({"checked": TEXT, "finding": TEXT}))}))},
        )
    },
    "/home": {
        "get": operation(
            "What waits for you, how the estate stands and what you read, as far as your rights go",
            {"200": answer(named("Home"))},
            parameters=(parameter("role", "The estate as this role sees it, dataset by dataset."),),
        )
    },
    "/reports": {
        "get": operation(
            "List the reports that you may read",
            {"200": answer(record({"reports": listed(record({"report": TEXT, "title": TEXT, "words": TEXT}))}))},
        )
    },
    "/reports/{name}": {
        "get": operation(
            "One report (administrators and auditors; whoever writes policies on a database, within it)",
            {"200": answer(named("Report"))},
            parameters=(
                parameter("name", "The report.", place="path", schema={"enum": [kind.name for kind in KINDS]}),
                *_of_kinds(),
                parameter(
                    "limit",
                    "At most so many rows in JSON; `changes`, without `who`, and `who-can-see` have 500 unless told.",
                    schema={"type": "integer", "minimum": 1},
                ),
                parameter("format", "`json` unless told, or `csv`.", schema={"enum": ["json", "csv"]}),
            ),
        )
    },
}
