"""Exports of what a search of the journal found: CSV, JSON lines or OCSF, one batch at a time.

The first thing in every export is the event that tells of it: who asked for what, when, how many events follow, and
the head of the chain at that moment. So an export says itself what it is of, and when it was cut off.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from catalog.journal.chain import canonical
from catalog.journal.event import Event
from catalog.journal.sinks.forms import as_ocsf
from web_ui.journal.reach import Reach
from web_ui.spreadsheets import json_remark, plain

_FIELDS = ("seq", "at", "kind", "verdict", "user", "groups", "client", "datasets", "columns", "tags", "policies",
           "revision", "decision_id", "details", "previous_hash", "hash")  # fmt: skip

Lines = Callable[[Event, Iterable[Event], Reach], Iterator[str]]


def as_csv(export: Event, events: Iterable[Event], reach: Reach) -> Iterator[str]:
    """A line that begins with `#`, a line of names, and a line for each event; lists and details are JSON.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    yield json_remark(reach.told(export)) + "\r\n"
    known = [name for name in _FIELDS if name in reach.told(export)]
    yield _row(known)
    for event in events:
        told = reach.told(event)
        yield _row(_cell(told[name]) for name in known)


def as_jsonl(export: Event, events: Iterable[Event], reach: Reach) -> Iterator[str]:
    """One JSON object a line, as in the API."""
    for event in chain((export,), events):
        yield canonical(reach.told(event)) + "\n"


def as_ocsf_lines(export: Event, events: Iterable[Event], reach: Reach) -> Iterator[str]:
    """One OCSF event a line; a query has one for each of its datasets."""
    for event in chain((export,), events):
        for line in as_ocsf(reach.shown(event)):
            yield line + "\n"


EXPORTS: Mapping[str, tuple[str, Lines]] = {
    "csv": ("text/csv", as_csv),
    "jsonl": ("application/jsonl", as_jsonl),
    "ocsf": ("application/jsonl", as_ocsf_lines),
}
"""Every form of an export, with its media type."""


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return plain(text)


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
