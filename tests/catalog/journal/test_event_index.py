"""Searching millions of events looks at few of them, and finds exactly what reading them all would find."""

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.clock import written_time
from catalog.database import Catalog
from catalog.errors import JournalUnavailable, LimitExceeded
from catalog.journal import event_index
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.event_search import Readable
from catalog.journal.event_sets import Members, extended, gathered, packed, unpacked
from catalog.journal.journal import Journal, wanted
from tests.catalog.conftest import Clock, abandon

NAMES = st.sampled_from(["ada", "Bob", "bob", "eve", "é", "100%", "a_b", "\ud800", 'say "no"'])
COLUMNS = st.sampled_from(["shop.orders.card=hidden", "shop.orders.card=clear", "shop.orders.a=b", "odd", "x=masked"])
EVENTS = st.builds(
    Event,
    kind=st.sampled_from([EventKind.QUERY_BEGIN, EventKind.QUERY_END, EventKind.LOGIN_FAIL]),
    verdict=st.sampled_from(Verdict),
    user=NAMES,
    datasets=st.lists(st.sampled_from(["shop.orders", "Shop.Orders", "clinic.patients"]), max_size=2).map(tuple),
    columns=st.lists(COLUMNS, max_size=3).map(tuple),
    tags=st.lists(st.sampled_from(["pii.email", "phi.mrn"]), max_size=2).map(tuple),
    policies=st.lists(st.sampled_from(["p1", "p2"]), max_size=2).map(tuple),
    decision_id=st.sampled_from(["", "d1", "d2"]),
)
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENTS = st.integers(-1, 40).map(lambda steps: START + timedelta(minutes=20 * steps))
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "user": NAMES.filter(lambda name: name.isprintable()),
        "dataset": st.sampled_from(["shop.orders", "SHOP.orders", "clinic.patients", "shop"]),
        "column": st.sampled_from(["shop.orders.card", "odd", "x", "shop.orders.a=b", "shop.orders"]),
        "tag": st.sampled_from(["pii.email", "phi.mrn"]),
        "policy": st.sampled_from(["p1", "P2"]),
        "kind": st.sampled_from([EventKind.QUERY_BEGIN, EventKind.LOGIN_FAIL]),
        "verdict": st.sampled_from(Verdict),
        "decision_id": st.sampled_from(["d1", "d3"]),
        "start": MOMENTS,
        "end": MOMENTS,
        "text": st.sampled_from(["ada", "BOB", "e", "%", "_b", "100%", 'say "no"', "orders.card", "nowhere"]),
        "before_seq": st.integers(0, 30),
        "limit": st.integers(0, 5),
    },
)


