"""An event as other tools read it: our own JSON, the Common Event Format, or the Open Cybersecurity Schema Framework.

Sources: ArcSight "Implementing Common Event Format (CEF)", version 26; OCSF 1.x, classes Datastore Activity (6005),
Authentication (3002) and API Activity (6003).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from catalog.journal.chain import canonical, line_of
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.sinks.brief import SHORTENED, briefer
from catalog.names import join

Form = Callable[[Event], Sequence[str]]
"""The lines that one event becomes."""

_PRODUCT = "Veil"
_OCSF_VERSION = "1.5.0"
_OTHER = 99
"""What OCSF says of a database that is none of its kinds: ours is a name over datasets of any source."""

_SEVERITY = {Verdict.ALLOW: 2, Verdict.CANCEL: 3, Verdict.ERROR: 5, Verdict.DENY: 6}
_OUTCOME = {Verdict.ALLOW: "success", Verdict.CANCEL: "cancelled", Verdict.ERROR: "failure", Verdict.DENY: "failure"}
_CHANGED = ("=masked", "=hidden")
_QUERIES = frozenset({EventKind.QUERY_BEGIN, EventKind.QUERY_END, EventKind.QUERY_DENY})
_LOGINS = frozenset({EventKind.LOGIN_OK, EventKind.LOGIN_FAIL})


def as_json(event: Event) -> Sequence[str]:
    """The line of an export, hashes included, so that a copy can be verified like the journal itself."""
    return (line_of(event),)


def as_cef(event: Event) -> Sequence[str]:
    """One line of CEF.

    Example:
        >>> as_cef(event)[0][:51]
        'CEF:0|Veil|Veil|1|query:begin|query:begin|2|rt=1795'
    """
    head = (_PRODUCT, _PRODUCT, "1", event.kind, event.kind, str(_SEVERITY[event.verdict]))
    told = {
        "rt": str(_millis(event)),
        "externalId": str(event.seq),
        "suser": event.user,
        "src": event.client,
        "act": event.verdict,
        "outcome": _OUTCOME[event.verdict],
        **_custom(1, "groups", event.groups),
        **_custom(2, "policies", event.policies),
        **_custom(3, "datasets", event.datasets),
        **_custom(4, "columns", event.columns),
        **_custom(5, "decision", (event.decision_id,) if event.decision_id else ()),
        "cn1": str(event.revision),
        "cn1Label": "revision",
        "msg": _shortened(event),
    }
    extension = " ".join(f"{name}={_value(value)}" for name, value in told.items() if value)
    return (f"CEF:0|{'|'.join(map(_header, head))}|{extension}",)


def as_ocsf(event: Event) -> Sequence[str]:
    """One line of OCSF, or for a query one for each dataset, tied together by the decision's id."""
    if event.kind in _LOGINS:
        return (canonical(_login(event)),)
    if event.kind in _QUERIES and event.datasets:
        return tuple(canonical(_read(event, dataset)) for dataset in event.datasets)
    return (canonical(_deed(event)),)


FORMS: Mapping[str, Form] = {"json": as_json, "cef": as_cef, "ocsf": as_ocsf}
"""Every form by its name."""


def parts(form: Form, event: Event) -> Sequence[Event]:
    """The event, or where a form tells of each of its datasets by itself, what there is to tell of each."""
    if len(form(event)) == 1:
        return (event,)
    return tuple(
        replace(event, datasets=(dataset,), columns=tuple(_of(dataset, event.columns))) for dataset in event.datasets
    )


def lines_within(form: Form, event: Event, most_bytes: int | None) -> Sequence[str]:
    """The lines of an event; where one is longer than `most_bytes`, it is formed anew of less, as `briefer` leaves it.

    No line is ever cut: it stays JSON or CEF to its end. The shortest one that there is may still be longer.

    Example:
        >>> [line] = lines_within(as_json, event, 60_000)
        >>> json.loads(line)["user"]
        'kim'
    """
    lines = form(event)
    if _fit(lines, most_bytes):
        return lines
    if len(lines) > 1:
        return tuple(line for part in parts(form, event) for line in lines_within(form, part, most_bytes))
    for less in briefer(event):
        lines = form(less)
        if _fit(lines, most_bytes):
            break
    return lines


