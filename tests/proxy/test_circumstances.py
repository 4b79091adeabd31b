"""The same question asked for another purpose, from another network or at another time is decided anew."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.errors import UnknownColumn, UnknownDataset
from policy_engine.circumstances import When
from policy_engine.model import Effect, Policy, Scope, Subject, TransformRule
from policy_engine.tag_expressions import parse
from policy_engine.transforms.calls import parse_call
from proxy.pipeline import Request
from tests.proxy.world import ANALYST, World, world

SHOP = Scope(database="shop", dataset="orders")
CARE, OFFICE, HOME = "care", "10.1.2.3", "198.51.100.7"


@dataclass
class Clock:
    now: datetime = field(default=datetime(2026, 6, 1, 10, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[World]:
    with world(tmp_path / "shop", "4111", clock=clock) as made:
        yield made


def grant(id: str = "all", when: When | None = None, where: str | None = None, scope: Scope = SHOP) -> Policy:
    return Policy(id=id, effect=Effect.GRANT, roles=("analyst",), scope=scope, when=when, where=where)


def put(shop: World, *policies: Policy) -> None:
    shop.policies.put(policies, shop.policies.current().roles, by="test", why="test", difference="test")


def ask(
    shop: World, purpose: str | None = None, client: str = "", sql: str = "select count(*) n from shop.orders"
) -> int:
    request = Request(sql=sql, purpose=purpose, client=client)
    with shop.pipeline.query(ANALYST, request, decision_id="d") as answer:
        return int(next(answer.batches()).to_pylist()[0]["n"])


def is_refused(shop: World, purpose: str | None = None, client: str = "") -> bool:
    try:
        ask(shop, purpose, client)
    except UnknownDataset:
        return True
    return False


def test_a_purpose_opens_and_closes_from_question_to_question(shop: World) -> None:
    put(shop, grant(when=When(purposes=(CARE,))))
    found = [is_refused(shop, purpose) for purpose in (None, CARE, "ads", "CARE", "", CARE, None)]
    assert found == [True, False, True, False, True, False, True]


def test_a_network_opens_and_closes_from_question_to_question(shop: World) -> None:
    put(shop, grant(when=When(networks=("10.0.0.0/8",))))
    found = [is_refused(shop, client=address) for address in (OFFICE, HOME, OFFICE, "", "::ffff:10.1.2.3", "kim")]
    assert found == [False, True, False, True, False, True]


def test_an_hour_ends_for_a_question_that_was_asked_before(shop: World, clock: Clock) -> None:
    put(shop, grant(when=When(time_of_day="08:00-18:00", weekdays=("mon",))))
    found = []
    for hours in (0, 7, 8, 24, 24 * 7):
        clock.now = datetime(2026, 6, 1, 10, 0, tzinfo=UTC) + timedelta(hours=hours, minutes=59 if hours == 7 else 0)
        found.append(is_refused(shop))
    assert found == [False, False, True, True, False]


def test_from_and_until_are_the_first_moment_in_and_the_first_moment_out(shop: World, clock: Clock) -> None:
    start = clock.now
    put(shop, Policy(**{**_fields(grant()), "starts_at": start, "ends_at": start + timedelta(hours=1)}))  # type: ignore[arg-type]  # test data
    moments = [start - timedelta(microseconds=1), start, start + timedelta(minutes=59, seconds=59.999999)]
    found = []
    for clock.now in (*moments, start + timedelta(hours=1)):
        found.append(is_refused(shop))
    assert found == [True, False, False, True]


def _fields(policy: Policy) -> dict[str, object]:
    return {name: getattr(policy, name) for name in policy.__dataclass_fields__}


def test_a_restriction_in_doubt_restricts(shop: World) -> None:
    limit = Policy(
        id="away",
        effect=Effect.RESTRICT,
        roles=("analyst",),
        scope=SHOP,
        where="region = 'EU'",
        when=When(networks=("198.51.100.0/24",)),
    )
    put(shop, grant(), limit)
    everything = ask(shop, client=OFFICE)
    assert ask(shop, client=HOME) < everything
    assert ask(shop) < everything
    assert ask(shop, client=OFFICE) == everything


def test_a_denial_in_doubt_hides(shop: World) -> None:
    denial = Policy(
        id="no",
        effect=Effect.DENY,
        roles=("analyst",),
        scope=SHOP,
        having=parse("pii.email"),
        when=When(purposes=("ads",)),
    )
    put(shop, grant(), denial)
    sql = "select count(email) n from shop.orders"
    assert ask(shop, CARE, sql=sql) > 0
    for purpose in ("ads", None):
        with pytest.raises(UnknownColumn, match="email"):
            ask(shop, purpose, sql=sql)


def test_a_transform_depends_on_where_one_sits(shop: World) -> None:
    masked = Policy(
        id="masked",
        effect=Effect.GRANT,
        roles=("analyst",),
        scope=SHOP,
        transforms=(TransformRule(tagged=parse("pii.email"), call=parse_call("null()")),),
    )
    put(shop, masked, grant("clear", When(networks=("10.0.0.0/8",))))
    sql = "select count(email) n from shop.orders"
    assert [ask(shop, client=address, sql=sql) > 0 for address in (OFFICE, HOME, OFFICE)] == [True, False, True]


def test_a_filter_asks_for_the_purpose(shop: World) -> None:
    put(shop, grant(where="purpose() = 'care' or region = 'EU'"))
    few = ask(shop)
    assert ask(shop, CARE) > few
    assert ask(shop, "ads") == few
    assert ask(shop, "' or true --") == few


def test_the_person_is_told_what_a_column_waits_for(shop: World) -> None:
    put(
        shop,
        grant(scope=Scope(database="shop", dataset="orders", columns=(("id",),))),
        grant("care", When(purposes=(CARE,))),
    )
    with pytest.raises(UnknownColumn) as told:
        ask(shop, sql="select count(note) n from shop.orders")
    assert "policy `care` shows it only when purpose is care" in told.value.hint
    explained = shop.pipeline.explain(
        ANALYST, Request(sql="select note from shop.orders", purpose=CARE), decision_id="e", asked_by=ANALYST
    )
    assert "shown as it is by policy `care`; policy `care` counts when purpose is care" in str(explained)


@pytest.mark.parametrize("user", ["ana", "o'x\"; drop", "..", "*", "shop.orders", "${user}", 'shop"."orders', "%"])
def test_a_name_of_the_user_in_a_scope_is_that_name_and_nothing_else(shop: World, user: str) -> None:
    put(shop, grant(scope=Scope(database="${user}")), grant("own", scope=Scope(database="shop", dataset="${user}")))
    subject = Subject(user=user, groups=frozenset({user, "analysts"}))
    with pytest.raises(UnknownDataset):
        shop.ask("select * from shop.orders", subject)


def test_a_scope_named_after_the_user_is_theirs_alone(shop: World) -> None:
    part = Scope(database="shop", dataset="or${USER}s")
    put(shop, grant(scope=part), grant("own", scope=Scope(database="${user}")))
    for user, sees in (("der", True), ("DER", True), ("d", False), ("SHOP", True), ("shop", True), ("shop ", False)):
        subject = Subject(user=user, groups=frozenset({user, "analysts"}))
        assert (shop.outcome("select count(*) from shop.orders", subject)[0] == "rows") is sees, user
    nobody = Subject(user="", groups=frozenset({"analysts"}))
    assert shop.outcome("select count(*) from shop.orders", nobody)[0] == "error"
