"""The routes of tags' uses and of rules, described in OpenAPI 3.1."""

from proxy.http.openapi import COUNT, TEXT, YES_NO, Json, answer, listed, named, operation, parameter, record

_COUNTS: Json = {"suggested": COUNT, "confirmed": COUNT, "rejected": COUNT}

RULE_SCHEMAS: Json = {
    "TagUses": record({"tag": TEXT, "comment": TEXT, "level": TEXT, **_COUNTS}),
    "Rule": record(
        {
            "rule": TEXT,
            "tag": TEXT,
            "looks": TEXT,
            "own": YES_NO,
            **_COUNTS,
            "precision": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        }
    ),
    "TagVerdict": record(
        {
            "at": {"type": ["string", "null"], "format": "date-time"},
            "by": TEXT,
            "what": TEXT,
            "why": TEXT,
            "revision": COUNT,
        }
    ),
}

RULE_PATHS: Json = {
    "/tags/uses": {
        "get": operation(
            "List the tags that you may assign, with how often each stands where",
            {"200": answer(record({"tags": listed(named("TagUses"))}))},
        )
    },
    "/tags/history": {
        "get": operation(
            "What stands on a column of the tags that you may assign, and who said what of it when",
            {
                "200": answer(
                    record(
                        {
                            "dataset": TEXT,
                            "column": TEXT,
                            "standing": listed(named("Assignment")),
                            "told": listed(named("TagVerdict")),
                        }
                    )
                )
            },
            parameters=(
                parameter("dataset", "As database.dataset."),
                parameter("column", "The column's path; empty for the dataset itself."),
            ),
        )
    },
    "/rules": {
        "get": operation(
            "List the rules whose tags you may assign, with how often each was right so far",
            {"200": answer(record({"rules": listed(named("Rule"))}))},
        ),
        "post": operation(
            "Keep a rule (administrators)",
            {"200": answer({"allOf": [named("Plan"), record({"applied": YES_NO, "live": COUNT})]})},
            body={"application/json": {"schema": record({"rule": {"type": "object"}}, {"why": TEXT}, closed=True)}},
        ),
    },
    "/rules/remove": {
        "post": operation(
            "Take a rule away; what it suggested stays to be judged (administrators)",
            {"200": answer({"allOf": [named("Plan"), record({"applied": YES_NO, "live": COUNT})]})},
            body={"application/json": {"schema": record({"rule": TEXT}, {"why": TEXT}, closed=True)}},
        )
    },
}
