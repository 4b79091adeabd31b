"""Bearer tokens of the provider at the API: taken when they are whole, for this API, in force and of a known client."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from joserfc.jwt import Token

from catalog.journal.event import EventKind
from catalog.people.provided_names import ProvidedNames
from tests.web_ui.elsewhere import elsewhere, overtaken
from tests.web_ui.identity.provider import Provider
from tests.web_ui.identity.world import API, World, auth, served
from web_ui.identity.verification import Verifier


def refusal(world: World, token: str) -> str:
    """What the API says of a token that it does not take."""
    answer = world.whoami(token)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="veil"'
    for secret in (token, "Traceback", "joserfc", "the secret of veil"):
        assert secret not in answer.text
    return f"{problem['detail']}; {problem['hint']}"


def test_a_good_token_is_the_person_whom_its_claims_describe(world: World) -> None:
    answer = world.whoami(world.provider.mint(world.claims()))
    who = answer.json()
    assert (who["user"], who["groups"]) == ("oidc:kim.berg", ["clerks", "oidc:kim.berg"])
    assert (who["attributes"], who["roles"]) == ({"land": "NO"}, ["clerk"])


def test_somebody_is_the_same_person_with_a_token_and_at_the_pages(world: World) -> None:
    kim = world.browser()
    kim.sign_in("1001")
    assert kim.open("/api/v1/whoami").json() == world.whoami(world.provider.mint(world.claims())).json()


def test_somebody_has_one_name_however_it_is_written(world: World) -> None:
    first = world.whoami(world.provider.mint(world.claims())).json()
    again = world.whoami(world.provider.mint(world.claims(preferred_username="Kim.BERG"))).json()
    assert again == first
    assert (again["user"], again["groups"]) == ("oidc:kim.berg", ["clerks", "oidc:kim.berg"])


def test_a_query_with_a_token_is_governed_and_journalled(world: World) -> None:
    token = world.provider.mint(world.claims())
    answer = world.browser().session.post(
        f"{world.url}/api/v1/query",
        json={"sql": "select distinct land from shop.orders", "format": "json"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert "SE" not in answer.text
    [event] = world.told(EventKind.QUERY_BEGIN)
    assert (event.user, event.groups) == ("oidc:kim.berg", ("clerks", "oidc:kim.berg"))


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"aud": "another"}, "another audience"),
        ({"aud": "veil"}, "another audience"),
        ({"aud": [f"{API}/more", API.upper()]}, "another audience"),
        ({"aud": {API: True}}, "another audience"),
        ({"aud": None}, "lacks the claim `aud`"),
        ({"iss": "https://id.example"}, "another issuer"),
        ({"iss": None}, "lacks the claim `iss`"),
        ({"sub": None}, "lacks the claim `sub`"),
        ({"sub": 1001}, "a claim `sub` that cannot be used"),
        ({"exp": None}, "lacks the claim `exp`"),
        ({"exp": "4102444800"}, "a claim `exp` that cannot be used"),
        ({"exp": True}, "a claim `exp` that cannot be used"),
        ({"iat": None}, "lacks the claim `iat`"),
        ({"iat": [1]}, "not valid yet"),
        ({"client_id": None}, "another client"),
        ({"client_id": "robot"}, "another client"),
        ({"client_id": None, "azp": "robot"}, "another client"),
        ({"client_id": ["veil"]}, "another client"),
        ({"nonce": "x"}, "no access token for the API"),
        ({"cnf": {"jkt": "x"}}, "bound to a key"),
        ({"groups": None}, "the claim `groups`"),
        ({"groups": "clerks"}, "is no list"),
        ({"groups": ["clerks", "admin"]}, "names `admin`"),
        ({"groups": ["oidc:max"]}, "as people are called here"),
        ({"groups": ["max"]}, "called like a local account"),
        ({"preferred_username": None}, "the claim `preferred_username`"),
        ({"preferred_username": "max\u200b"}, "no name that people can be called by"),
    ],
    ids=str,
)
def test_a_token_with_other_claims_is_refused(world: World, other: dict[str, object], what: str) -> None:
    assert what in refusal(world, world.provider.mint(world.claims(**other)))


@pytest.mark.parametrize(
    ("kind", "status"),
    [("JWT", 200), ("at+jwt", 200), ("application/at+JWT", 200), ("logout+jwt", 401), ("dpop+jwt", 401), (7, 401)],
)
def test_a_token_is_of_a_kind_that_clients_bear(world: World, kind: object, status: int) -> None:
    answer = world.whoami(world.provider.mint(world.claims(), typ=kind))
    assert answer.status_code == status
    assert status == 200 or "token" in answer.json()["detail"]


def test_a_token_is_good_from_its_beginning_to_its_end_give_or_take_the_skew(world: World) -> None:
    now = int(world.clock().timestamp())
    for good in ({"exp": now - 50}, {"nbf": now + 50}, {"iat": now + 50}):
        assert world.whoami(world.provider.mint(world.claims(**good))).status_code == 200
    for bad, what in (
        ({"exp": now - 61}, "has expired"),
        ({"nbf": now + 120}, "not valid yet"),
        ({"iat": now + 120}, "yet"),
    ):
        assert what in refusal(world, world.provider.mint(world.claims(**bad)))


@pytest.mark.parametrize("key", ["none", "public as secret"])
@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS512", "RS256", "dir", "", None, 7])
def test_no_token_passes_that_nobodys_private_key_has_signed(world: World, key: str, algorithm: object) -> None:
    """Whatever the header says: unsigned, or signed with the provider's public key as if that were a shared secret."""
    header, claims, signature = world.provider.mint(world.claims(), key=key).split(".")
    told = {"alg": algorithm, "kid": "first", "typ": "at+jwt"}
    written = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    for first in (header, written):
        assert "token" in refusal(world, f"{first}.{claims}.{signature}")