def _folded(text: str) -> str:
    """As SQLite compares names: without regard to case in ASCII."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _told(event: Event) -> tuple[str, ...]:
    """The names of an event; the journal holds half of a surrogate pair as an escape."""
    named = (*event.datasets, *event.columns, *event.tags, *event.policies)
    return (event.user.replace("\ud800", "\\ud800"), event.kind, event.verdict, *named)


def _fits(event: Event, asked: Mapping[str, Any]) -> bool:
    """Whether an event is what was asked for, by reading it."""
    columns = [
        name.rpartition("=")[0] if name.endswith(("=clear", "=masked", "=hidden")) else name for name in event.columns
    ]
    assert event.at is not None
    return all(
        (
            "user" not in asked or _folded(asked["user"]) == _folded(event.user),
            "dataset" not in asked or _folded(asked["dataset"]) in map(_folded, event.datasets),
            "column" not in asked or _folded(asked["column"]) in map(_folded, columns),
            "tag" not in asked or asked["tag"] in event.tags,
            "policy" not in asked or _folded(asked["policy"]) in map(_folded, event.policies),
            "kind" not in asked or asked["kind"] is event.kind,
            "verdict" not in asked or asked["verdict"] is event.verdict,
            "decision_id" not in asked or asked["decision_id"] == event.decision_id,
            "start" not in asked or asked["start"] <= event.at,
            "end" not in asked or event.at < asked["end"],
            "text" not in asked or any(_folded(asked["text"]) in _folded(told) for told in _told(event)),
            "before_seq" not in asked or event.seq < asked["before_seq"],
        )
    )


@settings(max_examples=60, deadline=None)
@given(events=st.lists(EVENTS, max_size=25), asked=st.lists(ASKED, min_size=1, max_size=8), steps=st.data())
def test_a_search_finds_what_reading_every_event_finds(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], asked: list[Mapping[str, Any]], steps: st.DataObject
) -> None:
    clock = Clock(now=START)
    with Catalog(tmp_path_factory.mktemp("journal") / "catalog.sqlite") as catalog:
        catalog.rows("PRAGMA synchronous = OFF")
        journal = Journal(catalog, clock=clock)
        written = []
        for event in events:
            written.append(journal.append(event))
            clock.move(timedelta(minutes=steps.draw(st.sampled_from([0, 7, 50, -30]))))
        for each in asked:
            limit = each.get("limit", 100)
            expected = [event.seq for event in reversed(written) if _fits(event, each)][:limit]
            assert [event.seq for event in journal.search(**each)] == expected, each


def test_texts_are_found_whatever_their_length(journal: Journal) -> None:
    for user in ("ada", "bob", "100%", "ada"):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, decision_id=f"id of {user}"))
    for text, expected in (("ada", [4, 1]), ("100%", [3]), ("%%%", []), ("a", []), ("ad", [4, 1]), ("id of bob", [2])):
        found = journal.search(text=text, verdict=Verdict.ALLOW)
        assert [event.seq for event in found] == (expected or ([4, 3, 2, 1] if text == "a" else [])), text


def test_a_text_that_is_too_long_is_refused(journal: Journal) -> None:
    assert journal.search(text="x" * 1_000) == ()
    with pytest.raises(LimitExceeded, match="at most 1,000 characters"):
        journal.search(text="x" * 100_000)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text("aAb%_é!'", max_size=80), min_size=1, max_size=8),
    repeated=st.sampled_from(["", "a" * 40, "%" * 30, "é" * 40]),
    steps=st.data(),
)
def test_long_texts_are_found_as_reading_them_finds_them(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], repeated: str, steps: st.DataObject
) -> None:
    with Catalog(tmp_path_factory.mktemp("journal") / "catalog.sqlite") as catalog:
        catalog.rows("PRAGMA synchronous = OFF")
        journal = Journal(catalog)
        written = [repeated + text + repeated for text in texts]
        for text in written:
            journal.append(Event(kind=EventKind.QUERY_BEGIN, user="z", details={"request": text}))
        whole = steps.draw(st.sampled_from(written))
        begin = steps.draw(st.integers(0, len(whole)))
        looked = whole[begin:] + steps.draw(st.sampled_from(["", "", "B"]))
        expected = [
            number
            for number, text in enumerate(written, 1)
            if any(_lower(looked) in _lower(told) for told in (text, "query:begin", "allow"))
        ]
        assert [event.seq for event in reversed(journal.search(text=looked))] == expected


def _lower(text: str) -> str:
    """The text as the engine compares it: only letters of ASCII are the same in both cases."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


@pytest.mark.parametrize("looked", ["a" * 998, "a" * 998 + "b", "a" * 500 + "b" + "a" * 498, "%a" * 500])
def test_texts_of_equal_letters_take_no_long_search(journal: Journal, looked: str) -> None:
    for number in range(40):
        text = "a" * 9_000 + f"b{number}" + "a" * 9_000
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", details={"request": text}))
    journal.file()
    began = time.process_time()
    journal.search(text=looked, limit=1)
    assert time.process_time() - began < 1  # seconds of this process; it was 4 and more


def test_a_search_ends_when_it_takes_too_long(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2_000):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", details={"request": f"{number}{'a' * 900}"}))
    journal.file()
    monkeypatch.setattr("catalog.journal.journal._SEARCHING", (0.0, "a search of the journal"))
    with pytest.raises(LimitExceeded, match="a search of the journal may take 0 seconds"):
        [journal.search(text="%") for _ in range(20_000)]  # the end comes in one of the first hundreds
    monkeypatch.undo()
    assert len(journal.search(text="a" * 30)) == 100


