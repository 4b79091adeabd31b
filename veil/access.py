"""What was decided for one query, as the server tells it and as sentences."""

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any, NotRequired, TypedDict, cast

import pyarrow as pa

from veil.errors import InternalError
from veil.terminal import visible


class ColumnAccess(TypedDict):
    """How one column is shown: `outcome` is clear, masked or hidden."""

    column: str
    outcome: str
    transform: str
    policies: list[str]
    reason: str


class RowAccess(TypedDict):
    """Whether some rows are left out, and by which policies."""

    filtered: bool
    policies: list[str]
    reason: str


class DatasetAccess(TypedDict):
    """What was decided for one dataset of a query.

    `owners` tells whom to ask about each policy, and `pages` where it stands; an explanation has the `statements` of
    those that you may read too.
    """

    dataset: str
    columns: list[ColumnAccess]
    rows: RowAccess
    owners: NotRequired[dict[str, str]]
    pages: NotRequired[dict[str, str]]
    statements: NotRequired[dict[str, str]]


class Access(TypedDict):
    """The decision of one query: its id, the policy revision, the datasets, and notices to the reader."""

    decision_id: str
    revision: int
    datasets: list[DatasetAccess]
    notices: list[str]


MARKS: Mapping[str, str] = {"clear": "○", "masked": "◐", "hidden": "▮"}
"""Shapes beside the words, so that nothing is told by colour alone."""


def access_of(schema: pa.Schema) -> Access:
    """The access summary that travels in the metadata of an answer's schema, under `veil.access`, as JSON."""
    try:
        return complete(json.loads((schema.metadata or {}).get(b"veil.access", b"")))
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error


def complete(found: object) -> Access:
    """A decision as JSON, with the parts that an older server leaves out; raises InternalError for any other JSON."""
    revision = _object(found).get("revision") or 0
    if not isinstance(revision, int):
        raise _unreadable()
    return {
        "decision_id": str(_object(found).get("decision_id") or ""),
        "revision": revision,
        "datasets": [_dataset(_object(dataset)) for dataset in _listed(found, "datasets")],
        "notices": [_notice(notice) for notice in _listed(found, "notices")],
    }


def _dataset(found: dict[str, Any]) -> DatasetAccess:
    told: dict[str, Any] = dict(found)
    told.update({name: _texts(found[name]) for name in ("owners", "pages", "statements") if name in found})
    told["dataset"] = str(found.get("dataset") or "")
    told["columns"] = [_column(_object(column)) for column in _listed(found, "columns")]
    rows = _object(found.get("rows") or {})
    told["rows"] = {
        **rows,
        "filtered": bool(rows.get("filtered")),
        "policies": [str(policy) for policy in _listed(rows, "policies")],
        "reason": str(rows.get("reason") or ""),
    }
    return cast("DatasetAccess", told)


def _column(found: dict[str, Any]) -> ColumnAccess:
    told = {name: str(found.get(name) or "") for name in ("column", "outcome", "transform", "reason")}
    policies = [str(policy) for policy in _listed(found, "policies")]
    return cast("ColumnAccess", {**found, **told, "policies": policies})


def _object(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _unreadable()
    return found


def _listed(found: object, name: str) -> list[object]:
    values = _object(found).get(name) or []
    if not isinstance(values, list):
        raise _unreadable()
    return values


def _texts(found: object) -> dict[str, str]:
    return {name: str(text) for name, text in _object(found).items()}


def _unreadable() -> InternalError:
    return InternalError("the server's access summary cannot be read", hint="update the `veil` package")


def outcome_of(access: Access, column: str) -> ColumnAccess | None:
    """What was decided for a column of the result, when exactly one column of that name is in its datasets."""
    named = [
        each
        for dataset in access["datasets"]
        for each in dataset["columns"]
        if each["column"].lower() == column.lower() and each["outcome"] != "hidden"
    ]
    return named[0] if len(named) == 1 else None


def summary(access: Access) -> str:
    """One line: what is masked, whether rows are filtered, under which decision and revision.

    Example: `masked for you: mrn (tokenize); rows are filtered for you; decision 9c1e, policy revision 41`
    """
    masked = [
        f"{column['column']} ({column['transform']})" if column["transform"] else column["column"]
        for dataset in access["datasets"]
        for column in dataset["columns"]
        if column["outcome"] == "masked"
    ]
    parts = [f"masked for you: {', '.join(masked)}"] if masked else []
    if any(dataset["rows"]["filtered"] for dataset in access["datasets"]):
        parts.append("rows are filtered for you")
    parts.append(f"decision {access['decision_id']}, policy revision {access['revision']}")
    return "; ".join(parts)


class Explanation:
    """Why a query shows what it shows, printed as sentences; `sql` is the governed form, never holding a key.

    Example:
        >>> print(connection.explain("select mrn from medical_charges.medical_costs"))  # doctest: +SKIP
        medical_charges.medical_costs
          ◐ mrn: masked for you by tokenize because policy `analysts-medical` transforms columns tagged `phi.mrn`
    """

    def __init__(self, access: Access, *, sql: str = "") -> None:
        self.access = access
        self.sql = sql

    @property
    def decision_id(self) -> str:
        return self.access["decision_id"]

    @property
    def revision(self) -> int:
        return self.access["revision"]

    @property
    def datasets(self) -> list[DatasetAccess]:
        return self.access["datasets"]

    def to_dict(self) -> dict[str, object]:
        """The same, as the JSON that `POST /api/v1/explain` answers with."""
        return {
            "decision_id": self.decision_id,
            "revision": self.revision,
            "sql": self.sql,
            "datasets": self.datasets,
            "notices": self.access["notices"],
        }

    def __str__(self) -> str:
        return visible("\n".join(self._lines()))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def _lines(self) -> Iterator[str]:
        for dataset in self.datasets:
            yield dataset["dataset"]
            for column in dataset["columns"]:
                yield f"  {MARKS.get(column['outcome'], ' ')} {_column_sentence(column)}"
            yield f"  rows: {_row_sentence(dataset['rows'])}"
            for policy, owner in dataset.get("owners", {}).items():
                yield f"  ask about policy `{policy}`: {owner}"
            for policy, page in dataset.get("pages", {}).items():
                yield f"  policy `{policy}` stands at {page}"
            for policy, statement in dataset.get("statements", {}).items():
                yield f"  policy `{policy}` says:"
                yield from (f"    {line}" for line in statement.splitlines())
        for notice in self.access["notices"]:
            yield f"note: {notice}"
        yield f"decision {self.decision_id}, policy revision {self.revision}"
        if self.sql:
            yield f"runs as:\n{self.sql}"


def _column_sentence(column: ColumnAccess) -> str:
    if column["outcome"] == "clear" or not column["reason"]:
        return f"{column['column']}: {column['outcome']}"
    return f"{column['column']}: {column['reason']}"


def _row_sentence(rows: RowAccess) -> str:
    if not rows["filtered"]:
        return "all of them"
    return rows["reason"] or "filtered for you"


def _notice(notice: object) -> str:
    return str(notice.get("message", "")) if isinstance(notice, dict) else str(notice)
