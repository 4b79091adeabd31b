"""The route of the preview, described in OpenAPI 3.1."""

from policy_engine.model import Outcome
from proxy.http.openapi import COUNT, TEXT, TEXTS, YES_NO, Json, answer, listed, named, operation, record
from web_ui.authoring.preview import EXTRAS

_OUTCOME: Json = {"enum": [outcome.value for outcome in Outcome]}
_SIDE = record({"outcome": _OUTCOME, "transform": TEXT, "reason": TEXT})
_BOTH = {"before": TEXT, "after": TEXT}
_WHO = (("user", TEXT), ("role", TEXT), ("groups", TEXTS))
_NUMBER: Json = {"type": ["integer", "null"], "minimum": 0}


def _or_null(schema: Json) -> Json:
    return {"oneOf": [schema, {"type": "null"}]}


PREVIEW_SCHEMAS: Json = {
    "PreviewAsked": record(
        {
            "document": {"description": "YAML as text, or JSON of the same shape.", "type": ["string", "object"]},
            "as": {
                "description": "Whom it is about; a user other than oneself takes `subject:impersonate`.",
                "oneOf": [record({name: schema}, closed=True) for name, schema in _WHO],
            },
            "on": {**TEXT, "description": "A dataset, in a database whose policies you write."},
        },
        {
            "purpose": TEXT,
            "at": {**TEXT, "description": "A day or moment to come; tags, accounts and data are those of today."},
            "show": listed({"enum": [*EXTRAS]}),
        },
        closed=True,
    ),
    "Preview": record(
        {
            "plan": TEXT,
            "revision": COUNT,
            "as": TEXT,
            "dataset": TEXT,
            "at": {"type": ["string", "null"], "format": "date-time"},
            "rows": record(_BOTH),
            "columns": listed(record({"column": TEXT, "moves": YES_NO, "before": _SIDE, "after": _SIDE})),
            "hidden": COUNT,
            "count": _or_null(
                record({"dataset": TEXT, "before": _NUMBER, "after": _NUMBER, "total": _NUMBER, "problem": TEXT})
            ),
            "sql": _or_null(record(_BOTH)),
            "sample": _or_null(
                record(
                    {
                        "columns": listed(record({"column": TEXT, "outcome": _OUTCOME, "note": TEXT})),
                        "rows": listed(listed({"type": ["string", "null"]})),
                        "notes": TEXTS,
                    }
                )
            ),
        }
    ),
}

PREVIEW_PATHS: Json = {
    "/policies/preview": {
        "post": operation(
            "See how somebody would see a dataset before and after a document (`policy:write`); nothing is changed",
            {"200": answer(named("Preview"))},
            body={"application/json": {"schema": named("PreviewAsked")}},
        )
    },
}
