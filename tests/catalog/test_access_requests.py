"""Requests for access are kept, found by those who may know of them, closed once, and expire by the clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.access_requests import AccessRequest, AccessRequests, Choice, RequestState, Wanted
from catalog.database import Catalog
from catalog.errors import LimitExceeded, PolicyInvalid

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)


@pytest.fixture
def requests(tmp_path: Path) -> Iterator[AccessRequests]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        yield AccessRequests(catalog)


def request(user: str = "kim", database: str = "shop", **more: object) -> AccessRequest:
    given = {
        "user": user,
        "groups": frozenset({user, "clerks"}),
        "attributes": {"land": "NO", "regions": ("north", "south")},
        "database": database,
        "dataset": "orders",
        "wanted": Wanted.COLUMNS,
        "columns": ("card",),
        "why": "to call back",
        "asked_at": NOW,
        "ends_at": LATER,
    }
    return AccessRequest(**{**given, **more})  # type: ignore[arg-type]


def test_what_was_asked_comes_back_as_it_was(requests: AccessRequests) -> None:
    kept = requests.add(request(purpose="service"))
    assert requests.request(kept.id, NOW) == kept
    assert kept == request(purpose="service", id=kept.id)
    assert requests.request(1, NOW) is None


def test_numbers_tell_nothing_of_how_many_there_are(requests: AccessRequests) -> None:
    numbers = [requests.add(request()).id for _ in range(50)]
    assert len(set(numbers)) == 50
    assert all(100_000 <= number < 1_000_000 for number in numbers)
    assert numbers != sorted(numbers)


def test_a_request_is_closed_once(requests: AccessRequests) -> None:
    kept = requests.add(request())
    end = NOW + timedelta(days=7)
    requests.close(
        kept.id,
        RequestState.APPROVED,
        by="ada",
        at=NOW,
        words="for a week",
        policies=("request 1",),
        revision=7,
        ends_at=end,
    )
    closed = requests.request(kept.id, NOW)
    assert closed is not None
    assert (closed.state, closed.decided_by, closed.decided_at, closed.words) == ("approved", "ada", NOW, "for a week")
    assert (closed.policies, closed.revision, closed.ends_at) == (("request 1",), 7, end)
    with pytest.raises(PolicyInvalid, match="open no longer"):
        requests.close(kept.id, RequestState.DENIED, by="max", at=NOW)


@pytest.mark.parametrize("state", [RequestState.OPEN, RequestState.APPROVED])
def test_the_clock_ends_what_is_open_or_was_given(requests: AccessRequests, state: RequestState) -> None:
    kept = requests.add(request())
    if state is RequestState.APPROVED:
        requests.close(kept.id, state, by="ada", at=NOW)
    for at, wanted in ((LATER - timedelta(seconds=1), state), (LATER, RequestState.EXPIRED)):
        found = requests.request(kept.id, at)
        assert found is not None
        assert found.state is wanted
        assert [each.state for each in requests.listed(Choice(databases=None, state=wanted), at)] == [wanted]
    with pytest.raises(PolicyInvalid):
        requests.close(kept.id, RequestState.DENIED, by="ada", at=LATER)


@pytest.mark.parametrize(
    ("choice", "users"),
    [
        (Choice(), []),
        (Choice(reader="KIM"), ["kim", "kim"]),
        (Choice(reader="kim", databases={"lab"}), ["eve", "kim", "kim"]),
        (Choice(databases={"SHOP"}), ["kim", "kim"]),
        (Choice(databases=None), ["eve", "kim", "kim"]),
        (Choice(databases=None, user="eve"), ["eve"]),
        (Choice(databases={"lab"}, user="kim"), []),
        (Choice(databases=None, dataset=("LAB", "orders")), ["eve"]),
        (Choice(databases=None, state=RequestState.DENIED), ["kim"]),
        (Choice(databases=None, search="lab.ord BACK"), ["eve"]),
        (Choice(databases=None, search="no%"), []),
        (Choice(databases=None, search="never"), ["kim"]),
    ],
)
def test_a_choice_shows_what_the_reader_may_know_and_asked_for(
    requests: AccessRequests, choice: Choice, users: list[str]
) -> None:
    requests.add(request())
    denied = requests.add(request())
    requests.close(denied.id, RequestState.DENIED, by="ada", at=NOW, words="never")
    requests.add(request("eve", "lab"))
    assert sorted(each.user for each in requests.listed(choice, NOW)) == users
    assert requests.count(choice, NOW) == len(users)


def test_a_search_of_too_many_words_is_refused(requests: AccessRequests) -> None:
    assert requests.count(Choice(databases=None, search="a " * 100), NOW) == 0
    assert requests.count(Choice(databases=None, search="a " * 2_000), NOW) == 0  # which is one word
    with pytest.raises(LimitExceeded, match="at most 100 words"):
        requests.count(Choice(databases=None, search=" ".join(map(str, range(101)))), NOW)


def test_open_ones_come_first_and_some_at_a_time(requests: AccessRequests) -> None:
    denied = requests.add(request())
    waiting = [requests.add(request(asked_at=NOW - timedelta(days=days))).id for days in (1, 2)]
    requests.close(denied.id, RequestState.DENIED, by="ada", at=NOW)
    everything = Choice(databases=None)
    assert [each.id for each in requests.listed(everything, NOW)] == [*waiting, denied.id]
    assert [each.id for each in requests.listed(everything, NOW, limit=1, offset=1)] == waiting[1:]
    assert requests.asked_since("KIM", NOW - timedelta(hours=25)) == 2
