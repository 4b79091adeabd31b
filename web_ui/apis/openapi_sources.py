"""The routes of sources, described in OpenAPI 3.1."""

from proxy.http.openapi import COUNT, TEXT, TEXTS, YES_NO, Json, answer, listed, named, operation, parameter, record

_OPTIONS: Json = {"type": "object", "additionalProperties": TEXT}
_NAME = parameter("name", "The source's name.", place="path")
_DONE = {"allOf": [named("Plan"), record({"applied": YES_NO, "live": COUNT})]}

SOURCE_SCHEMAS: Json = {
    "Source": record(
        {
            "source": TEXT,
            "connector": TEXT,
            "options": _OPTIONS,
            "datasets": COUNT,
            "every": TEXT,
            "cron": TEXT,
            "into": TEXT,
            "crawl": {"oneOf": [named("Crawl"), {"type": "null"}]},
        }
    ),
    "Reached": record(
        {
            "reached": YES_NO,
            "told": TEXT,
            "code": TEXT,
            "relations": TEXTS,
            "more": YES_NO,
            "seconds": {"type": "number"},
        }
    ),
}

SOURCE_PATHS: Json = {
    "/sources": {
        "get": operation(
            "List the sources; their options name credentials and hold none (administrators and auditors)",
            {"200": answer(record({"sources": listed(named("Source"))}))},
        ),
        "post": operation(
            "Add a source, or with `replace` state one anew (administrators)",
            {"200": answer(_DONE), "201": answer(_DONE)},
            body={
                "application/json": {
                    "schema": record(
                        {"source": TEXT, "connector": TEXT, "options": _OPTIONS},
                        {"replace": YES_NO, "why": TEXT},
                        closed=True,
                    )
                }
            },
        ),
    },
    "/sources/test": {
        "post": operation(
            "Try to reach a source that is only stated; nothing is kept (administrators)",
            {"200": answer(named("Reached"))},
            body={
                "application/json": {
                    "schema": record({"source": TEXT, "connector": TEXT, "options": _OPTIONS}, closed=True)
                }
            },
        )
    },
    "/sources/{name}": {
        "get": operation("One source", {"200": answer(named("Source"))}, parameters=(_NAME,)),
    },
    "/sources/{name}/test": {
        "post": operation(
            "Try to reach a source (administrators)", {"200": answer(named("Reached"))}, parameters=(_NAME,)
        )
    },
    "/sources/{name}/remove": {
        "post": operation(
            "Take a source away, with `datasets` those that are read from it too (administrators)",
            {"200": answer(_DONE)},
            body={"application/json": {"schema": record({}, {"datasets": YES_NO, "why": TEXT}, closed=True)}},
            parameters=(_NAME,),
        )
    },
}
