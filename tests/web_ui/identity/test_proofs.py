"""What the provider's proof of a sign-in must be: its own, for us and this sign-in, in force, about a whole person."""

from pathlib import Path

import pytest

from catalog.journal.event import EventKind
from catalog.people.model import User
from tests.web_ui.identity.provider import Provider
from tests.web_ui.identity.world import World, assert_refused, auth, served, words

NOW = 0  # stands for the moment of the test in claims of time
TIMES = ("exp", "iat", "nbf")

ODD: tuple[tuple[str, dict[str, object], str], ...] = (
    ("wrong nonce", {"claims": {"nonce": "another"}}, "token answers another sign-in"),
    ("no nonce", {"without": ["nonce"]}, "token lacks the claim `nonce`"),
    ("wrong audience", {"claims": {"aud": "another"}}, "another audience"),
    ("of another client", {"claims": {"aud": ["veil", "another"], "azp": "another"}}, "another client"),
    ("for several, issued to nobody", {"claims": {"aud": ["veil", "another"]}}, "lacks the claim `azp`"),
    ("no audience", {"without": ["aud"]}, "lacks the claim `aud`"),
    ("wrong issuer", {"claims": {"iss": "https://id.example"}}, "another issuer"),
    ("issuer with a slash more", {"claims": {"iss": "ISSUER/"}}, "another issuer"),
    ("no issuer", {"without": ["iss"]}, "lacks the claim `iss`"),
    ("no subject", {"without": ["sub"]}, "lacks the claim `sub`"),
    ("subject that is no text", {"claims": {"sub": 7}}, "a claim `sub` that cannot be used"),
    ("expired", {"claims": {"exp": NOW - 61}}, "has expired"),
    ("no end", {"without": ["exp"]}, "lacks the claim `exp`"),
    ("end that is no number", {"claims": {"exp": "never"}}, "a claim `exp` that cannot be used"),
    ("issued in the future", {"claims": {"iat": NOW + 120}}, "not valid yet"),
    ("not yet valid", {"claims": {"nbf": NOW + 120}}, "not valid yet"),
    ("unsigned", {"key": "none"}, "signed in a way that is not taken"),
    ("unsigned, in capitals", {"key": "none", "header": {"alg": "NONE"}}, "signed in a way that is not taken"),
    ("public key as a secret", {"key": "public as secret"}, "signed in a way that is not taken"),
    ("unknown key", {"key": "stranger"}, "a key that the identity provider does not have"),
    ("key of another name", {"key": "stranger", "header": {"kid": "first"}}, "signature does not hold"),
    (
        "key of another kind",
        {"key": "elliptic", "header": {"kid": "first"}},
        "a key that the identity provider does not have",
    ),
    ("no key's name", {"header": {"kid": ""}}, "does not name the key"),
    ("of another access token", {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, "another access token"),
)


def told(world: World, odd: dict[str, object]) -> dict[str, object]:
    """What to tell the provider: moments are meant from now on."""
    claims = dict(odd.get("claims", {}))  # type: ignore[call-overload]
    for name in TIMES:
        if isinstance(claims.get(name), int):
            claims[name] += int(world.clock().timestamp())
    if "iss" in claims:
        claims["iss"] = claims["iss"].replace("ISSUER", world.provider.issuer)
    return {**odd, "claims": claims}


@pytest.mark.parametrize(("odd", "what"), [case[1:] for case in ODD], ids=[case[0] for case in ODD])
def test_an_odd_proof_signs_nobody_in(world: World, odd: dict[str, object], what: str) -> None:
    world.provider.be_odd(token=told(world, odd))
    kim = world.browser()
    assert_refused(world, kim, kim.sign_in("1001"), what)


@pytest.mark.parametrize(
    "odd",
    [
        {"claims": {"exp": NOW - 30}},
        {"claims": {"iat": NOW + 30, "nbf": NOW + 30}},
        {"claims": {"aud": ["veil"]}},
        {"claims": {"aud": ["veil", "another"], "azp": "veil"}},
        {"key": "elliptic"},
        {"header": {"typ": "JWT", "x5t": "an unknown word", "jku": "https://evil.example/keys"}},
    ],
    ids=["expired within the skew", "issued within the skew", "list of one", "for several", "elliptic", "more headers"],
)
def test_a_proof_that_is_odd_but_sound_signs_in(world: World, odd: dict[str, object]) -> None:
    world.provider.be_odd(token=told(world, odd))
    kim = world.browser()
    kim.sign_in("1001")
    assert kim.is_signed_in()


def test_a_new_key_is_fetched_when_it_is_met_and_an_unknown_one_not_again_and_again(world: World) -> None:
    kim = world.browser()
    kim.sign_in("1001")
    asked = world.provider.asked("/jwks")
    world.provider.publish("second")
    world.provider.be_odd(token={"key": "second"})
    eve = world.browser()
    assert "a key that the identity provider does not have" in eve.sign_in("1001").text  # it was asked a moment ago
    assert world.provider.asked("/jwks") == asked


def test_somebody_else_told_of_by_the_provider_is_refused(world: World) -> None:
    world.provider.be_odd(userinfo={"sub": "1002", "groups": ["admin"]})
    kim = world.browser()
    assert_refused(world, kim, kim.sign_in("1001"), "speaks of somebody else")


def test_what_the_proof_says_counts_before_what_is_told_later(world: World) -> None:
    world.provider.be_odd(token={"claims": {"groups": ["clerks"]}}, userinfo={"groups": ["bosses"]})
    kim = world.browser()
    kim.sign_in("1001")
    assert kim.open("/api/v1/whoami").json()["groups"] == ["clerks", "oidc:kim.berg"]


def test_an_address_of_the_proof_is_not_verified_by_what_is_told_of_another(tmp_path: Path, provider: Provider) -> None:
    own = {"email": "own@x.test", "email_verified": True, "groups": ["clerks"]}
    provider.know("1001", preferred_username="kim.berg", **own)
    with served(tmp_path, provider, auth(provider, user_claim="email")) as world:
        provider.be_odd(
            token={"claims": {"email": "max@x.test"}, "without": ["groups", "email_verified"]}, userinfo=own
        )
        kim = world.browser()
        assert_refused(world, kim, kim.sign_in("1001"), "claim `email` of your identity provider was not verified")
        provider.be_odd(token={"without": ["groups", "email", "email_verified"]}, userinfo=own)
        again = world.browser()
        again.sign_in("1001")
        assert again.open("/api/v1/whoami").json()["user"] == "oidc:own@x.test"


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        ({"groups": None}, "claim `groups` of your identity provider is missing"),
        ({"groups": "clerks"}, "is no list"),
        ({"groups": ["admin"]}, "names `admin`"),
        ({"groups": ["kim"]}, "called like a local account"),
        ({"preferred_username": None}, "claim `preferred_username` of your identity provider is missing"),
        ({"preferred_username": "kіm.berg"}, "is no name that people can be called by"),
        ({"land": {"code": "NO"}}, "claim `land`"),
    ],
    ids=str,
)
def test_claims_that_cannot_be_used_sign_nobody_in(world: World, claims: dict[str, object], what: str) -> None:
    good: dict[str, object] = {"preferred_username": "kim.berg", "groups": ["clerks"], "land": "NO"}
    told = {name: value for name, value in {**good, **claims}.items() if value is not None}
    world.provider.know("1001", **told)
    kim = world.browser()
    assert_refused(world, kim, kim.sign_in("1001"), what)


