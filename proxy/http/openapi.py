"""The data API described in OpenAPI 3.1; a test holds it against the routes that are really there."""

from collections.abc import Mapping

from catalog.model import KeyKind, Level

Json = Mapping[str, object]

TEXT: Json = {"type": "string"}
TEXTS: Json = {"type": "array", "items": TEXT}
ATTRIBUTE: Json = {"anyOf": [TEXT, TEXTS]}
COUNT: Json = {"type": "integer", "minimum": 0}
YES_NO: Json = {"type": "boolean"}


def record(required: Json, optional: Json | None = None, *, closed: bool = False) -> Json:
    """The schema of an object; a closed one refuses other keys."""
    schema: dict[str, object] = {"type": "object", "properties": {**required, **(optional or {})}}
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    return schema


def listed(schema: Json) -> Json:
    """The schema of a list."""
    return {"type": "array", "items": schema}


def named(name: str) -> Json:
    """A reference to one of the schemas below."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer(schema: Json, text: str = "What was asked for") -> Json:
    """A JSON answer with the two headers that every answer has."""
    return {"description": text, "headers": HEADERS, "content": {"application/json": {"schema": schema}}}


def operation(summary: str, answers: Json, *, body: Json | None = None, parameters: tuple[Json, ...] = ()) -> Json:
    """One method of a path; every one may also answer with a problem."""
    described: dict[str, object] = {"summary": summary, "responses": {**answers, "default": PROBLEM}}
    if parameters:
        described["parameters"] = list(parameters)
    if body is not None:
        described["requestBody"] = {"required": True, "content": body}
    return described


def parameter(name: str, text: str, *, place: str = "query", schema: Json = TEXT) -> Json:
    """A parameter in the query or the path."""
    return {"name": name, "in": place, "required": place == "path", "description": text, "schema": schema}


HEADERS: Json = {
    "Veil-Decision-Id": {"description": "Names this request in the journal.", "schema": TEXT},
    "Veil-Policy-Revision": {
        "description": "The policy revision it was decided under; 0 where nobody is known.",
        "schema": COUNT,
    },
}
PROBLEM: Json = {
    "description": "A problem, as RFC 9457 has it",
    "headers": HEADERS,
    "content": {"application/problem+json": {"schema": named("Problem")}},
}
LEVEL: Json = {"enum": [level.value for level in Level]}
_VALUE: Json = {"type": ["string", "number", "boolean", "null", "object"]}
_PARAMS: Json = {
    "description": "Values for `?` and `$1` in order, or for `$name` by name.",
    "oneOf": [{"type": "array", "items": _VALUE}, {"type": "object", "additionalProperties": _VALUE}],
}
_OUTCOME: Json = {"enum": ["clear", "masked", "hidden"]}
_ROWS = record({"filtered": YES_NO, "policies": TEXTS, "reason": TEXT})
_BY_POLICY: Json = {"type": "object", "additionalProperties": TEXT}
_COLUMN = record({"column": TEXT, "outcome": _OUTCOME, "transform": TEXT, "policies": TEXTS, "reason": TEXT})

SCHEMAS: Json = {
    "Problem": record(
        {"type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT, "code": TEXT, "hint": TEXT, "decision_id": TEXT},
        {
            "position": {
                "oneOf": [{"type": "null"}, record({"line": COUNT, "column": COUNT, "snippet": TEXT})],
            },
            "ask": {**TEXT, "description": "How to ask for access, where that is a way on."},
            "policies": {**_BY_POLICY, "description": "The page of each policy that took away what was asked for."},
        },
    ),
    "Query": record(
        {"sql": TEXT},
        {
            "params": _PARAMS,
            "database": {**TEXT, "default": "main"},
            "dialect": {**TEXT, "default": "duckdb"},
            "format": {"enum": ["arrow", "json", "csv", "parquet"], "default": "arrow"},
            "purpose": TEXT,
        },
        closed=True,
    ),
    "Explain": record(
        {"sql": TEXT},
        {
            "params": _PARAMS,
            "database": {**TEXT, "default": "main"},
            "dialect": {**TEXT, "default": "duckdb"},
            "purpose": TEXT,
            "as": {
                "description": "Somebody else; for members of the group `admin`.",
                "oneOf": [
                    record({"user": TEXT}, closed=True),
                    record(
                        {},
                        {"groups": TEXTS, "attributes": {"type": "object", "additionalProperties": ATTRIBUTE}},
                        closed=True,
                    ),
                ],
            },
        },
        closed=True,
    ),
    "Explanation": record(
        {
            "decision_id": TEXT,
            "revision": COUNT,
            "sql": TEXT,
            "datasets": listed(
                record(
                    {
                        "dataset": TEXT,
                        "columns": listed(_COLUMN),
                        "rows": _ROWS,
                        "owners": _BY_POLICY,
                        "pages": _BY_POLICY,
                        "statements": _BY_POLICY,
                    }
                )
            ),
        }
    ),
    "Rows": record(
        {
            "decision_id": TEXT,
            "revision": COUNT,
            "columns": listed(record({"name": TEXT, "type": TEXT})),
            "rows": listed({"type": "array"}),
            "truncated": YES_NO,
        }
    ),
    "DatasetSummary": record(
        {
            "dataset": TEXT,
            "database": TEXT,
            "name": TEXT,
            "comment": TEXT,
            "columns": COUNT,
            "masked": COUNT,
            "filtered": YES_NO,
            "level": LEVEL,
        }
    ),
    "Dataset": record(
        {
            "dataset": TEXT,
            "database": TEXT,
            "name": TEXT,
            "comment": TEXT,
            "tags": TEXTS,
            "level": LEVEL,
            "level_reason": TEXT,
            "defects": TEXTS,
            "revision": COUNT,
            "source_comment": TEXT,
            "looked_at": {"type": ["string", "null"], "format": "date-time"},
            "keys": listed(
                record(
                    {"kind": {"type": "string", "enum": [*KeyKind]}, "columns": TEXTS},
                    {"refers_to": TEXT, "at": TEXTS},
                )
            ),
            "made_from": {"anyOf": [TEXTS, {"type": "null"}]},
            "read_by": TEXTS,
            "columns": listed(
                record(
                    {"column": TEXT, "type": TEXT, "comment": TEXT, "outcome": _OUTCOME, "tags": TEXTS, "level": LEVEL}
                )
            ),
            "rows": _ROWS,
        }
    ),
    "Whoami": record(
        {
            "user": TEXT,
            "groups": TEXTS,
            "attributes": {"type": "object", "additionalProperties": ATTRIBUTE},
            "roles": TEXTS,
            "capabilities": TEXTS,
            "scopes": {
                **TEXTS,
                "type": ["array", "null"],
                "description": "The capabilities that the token carries; null: everything that its owner may do.",
            },
        }
    ),
}


def _json_body(name: str) -> Json:
    return {"application/json": {"schema": named(name)}}


_STREAM: Json = {
    "description": "The rows, streamed; a stream that fails ends without its last chunk, so that a client raises.",
    "headers": {
        **HEADERS,
        "Veil-Access": {"description": "base64url of what was decided, as JSON, when it is short.", "schema": TEXT},
    },
    "content": {
        "application/vnd.apache.arrow.stream": {},
        "application/json": {"schema": named("Rows")},
        "text/csv": {},
        "application/vnd.apache.parquet": {},
    },
}

DATA_PATHS: Json = {
    "/query": {"post": operation("Run one SELECT as yourself", {"200": _STREAM}, body=_json_body("Query"))},
    "/explain": {
        "post": operation(
            "See what would be decided, without running it",
            {"200": answer(named("Explanation"))},
            body=_json_body("Explain"),
        )
    },
    "/datasets": {
        "get": operation(
            "List the datasets you may see",
            {"200": answer(record({"datasets": listed(named("DatasetSummary"))}))},
            parameters=(
                parameter("search", "Words that must all stand in names, comments or tags."),
                parameter("access", "How it is seen: all `clear`, some `masked` or `hidden`, its rows `filtered`."),
                parameter("level", "How sensitive it is."),
                parameter("tag", "A tag that you see on it."),
                parameter("database", "The database it is in."),
                parameter("source", "The source it comes from, for administrators and auditors."),
            ),
        )
    },
    "/datasets/{database}/{name}": {
        "get": operation(
            "Describe one dataset as you see it",
            {"200": answer(named("Dataset"))},
            parameters=(
                parameter("database", "The database's name.", place="path"),
                parameter("name", "The dataset's name.", place="path"),
            ),
        )
    },
    "/whoami": {"get": operation("See who the server takes you for", {"200": answer(named("Whoami"))})},
    "/openapi.json": {"get": operation("This description", {"200": answer({"type": "object"})})},
}


def describe(paths: Json, schemas: Json) -> Json:
    """The whole document for these paths and schemas.

    Example:
        >>> describe(DATA_PATHS, SCHEMAS)["openapi"]
        '3.1.0'
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Veil",
            "version": "1",
            "summary": "Data, decided cell by cell",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of Veil or, where the server takes them, of its identity provider (a JWT).",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "veil",
                    "description": "The cookie of a sign-in; over https it is called `__Host-veil`.",
                },
            },
        },
    }