def _fit(lines: Sequence[str], most_bytes: int | None) -> bool:
    return most_bytes is None or all(len(line.encode()) <= most_bytes for line in lines)


def _of(dataset: str, columns: Sequence[str]) -> Sequence[str]:
    named = join(*dataset.split(".", 1))  # columns are named as a query names them, quoted where that needs it
    return [column for column in columns if column.startswith(f"{named}.")]


def _shortened(event: Event) -> str:
    """What an event that is not whole says of it."""
    return str(event.details.get(SHORTENED, ""))


def _read(event: Event, dataset: str) -> dict[str, object]:
    database, _, name = dataset.partition(".")
    own = _of(dataset, event.columns)
    is_changed = event.verdict is Verdict.ALLOW and any(column.endswith(_CHANGED) for column in own)
    query = event.details.get("request")
    rows = event.details.get("rows")
    return {
        **_common(event, category=6, type_=5, activity=4, profiles=("security_control",)),
        "action_id": 2 if event.verdict is Verdict.DENY else 4 if is_changed else 1,
        "database": {"name": database, "type_id": _OTHER, "type": "governed"},
        "table": {"name": name, "uid": dataset},
        "type_id": 3,
        "query_info": {"uid": event.decision_id, **({"query_string": query} if isinstance(query, str) else {})},
        "authorizations": [
            {"decision": str(event.verdict), "policy": {"name": policy, "version": str(event.revision)}}
            for policy in event.policies
        ],
        "unmapped": {
            "columns": list(own),
            "tags": list(event.tags),
            **({"rows": rows} if isinstance(rows, int) else {}),
        },
    }


def _login(event: Event) -> dict[str, object]:
    return {
        **_common(event, category=3, type_=2, activity=1),
        "user": {"name": event.user},
        "service": {"name": _PRODUCT},
    }


def _deed(event: Event) -> dict[str, object]:
    return {
        **_common(event, category=6, type_=3, activity=99),
        "activity_name": str(event.kind),
        "api": {"operation": str(event.kind), "service": {"name": _PRODUCT}},
        "resources": [{"name": name, "type": "dataset"} for name in event.datasets],
        "unmapped": {"details": dict(event.details)},
    }


def _common(
    event: Event, *, category: int, type_: int, activity: int, profiles: Sequence[str] = ()
) -> dict[str, object]:
    """What every class has; `type_` is the class's number within its category."""
    class_uid = category * 1_000 + type_
    return {
        "metadata": {
            "version": _OCSF_VERSION,
            "product": {"name": _PRODUCT, "vendor_name": _PRODUCT},
            "uid": str(event.seq),
            "correlation_uid": event.decision_id,
            "log_name": str(event.kind),
            **({"profiles": list(profiles)} if profiles else {}),
        },
        "category_uid": category,
        "class_uid": class_uid,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "severity_id": 1 if event.verdict is Verdict.ALLOW else 2,
        "status_id": 1 if event.verdict is Verdict.ALLOW else 2,
        "status_detail": str(event.verdict),
        "time": _millis(event),
        "actor": {"user": {"name": event.user, "groups": [{"name": group} for group in event.groups]}},
        "src_endpoint": {"ip": event.client} if event.client else {"name": "local"},
        **({"message": told} if (told := _shortened(event)) else {}),
    }


def _millis(event: Event) -> int:
    assert isinstance(event.at, datetime)
    return int(event.at.timestamp() * 1000)


def _custom(number: int, label: str, values: Sequence[str]) -> dict[str, str]:
    """One of CEF's own fields, which carry their meaning as a label."""
    return {f"cs{number}": ",".join(values), f"cs{number}Label": label} if values else {}


def _header(text: str) -> str:
    return re.sub(r"([\\|])", r"\\\1", _one_line(text))


def _value(text: str) -> str:
    return re.sub(r"([\\=])", r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    """Nothing in a name can begin a line, or a field, of its own."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", plain)
