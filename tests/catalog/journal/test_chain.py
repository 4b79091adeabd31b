"""The chain of hashes: one text for one event, and a break is named wherever an export was touched."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.journal.chain import canonical, event_of, line_of, link, verify_export
from catalog.journal.event import Event, EventKind, Verdict

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def _export(count: int) -> list[str]:
    lines, previous = [], ""
    for seq in range(1, count + 1):
        event = Event(kind=EventKind.QUERY_BEGIN, user=f"user{seq}", seq=seq, at=AT, details={"sql": "select 1"})
        bound = link(event, previous)
        lines.append(line_of(event_of(bound)))
        previous = bound.hash
    return lines


def test_the_hash_is_sha256_over_the_canonical_text_and_the_previous_hash() -> None:
    bound = link(Event(kind=EventKind.HOME_INIT, user="é", seq=1, at=AT), "abc")
    assert bound.body == (
        '{"at":"2026-11-22T12:00:00.000000+00:00","client":"","columns":[],"datasets":[],"decision_id":"","details":{},'
        '"groups":[],"kind":"home:init","policies":[],"revision":0,"seq":1,"tags":[],"user":"é","verdict":"allow"}'
    )
    assert bound.hash == hashlib.sha256((bound.body + "abc").encode()).hexdigest()


@given(user=st.text(st.characters(codec=None)), details=st.dictionaries(st.text(), JSON, max_size=4))
def test_any_event_survives_the_journal_and_an_export(user: str, details: dict[str, object]) -> None:
    event = Event(
        kind=EventKind.QUERY_DENY, user=user, verdict=Verdict.DENY, tags=("a.b",), seq=1, at=AT, details=details
    )
    bound = link(event, "")
    back = event_of(bound)
    assert (back.user, back.details, back.kind, back.tags, back.at) == (user, details, event.kind, event.tags, AT)
    assert verify_export([line_of(back)]).ok


def test_what_json_cannot_hold_is_never_written() -> None:
    for value in (float("nan"), object(), {1, 2}):
        with pytest.raises((ValueError, TypeError)):
            canonical({"x": value})


def test_a_whole_export_verifies_and_names_its_head() -> None:
    lines = _export(5)
    result = verify_export(line + "\n" for line in lines)
    assert (result.ok, result.count, result.head) == (True, 5, json.loads(lines[-1])["hash"])
    assert verify_export([]).ok


def _without(lines: list[str]) -> list[str]:
    return [*lines[:2], *lines[3:]]


def _swapped(lines: list[str]) -> list[str]:
    return [*lines[:2], lines[3], lines[2], *lines[4:]]


def _edited(lines: list[str]) -> list[str]:
    return [line.replace("user3", "user9") for line in lines]


def _spaced(lines: list[str]) -> list[str]:
    return [*lines[:2], lines[2].replace(",", ", ", 1), *lines[3:]]


def _doubled_key(lines: list[str]) -> list[str]:
    return [*lines[:2], lines[2].replace("{", '{"user":"mallory",', 1), *lines[3:]]


def _rehashed(lines: list[str]) -> list[str]:
    value = json.loads(lines[2]) | {"user": "mallory"}
    body = canonical({key: value[key] for key in value if key not in ("hash", "previous_hash")})
    value["hash"] = hashlib.sha256((body + value["previous_hash"]).encode()).hexdigest()
    return [*lines[:2], canonical(value), *lines[3:]]


def _nonsense(lines: list[str]) -> list[str]:
    return [*lines[:2], "null", *lines[3:]]


@pytest.mark.parametrize(
    ("tamper", "first_break", "says"),
    [
        (_without, 3, "missing"),
        (_swapped, 3, "missing"),
        (_edited, 3, "not as it was written"),
        (_spaced, 3, ""),
        (_doubled_key, 3, ""),
        (_rehashed, 4, "does not follow"),
        (_nonsense, 3, ""),
        (lambda lines: ["\udcff", *lines[1:]], 1, "not as it was written"),
        (lambda lines: ["[" * 100_000, *lines[1:]], 1, "not as it was written"),
    ],
)
def test_a_touched_export_names_its_first_break(
    tamper: Callable[[list[str]], list[str]], first_break: int, says: str
) -> None:
    result = verify_export(tamper(_export(5)))
    assert (result.ok, result.first_break, result.count) == (False, first_break, first_break - 1)
    assert says in result.what


@given(st.data())
def test_no_single_character_can_be_changed_unnoticed(data: st.DataObject) -> None:
    lines = _export(3)
    row = data.draw(st.integers(0, 2))
    place = data.draw(st.integers(0, len(lines[row]) - 1))
    other = data.draw(st.characters(codec="utf-8", exclude_characters=lines[row][place]))
    lines[row] = lines[row][:place] + other + lines[row][place + 1 :]
    assert not verify_export(lines).ok