def test_what_is_found_is_counted_as_it_would_be_by_reading_it(journal: Journal, clock: Clock) -> None:
    chance = random.Random(6)
    for _ in range(700):
        user, database = chance.choice(["ada", "Ada", "bob", "eve", "kim"]), chance.choice("abc")
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, datasets=(f"{database}.t",)))
        clock.move(timedelta(minutes=chance.choice([0, 40, 300, -60])))
    found = journal.find(wanted(dataset="a.t"))
    events = [event for event in journal.export() if event.datasets == ("a.t",)]
    assert found.count == len(events)
    assert list(journal.every(found)) == events
    [users] = journal.count(found, "user", most=3).values()
    expected = Counter(event.user.lower() for event in events).most_common(3)
    assert [each.count for each in users] == [count for _, count in expected]
    for what, length in (("day", 10), ("hour", 13)):
        by_time = Counter(written_time(event.at)[:length] for event in events if event.at)
        times = journal.times(found, what)  # type: ignore[arg-type]
        assert times == {value: {"allow": count} for value, count in by_time.items()}


def test_who_reads_a_part_finds_own_events_and_those_about_nothing_else(journal: Journal) -> None:
    for user, datasets in (
        ("ada", ("shop.a",)),
        ("bob", ("Shop.b", "clinic.c")),
        ("kim", ("clinic.c",)),
        ("bob", ("SHOP.b",)),
        ("Kim", ()),
        ("kim", ()),
    ):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, datasets=datasets))
    own = Readable(user="kim")
    assert [event.seq for event in journal.search(readable=own)] == [6, 3]
    shop = Readable(user="kim", databases=frozenset({"shop"}))
    assert [event.seq for event in journal.search(readable=shop)] == [6, 4, 3, 1]
    assert journal.find(wanted(readable=shop)).count == 4


def test_who_is_not_told_of_hidden_columns_finds_nothing_by_them(journal: Journal) -> None:
    journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", columns=("a.t.x=hidden", "a.t.y=masked")))
    for tells_hidden, found in ((True, [1]), (False, [])):
        kim = Readable(user="kim", tells_hidden=tells_hidden)
        searches: tuple[dict[str, Any], ...]
        searches = ({"column": "a.t.x"}, {"text": "a.t.x"}, {"text": "X=hidden"}, {"text": "idden"})
        for asked in searches:
            assert [event.seq for event in journal.search(readable=kim, **asked)] == found, asked
        searches = ({"column": "A.t.y"}, {"text": "a.t.y"}, {"text": "=masked"})
        for asked in searches:
            assert [event.seq for event in journal.search(readable=kim, **asked)] == [1], asked


def test_events_far_apart_and_close_together_are_kept_in_small_parts() -> None:
    chance = random.Random(6)
    for spread in (1, 3, 40, 5_000):
        numbers = sorted(chance.sample(range(1, 2_000 * spread), 1_500))
        parts = list(packed(numbers[:700]))
        for begin in range(700, 1_500, 100):
            parts[-1:] = extended(*parts[-1], numbers[begin : begin + 100])
        assert [number for part in parts for number in unpacked(*part)] == numbers
        assert max(len(stored) for _, stored in parts) < 1_000
        assert len(parts) <= 2 * len(list(packed(numbers)))
        members = Members(gathered(parts, numbers[-1]))
        assert (members.count, list(members.rising())) == (1_500, numbers)
        assert list(members.falling(numbers[1_000])) == numbers[999::-1]
        assert (members.before(numbers[7]), members.after(numbers[7])) == (numbers[6], numbers[8])
        assert (members.before(numbers[0]), members.after(numbers[-1])) == (None, None)
        assert members.among(packed(numbers[::3])) == len(numbers[::3])


def test_an_event_of_a_change_that_was_taken_back_is_not_found(journal: Journal, catalog: Catalog) -> None:
    event = Event(kind=EventKind.TAG_REVIEW, user="ada", tags=("new.tag",))
    with pytest.raises(ZeroDivisionError):
        abandon(catalog, lambda: journal.append(event), lambda: journal.search(user="ada"))
    assert journal.search(user="ada") == ()
    journal.append(event)
    assert [found.seq for found in journal.search(tag="new.tag")] == [1]