def test_a_key_that_a_token_brings_along_is_not_looked_at(world: World) -> None:
    mine = world.provider.mint(
        world.claims(), key="stranger", jku=f"{world.url}/static/veil.css", x5u="https://evil.example"
    )
    assert "a key that the identity provider does not have" in refusal(world, mine)
    under_its_name = world.provider.mint(world.claims(), key="stranger", kid="first")
    assert "signature does not hold" in refusal(world, under_its_name)


def test_a_changed_token_is_refused(world: World) -> None:
    header, claims, signature = world.provider.mint(world.claims()).split(".")
    other = base64.urlsafe_b64encode(json.dumps(world.claims(groups=["bosses"])).encode()).decode().rstrip("=")
    for token in (f"{header}.{other}.{signature}", f"{header}.{claims}.", f"{header}.{claims}.{signature[:-8]}"):
        assert "signature does not hold" in refusal(world, token)


@pytest.mark.parametrize(
    "token", ["a.b.c", "..", "e30.e30.e30", "eyJhbGciOiJSUzI1NiJ9.W10.AA", "ä.b.c", "A" * 3000 + ".b.c"]
)
def test_what_only_has_two_dots_is_no_token(world: World, token: str) -> None:
    header = {"Authorization": f"Bearer {token}".encode()}
    answer = world.browser().session.get(f"{world.url}/api/v1/whoami", headers=header, timeout=30)
    assert answer.status_code == 401


def test_an_oversized_token_is_refused_unread(world: World) -> None:
    token = world.provider.mint(world.claims(padding="x" * 40_000))
    assert "too long" in refusal(world, token)


def test_a_proof_of_sign_in_is_no_token(world: World) -> None:
    kim = world.browser()
    kim.sign_in("1001")
    with world.parts.catalog.transaction() as tx:
        [row] = tx.rows("SELECT logout_hint FROM web_session")
    assert "another audience" in refusal(world, row["logout_hint"])


