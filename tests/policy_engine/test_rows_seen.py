"""An approval of a column keeps to the rows that its asker sees, whoever and wherever they are then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from catalog.access_requests import AccessRequest, Wanted
from catalog.errors import PolicyInvalid
from catalog.model import Column, Dataset
from catalog.people.model import Role, User
from policy_engine.circumstances import AGAINST_ALL, AT_LEAST, AT_MOST, When
from policy_engine.conditions import counts
from policy_engine.judging.decide import decide
from policy_engine.live import Live
from policy_engine.model import Effect, Policy, Scope, Subject
from policy_engine.personal_roles import role_of
from policy_engine.requests.proposal import Proposal, propose
from policy_engine.requests.request_policies import Terms
from policy_engine.subjects import subject_of

AT = datetime(2026, 6, 1, tzinfo=UTC)
END = AT + timedelta(days=9)
KIM, ANN = User(name="kim", groups=frozenset({"g"})), "oidc:ann"
_COLUMNS = {
    "id": "BIGINT",
    "region": "VARCHAR",
    "card": "VARCHAR",
    "total": "BIGINT",
    "labels": "MAP(VARCHAR, VARCHAR)",
    "labels.key": "VARCHAR",
    "labels.value": "VARCHAR",
}
PEOPLE = Dataset(
    database="shop",
    name="people",
    source="s",
    relation="people.parquet",
    columns=tuple(
        Column(path=tuple(name.split(".")), type=kind, position=place)
        for place, (name, kind) in enumerate(_COLUMNS.items())
    ),
)
INSIDE = When(networks=("127.0.0.0/8",))


def _scope(*columns: str) -> Scope:
    return Scope(database="shop", dataset="people", columns=tuple(tuple(name.split(".")) for name in columns))


def _grant(name: str, *columns: str, where: str | None = None, when: When | None = None, role: str = "r") -> Policy:
    return Policy(id=name, effect=Effect.GRANT, roles=(role,), scope=_scope(*columns), where=where, when=when)


EU = _grant("eu", "id", "region", where="region = 'EU'")


def _live(*policies: Policy, **roles: frozenset[str]) -> Live:
    found = {"r": frozenset({"g"}), **roles}
    return Live(
        revision=1,
        datasets={("shop", "people"): PEOPLE},
        roles={name: Role(name=name, groups=groups) for name, groups in found.items()},
        users={"kim": KIM},
        policies={policy.id: policy for policy in policies},
    )


def _proposed(live: Live, *, wanted: Wanted = Wanted.COLUMNS, user: str = "kim", is_bound: bool = False) -> Proposal:
    request = AccessRequest(
        id=7,
        user=user,
        groups=frozenset({"g", "h", user}),
        database="shop",
        dataset="people",
        wanted=wanted,
        columns=("card",) if wanted is Wanted.COLUMNS else (),
        why="letters",
        purpose="letters",
        asked_at=AT,
        ends_at=END,
    )
    return propose(request, Terms(ends_at=END, is_bound=is_bound), live, AT)


def _made(proposal: Proposal) -> list[tuple[str | None, When | None]]:
    """The filters and conditions of the grants that an approval makes."""
    names = [change.name for change in proposal.plan.changes if change.kind == "policy"]
    return [(policy.where, policy.when) for policy in map(proposal.plan.after.policies.__getitem__, names)]


@pytest.mark.parametrize("where", [None, "region = 'US'"])
def test_a_grant_that_shows_values_of_a_map_without_its_keys_opens_no_row(where: str | None) -> None:
    live = _live(EU, _grant("values", "labels.value", where=where))
    proposal = _proposed(live)
    assert _made(proposal) == [("region = 'EU'", None)]
    assert proposal.rows[1].filter.count("US") == 0


def test_a_grant_of_a_map_opens_its_rows() -> None:
    live = _live(EU, _grant("labels", "labels", where="region = 'US'"))
    assert _made(_proposed(live)) == [("(region = 'EU') OR (region = 'US')", None)]


@pytest.mark.parametrize(
    "when", [INSIDE, When(purposes=("letters",)), When(time_of_day="08:00-18:00"), When(weekdays=("mon",))]
)
def test_rows_that_are_there_where_a_denial_does_not_count_stay_closed(when: When) -> None:
    denial = Policy(id="no", effect=Effect.DENY, roles=("r",), scope=_scope("total"), when=when)
    live = _live(EU, _grant("totals", "total"), denial)
    assert _made(_proposed(live)) == [("region = 'EU'", None)]
    assert _made(_proposed(_live(EU, _grant("totals", "total")))) == [(None, None)]


def test_a_grant_with_a_condition_opens_its_rows_on_that_condition() -> None:
    live = _live(EU, _grant("inside", "id", "region", when=INSIDE))
    assert _made(_proposed(live)) == [("region = 'EU'", None), (None, INSIDE)]


def test_a_survey_against_all_doubt_counts_what_may_give_and_what_may_take() -> None:
    grant, denial = _grant("yes", when=INSIDE), replace(_grant("no", when=INSIDE), effect=Effect.DENY)
    kim = subject_of(KIM)
    found = {
        survey.reach: [counts(policy, kim, survey, AT) for policy in (grant, denial)]
        for survey in (AT_MOST, AT_LEAST, AGAINST_ALL)
    }
    assert found == {"at most": [True, False], "at least": [False, True], "against all": [True, True]}


def test_an_approval_for_one_purpose_opens_none_of_the_rows_of_another() -> None:
    live = _live(EU, _grant("recalls", "id", "region", when=When(purposes=("recall",))))
    letters = When(purposes=("letters",))
    assert _made(_proposed(live, is_bound=True)) == [("region = 'EU'", letters)]
    assert _made(_proposed(live)) == [("region = 'EU'", None), (None, When(purposes=("recall",)))]


def test_an_approval_for_one_purpose_narrows_a_grant_for_several() -> None:
    live = _live(_grant("both", "id", when=When(purposes=("Letters", "recall"))))
    assert _made(_proposed(live, is_bound=True)) == [(None, When(purposes=("letters",)))]


@pytest.mark.parametrize("wanted", [Wanted.COLUMNS, Wanted.ROWS])
def test_where_no_row_is_there_for_a_purpose_none_can_be_approved_for_it(wanted: Wanted) -> None:
    live = _live(_grant("recalls", "id", where="region = 'EU'", when=When(purposes=("recall",))))
    with pytest.raises(PolicyInvalid, match="for the purpose `letters` no row is there"):
        _proposed(live, wanted=wanted, is_bound=True)


def test_who_comes_from_a_provider_keeps_rows_while_they_are_in_the_group_that_opens_them() -> None:
    live = _live(EU, replace(_grant("totals", "total", where="total > 5"), roles=("s",)), s=frozenset({"H", "i"}))
    proposal = _proposed(live, user=ANN)
    assert _made(proposal) == [
        ("region = 'EU'", When(groups=("g",))),
        ("total > 5", When(groups=("h",))),
    ]
    role = role_of(ANN)
    after = replace(proposal.plan.after, roles={**proposal.plan.after.roles, role.name: role})
    left = Subject(user=ANN, groups=frozenset({ANN, "h"}))
    decision = decide(left, PEOPLE, after.policy_set, AT)
    assert "EU" not in decision.rows.filter
    assert {column.name: column.outcome for column in decision.columns}["card"] == "clear"
    gone = Subject(user=ANN, groups=frozenset({ANN}))
    assert not decide(gone, PEOPLE, after.policy_set, AT).is_visible


def test_every_row_is_given_while_they_are_in_that_group_too() -> None:
    assert _made(_proposed(_live(EU), wanted=Wanted.ROWS, user=ANN)) == [(None, When(groups=("g",)))]
    assert _made(_proposed(_live(EU), wanted=Wanted.ROWS)) == [(None, None)]


def test_what_is_asked_for_as_a_whole_hangs_on_no_group() -> None:
    assert _made(_proposed(_live(EU), wanted=Wanted.DATASET, user=ANN)) == [(None, None)]


def test_groups_that_a_grant_demands_besides_are_demanded() -> None:
    same = replace(EU, when=When(groups=("G", "x")))
    assert _made(_proposed(_live(same), user=ANN)) == [("region = 'EU'", When(groups=("g",)))]
    other = replace(EU, when=When(groups=("h",)))
    with pytest.raises(PolicyInvalid, match="by two groups at once"):
        _proposed(_live(other), user=ANN)


def test_somebody_with_an_account_here_is_judged_as_they_are_now() -> None:
    assert _made(_proposed(_live(EU))) == [("region = 'EU'", None)]
    moved = replace(_live(EU), users={"kim": User(name="kim", groups=frozenset({"other"}))})
    assert _made(_proposed(moved)) == [(None, None)]
