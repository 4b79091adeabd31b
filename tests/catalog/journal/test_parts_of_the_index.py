"""Who reads a part of the journal finds and counts that part, and is told nothing by what is in the rest."""

import random
from pathlib import Path
from typing import Any

import pytest

from catalog.database import Catalog
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.event_search import Readable
from catalog.journal.journal import Journal, wanted
from catalog.journal.tables import FILED_ANEW
from tests.catalog.conftest import Clock


@pytest.mark.parametrize("name", ["LaB.TriaLS", "lab." + "Name" * 50])
def test_a_value_is_told_as_the_events_found_write_it_and_not_as_others_do(journal: Journal, name: str) -> None:
    for user, written in (("max", name.lower()), ("kim", name.upper()), ("kim", name), ("max", name.lower())):
        journal.append(Event(kind=EventKind.REQUEST_CREATE, user=user, datasets=(written,), policies=(written,)))
    found = journal.find(wanted(readable=Readable(user="kim")))
    for what, counts in journal.count(found, "dataset", "policy").items():
        assert [(each.value, each.count) for each in counts] == [(name, 2)], what


@pytest.mark.parametrize("chance", [random.Random(seed) for seed in range(4)])
def test_what_is_counted_for_a_part_hangs_on_nothing_but_the_part(
    tmp_path: Path, clock: Clock, chance: random.Random
) -> None:
    """The same events of one person, among those of others and alone."""
    events = [_some_event(chance, user) for user in chance.choices(["kim", "max", "Kim"], k=400)]
    told = []
    for name, kept in (("whole", events), ("part", [event for event in events if event.user == "kim"])):
        with Catalog(tmp_path / name) as catalog:
            catalog.rows("PRAGMA synchronous = OFF")
            journal = Journal(catalog, clock=clock)
            with catalog.transaction():
                for event in kept:
                    journal.append(event)
            found = journal.find(wanted(readable=Readable(user="kim")))
            counts = journal.count(found, "user", "dataset", "tag", "policy", "kind", "verdict", most=5)
            told.append((counts, {of: list(times) for of, times in journal.times(found, "day").items()}))
    assert told[0] == told[1]


def _some_event(chance: random.Random, user: str) -> Event:
    written = chance.choice([str.upper, str.lower, str.title])
    return Event(
        kind=chance.choice([EventKind.QUERY_BEGIN, EventKind.QUERY_END, EventKind.LOGIN_OK]),
        user=user,
        verdict=chance.choice(list(Verdict)),
        datasets=tuple(written(f"shop.t{number}") for number in chance.sample(range(60), 2)),
        tags=(f"pii.t{chance.randrange(6)}",) if chance.random() < 0.1 else (),
        policies=(written(f"policy {chance.randrange(8)}"),),
    )


def test_a_value_is_offered_however_many_others_are_mentioned_more(journal: Journal, catalog: Catalog) -> None:
    with catalog.transaction():
        for number in range(1_500):
            journal.append(Event(kind=EventKind.QUERY_BEGIN, user="max", datasets=(f"a.t{number}", f"b.t{number}")))
            journal.append(Event(kind=EventKind.QUERY_END, user="max", datasets=(f"a.t{number}",)))
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", datasets=("shop.orders",)))
    found = journal.find(wanted(readable=Readable(user="kim")))
    [[only]] = journal.count(found, "dataset").values()
    assert (only.value, only.count) == ("shop.orders", 1)
    everything = journal.count(journal.find(wanted()), "dataset", most=3)["dataset"]
    assert [(each.value, each.count) for each in everything] == [("a.t0", 2), ("a.t1", 2), ("a.t10", 2)]


def test_by_sql_as_it_ran_who_does_not_read_all_policies_finds_own_events_alone(journal: Journal) -> None:
    for user in ("max", "kim"):
        details = {"request": "SELECT * FROM orders", "sql": "SELECT * FROM orders WHERE land IN (FROM lab.trials)"}
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, datasets=("shop.orders",), details=details))
    shop = frozenset({"shop"})
    for readable, found in (
        (None, [2, 1]),
        (Readable(user="kim", databases=shop, reads_policies=True), [2, 1]),
        (Readable(user="kim", databases=shop), [2]),
        (Readable(user="KIM", databases=shop), []),
        (Readable(user="kim", databases=shop, tells_hidden=False, reads_policies=True), []),
    ):
        for text in ("lab.trials", "(FROM LAB", "b."):
            assert [event.seq for event in journal.search(readable=readable, text=text)] == found, (readable, text)
        assert [event.seq for event in journal.search(readable=readable, text="from ORDERS")] == [2, 1]


