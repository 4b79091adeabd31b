"""What an approval would do, told of fields inside columns that are hidden now, in some circumstances or later on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from catalog.access_requests import AccessRequest, Wanted
from catalog.model import Column, Dataset
from catalog.people.model import Role, User
from policy_engine.circumstances import When
from policy_engine.live import Live
from policy_engine.model import Effect, Policy, Scope
from policy_engine.requests.proposal import Proposal, propose
from policy_engine.requests.request_policies import Terms

AT = datetime(2026, 6, 1, tzinfo=UTC)
HOME = Scope(database="shop", dataset="people", columns=(("home",),))
PEOPLE = Dataset(
    database="shop",
    name="people",
    source="s",
    relation="people.json",
    columns=(
        Column(path=("id",), type="BIGINT", position=0),
        Column(path=("home",), type="STRUCT(zip VARCHAR, street VARCHAR)", position=1),
        Column(path=("home", "zip"), type="VARCHAR", position=2),
        Column(path=("home", "street"), type="VARCHAR", position=3),
    ),
)
LIVE = Live(
    revision=1,
    datasets={("shop", "people"): PEOPLE},
    roles={"r": Role(name="r", groups=frozenset({"g"}))},
    users={"kim": User(name="kim", groups=frozenset({"g"}))},
)


def _proposed(*policies: Policy) -> Proposal:
    request = AccessRequest(
        id=7,
        user="kim",
        groups=frozenset({"g"}),
        database="shop",
        dataset="people",
        wanted=Wanted.COLUMNS,
        columns=("home.zip",),
        why="letters",
        asked_at=AT,
        ends_at=AT + timedelta(days=9),
    )
    live = replace(LIVE, policies={policy.id: policy for policy in policies})
    return propose(request, Terms(ends_at=request.ends_at), live, AT)


def _told(proposal: Proposal) -> list[tuple[str, bool, str, str, str, str]]:
    return [
        (change.column.name, change.is_more, change.before, change.after, change.least, change.most)
        for change in proposal.columns
    ]


def test_a_field_of_a_column_that_is_hidden_now_can_be_given() -> None:
    proposal = _proposed()
    assert not proposal.refused_because
    assert _told(proposal) == [
        ("id", False, *["hidden"] * 4),
        ("home", True, "hidden", *["partly hidden"] * 3),
        ("home.zip", True, "hidden", *["clear"] * 3),
    ]


def test_a_field_of_a_column_that_some_circumstances_hide_is_hidden_there() -> None:
    denial = Policy(id="deny", effect=Effect.DENY, roles=("r",), scope=HOME, when=When(time_of_day="08:00-18:00"))
    changes = {name: told for name, *told in _told(_proposed(denial))}
    assert changes["home.zip"] == [True, "hidden", "clear", "hidden", "clear"]


def test_a_field_is_told_to_go_and_to_come_with_its_column() -> None:
    start, end = AT + timedelta(days=2), AT + timedelta(days=4)
    denial = Policy(id="deny", effect=Effect.DENY, roles=("r",), scope=HOME, starts_at=start, ends_at=end)
    later = [each for each in _proposed(denial).later if each.column]
    found = [(each.at, each.column, each.before, each.after) for each in later]
    assert found == [(start, "home.zip", "clear", "hidden"), (end, "home.zip", "hidden", "clear")]
