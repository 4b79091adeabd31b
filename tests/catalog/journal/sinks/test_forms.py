"""Each form says what happened in the words of its standard, and no name can forge a field or a line."""

import functools
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from catalog.journal.chain import verify_export
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.journal.sinks.forms import FORMS, as_cef, as_json, as_ocsf, parts
from catalog.names import join

EVENT = Event(
    kind=EventKind.QUERY_BEGIN,
    user="kim",
    groups=("clerks", "kim"),
    datasets=("shop.orders", "lab.results"),
    columns=("shop.orders.email=masked", "lab.results.value=clear"),
    tags=("pii.email",),
    policies=("clerks",),
    revision=3,
    decision_id="d1",
    client="10.0.0.7",
    details={"request": "SELECT email FROM shop.orders WHERE total > ?"},
    seq=41,
    at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    previous_hash="a",
    hash="b",
)


def test_our_own_form_can_be_verified_like_the_journal(journal: Journal) -> None:
    written = [journal.append(replace(EVENT, seq=0, at=None, user=user)) for user in ("kim", "max")]
    assert verify_export(line for event in written for line in as_json(event)).ok


def test_cef_names_who_what_and_why() -> None:
    [line] = as_cef(EVENT)
    assert line == (
        "CEF:0|Veil|Veil|1|query:begin|query:begin|2|rt=1795348800000 externalId=41 suser=kim src=10.0.0.7 act=allow"
        " outcome=success cs1=clerks,kim cs1Label=groups cs2=clerks cs2Label=policies cs3=shop.orders,lab.results"
        " cs3Label=datasets cs4=shop.orders.email\\=masked,lab.results.value\\=clear cs4Label=columns cs5=d1"
        " cs5Label=decision cn1=3 cn1Label=revision"
    )


@given(name=st.text(st.characters(codec=None), min_size=1))
def test_no_name_can_begin_a_line_or_a_field_of_cef(name: str) -> None:
    [line] = as_cef(replace(EVENT, user=name, policies=(name,)))
    assert len(line.splitlines()) == 1
    head, _, extension = line.partition("externalId=41 suser=")
    assert head.count("|") == 7
    unescaped = extension.replace("\\\\", "").replace("\\=", "")
    keys = [part.rpartition(" ")[2] for part in unescaped.split("=")[:-1]]
    known = {"src", "act", "outcome", "cs1", "cs1Label", "cs2", "cs2Label", "cs3", "cs3Label", "cs4", "cs4Label"}
    assert set(keys) <= known | {"cs5", "cs5Label", "cn1", "cn1Label"}


def test_a_query_is_one_ocsf_event_for_each_dataset() -> None:
    orders, results = (json.loads(line) for line in as_ocsf(EVENT))
    assert (orders["class_uid"], orders["category_uid"], orders["activity_id"], orders["type_uid"]) == (
        6005,
        6,
        4,
        600504,
    )
    assert (orders["action_id"], results["action_id"]) == (4, 1)  # modified, allowed
    assert (orders["database"]["name"], orders["table"]["name"]) == ("shop", "orders")
    assert orders["metadata"]["correlation_uid"] == results["metadata"]["correlation_uid"] == "d1"
    assert orders["actor"]["user"] == {"name": "kim", "groups": [{"name": "clerks"}, {"name": "kim"}]}
    assert orders["src_endpoint"] == {"ip": "10.0.0.7"}
    assert orders["query_info"]["query_string"].endswith("total > ?")
    assert orders["authorizations"] == [{"decision": "allow", "policy": {"name": "clerks", "version": "3"}}]
    assert orders["time"] == 1795348800000


@functools.cache
def schema_of(class_uid: int, profiles: tuple[str, ...]) -> Draft202012Validator:
    """The published schema of a class, of the version that our events name, with the profiles that they say."""
    schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.5.0"))
    name = schemas.lookup_class_name_from_uid(class_uid)
    return Draft202012Validator(schemas.get_class_schema(name, list(profiles)))


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("kind", EventKind)
def test_every_ocsf_event_holds_against_the_published_schema(kind: EventKind, verdict: Verdict) -> None:
    whole = replace(EVENT, kind=kind, verdict=verdict)
    bare = Event(kind=kind, verdict=verdict, user="kim", seq=1, at=EVENT.at)
    for line in (*as_ocsf(whole), *as_ocsf(bare)):
        event = json.loads(line)
        assert event["metadata"]["version"] == "1.5.0"
        schema = schema_of(event["class_uid"], tuple(event["metadata"].get("profiles", ())))
        assert [error.message for error in schema.iter_errors(event)] == []


