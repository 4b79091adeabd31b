"""Signing in through a real provider over real HTTP: the way there and back, and out again."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.journal.event import EventKind
from tests.web_ui.identity.provider import Provider
from tests.web_ui.identity.world import World, assert_refused, auth, served, tells_a_proof, words

HOUR = timedelta(hours=1)


def test_somebody_signs_in_and_sees_what_the_claims_allow(world: World) -> None:
    kim = world.browser()
    page = kim.sign_in("1001", "/data/shop/orders")
    assert (page.status_code, page.url) == (200, f"{world.url}/data/shop/orders")
    assert "oidc:kim.berg" in page.text
    assert "tokenize" in page.text
    who = kim.open("/api/v1/whoami").json()
    assert (who["user"], who["groups"]) == ("oidc:kim.berg", ["clerks", "oidc:kim.berg"])
    assert (who["attributes"], who["roles"], who["capabilities"]) == ({"land": "NO"}, ["clerk"], [])
    [event] = world.told(EventKind.LOGIN_OK)
    assert (event.user, event.groups) == ("oidc:kim.berg", ("clerks", "oidc:kim.berg"))
    assert event.details == {"by": "provider", "provider": world.provider.issuer, "subject": "1001"}


def test_what_is_asked_of_the_provider_is_bound_to_this_one_sign_in(world: World) -> None:
    kim = world.browser()
    asked = []
    for _ in range(2):
        sent = kim.open("/sign-in/provider", follow=False)
        assert sent.headers["Cache-Control"] == "no-store"
        assert sent.headers["Location"].startswith(f"{world.provider.issuer}/auth?")
        asked.append({name: values[0] for name, values in parse_qs(urlsplit(sent.headers["Location"]).query).items()})
    first, second = asked
    assert (first["response_type"], first["code_challenge_method"], first["client_id"]) == ("code", "S256", "veil")
    assert first["redirect_uri"] == f"{world.url}/sign-in/callback"
    assert all(first[name] != second[name] and len(first[name]) >= 32 for name in ("state", "nonce", "code_challenge"))


def test_signing_out_ends_both_sessions(world: World) -> None:
    kim = world.browser()
    page = kim.sign_in("1001")
    cookies = kim.session.cookies.copy()
    left = kim.submit(page)
    assert "You are signed out" in left.text
    assert left.headers["Refresh"] == "0; url=/sign-out/provider"
    question = kim.open("/sign-out/provider")
    assert question.url.startswith(f"{world.provider.issuer}/session/end?")
    back = kim.submit(question, logout="yes")
    assert back.url.partition("?")[0] == f"{world.url}/sign-in"
    assert 'name="login"' in kim.begin().text
    copied = world.browser()
    copied.session.cookies.update(cookies)
    assert not copied.is_signed_in()


def test_the_proof_of_a_sign_in_is_in_no_page_and_leads_out_once(world: World) -> None:
    kim = world.browser()
    left = kim.submit(kim.sign_in("1001"))
    assert not tells_a_proof(left.text)
    assert tells_a_proof(kim.open("/sign-out/provider", follow=False).headers["Location"])
    assert kim.open("/sign-out/provider", follow=False).headers["Location"] == "/sign-in"


def test_local_accounts_sign_in_and_out_beside_it(world: World) -> None:
    local = world.browser()
    page = local.open("/sign-in")
    assert "Sign in with Example SSO" in page.text
    data = local.submit(page, name="kim", password="a long enough password")
    assert "Signed in as <strong>kim</strong>" in data.text
    assert local.submit(data).url == f"{world.url}/sign-in"


@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_the_way_back_never_leads_to_another_site(world: World, onward: str) -> None:
    kim = world.browser()
    sent = kim.session.get(f"{world.url}/sign-in/provider", params={"next": onward}, timeout=30)
    page = kim.submit(kim.submit(sent, login="1001", password="any"))
    assert page.url == f"{world.url}/home"


def test_a_revoked_session_is_over_at_once(world: World) -> None:
    kim = world.browser()
    kim.sign_in("1001")
    assert kim.is_signed_in()
    [session] = world.parts.web_sessions.living(world.clock(), idle=HOUR, user="oidc:kim.berg")
    world.parts.web_sessions.end(session.id, world.clock())
    assert not kim.is_signed_in()


def test_a_session_ends_with_time(world: World) -> None:
    kim = world.browser()
    kim.sign_in("1001")
    world.clock.ahead += timedelta(hours=3)
    assert not kim.is_signed_in()


def test_a_session_is_another_one_after_the_sign_in(world: World) -> None:
    kim = world.browser()
    kim.open("/sign-in")
    thief = world.browser()
    thief.session.cookies.update(kim.session.cookies)
    kim.sign_in("1001")
    assert kim.is_signed_in()
    assert not thief.is_signed_in()


def test_a_session_of_another_provider_is_over(tmp_path: Path, provider: Provider) -> None:
    settings = auth(provider)
    with served(tmp_path, provider, settings) as world:
        kim = world.browser()
        kim.sign_in("1001")
        [session] = world.parts.web_sessions.living(world.clock(), idle=HOUR)
        assert session.provider == provider.issuer
        with world.parts.catalog.transaction() as tx:
            tx.execute("UPDATE web_session SET provider = 'https://id.example'")
        assert not kim.is_signed_in()


def test_a_public_client_needs_no_secret(tmp_path: Path, provider: Provider) -> None:
    with served(tmp_path, provider, auth(provider, client_id="public", client_secret_env="")) as world:
        kim = world.browser()
        kim.sign_in("1001")
        assert kim.is_signed_in()


def test_claims_that_the_provider_only_tells_when_asked_again_are_asked_for(world: World) -> None:
    before = world.provider.asked("/me")
    world.browser().sign_in("1001")
    assert world.provider.asked("/me") == before + 1


def test_an_answer_that_is_no_answer_begins_no_session(world: World) -> None:
    stranger = world.browser()
    for address in ("/sign-in/callback", "/sign-in/callback?code=x&state=y", "/sign-out/provider"):
        answer = stranger.open(address, follow=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")
    assert world.told(EventKind.LOGIN_FAIL) == ()


@pytest.mark.parametrize(
    "change", [("state=", "state=x"), ("state=", "nothing="), ("iss=", "iss=https://evil.example/")]
)
def test_an_answer_that_was_changed_on_the_way_is_refused(world: World, change: tuple[str, str]) -> None:
    kim = world.browser()
    address = kim.returned("1001")
    assert change[0] in address
    what = "not the answer to a sign-in" if change[0] == "state=" else "another identity provider"
    assert_refused(world, kim, kim.open(address.replace(*change)), what)


def test_an_answer_without_the_providers_name_is_refused_of_a_provider_that_tells_it(world: World) -> None:
    kim = world.browser()
    assert_refused(world, kim, kim.open(kim.returned("1001").replace("iss=", "was=")), "another identity provider")


def test_an_answer_meant_for_somebody_elses_browser_is_refused(world: World) -> None:
    world.provider.know("666", preferred_username="eve", groups=[])
    kim, eve = world.browser(), world.browser()
    kim.begin()
    assert_refused(world, kim, kim.open(eve.returned("666")), "not the answer to a sign-in")


def test_a_code_counts_once_even_with_a_copy_of_the_cookie(world: World) -> None:
    kim, thief = world.browser(), world.browser()
    address = kim.returned("1001")
    thief.session.cookies.update(kim.session.cookies)
    refused_code = address.replace("code=", "code=x")
    assert kim.open(address).status_code == 200
    assert kim.open(address, follow=False).headers["Location"] == "/sign-in"
    answer = thief.open(address)
    assert answer.status_code == 401
    assert "This sign-in was answered before" in answer.text
    assert not thief.is_signed_in()
    assert thief.open(refused_code, follow=False).headers["Location"] == "/sign-in"


def test_an_attempt_of_which_nothing_came_is_not_kept(world: World) -> None:
    """Anybody can make any number of them, and the room for those that were answered is one for all."""
    kim, thief = world.browser(), world.browser()
    address = kim.returned("1001")
    thief.session.cookies.update(kim.session.cookies)
    assert_refused(world, thief, thief.open(address.replace("code=", "code=x")), "does not stand by this sign-in")
    assert kim.open(address).status_code == 200
    assert kim.is_signed_in()


def test_a_made_up_code_is_refused(world: World) -> None:
    kim = world.browser()
    assert_refused(
        world, kim, kim.open(kim.returned("1001").replace("code=", "code=x")), "does not stand by this sign-in"
    )


def test_a_code_of_another_browsers_sign_in_is_refused(world: World) -> None:
    world.provider.know("666", preferred_username="eve", groups=["clerks"])
    kim, eve = world.browser(), world.browser()
    mine, hers = (parse_qs(urlsplit(each.returned(who)).query) for each, who in ((kim, "1001"), (eve, "666")))
    answer = {"code": hers["code"], "state": mine["state"], "iss": mine["iss"]}
    came = kim.session.get(f"{world.url}/sign-in/callback", params=answer, timeout=30)
    assert_refused(world, kim, came, "does not stand by this sign-in")


def test_a_sign_in_that_takes_too_long_is_refused(world: World) -> None:
    kim = world.browser()
    address = kim.returned("1001")
    world.clock.ahead += timedelta(minutes=11)
    assert_refused(world, kim, kim.open(address), "took too long")


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>"])
def test_a_provider_that_refuses_is_told_of_without_its_words(world: World, error: str) -> None:
    kim = world.browser()
    state = parse_qs(urlsplit(kim.returned("1001")).query)["state"]
    answer = {"state": state, "iss": world.provider.issuer, "error": error, "error_description": "say <b>this</b>"}
    came = kim.session.get(f"{world.url}/sign-in/callback", params=answer, timeout=30)
    assert_refused(world, kim, came, "Example SSO did not sign you in")
    assert "<b>" not in came.text
    assert "<script>alert" not in came.text


def test_a_wrong_secret_of_the_client_is_refused(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIL_TEST_SECRET", "a wrong secret")
    with served(tmp_path, provider, auth(provider)) as world:
        kim = world.browser()
        answer = kim.sign_in("1001")
        assert_refused(world, kim, answer, "does not stand by this sign-in")
        assert "a wrong secret" not in answer.text


def test_failures_at_the_provider_are_told_up_to_some_and_keep_nobody_waiting(world: World) -> None:
    stranger = world.browser()
    stranger.open("/sign-in/provider", follow=False)
    kept = stranger.session.cookies.copy()
    for _ in range(70):
        stranger.session.cookies.update(kept)
        answer = stranger.open("/sign-in/callback?state=wrong&code=x")
        assert answer.status_code == 401
        assert "not the answer to a sign-in" in words(answer)
    events = world.parts.journal.search(kind=EventKind.LOGIN_FAIL, limit=100)
    assert [event.details.get("pause") for event in events] == ["begins", *[None] * 50]
    assert "oidc:kim.berg" in world.browser().sign_in("1001").text
    world.parts.failed_sign_ins.close()
    [over] = world.parts.journal.search(kind=EventKind.LOGIN_FAIL, limit=1)
    assert (over.details["by"], over.details["pause"], over.details["refused"]) == ("provider", "over", 20)
