"""A provider that is away, slow to mend or not what it should be: told of clearly, and nobody is let in meanwhile."""

import contextlib
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from tests.serving import free_port
from tests.web_ui.identity.provider import Provider
from tests.web_ui.identity.world import World, auth, served, words
from web_ui.identity.fetching import ProviderUnavailable, fetch


def assert_told(answer: requests.Response, what: str) -> None:
    """Assert that a page says what is wrong with the provider, and nothing that it said."""
    assert answer.status_code == 502
    assert what.replace("`", "") in words(answer)
    assert "Sign in with Example SSO" in answer.text
    for secret in ("/etc/secret/place", "Traceback", "HTTPConnection", "requests", "the secret of veil"):
        assert secret not in answer.text


def test_a_provider_that_is_down_is_told_of_and_local_accounts_go_on(world: World) -> None:
    world.provider.be_down(True)
    somebody = world.browser()
    assert_told(somebody.open("/sign-in/provider"), "The identity provider answers with 503")
    page = somebody.submit(somebody.open("/sign-in"), name="kim", password="a long enough password")
    assert "Signed in as" in page.text


def test_a_provider_that_goes_down_meanwhile_signs_nobody_in(world: World) -> None:
    kim = world.browser()
    address = kim.returned("1001")
    world.provider.be_down(True)
    answer = kim.open(address)
    assert answer.status_code == 502
    assert not kim.is_signed_in()


def test_who_is_signed_in_stays_so_and_signs_out_without_the_provider(world: World) -> None:
    kim = world.browser()
    page = kim.sign_in("1001")
    world.provider.be_down(True)
    assert kim.is_signed_in()
    assert "You are signed out" in kim.submit(page).text
    assert not kim.is_signed_in()


def test_a_provider_that_nobody_answers_for_is_told_of(tmp_path: Path, provider: Provider) -> None:
    gone = auth(provider, issuer=f"http://127.0.0.1:{free_port()}")
    with served(tmp_path, provider, gone) as world:
        assert_told(world.browser().open("/sign-in/provider"), "cannot be reached")


@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        ({"issuer": "https://id.example"}, "names another issuer"),
        ({"code_challenge_methods_supported": ["plain"]}, "does not know PKCE"),
        ({"token_endpoint": None}, "has no `token_endpoint`"),
        ({"jwks_uri": "http://id.example/keys"}, "has no `jwks_uri` that can be trusted"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "has no `authorization_endpoint`"),
        ({"authorization_endpoint": "https://kim@id.example/auth"}, "has no `authorization_endpoint`"),
        ({"padding": "x" * 1_100_000}, "cannot be reached"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_metadata_that_cannot_be_trusted_lead_nowhere(world: World, metadata: dict[str, object], what: str) -> None:
    world.provider.be_odd(metadata=metadata)
    assert_told(world.browser().open("/sign-in/provider"), what)


def test_a_provider_without_a_way_out_is_left_out_on_the_way_out(world: World) -> None:
    world.provider.be_odd(metadata={"end_session_endpoint": None})
    kim = world.browser()
    page = kim.sign_in("1001")
    kim.submit(page)
    assert kim.open("/sign-out/provider").url == f"{world.url}/sign-in"


def test_the_way_out_at_the_provider_stays_open_for_some_minutes_only(world: World) -> None:
    kim = world.browser()
    kim.submit(kim.sign_in("1001"))
    world.clock.ahead += timedelta(minutes=11)
    assert kim.open("/sign-out/provider", follow=False).headers["Location"] == "/sign-in"


@pytest.mark.parametrize("begun", [b"X-Long: ", b"Content-Length: 900000\r\n\r\n", b"Connection: close\r\n\r\n"])
def test_an_answer_that_comes_byte_by_byte_is_left_in_time(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever needs the provider's keys meanwhile would wait as well."""
    monkeypatch.setattr("web_ui.identity.fetching.WHOLE_SECONDS", 0.5)
    is_patient = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + begun)
            for _ in range(300):
                time.sleep(0.1)
                connection.sendall(b" ")
            is_patient.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        with pytest.raises(ProviderUnavailable, match=r"cannot be (reached|read)"):
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join(60)
    assert not is_patient.is_set()