def test_a_token_that_the_provider_issued_to_a_program_is_taken_once_the_program_is_named(
    tmp_path: Path, provider: Provider
) -> None:
    provider.know("robot", preferred_username="robot", groups=["clerks"], land="SE")
    settings = auth(provider, api_audience="urn:veil:api")
    with served(tmp_path, provider, settings) as world:
        token = provider.token("robot", "the secret of the robot", "urn:veil:api")
        assert "another client" in refusal(world, token)
    (tmp_path / "named").mkdir()
    with served(tmp_path / "named", provider, replace(settings, api_clients=("robot",))) as world:
        who = world.whoami(token).json()
        assert (who["user"], who["attributes"]) == ("oidc:robot", {"land": "SE"})


def test_a_token_for_another_api_of_the_same_provider_is_refused(world: World) -> None:
    world.provider.know("robot", preferred_username="robot", groups=["clerks"])
    assert "another audience" in refusal(
        world, world.provider.token("robot", "the secret of the robot", "urn:other:api")
    )


def test_no_token_of_the_provider_is_taken_without_an_audience(tmp_path: Path, provider: Provider) -> None:
    with served(tmp_path, provider, auth(provider, api_audience="")) as world:
        assert "`api_audience`" in refusal(world, provider.mint(world.claims()))
        assert "not taken here" in refusal(world, provider.mint(world.claims(aud="")))


def test_a_rotated_key_is_fetched_once_and_made_up_names_cost_the_provider_nothing(world: World) -> None:
    before = world.provider.asked("/jwks")
    assert world.whoami(world.provider.mint(world.claims())).status_code == 200
    for number in range(10):
        assert "does not have" in refusal(world, world.provider.mint(world.claims(), kid=f"made up {number}"))
    assert world.provider.asked("/jwks") == before + 1


def test_revoking_somebody_refuses_the_tokens_that_were_issued_before(world: World) -> None:
    token = world.provider.mint(world.claims())
    assert world.whoami(token).status_code == 200
    assert world.parts.provided_names.refuse_before("OIDC:KIM.BERG", world.clock())
    assert "was revoked" in refusal(world, token)
    world.clock.ahead += timedelta(minutes=2)
    assert world.whoami(world.provider.mint(world.claims())).status_code == 200


def test_a_name_in_a_token_stays_with_who_came_with_it_first(world: World) -> None:
    assert world.whoami(world.provider.mint(world.claims())).status_code == 200
    assert "held by somebody else" in refusal(world, world.provider.mint(world.claims(sub="1002")))


@pytest.mark.parametrize("is_revoked", [False, True])
def test_a_deed_is_for_whom_a_token_is_about_when_it_is_done_and_waits_for_no_provider(
    world: World, monkeypatch: pytest.MonkeyPatch, is_revoked: bool
) -> None:
    asked, ask = [], Verifier.signed

    def signed(self: Verifier, text: str) -> Token:
        asked.append(world.parts.catalog.is_in_transaction)
        return ask(self, text)

    def meanwhile() -> None:
        with elsewhere(world.parts) as catalog:
            assert not is_revoked or ProvidedNames(catalog).refuse_before("oidc:kim.berg", world.clock())

    token = world.provider.mint(world.claims())
    assert world.whoami(token).status_code == 200
    monkeypatch.setattr(Verifier, "signed", signed)
    with overtaken(world.parts, meanwhile):
        done = requests.post(
            f"{world.url}/api/v1/access-requests",
            json={"dataset": "shop.orders", "columns": ["card"], "why": "to look"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
    assert done.status_code == (401 if is_revoked else 201), done.text
    assert asked == [False]


def test_a_provider_that_is_down_is_told_of_and_known_keys_serve_on(world: World) -> None:
    token = world.provider.mint(world.claims())
    world.provider.be_down(True)
    answer = world.whoami(token)
    assert (answer.status_code, answer.json()["code"]) == (502, "source_unavailable")
    assert "/etc/secret/place" not in answer.text


def test_tokens_of_local_accounts_go_on(world: World) -> None:
    text, _ = world.parts.tokens.create("kim", "test", timedelta(days=1))
    assert world.whoami(text).json()["user"] == "kim"
