"""Conditions on who asks, for what, from where and when: doubt protects, and a survey tells what may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.circumstances import AT_LEAST, AT_MOST, UNKNOWN, Circumstances, When
from policy_engine.conditions import counts, hours, judge, print_when
from policy_engine.judging.phases import phase, surroundings
from policy_engine.model import Effect, Policy, PolicySet, Scope, Subject
from tests.policy_engine.policies import conditions

MONDAY = datetime(2026, 6, 1, 10, 30, tzinfo=UTC)
KIM = Subject(user="kim", groups=frozenset({"kim", "Clerks"}), attributes={"level": "high", "sites": ("graz", "linz")})
OFFICE = Circumstances(purpose="Care", address="10.1.2.3")


@pytest.mark.parametrize(
    ("when", "verdict"),
    [
        (When(groups=("clerks",)), True),
        (When(groups=("boss", "CLERKS")), True),
        (When(groups=("boss",)), False),
        (When(not_groups=("boss",)), True),
        (When(not_groups=("boss", "clerks")), False),
        (When(attributes=(("level", ("high",)),)), True),
        (When(attributes=(("level", ("low", "none")),)), False),
        (When(attributes=(("sites", ("linz",)),)), True),
        (When(attributes=(("sites", ("wien",)),)), False),
        (When(attributes=(("unknown", ("x",)),)), None),
        (When(purposes=("audit", "care")), True),
        (When(purposes=("audit",)), False),
        (When(networks=("10.0.0.0/8",)), True),
        (When(networks=("192.0.2.0/24", "2001:db8::/32")), False),
        (When(time_of_day="08:00-18:00"), True),
        (When(time_of_day="08:00-10:30"), False),
        (When(time_of_day="10:30-10:31"), True),
        (When(time_of_day="22:00-06:00"), False),
        (When(weekdays=("mon",)), True),
        (When(weekdays=("sun",)), False),
        (When(time_of_day="12:00-13:00", zone="Europe/Vienna"), True),
        (When(time_of_day="12:00-13:00", zone="Not/There"), None),
        (When(groups=("clerks",), attributes=(("unknown", ("x",)),)), None),
        (When(groups=("boss",), attributes=(("unknown", ("x",)),)), False),
    ],
)
def test_each_part_is_judged_by_itself_and_all_must_hold(when: When, verdict: bool | None) -> None:
    assert judge(when, KIM, OFFICE, MONDAY) is verdict


@pytest.mark.parametrize("address", ["", "kim", "10.1.2", "10.1.2.3, 192.0.2.1", "unix:", "10.1.2.3/8", "１０.1.2.3"])
def test_what_is_no_address_is_in_doubt(address: str) -> None:
    assert judge(When(networks=("0.0.0.0/0", "::/0")), KIM, Circumstances(address=address), MONDAY) is None


def test_an_address_is_the_same_however_it_is_written() -> None:
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "::FFFF:0a01:0203"):
        assert judge(When(networks=("10.1.2.3/32",)), KIM, Circumstances(address=address), MONDAY) is True


@pytest.mark.parametrize("purpose", [None, "", "  "])
def test_a_purpose_that_is_not_stated_is_in_doubt(purpose: str | None) -> None:
    assert judge(When(purposes=("care",)), KIM, Circumstances(purpose=purpose), MONDAY) is None


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = When(time_of_day="22:00-06:00", weekdays=("mon",))
    found = [hour for hour in range(72) if judge(night, KIM, OFFICE, MONDAY.replace(hour=0) + timedelta(hours=hour))]
    assert found == [*range(22, 30)]


def test_times_follow_the_clocks_of_their_zone() -> None:
    morning = When(time_of_day="08:00-09:00", zone="Europe/Vienna")
    assert judge(morning, KIM, OFFICE, datetime(2026, 7, 1, 6, 30, tzinfo=UTC)) is True
    assert judge(morning, KIM, OFFICE, datetime(2026, 12, 1, 7, 30, tzinfo=UTC)) is True
    assert judge(morning, KIM, OFFICE, datetime(2026, 12, 1, 6, 30, tzinfo=UTC)) is False


@pytest.mark.parametrize("text", ["8-18", "08:00", "08:00-08:00", "25:00-26:00", "08:00-24:01", "08:60-09:00", ""])
def test_what_is_no_time_of_day_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the reader of documents says what is wrong
        hours(text)


def _policy(effect: Effect, when: When) -> Policy:
    return Policy(id="p", effect=effect, roles=("r",), scope=Scope(), when=when)


@given(when=conditions(), moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_doubt_never_opens_and_a_survey_is_never_narrower_than_a_request(when: When, moment: datetime) -> None:
    for subject in (KIM, Subject(user="", groups=KIM.groups)):
        for circumstances in (OFFICE, UNKNOWN):
            verdict = judge(when, subject, circumstances, moment)
            grants = counts(_policy(Effect.GRANT, when), subject, circumstances, moment)
            takes = counts(_policy(Effect.RESTRICT, when), subject, circumstances, moment)
            assert (grants, takes) == (verdict is True, verdict is not False)
            if subject.user:
                assert counts(_policy(Effect.GRANT, when), subject, AT_MOST, moment) >= grants
                assert counts(_policy(Effect.DENY, when), subject, AT_MOST, moment) <= takes
                assert counts(_policy(Effect.DENY, when), subject, AT_LEAST, moment) >= takes


@given(when=conditions(), moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_a_survey_of_somebody_named_knows_which_attributes_they_lack(when: When, moment: datetime) -> None:
    settled = replace(when, purposes=(), networks=(), time_of_day="", weekdays=())
    for effect in Effect:
        in_request = counts(_policy(effect, settled), KIM, UNKNOWN, moment)
        assert all(
            counts(_policy(effect, settled), KIM, survey, moment) == in_request for survey in (AT_MOST, AT_LEAST)
        )


def test_of_a_role_no_attribute_is_known() -> None:
    when, role = When(attributes=(("clearance", ("top",)),)), Subject(user="", groups=KIM.groups)
    assert counts(_policy(Effect.GRANT, when), role, AT_MOST, MONDAY)
    assert not counts(_policy(Effect.DENY, when), role, AT_MOST, MONDAY)
    assert not counts(_policy(Effect.GRANT, when), role, AT_LEAST, MONDAY)


@given(
    when=conditions(),
    one=st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9), timezones=st.just(UTC)),
    other=st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9), timezones=st.just(UTC)),
    purposes=st.tuples(*[st.sampled_from([None, "care", "audit"])] * 2),
    addresses=st.tuples(*[st.sampled_from(["", "10.0.0.1", "192.0.2.1", "2001:db8::1"])] * 2),
)
def test_what_is_remembered_together_is_judged_alike(
    when: When, one: datetime, other: datetime, purposes: tuple[str | None, ...], addresses: tuple[str, ...]
) -> None:
    policies = PolicySet(revision=1, policies=(_policy(Effect.GRANT, when),), roles=())
    first, second = (
        Circumstances(purpose=purpose, address=address) for purpose, address in zip(purposes, addresses, strict=True)
    )
    same = phase(policies, one) == phase(policies, other)
    if same and surroundings(policies, first) == surroundings(policies, second):
        assert judge(when, KIM, first, one) is judge(when, KIM, second, other)


def test_what_no_policy_asks_for_tells_no_requests_apart() -> None:
    policies = PolicySet(revision=1, policies=(_policy(Effect.GRANT, When(networks=("10.0.0.0/8",))),), roles=())
    near, far = Circumstances(address="10.0.0.1", purpose="a"), Circumstances(address="10.9.9.9", purpose="b")
    assert surroundings(policies, near) == surroundings(policies, far)
    assert surroundings(policies, near) != surroundings(policies, Circumstances(address="192.0.2.1"))


def test_a_condition_is_told_in_words() -> None:
    when = When(
        groups=("hr",),
        not_groups=("temps",),
        attributes=(("level", ("high", "top")),),
        purposes=("audit",),
        networks=("10.0.0.0/8",),
        time_of_day="08:00-18:00",
        weekdays=("mon", "tue"),
        zone="Europe/Vienna",
    )
    assert print_when(when) == (
        "in group hr, not in group temps, attribute level is high or top, purpose is audit, "
        "network is 10.0.0.0/8, between 08:00 and 18:00 on mon or tue (Europe/Vienna)"
    )