def test_who_is_not_told_of_hidden_columns_is_told_of_no_policy_that_only_hides(journal: Journal) -> None:
    columns, policies = ("a.t.x=hidden", "a.t.y=clear"), ("clerks", "no secrets")
    written: tuple[dict[str, Any], ...] = ({"hiding": ["no secrets"]}, {"hiding": []}, {})
    for more in written:
        event = Event(kind=EventKind.QUERY_BEGIN, user="kim", columns=columns, policies=policies, details=more)
        journal.append(event)
    journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", columns=columns[1:], policies=("no secrets",)))
    for tells_hidden, found, counts in (
        (True, [4, 3, 2, 1], {"no secrets": 4, "clerks": 3}),
        (False, [4, 2], {"clerks": 2, "no secrets": 2}),
    ):
        kim = Readable(user="kim", tells_hidden=tells_hidden)
        for asked in ({"policy": "No Secrets"}, {"text": "no secrets"}, {"text": "O SEC"}):
            assert [event.seq for event in journal.search(readable=kim, **asked)] == found, asked  # type: ignore[arg-type]
        told = journal.count(journal.readable(kim), "policy", readable=kim)["policy"]
        assert {each.value: each.count for each in told} == counts


def test_who_is_not_told_of_hidden_columns_finds_own_events_alone_by_what_statements_say(journal: Journal) -> None:
    said: tuple[dict[str, Any], ...] = (
        {"statement": "ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE ssn ops.x"},
        {"difference": ["~ tag ops.x on shop.orders.ssn: confirmed -> rejected"]},
        {"columns": ["ssn"]},
    )
    for user in ("max", "kim"):
        for details in said:
            journal.append(Event(kind=EventKind.TAG_REVIEW, user=user, datasets=("shop.orders",), details=details))
    shop = frozenset({"shop"})
    for readable, found in (
        (None, [6, 5, 4, 3, 2, 1]),
        (Readable(user="kim", databases=shop), [6, 5, 4, 3, 2, 1]),
        (Readable(user="kim", databases=shop, tells_hidden=False, reads_policies=True), [6, 5, 4]),
    ):
        for text in ("ssn", "SSN", "ss"):
            assert [event.seq for event in journal.search(readable=readable, text=text)] == found, (readable, text)


def test_a_journal_that_was_filed_before_is_filed_anew(journal: Journal, catalog: Catalog) -> None:
    for user in ("max", "kim"):
        journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, details={"sql": "FROM lab.trials"}))
    journal.file()
    with catalog.transaction() as tx:
        for statement in filter(str.strip, FILED_ANEW.split(";")):
            tx.execute(statement)
    assert journal.filed() == 0
    assert [event.seq for event in journal.search(text="lab.trials")] == [2, 1]
    assert [event.seq for event in journal.search(text="MAX", user="max")] == [1]
    assert catalog.rows("SELECT 1 FROM term WHERE what = 'word'") == []
    journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim"))
    assert [event.seq for event in journal.search(user="kim")] == [3, 2]


@pytest.mark.parametrize(
    ("kind", "details", "is_theirs"),
    [
        (EventKind.METADATA_READ, {"list": "datasets", "count": 100}, True),
        (EventKind.METADATA_READ, {"list": "datasets", "count": 101}, False),
        (EventKind.METADATA_READ, {"search": "x", "count": 4_000}, False),
        (EventKind.METADATA_READ, {"statement": "DESCRIBE shop.a", "count": 4_000}, True),
        (EventKind.METADATA_READ, {"counted": "rows, for a plan"}, True),
        (EventKind.EXPLAIN_READ, {"foreseen": True}, True),
        (EventKind.EXPLAIN_READ, {"foreseen": True, "beyond": True}, False),
        (EventKind.CRAWL_END, {"run": 1, "source": "acme", "into": "lab", "found": 7}, False),
        (EventKind.CRAWL_CANCEL, {"run": 1, "source": "acme"}, False),
        (EventKind.SOURCE_TEST, {"source": "acme"}, False),
        (EventKind.RULE_TRY, {"rule": "m", "on": "shop", "looks": {"content": "x"}, "fits": {"match": 1}}, False),
    ],
)
def test_an_event_that_tells_of_more_than_it_names_is_of_no_part(
    journal: Journal, kind: EventKind, details: dict[str, Any], is_theirs: bool
) -> None:
    """A list of datasets names a hundred at most, and a preview the policies of whatever plan it is of."""
    named = tuple(f"shop.t{number}" for number in range(100))
    journal.append(Event(kind=kind, user="max", datasets=named, details=details))
    for databases, found in (({"shop"}, is_theirs), ({"lab"}, False)):
        readable = Readable(user="kim", databases=frozenset(databases))
        assert bool(journal.search(readable=readable)) is found
    assert [event.seq for event in journal.search(readable=Readable(user="max"))] == [1]