def test_a_name_stays_with_who_came_with_it_first(world: World) -> None:
    world.browser().sign_in("1001")
    world.provider.know("1002", preferred_username="KIM.BERG", groups=["clerks"])
    eve = world.browser()
    page = eve.sign_in("1002")
    assert (page.status_code, "is held by somebody else" in words(page)) == (401, True)
    assert not eve.is_signed_in()
    assert world.parts.provided_names.release("oidc:kim.berg")
    again = world.browser()
    again.sign_in("1002")
    assert again.is_signed_in()


def test_somebody_from_the_provider_is_never_the_local_account_of_the_same_name(world: World) -> None:
    world.provider.know("1001", preferred_username="max", groups=[], land="NO")
    kim = world.browser()
    kim.sign_in("1001")
    who = kim.open("/api/v1/whoami").json()
    assert (who["user"], who["groups"], who["roles"], who["capabilities"]) == ("oidc:max", ["oidc:max"], [], [])
    assert "orders" not in kim.open("/data").text
    assert [event.user for event in world.told(EventKind.LOGIN_OK)] == ["oidc:max"]


@pytest.mark.parametrize("name", ["clerks", "admin", "auditor"])
def test_a_persons_name_is_no_group(world: World, name: str) -> None:
    world.provider.know("1001", preferred_username=name, groups=[], land="NO")
    kim = world.browser()
    kim.sign_in("1001")
    who = kim.open("/api/v1/whoami").json()
    assert (who["groups"], who["roles"], who["capabilities"]) == ([f"oidc:{name}"], [], [])


def test_no_local_account_is_called_as_people_of_the_provider_are(world: World) -> None:
    world.browser().sign_in("1001")
    for name in ("oidc:kim.berg", "OIDC:new"):
        with pytest.raises(Exception, match="cannot name a local account"):
            world.parts.accounts.put_user(User(name=name))
