"""Whatever an event holds, a line that tells it within a datagram's bytes stays what it is and says what is missing."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.sinks.brief import briefer
from catalog.journal.sinks.forms import FORMS, Form, as_cef, as_json, as_ocsf, lines_within
from tests.catalog.journal.sinks.test_forms import schema_of

REFUSED = Event(
    kind=EventKind.QUERY_DENY,
    verdict=Verdict.DENY,
    user="kim",
    groups=("clerks",),
    datasets=("shop.l", "shop.secret"),
    columns=("shop.l.id=clear",),
    decision_id="d1",
    client="10.0.0.7",
    details={"request": "SELECT id FROM shop.l", "count": 2, "more": ["a"]},
    seq=41,
    at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    previous_hash="a",
    hash="b",
)
PADDED = replace(REFUSED, details={**REFUSED.details, "request": f'SELECT id AS "{chr(0x1F600) * 19_000}" FROM shop.l'})
WIDE = replace(REFUSED, columns=tuple(f"shop.l.column_{number}=clear" for number in range(9_000)))
MOST = 60_000


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_line_that_fits_is_told_whole(form: Form) -> None:
    assert lines_within(form, REFUSED, MOST) == form(REFUSED)
    assert lines_within(form, PADDED, None) == form(PADDED)


def test_a_long_text_is_cut_and_the_rest_of_our_own_form_stays() -> None:
    [line] = lines_within(as_json, PADDED, MOST)
    told = json.loads(line)
    whole = json.loads(as_json(PADDED)[0])
    assert {**told, "details": whole["details"]} == whole
    assert told["details"]["shortened"] == "details: event 41 of the journal has all of it"
    assert told["details"]["request"].endswith(" [and 15,027 characters more]")
    assert told["details"]["count"] == 2


def test_columns_are_left_out_only_where_shorter_texts_are_not_enough() -> None:
    [line] = lines_within(as_json, WIDE, MOST)
    told = json.loads(line)
    assert told["columns"] == list(WIDE.columns[:10])
    assert told["details"]["shortened"] == "columns, details: event 41 of the journal has all of it"
    assert (told["user"], told["kind"], told["verdict"]) == ("kim", "query:deny", "deny")
    assert told["datasets"] == ["shop.l", "shop.secret"]


@pytest.mark.parametrize("user", ["kim", "<kim>"])
@pytest.mark.parametrize("kind", EventKind)
def test_the_last_form_is_one_of_the_standard_too(kind: EventKind, user: str) -> None:
    *_, last = briefer(replace(PADDED, kind=kind, user=user))
    assert (last.seq, last.at, last.hash, last.columns, last.client) == (41, PADDED.at, "b", (), "")
    for line in map(json.loads, as_ocsf(last)):
        schema = schema_of(line["class_uid"], tuple(line["metadata"].get("profiles", ())))
        assert [error.message for error in schema.iter_errors(line)] == []


def test_cef_says_what_is_left_out_as_its_message() -> None:
    [line] = lines_within(as_cef, WIDE, MOST)
    assert " suser=kim " in line
    assert line.endswith(" msg=columns, details: event 41 of the journal has all of it")


@pytest.mark.parametrize("event", [PADDED, WIDE], ids=["padded", "wide"])
def test_ocsf_still_tells_of_each_dataset_and_holds_against_its_schema(event: Event) -> None:
    lines = [json.loads(line) for line in lines_within(as_ocsf, event, MOST)]
    assert [line["table"]["uid"] for line in lines] == ["shop.l", "shop.secret"]
    assert lines[0]["message"].endswith("event 41 of the journal has all of it")
    assert [("message" in line) for line in lines] == [True, event is PADDED]  # no column of the other is too much
    for line in lines:
        schema = schema_of(line["class_uid"], tuple(line["metadata"].get("profiles", ())))
        assert [error.message for error in schema.iter_errors(line)] == []
        assert line["actor"]["user"]["name"] == "kim"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(mark=st.characters(codec="utf-8"), kind=st.sampled_from(EventKind))
def test_nothing_that_an_event_may_hold_is_too_long_in_the_end(form: Form, mark: str, kind: EventKind) -> None:
    names = tuple(mark * 900 for _ in range(40))
    worst = Event(
        kind=kind,
        user=mark * 20_000,
        groups=names,
        datasets=names[:3],
        columns=names,
        tags=names,
        policies=names,
        client=mark * 20_000,
        decision_id=mark * 20_000,
        details={name: {"x": mark * 20_000} if name == "d5" else mark * 20_000 for name in map("d{}".format, range(9))},
        seq=7,
        at=REFUSED.at,
    )
    for line in lines_within(form, worst, MOST):
        assert len(line.encode()) <= MOST
        assert "event 7 of the journal has all of it" in line
        assert form is as_cef or json.loads(line)