@pytest.mark.parametrize("name", ["orders-2024", "odd name", "a.b", "select"])
def test_a_dataset_whose_name_needs_quotes_has_its_columns(name: str) -> None:
    columns = (f"{join('shop', name, 'pay')}=masked", "shop.orders.pay=clear")
    event = replace(EVENT, datasets=(f"shop.{name}", "shop.orders"), columns=columns)
    lines = [json.loads(line) for line in as_ocsf(event)]
    assert [line["unmapped"]["columns"] for line in lines] == [[column] for column in columns]
    assert [line["action_id"] for line in lines] == [4, 1]
    assert [part.columns for part in parts(as_ocsf, event)] == [(column,) for column in columns]


def test_the_schema_refuses_what_is_no_event() -> None:
    event = json.loads(as_ocsf(EVENT)[0])
    schema = schema_of(6005, ("security_control",))
    for broken in ({**event, "more": 1}, {**event, "type_uid": "x"}, {**event, "actor": {}, "database": {}}):
        assert list(schema.iter_errors(broken))
    assert list(schema.iter_errors({name: value for name, value in event.items() if name != "src_endpoint"}))


HOSTILE = (
    "a|b",
    "a\\|b",
    "a=b",
    "a\\=b",
    "a\nCEF:0|x|y|1|z|z|9|act=deny",
    "a\r\nb",
    "\u2028x",
    "\x00",
    "x act=deny",
    "\\",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_cef_is_read_back_to_the_letter_whatever_it_holds(value: str) -> None:
    """As the standard reads it: `|` parts the head, `=` ends a key, and a backslash makes either plain."""
    [line] = as_cef(replace(EVENT, user=value, groups=(value,), policies=(value, "p")))
    assert "\n" not in line
    head = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    assert head[:3] == ["CEF:0", "Veil", "Veil"]
    told = _extension(head[7])
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", value)
    assert (told["suser"], told["cs1"], told["cs2"]) == (plain, plain, f"{plain},p")
    assert (told["act"], told["outcome"], told["cn1"]) == ("allow", "success", "3")


def _extension(text: str) -> dict[str, str]:
    """The fields of an extension, a key being the word before an equals sign that no backslash makes plain."""
    keys = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)(?<!\\)=", text))
    ends = [key.start() for key in keys[1:]] + [len(text)]
    return {key[1]: re.sub(r"\\(.)", r"\1", text[key.end() : end]) for key, end in zip(keys, ends, strict=True)}


@pytest.mark.parametrize(
    ("event", "class_uid", "status"),
    [
        (replace(EVENT, kind=EventKind.QUERY_DENY, verdict=Verdict.DENY), 6005, 2),
        (replace(EVENT, kind=EventKind.QUERY_DENY, verdict=Verdict.DENY, datasets=()), 6003, 2),
        (replace(EVENT, kind=EventKind.LOGIN_FAIL, verdict=Verdict.DENY), 3002, 2),
        (replace(EVENT, kind=EventKind.LOGIN_OK), 3002, 1),
        (replace(EVENT, kind=EventKind.DOCUMENT_APPLY, client=""), 6003, 1),
    ],
)
def test_every_other_event_has_its_ocsf_class(event: Event, class_uid: int, status: int) -> None:
    told = json.loads(as_ocsf(event)[0])
    assert (told["class_uid"], told["status_id"]) == (class_uid, status)
    assert told["type_uid"] == 100 * class_uid + told["activity_id"]
    assert set(told) >= {"metadata", "severity_id", "time", "actor", "src_endpoint"}


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_event_has_every_form(kind: EventKind, form: str) -> None:
    lines = FORMS[form](replace(EVENT, kind=kind))
    assert lines
    assert all(str(kind) in line for line in lines)