def test_another_process_finds_what_was_filed_here(journal: Journal, catalog_file: Path) -> None:
    journal.append(Event(kind=EventKind.TAG_REVIEW, user="ada"))
    journal.file()
    with Catalog(catalog_file) as other:
        journal.append(Event(kind=EventKind.TAG_REVIEW, user="ada"))
        assert [event.seq for event in Journal(other).search(user="ada")] == [2, 1]
    assert [event.seq for event in journal.search(user="ada")] == [2, 1]


def test_no_search_waits_while_many_events_are_filed(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.journal.journal.MOST_UNFILED", 3)
    for _ in range(4):
        journal.append(Event(kind=EventKind.TAG_REVIEW, user="ada"))
    with pytest.raises(JournalUnavailable, match="4 events are left"):
        journal.search(user="ada")
    journal.file()
    assert len(journal.search(user="ada")) == 4


@pytest.mark.parametrize("body", ["'{}'", "'[1]'", "'{\"at\": 3}'"])
def test_an_event_that_was_touched_spoils_no_search_for_others(journal: Journal, catalog_file: Path, body: str) -> None:
    journal.append(Event(kind=EventKind.TAG_REVIEW, user="eve"))
    with sqlite3.connect(catalog_file) as connection:
        connection.execute("DROP TRIGGER event_stays")
        connection.execute(f"UPDATE event SET body = {body}")
    connection.close()
    journal.append(Event(kind=EventKind.TAG_REVIEW, user="ada"))
    assert [event.seq for event in journal.search(user="ada")] == [2]
    assert not journal.verify().ok
    with pytest.raises(JournalUnavailable, match="event 1"):
        journal.search()


def _odd(letters: int, seed: int) -> str:
    """A text of which each three letters are others."""
    return "".join(random.Random(seed).choices([chr(code) for code in range(0x4E00, 0x9000)], k=letters))


def _filed(journal: Journal) -> list[int]:
    """Files what is new; the number of the last filed event before it, and whenever others could write."""
    steps = list[int]()

    def between() -> bool:
        steps.append(journal.filed())
        return False

    journal.file(between)
    return steps


def test_others_write_between_long_texts_that_are_filed(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_index, "_BATCH_CHARACTERS", 30_000)
    journal = Journal(catalog)
    for seed in range(40):
        said = {"request": _odd(1_500, seed), "statement": _odd(1_500, -seed - 1)}
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada", details=said))
    filed = _filed(journal)
    assert len(filed) > 4
    assert max(after - before for before, after in pairwise(filed)) <= 11


def test_others_write_between_events_that_take_long_to_be_filed(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_index, "_BATCH_SECONDS", -1.0)
    journal = Journal(catalog)
    for _ in range(5):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada"))
    steps = _filed(journal)
    assert steps == [0, 1, 2, 3, 4, 5]


def test_what_is_known_does_not_count_so_that_ordinary_events_are_filed_many_at_a_time(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_index, "_BATCH_SECONDS", 60.0)
    journal = Journal(catalog)
    for _ in range(200):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada", details={"request": "select 1 " * 100}))
    steps = _filed(journal)
    assert [step for step in steps if step] == [200]


def test_a_long_text_is_kept_and_found_by_its_beginning(catalog: Catalog) -> None:
    journal = Journal(catalog)
    text = f"begins {_odd(1_900, 1)} early {_odd(2_000, 2)} late {_odd(30_000, 3)} last"
    kept = journal.append(Event(kind=EventKind.EXPLAIN_READ, user="ada", decision_id="d7", details={"request": text}))
    [event] = journal.search(text="early")
    said = str(event.details["request"])
    assert (event.details, said[:20_000]) == (kept.details, text[:20_000])
    assert said[20_000:] == f" [and {len(text) - 20_000:,} characters more]"
    assert journal.search(text="last") == ()
    assert [found.seq for found in journal.search(text="d7")] == [event.seq]


def test_a_search_files_for_no_longer_than_it_may_take_and_then_finds_nothing_half(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(catalog)
    for seed in range(40):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada", details={"request": _odd(2_000, seed)}))
    monkeypatch.setattr("catalog.journal.journal.FILING_SECONDS", -1.0)
    with pytest.raises(JournalUnavailable, match="made ready"):
        journal.search(user="ada")
    monkeypatch.undo()
    assert len(journal.search(user="ada")) == 40
