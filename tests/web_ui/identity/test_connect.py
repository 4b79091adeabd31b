"""What people from the provider do from notebooks: tokens that their sign-in lends, and that end with it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import requests

from catalog.journal.event import EventKind
from catalog.people.model import Role, User
from tests.web_ui.identity.world import Browser, World, auth
from web_ui.app import create_app


def make_token(kim: Browser, name: str = "notebook", **choice: str) -> requests.Response:
    form = {"csrf_token": kim.csrf_token(kim.open("/connect")), "name": name, **choice}
    return kim.session.post(f"{kim.url}/connect/tokens", data=form, timeout=30)


def text_of(page: requests.Response) -> str:
    found = re.search(r"veil_[A-Za-z0-9_-]{43}", page.text)
    assert found is not None
    return found[0]


@pytest.fixture
def kim(world: World) -> Browser:
    browser = world.browser()
    browser.sign_in("1001")
    return browser


def test_a_token_is_the_person_until_they_sign_out(world: World, kim: Browser) -> None:
    made = make_token(kim, everything="1")
    assert (made.status_code, "It ends when you sign out" in made.text) == (201, True)
    text = text_of(made)
    assert world.whoami(text).json() == kim.open("/api/v1/whoami").json()
    listed = kim.open("/connect")
    assert "notebook" in listed.text
    assert text not in listed.text
    kim.submit(listed)
    assert world.whoami(text).status_code == 401
    assert world.browser().sign_in("1001").status_code == 200
    assert world.whoami(text).status_code == 401
    [event] = world.told(EventKind.TOKEN_CREATE)
    assert (event.user, event.details["name"]) == ("oidc:kim.berg", "notebook")


def test_a_token_for_reading_data_stays_one_whatever_the_sign_in_is_given(world: World, kim: Browser) -> None:
    narrow, wide = text_of(make_token(kim)), text_of(make_token(kim, "all", everything="1"))
    now = world.parts.policies.current()
    auditors = Role(name="readers", groups=frozenset({"clerks"}), capabilities=frozenset({"audit:read"}))
    world.parts.policies.put(now.policies, (*now.roles, auditors), by="test", why="audit", difference="+ role readers")
    told = world.whoami(narrow).json()
    assert (told["scopes"], told["capabilities"], told["groups"]) == ([], [], ["clerks", "oidc:kim.berg"])
    told = world.whoami(wide).json()
    assert (told["scopes"], told["capabilities"]) == (None, ["audit:read"])
    assert "reading data only" in kim.open("/connect").text


@pytest.mark.parametrize("name", ["lee", "LEE"])
def test_a_group_that_has_become_somebodys_name_ends_the_sign_in_and_its_tokens(world: World, name: str) -> None:
    """What is given to lee alone is in the group `lee`, in which the provider has somebody else."""
    world.provider.know("1001", preferred_username="kim.berg", groups=["clerks", "lee"], land="NO")
    kim = world.browser()
    kim.sign_in("1001")
    text = text_of(make_token(kim, everything="1"))
    assert world.whoami(text).json()["groups"] == ["clerks", "lee", "oidc:kim.berg"]
    world.parts.accounts.put_user(User(name="zoe", groups=frozenset({"lee"})))
    assert kim.is_signed_in()
    world.parts.accounts.put_user(User(name=name, groups=frozenset({"clerks"})))
    assert not kim.is_signed_in()
    assert world.whoami(text).status_code == 401
    assert world.browser().sign_in("1001").status_code == 401


@pytest.mark.parametrize(
    "other",
    [
        {"groups": {"it": "admin"}},
        {"other_groups": "ignore"},
        {"attributes": {}},
        {"attributes": {"land": "country"}},
        {"groups_claim": "roles"},
        {"user_claim": "sub"},
    ],
    ids=str,
)
def test_a_sign_in_ends_when_the_settings_read_claims_otherwise(
    world: World, kim: Browser, other: dict[str, object]
) -> None:
    text = text_of(make_token(kim, everything="1"))
    for changed, status in (({}, 200), ({"name": "Another SSO"}, 200), (other, 401)):
        settings = replace(world.parts.settings, auth=auth(world.provider, **changed))
        client = create_app(replace(world.parts, settings=settings)).test_client()
        header = {"Authorization": f"Bearer {text}"}
        assert client.get("/api/v1/whoami", headers=header, base_url=world.url).status_code == status, changed
    assert world.whoami(text).status_code == 200


def test_a_token_is_revoked_by_its_owner_alone(world: World, kim: Browser) -> None:
    text = text_of(make_token(kim))
    [token] = world.parts.session_tokens.tokens("oidc:kim.berg", world.clock())
    world.provider.know("1002", preferred_username="eve", groups=[], land="NO")
    eve, address = world.browser(), f"{world.url}/connect/tokens/{token.id}/revoke"
    eve.sign_in("1002")
    for browser, status in ((eve, 400), (kim, 200)):
        form = {"csrf_token": browser.csrf_token(browser.open("/connect"))}
        assert browser.session.post(address, data=form, timeout=30).status_code == status
        assert world.whoami(text).status_code == (200 if browser is eve else 401)
    assert len(world.told(EventKind.TOKEN_REVOKE)) == 1


def test_revoking_a_sign_in_ends_its_tokens(world: World, kim: Browser) -> None:
    text = text_of(make_token(kim))
    session = world.parts.session_tokens.find(text, world.clock())
    assert session is not None
    world.parts.web_sessions.end(session.id, world.clock())
    assert world.whoami(text).status_code == 401


@pytest.mark.parametrize("is_anew", [False, True])
def test_whoever_leaves_after_a_long_while_ends_the_tokens_all_the_same(
    world: World, kim: Browser, is_anew: bool
) -> None:
    text, page = text_of(make_token(kim)), kim.open("/connect")
    [session] = world.parts.web_sessions.living(world.clock(), idle=None)
    world.parts.web_sessions.saw(session.id, world.clock() - timedelta(hours=3))
    assert world.whoami(text).status_code == 200
    assert not kim.is_signed_in()
    if is_anew:
        assert kim.begin().url.endswith("/data")  # the provider knows kim still
    else:
        kim.submit(page)
    assert world.whoami(text).status_code == 401


@pytest.mark.parametrize("name", ["", "x" * 81, "a\u202eb"])
def test_a_token_needs_a_name_of_one_line(kim: Browser, name: str) -> None:
    refused = make_token(kim, name)
    assert (refused.status_code, "needs a name of one line" in refused.text) == (400, True)


def test_no_token_makes_another_token(world: World, kim: Browser) -> None:
    text, path = text_of(make_token(kim)), f"{world.url}/connect/tokens"
    for token in (text, world.provider.mint(world.claims())):
        header = {"Authorization": f"Bearer {token}"}
        answer = requests.post(path, data={"name": "more", "days": "1"}, headers=header, timeout=30)
        assert answer.status_code >= 400
    assert len(world.parts.session_tokens.tokens("oidc:kim.berg", world.clock())) == 1


@pytest.mark.parametrize(
    "value", ["NO' OR TRUE --", "NO\\", "' OR ''='", '"', "%", "NO; DROP", "$1", "{land}", "NO\u00a0"]
)
def test_what_a_claim_says_stays_a_value_in_filters(world: World, value: str) -> None:
    token = world.provider.mint(world.claims(land=value))
    header = {"Authorization": f"Bearer {token}"}
    asked = {"sql": "select count(*) as n from shop.orders", "format": "csv"}
    answer = requests.post(f"{world.url}/api/v1/query", json=asked, headers=header, timeout=60)
    if answer.status_code == 401:
        assert "the claim `land`" in answer.json()["detail"]
    else:
        assert (answer.status_code, answer.text.split()) == (200, ["n", "0"])
