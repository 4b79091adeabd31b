"""People ask for access over HTTP: who decides, what comes of it, when it ends, and what nobody learns by asking."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Literal, cast

import pytest

from catalog.journal.event import EventKind
from catalog.model import Database, Field
from catalog.people.model import Role, User
from tests.web_ui.browsing import sign_in
from tests.web_ui.desk import Desk
from tests.web_ui.shop import open_shop
from web_ui.parts import Parts, assemble
from web_ui.settings import QuerySettings, Settings

FOREIGN = {"dataset": "lab.results", "columns": [], "why": "to look"}


@pytest.fixture
def desk(shop: Parts) -> Desk:
    return Desk(shop)


def test_a_request_waits_is_approved_and_is_on_record(desk: Desk) -> None:
    number = desk.ask(purpose="recall")
    [waiting] = desk.get("kim").get_json()["requests"]
    assert (waiting["state"], waiting["mine"], waiting["columns"]) == ("open", True, ["card"])
    assert desk.look(number)["columns"] != []
    assert desk.story["groups"] == ["clerks", "kim"]
    before = desk.parts.policies.current().revision
    done = desk.approve(number, words="for the recall").get_json()
    assert (done["state"], done["decided_by"], done["words"]) == ("approved", "eve", "for the recall")
    assert done["revision"] == before + 1 == desk.parts.policies.current().revision
    [policy] = [each for each in desk.parts.policies.current().policies if each.id == f"request {number}"]
    assert (policy.roles, policy.why) == (("only kim",), f"request {number} of kim: to call back")
    assert policy.ends_at == datetime.fromisoformat(done["ends_at"])
    [role] = [each for each in desk.parts.policies.current().roles if each.name == "only kim"]
    assert (role.groups, role.capabilities) == (frozenset({"kim"}), frozenset())
    told = {kind: desk.parts.journal.search(kind=kind) for kind in EventKind if kind.startswith("request:")}
    assert [(kind.value, [event.user for event in events]) for kind, events in told.items()] == [
        ("request:create", ["kim"]),
        ("request:read", ["eve", "eve"]),
        ("request:approve", ["eve"]),
        ("request:deny", []),
        ("request:withdraw", []),
    ]
    [approval] = told[EventKind.REQUEST_APPROVE]
    assert (approval.datasets, approval.policies, approval.revision) == (
        ("shop.orders",),
        (f"request {number}",),
        before + 1,
    )
    assert approval.details["columns"] == ["card"]
    mine = desk.get("kim", f"/{number}").get_json()
    assert list(mine["in_force"]) == [f"request {number}"]
    assert "proposal" not in mine


def test_only_the_plan_that_was_looked_at_is_carried_out(desk: Desk) -> None:
    number = desk.ask()
    plan = desk.look(number)["plan"]
    for terms in ({"mask": "hash()"}, {"until": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"}):
        refused = desk.post("eve", f"/{number}/decide", {"verdict": "approve", "plan": plan, **terms})
        assert (refused.status_code, "was changed since" in refused.get_json()["detail"]) == (422, True)
    desk.apply("  - {policy: x, deny: select, to: [clerk], scope: shop, having: fin.card}\n")
    refused = desk.post("eve", f"/{number}/decide", {"verdict": "approve", "plan": plan})
    assert refused.status_code == 422
    assert "card" not in desk.sees()[0]
    assert desk.get("kim", f"/{number}").get_json()["state"] == "open"


def test_what_stands_against_it_is_named_with_whom_to_ask(desk: Desk) -> None:
    desk.apply("  - {policy: no cards, deny: select, to: [clerk], scope: '*', having: fin.card}\n")
    number = desk.ask()
    proposal = desk.look(number)
    assert "would change nothing of what `kim` sees" in str(proposal["refused_because"])
    assert desk.story["against"] == [{"policy": "", "owner": "max"}], "eve may not read what is for every database"
    desk.look(number, "max")
    assert desk.story["against"] == [{"policy": "no cards", "owner": "max"}]
    assert desk.approve(number).status_code == 422
    assert "card" not in desk.sees()[0]


def test_a_denial_needs_words_and_tells_them(desk: Desk) -> None:
    number = desk.ask()
    assert desk.deny(number, words=" ").status_code == 422
    assert desk.deny(number, words="use the masked ones").get_json()["state"] == "denied"
    told = desk.get("kim", f"/{number}").get_json()
    assert (told["words"], told["decided_by"], told["policies"]) == ("use the masked ones", "eve", [])
    assert desk.approve_as_known(number).status_code == 422
    assert "card" not in desk.sees()[0]
    assert desk.ask() != number


def test_an_open_request_can_be_taken_back_by_its_asker_alone(desk: Desk) -> None:
    number = desk.ask()
    assert desk.post("eve", f"/{number}/withdraw", {}).status_code == 404
    assert desk.post("kim", f"/{number}/withdraw", {}).get_json()["state"] == "withdrawn"
    assert desk.post("kim", f"/{number}/withdraw", {}).status_code == 422
    assert desk.deny(number).status_code == 422


@pytest.mark.parametrize("user", ["eve", "max"])
def test_nobody_decides_on_a_request_of_their_own(desk: Desk, user: str) -> None:
    desk.parts.accounts.put_user(User(name="eve", groups=frozenset({"guests", "clerks"})))
    desk.apply("  - {policy: no cards, restrict: select, to: [boss, clerk], scope: shop, having: fin.card}\n")
    number = desk.ask(user)
    assert "proposal" not in desk.get(user, f"/{number}").get_json()
    for body in ({"verdict": "approve", "plan": "12345678"}, {"verdict": "deny", "words": "no"}):
        refused = desk.post(user, f"/{number}/decide", body)
        assert (refused.status_code, "of their own" in refused.get_json()["detail"]) == (403, True)


def test_an_account_that_is_called_like_an_operator_is_nobody_else(desk: Desk) -> None:
    with desk.parts.catalog.transaction() as tx:  # no account is made with such a name any more
        tx.execute("UPDATE user SET name = 'local:eve' WHERE name = 'eve'")
    number = desk.ask("eve")
    mine = desk.get("eve", f"/{number}").get_json()
    assert (mine["user"], mine["mine"], "proposal" in mine) == ("local:eve", True, False)
    refused = desk.approve_as_known(number)
    assert (refused.status_code, "of their own" in refused.get_json()["detail"]) == (403, True)
    assert desk.deny(desk.ask("kim")).status_code == 200


def test_who_may_not_decide_learns_of_no_request(desk: Desk) -> None:
    desk.parts.accounts.put_user(User(name="lab", groups=frozenset({"labs"})))
    now = desk.parts.policies.current()
    other = Role(name="lab", groups=frozenset({"auditor", "labs"}), capabilities=frozenset({"policy:write on lab"}))
    desk.parts.policies.put(now.policies, (*now.roles, other), by="test", why="", difference="")
    number = desk.ask()
    assert [desk.get(user).get_json()["total"] for user in ("kim", "eve", "max", "ada")] == [1, 1, 1, 0]
    for path, body in (("", None), ("/decide", {"verdict": "deny", "words": "no"}), ("/withdraw", {})):
        ends = []
        for one in (number, 7):
            called = f"/{one}{path}"
            answer = desk.get("ada", called) if body is None else desk.post("ada", called, body)
            ends.append((answer.status_code, answer.get_json()["detail"].replace(str(one), "N")))
        assert ends == [(404, "there is no request `N` that you can see")] * 2


@pytest.mark.parametrize("explain", ["full", "brief"])
def test_asking_tells_nothing_of_what_one_cannot_know(tmp_path: Path, explain: Literal["full", "brief"]) -> None:
    with open_shop(tmp_path, Settings(query=QuerySettings(explain=explain))) as parts:
        desk = Desk(parts)
        told = []
        for dataset, column in (("shop.orders", "card"), ("shop.nothing", "card"), ("lab.nothing", "x")):
            answer = desk.post("ada", "", {"dataset": dataset, "columns": [column], "why": "to look"})
            number = str(answer.get_json()["id"])
            told.append(
                (answer.status_code, answer.text.replace(number, "N").replace(dataset, "D").replace(column, "C"))
            )
        assert [status for status, _ in told] == [201] * 3
        assert len({_timeless(text) for _, text in told}) == 1
        known = [
            desk.post("kim", "", {"dataset": "shop.orders", "columns": [column], "why": "to look"}).status_code
            for column in ("card", "ghost")
        ]
        assert known == ([201, 422] if explain == "full" else [201, 201])
        whole = {"dataset": "shop.orders", "why": "to look"}
        desk.apply("  - {policy: rest, grant: select, to: [clerk], scope: shop.orders}\n")
        assert desk.post("kim", "", whole).status_code == (422 if explain == "full" else 201)


def test_names_that_nothing_bears_reach_whoever_decides_and_cannot_be_approved(desk: Desk) -> None:
    number = desk.ask("ada", dataset="shop.nothing")
    told = desk.get("eve", f"/{number}").get_json()
    assert (told["proposal"], told["problem"]) == (None, "there is no dataset `shop.nothing`")
    column = desk.ask("ada", columns=["card", "ghost"])
    assert desk.look(column)["missing"] == ["ghost"]
    assert desk.approve(column).status_code == 200
    assert {frozenset(row) for row in desk.sees("ada")} == {frozenset({"card"})}


def test_too_many_requests_are_refused(desk: Desk) -> None:
    numbers = [desk.ask("ada", dataset=f"shop.d{number}") for number in range(20)]
    refused = desk.post("ada", "", {**FOREIGN})
    assert (refused.status_code, "20 of your requests wait" in refused.get_json()["detail"]) == (429, True)
    again = desk.post("kim", "", {"dataset": "SHOP.orders", "columns": ["CARD"], "why": "a"}).get_json()
    assert desk.post("kim", "", {"dataset": "shop.orders", "columns": ["card"], "why": "b"}).get_json()["detail"] == (
        f"you have asked for that already: request {again['id']} waits for a decision"
    )
    for number in numbers:
        desk.post("ada", f"/{number}/withdraw", {})
    for number in range(30):
        taken = desk.ask("ada", dataset=f"shop.d{number}")
        desk.post("ada", f"/{taken}/withdraw", {})
    refused = desk.post("ada", "", {**FOREIGN})
    assert (refused.status_code, "within a day" in refused.get_json()["detail"]) == (429, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"why": " "},
        {"why": "x" * 2_001},
        {"why": "a\x00b"},
        {"purpose": "x" * 201},
        {"dataset": "orders"},
        {"dataset": "shop." + "x" * 300},
        {"columns": [" "]},
        {"columns": ["x"] * 201},
        {"columns": ["x" * 301]},
        {"columns": ["card"], "all_rows": True},
        {"all_rows": "yes"},
        {"until": "2020-01-01"},
        {"until": "9999-12-31"},
        {"until": "soon"},
        {"colums": ["card"]},
    ],
    ids=str,
)
def test_what_cannot_be_a_request_is_told(desk: Desk, wrong: dict[str, object]) -> None:
    body = {"dataset": "shop.orders", "why": "to call back", **wrong}
    refused = desk.post("kim", "", body)
    assert (refused.status_code, refused.get_json()["code"]) == (400, "request_invalid")
    assert desk.get("kim").get_json()["total"] == 0


def test_what_one_sees_already_is_not_asked_for(desk: Desk) -> None:
    for body in ({"columns": ["id", "total"]}, {"columns": ["ID"]}):
        refused = desk.post("kim", "", {"dataset": "shop.orders", "why": "a", **body})
        assert (refused.status_code, refused.get_json()["detail"]) == (422, "you see all of that already")
    assert desk.post("max", "", {"dataset": "shop.orders", "why": "a", "all_rows": True}).status_code == 422
    assert desk.post("kim", "", {"dataset": "shop.orders", "why": "a", "columns": ["email"]}).status_code == 201


def test_access_ends_by_the_clock_and_no_later_than_was_asked(shop: Parts) -> None:
    desk = Desk(shop)
    today = datetime.now(UTC)
    asked, given = (f"{today + timedelta(days=days):%Y-%m-%d}" for days in (10, 3))
    number, open_one = desk.ask(until=asked), desk.ask(columns=["email"], until=asked)
    later = f"{today + timedelta(days=11):%Y-%m-%d}"
    assert desk.get("eve", f"/{number}?until={later}").status_code == 422
    assert desk.approve(number, until=given).status_code == 200
    assert "card" in desk.sees()[0]
    for days, states, has_card in (
        (3, ("approved", "open"), True),
        (4, ("expired", "open"), False),
        (11, ("expired",) * 2, False),
    ):
        with assemble(shop.home, shop.settings, clock=partial(_in_days, days)) as then:
            after = Desk(then)
            assert tuple(after.get("kim", f"/{one}").get_json()["state"] for one in (number, open_one)) == states
            assert ("card" in after.sees()[0]) is has_card
            if states[1] == "expired":
                assert after.deny(open_one).status_code == 422


def test_what_begins_before_the_end_is_told_and_so_it_comes(shop: Parts) -> None:
    desk = Desk(shop)
    begins = datetime.combine(datetime.now(UTC).date() + timedelta(days=5), time(), UTC)
    desk.apply(
        "  - {policy: soon, restrict: select, to: [clerk], scope: shop, having: fin.card,"
        f" transform: [{{tagged: fin.card, with: hash()}}], where: id < 20, from: {begins:%Y-%m-%d}}}\n"
    )
    number = desk.ask()
    told = desk.look(number)
    column, rows = cast("list[dict[str, str]]", told["later"])
    assert (column["column"], column["before"], column["after"]) == ("card", "clear", "hash")
    assert datetime.fromisoformat(column["at"]) == begins
    assert (rows["column"], "`id < 20` (policy `soon`)" in rows["after"]) == ("", True)
    assert desk.approve(number).status_code == 200
    for days, length, last in ((4, 16, 39), (6, 64, 19)):
        with assemble(shop.home, shop.settings, clock=partial(_in_days, days)) as then:
            seen = Desk(then).sees()
            assert {len(str(row["card"])) for row in seen} == {length}
            assert max(int(str(row["id"])) for row in seen) == last


def test_a_field_that_comes_between_the_look_and_the_approval_makes_another_plan(desk: Desk) -> None:
    data, card = desk.parts.datasets, (Field(name="card", type="VARCHAR"),)
    town = (Field(name="town", type="VARCHAR"),)
    data.register("shop", "homes", "lake", "homes.json", (Field(name="c", type="STRUCT(town VARCHAR)", fields=town),))
    number = desk.ask(dataset="shop.homes", columns=["c"])
    plan = desk.look(number)["plan"]
    both = Field(name="c", type="STRUCT(town VARCHAR, card VARCHAR)", fields=town + card)
    data.register("shop", "homes", "lake", "homes.json", (both,))
    refused = desk.post("eve", f"/{number}/decide", {"verdict": "approve", "plan": plan})
    assert (refused.status_code, "was changed since" in refused.get_json()["detail"]) == (422, True)


def test_that_a_document_is_opened_with_all_its_keys_is_told(desk: Desk) -> None:
    fields = (Field(name="d", type="JSON"), Field(name="e", type="VARCHAR"))
    desk.parts.datasets.register("shop", "notes", "lake", "notes.json", fields)
    number = desk.ask(dataset="shop.notes", columns=["d", "e"])
    assert desk.look(number)["keyed"] == ["d"]
    assert desk.look(number, columns=["e"])["keyed"] == []
    eve = desk.app.test_client()
    assert sign_in(eve, "eve").status_code == 303
    page = eve.get(f"/requests/{number}").get_data(as_text=True)
    assert "<code>d</code> has keys in place of fields; an approval opens all of them" in page
    assert "<code>e</code> has keys" not in page


def test_a_delegate_needs_no_more_than_the_database(desk: Desk) -> None:
    """The role of the asker alone is made on the way, which takes an administrator by any other way."""
    assert desk.approve(desk.ask()).status_code == 200
    second = desk.ask(columns=["email"])
    assert desk.approve(second).status_code == 200
    assert sum(role.name == "only kim" for role in desk.parts.policies.current().roles) == 1


def test_a_filter_that_looks_elsewhere_takes_the_right_to_write_there(desk: Desk) -> None:
    data, fields = desk.parts.datasets, (Field(name="id", type="BIGINT"),)
    data.put_database(Database(name="lab"))
    data.register("lab", "allowed", "lake", "orders.csv", fields)
    desk.apply(
        "  - {policy: clerks, grant: select, to: [clerk], scope: shop.orders, having: not fin.card,"
        " where: id in (select id from lab.allowed)}\n"
    )
    number = desk.ask()
    refused = desk.approve(number)
    assert (refused.status_code, "`policy:write on lab`" in refused.get_json()["detail"]) == (403, True)
    assert desk.approve(number, "max").status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("roles: {only kim: {groups: [kim, guests]}}", "is not `kim`'s alone any more"),
        ("roles: {only kim: {groups: [kim], capabilities: ['audit:read']}}", "is not `kim`'s alone any more"),
        ("users: {eve: {groups: [guests, kim]}}", "somebody else is in the group `kim`, too"),
    ],
)
def test_what_would_reach_somebody_else_is_not_given(desk: Desk, change: str, words: str) -> None:
    number = desk.ask()
    plan = desk.look(number)["plan"]
    done = desk.client.post(
        "/api/v1/policies/apply", data=f"veil: 1\n{change}", content_type="application/yaml", headers=desk.header("max")
    )
    assert done.status_code == 200, done.text
    assert words in desk.get("eve", f"/{number}").get_json()["problem"]
    assert desk.post("eve", f"/{number}/decide", {"verdict": "approve", "plan": plan}).status_code == 422


def test_a_mask_stays_when_a_tag_is_taken_away(desk: Desk) -> None:
    number = desk.ask(columns=["card", "total"])
    assert desk.approve(number, mask="hash()").status_code == 200
    raw = {row["id"]: row["card"] for row in desk.sees("max")}
    desk.parts.tags.remove("shop.orders", ("card",), "fin.card")
    desk.parts.policies.put(
        tuple(policy for policy in desk.parts.policies.current().policies if policy.id != "clerks"),
        desk.parts.policies.current().roles,
        by="test",
        why="",
        difference="",
    )
    rows = desk.sees()
    assert rows != []
    assert not {row["card"] for row in rows} & set(raw.values())


def test_a_gone_account_gets_nothing(desk: Desk) -> None:
    number = desk.ask()
    desk.parts.accounts.remove_user("kim")
    assert desk.get("eve", f"/{number}").get_json()["problem"] == "there is no account `kim` any more"


def test_the_story_tells_who_has_it_and_what_came_before(desk: Desk) -> None:
    earlier = desk.ask()
    desk.deny(earlier, words="not yet")
    told = desk.get("eve", f"/{desk.ask()}").get_json()
    assert [(each["id"], each["state"], each["words"]) for each in told["past"]] == [(earlier, "denied", "not yet")]
    assert told["holders"] == [{"role": "boss", "shown": {"clear": ["card"]}}]


def test_lists_are_narrowed_and_read_in_parts(desk: Desk) -> None:
    first, second = desk.ask(), desk.ask(columns=["email"], why="for the newsletter")
    desk.deny(first)
    assert [each["id"] for each in desk.get("eve").get_json()["requests"]] == [second, first]
    assert desk.get("eve", "?state=denied").get_json()["total"] == 1
    assert [each["id"] for each in desk.get("kim", "?search=NEWS").get_json()["requests"]] == [second]
    part = desk.get("eve", "?limit=1").get_json()
    assert (len(part["requests"]), part["total"], part["offset"]) == (1, 2, 1)


def _in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def _timeless(text: str) -> str:
    """An answer without its moments."""
    return "".join(part for part in text.split('"') if "T" not in part or "+00:00" not in part)


def test_terms_are_no_longer_than_a_request_can_be(desk: Desk) -> None:
    number = desk.ask()
    for terms in ({"columns": ["card"] * 201}, {"columns": ["a." * 200]}, {"mask": f"mask(keep_last=>4{' ' * 4_000})"}):
        refused = desk.post("eve", f"/{number}/decide", {"verdict": "approve", "plan": "12345678", **terms})
        assert refused.status_code == 400
        assert "longer terms" in refused.get_json()["detail"]
