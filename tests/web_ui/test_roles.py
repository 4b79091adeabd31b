"""Roles are told to administrators and auditors whole, and to everybody else as far as they hold them."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from catalog.clock import written_time
from catalog.journal.event import Event, EventKind
from catalog.people.model import Role
from policy_engine.capabilities import Action
from tests.web_ui.browsing import sign_in
from tests.web_ui.desk import Desk
from tests.web_ui.shop import open_shop
from web_ui.role_stories import WORDS

People = Callable[[str], FlaskClient]
ROLES = "/api/v1/roles"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The shop with roles of every kind: in use, of no use, with two duties, and one person's alone."""
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        desk = Desk(parts)
        assert desk.approve(desk.ask()).status_code == 200
        for groups in (("temps",), ("clerks",)):
            parts.journal.append(Event(kind=EventKind.LOGIN_OK, user="oidc:lee", groups=(*groups, "oidc:lee")))
        now = parts.policies.current()
        more = (
            Role(name="nobody's"),
            Role(name="idle", groups=frozenset({"temps"})),
            Role(
                name="a/b", groups=frozenset({"temps"}), capabilities=frozenset({"policy:write on shop", "audit:read"})
            ),
        )
        parts.policies.put(now.policies, (*now.roles, *more), by="test", why="", difference="")
        yield desk


@pytest.fixture
def people(desk: Desk) -> People:
    def signed_in(user: str) -> FlaskClient:
        client = desk.app.test_client()
        assert sign_in(client, user).status_code == 303
        return client

    return signed_in


def words_of(client: FlaskClient, address: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(address).get_data(as_text=True)).split())


def whole(desk: Desk, user: str, role: str) -> dict[str, object]:
    answer = desk.client.get(ROLES, query_string={"role": role}, headers=desk.header(user)).get_json()
    [found] = answer["roles"]
    return dict(found)


def test_every_capability_is_told_in_words() -> None:
    assert set(WORDS) == set(Action)


@pytest.mark.parametrize("user", ["max", "ada"])
def test_who_reads_every_policy_sees_every_role(desk: Desk, user: str) -> None:
    listed = desk.client.get(ROLES, headers=desk.header(user)).get_json()["roles"]
    assert [each["role"] for each in listed] == ["a/b", "boss", "clerk", "idle", "nobody's", "only kim", "steward"]
    told = whole(desk, user, "CLERK")
    assert told["policies"] == ["clerks"]
    assert told["datasets"] == [{"dataset": "shop.orders", "clear": 3, "masked": 1, "hidden": 1, "filtered": True}]
    members = {each["user"]: (each["groups"], each["local"]) for each in told["members"]}  # type: ignore[attr-defined]
    assert members == {"kim": (["clerks"], True), "oidc:lee": (["clerks"], False)}
    assert desk.parts.journal.search(user=user, kind=EventKind.METADATA_READ)[0].details["role"] == "clerk"


def test_when_a_member_did_something_last_is_told_to_who_reads_the_journal(desk: Desk, people: People) -> None:
    def told() -> tuple[object, str]:
        return whole(desk, "max", "clerk")["members"], words_of(people("max"), "/roles/clerk").partition("Members")[2]

    before = told()
    desk.client.get("/api/v1/whoami", headers=desk.header("kim"))
    desk.parts.journal.append(Event(kind=EventKind.QUERY_BEGIN, user="kim", datasets=("shop.orders",)))
    assert told() == before
    assert "seen_at" not in str(before)
    assert "Last seen" not in before[1]
    [event] = desk.parts.journal.search(user="kim", limit=1)
    assert event.at is not None
    members = {each["user"]: each["seen_at"] for each in whole(desk, "ada", "clerk")["members"]}  # type: ignore[attr-defined]
    assert members["kim"] == written_time(event.at)
    assert "Last seen" in words_of(people("ada"), "/roles/clerk")


def test_somebody_else_knows_the_own_roles_and_nothing_of_others(desk: Desk, people: People) -> None:
    listed = desk.client.get(ROLES, headers=desk.header("kim")).get_json()["roles"]
    assert [each["role"] for each in listed] == ["clerk", "only kim"]
    assert set(whole(desk, "kim", "clerk")) == {"role", "groups", "capabilities", "policies"}
    kim = people("kim")
    text = words_of(kim, "/roles/clerk")
    assert "Role clerk sees database shop without columns tagged fin.card" in text
    assert "Members" not in text
    unseen, absent = (kim.get(f"/roles/{name}") for name in ("boss", "absent"))
    assert unseen.status_code == absent.status_code == 404
    assert desk.client.get(ROLES, query_string={"role": "boss"}, headers=desk.header("kim")).get_json() == {"roles": []}
    assert [name in words_of(kim, "/roles") for name in ("boss", "idle", "of no use")] == [False] * 3


def test_roles_of_no_use_say_why(people: People, desk: Desk) -> None:
    text = words_of(people("max"), "/roles?unused=true")
    assert "idle of no use: no policy names it, and it has no capability" in text
    assert "of no use: no group holds it" in text
    assert "clerk" not in text.partition("Of no use")[2]
    told = {role: whole(desk, "max", role)["unused"] for role in ("clerk", "steward", "only kim")}
    assert set(told.values()) == {""}


def test_two_duties_in_one_hand_are_told_and_any_name_has_a_page(people: People) -> None:
    boss = people("max")
    text = words_of(boss, "/roles/a/b")
    assert "Two duties in one hand" in text
    assert "Write and end policies, and decide on requests for access, for shop policy:write on shop" in text
    assert "It opens no dataset" in text
    assert 'href="/roles/a/b"' in boss.get("/roles").get_data(as_text=True)


def test_what_came_of_requests_stands_by_itself(people: People) -> None:
    text = words_of(people("max"), "/roles")
    assert text.index("Of one person alone") < text.index("only kim")
    assert "kim asked" not in text


def test_a_role_is_changed_as_a_document_by_who_may(people: People) -> None:
    boss = people("max")
    assert "/role?name=clerk" in boss.get("/roles/clerk").get_data(as_text=True)
    assert "/policies/change?role=clerk" in boss.get("/role?name=clerk").get_data(as_text=True)
    assert "clerk: groups: - clerks" in words_of(boss, "/policies/change?role=clerk")
    assert people("eve").get("/policies/change?role=clerk").status_code == 403
    assert "/role?name" not in people("ada").get("/roles/clerk").get_data(as_text=True)


def test_roles_are_searched_by_name_group_and_capability(people: People) -> None:
    boss = people("max")
    for search, found in (("CLERK", 1), ("temps", 2), ("audit:read", 1), ("nothing-like-it", 0)):
        assert f"{found} role{' matches' if found == 1 else 's match'}" in words_of(boss, f"/roles?search={search}")
