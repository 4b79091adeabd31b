"""What an approval would do, column by column, and of fields inside columns that are hidden now, at times or later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ground.estate import Size, estate
from catalog.access_requests import AccessRequest, Wanted
from catalog.model import Column, Dataset
from catalog.people.model import Role, User
from policy_engine.circumstances import AT_LEAST, AT_MOST, UNKNOWN, When
from policy_engine.judging.decide import Judge, decide
from policy_engine.live import Live
from policy_engine.model import ColumnDecision, Decision, Effect, Outcome, Policy, Scope
from policy_engine.personal_roles import role_of
from policy_engine.profile import Path
from policy_engine.requests.column_changes import Change, Changes, is_alike, words
from policy_engine.requests.proposal import Proposal, propose
from policy_engine.requests.request_policies import Terms
from policy_engine.subjects import holder_of

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


def _field(decision: Decision, path: Path) -> ColumnDecision | None:
    """A column or a field in one; None for what is in a hidden one."""
    fields = (field for column in decision.columns for field in (column, *column.nested))
    return next((field for field in fields if field.path == path), None)


def _word(decision: Decision, path: Path) -> str:
    field = _field(decision, path)
    if decision.broken or field is None or field.outcome is Outcome.HIDDEN:
        return "hidden"
    return field.transform or "clear"


def _shown(decision: Decision, path: Path) -> object:
    field = _field(decision, path)
    return (Outcome.HIDDEN, ()) if field is None else (field.outcome, field.cases)


def _naive(was: list[Decision], will: list[Decision], asked: set[Path]) -> list[Change]:
    """Each column and each field that is asked for, looked up in every decision by its path."""
    fields = [field for column in will[0].columns for field in (column, *column.nested)]
    return [
        Change(
            column=field,
            is_asked=field.path in asked,
            before=_word(was[0], field.path),
            after=_word(will[0], field.path),
            least=_word(will[1], field.path),
            most=_word(will[2], field.path),
            reason=will[0].rows.reason if will[0].broken else field.reason,
            is_more=any(_shown(old, field.path) != _shown(new, field.path) for old, new in zip(was, will, strict=True)),
        )
        for field in fields
        if len(field.path) == 1 or field.path in asked
    ]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_is_told_as_it_is_read_is_what_all_decisions_tell(seed: int) -> None:
    chance = Random(seed)
    live = estate(Size(databases=1, datasets=1, columns=12, tags=6, roles=4, policies=14), seed=seed)
    (dataset,) = live.datasets.values()
    tags = tuple(live.tags)
    few = (frozenset(chance.sample(tags, chance.randint(0, 1))) for _ in PEOPLE.columns)
    fields = [replace(field, confirmed=own) for field, own in zip(PEOPLE.columns[1:], few, strict=False)]
    dataset = replace(dataset, columns=(*dataset.columns, *fields))
    when = When(time_of_day="08:00-18:00")
    policies = [replace(each, when=chance.choice((None, None, when))) for each in live.policies.values()]
    paths = [column.path for column in dataset.columns]
    asked = set(chance.sample(paths, chance.randint(0, len(paths))))
    scope = Scope(database=dataset.database, dataset=dataset.name, columns=tuple(sorted(asked)))
    mine = Policy(id="mine", effect=Effect.GRANT, roles=("role1",), scope=scope)
    before = replace(live, policies={each.id: each for each in policies})
    after = replace(before, policies={**before.policies, "mine": mine} if asked else before.policies)
    subject = holder_of(live.roles["role1"])
    surveys = (UNKNOWN, AT_LEAST, AT_MOST)
    was, will = (
        [Judge(subject, state.policy_set, AT, survey).judge(dataset) for survey in surveys] for state in (before, after)
    )
    olds, news = (
        [decide(subject, dataset, state.policy_set, AT, survey) for survey in surveys] for state in (before, after)
    )
    found, every = Changes(was, will, asked), _naive(olds, news, asked)
    assert list(found) == every
    assert len(found) == len(every)
    assert list(found.told) == [change for change in every if change.is_asked or change.is_more]
    assert [column.path for column in found.asked] == [change.column.path for change in every if change.is_asked]
    kept = [change.column.policies for change in every if change.is_asked and change.after != "clear"]
    assert list(dict.fromkeys(change.column.policies for change in found.kept)) == list(dict.fromkeys(kept))
    retold = found.retold(lambda change: replace(change, reason="x")).retold(
        lambda change: replace(change, reason=f"{change.reason}y")
    )
    assert list(retold) == [replace(change, reason="xy") for change in every]
    for old, new, one, other in zip(was, will, olds, news, strict=True):
        places = [field.path for column in other.columns for field in (column, *column.nested)]
        is_same = one.rows.filter == other.rows.filter and all(_shown(one, p) == _shown(other, p) for p in places)
        assert is_alike(old, new) is (bool(one.broken and other.broken) or is_same)
        assert words(new) == {path: _word(other, path) for path in places}


def test_a_plan_does_not_tell_whether_the_asker_was_given_something_before() -> None:
    request, own = _proposed().request, role_of("kim")
    ids = set()
    for roles in (LIVE.roles, {**LIVE.roles, own.name: own}):
        proposal = propose(request, Terms(ends_at=request.ends_at), replace(LIVE, roles=roles), AT)
        assert own.name in proposal.plan.after.roles
        assert [change.kind for change in proposal.plan.changes] == ["policy"]
        ids.add(proposal.plan.id)
    assert len(ids) == 1
