"""Behind a proxy that is trusted, each request is from whom that one says; nobody else's word counts."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from werkzeug.test import TestResponse

from catalog.errors import SettingsInvalid
from catalog.journal.event import EventKind
from policy_engine.circumstances import When
from proxy.http.forwarded import HEADER, client_address, read_proxies
from proxy.refusals import RequestInvalid
from tests.web_ui.browsing import csrf_token
from tests.web_ui.running import running
from tests.web_ui.shop import PASSWORD, open_shop
from web_ui.app import create_app
from web_ui.behind_proxies import networks_without_clients
from web_ui.doctor import examine
from web_ui.health import health
from web_ui.parts import Parts
from web_ui.settings import ServerSettings, Settings, load_settings
from web_ui.sources import Sources

PROXY = "127.0.0.1"
INSIDE = When(networks=("10.0.0.0/8", "127.0.0.0/8"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Parts]:
    """The shop whose clerks see something from inside alone."""
    settings = Settings(server=ServerSettings(public_url="https://veil.example", trusted_proxies=(PROXY,)))
    with open_shop(tmp_path, settings) as parts:
        now = parts.policies.current()
        clerks = tuple(replace(each, when=INSIDE) if each.id == "clerks" else each for each in now.policies)
        parts.policies.put(clerks, now.roles, by="max", why="inside alone", difference="")
        yield parts


@pytest.fixture
def app(shop: Parts) -> flask.Flask:
    return create_app(shop)


def come(app: flask.Flask, path: str, said: str | None, peer: str = PROXY, **more: object) -> TestResponse:
    """What a request is answered that reaches the server from a peer."""
    headers = {**dict(more.pop("headers", {})), **({} if said is None else {HEADER: said})}  # type: ignore[call-overload]
    place = {"REMOTE_ADDR": peer}
    return app.test_client().open(path, headers=headers, environ_base=place, **more)  # type: ignore[arg-type]


def sign_in(app: flask.Flask, said: str, name: str, password: str, peer: str = PROXY) -> int:
    client, place = app.test_client(), {"REMOTE_ADDR": peer}
    page = client.get("/sign-in", headers={HEADER: said}, environ_base=place, base_url="https://veil.example")
    form = {"csrf_token": csrf_token(page), "name": name, "password": password}
    sent = {HEADER: said, "Referer": "https://veil.example/sign-in"}
    return client.post(
        "/sign-in", data=form, headers=sent, environ_base=place, base_url="https://veil.example"
    ).status_code


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "10.0.0.8, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "junk, 192.0.2.1 , 172.16.0.9,127.0.0.1", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("127.0.0.1", "2001:DB8:0::1", "2001:db8::1"),
        ("127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "127.0.0.1, 172.16.0.9", "127.0.0.1"),
        ("192.0.2.9", "10.0.0.8", "192.0.2.9"),
        ("192.0.2.9", None, "192.0.2.9"),
        ("192.0.2.9", "junk", "192.0.2.9"),
        ("", "10.0.0.8", ""),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxy(peer: str, said: str | None, client: str) -> None:
    assert client_address(peer, said, read_proxies(["127.0.0.1", "172.16.0.0/24"])) == client


@pytest.mark.parametrize("said", [None, "", " ", "10.0.0.8, junk", "10.0.0.8,", "fe80::1%<b>", "unknown", "10.0.0"])
def test_what_a_trusted_proxy_does_not_say_clearly_is_refused(app: flask.Flask, said: str | None) -> None:
    with pytest.raises(RequestInvalid):
        client_address(PROXY, said, read_proxies([PROXY]))
    for path in ("/sign-in", "/", "/api/v1/whoami"):
        refused = come(app, path, said)
        assert refused.status_code == 400
        assert HEADER in refused.text
        assert "<b>" not in refused.text
    assert come(app, "/healthz", said).status_code == 200
    with come(app, "/static/veil.css", said) as file:
        assert file.status_code == 200


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "0.0.0.0/0", "::/0", ""])
def test_a_proxy_is_an_address_or_a_network_and_not_everybody(text: str, shop: Parts) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read_proxies([text])
    assert "`trusted_proxies` of [server]" in refused.value.detail
    (shop.home.settings_file).write_text(f'[server]\ntrusted_proxies = ["{text}"]\n')
    assert any("trusted_proxies" in each.wrong for each in examine(shop.home))


def test_proxies_are_read_from_the_file_and_the_environment(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "veil.toml", {"VEIL_SERVER__TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/24"})
    assert settings.server.trusted_proxies == ("127.0.0.1", "10.0.0.0/24")


def test_a_network_of_a_policy_is_the_clients_and_not_the_proxys(shop: Parts, app: flask.Flask) -> None:
    token, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    asked = {"headers": {"Authorization": f"Bearer {token}"}, "method": "POST"}
    sql = {"sql": "SELECT count(*) AS n FROM shop.orders"}

    def status(said: str, peer: str = PROXY) -> int:
        return come(app, "/api/v1/query", said, peer, json=sql, **asked).status_code

    assert status("10.0.0.8") == 200
    assert status("192.0.2.1") != 200
    assert status("10.0.0.8, 192.0.2.1") != 200
    assert status("10.0.0.8", peer="192.0.2.1") != 200
    assert status("192.0.2.1", peer="10.0.0.8") == 200


def test_wrong_passwords_from_one_address_keep_nobody_of_another_waiting(shop: Parts, app: flask.Flask) -> None:
    assert [sign_in(app, "203.0.113.6", "kim", "wrong") for _ in range(6)] == [401] * 5 + [429]
    for number in range(50):
        sign_in(app, "203.0.113.6", f"nobody{number}", "wrong")
    assert sign_in(app, "203.0.113.6", "max", PASSWORD) == 429
    assert sign_in(app, "192.0.2.9", "kim", PASSWORD) == 303
    assert sign_in(app, "192.0.2.9, 203.0.113.6", "kim", PASSWORD) == 429
    told = [event.client for event in shop.journal.export() if event.kind is EventKind.LOGIN_OK]
    assert told == ["192.0.2.9"]
    assert [session.client for session in shop.web_sessions.living(shop.clock(), idle=None, user="kim")] == [
        "192.0.2.9"
    ]


def test_without_trusted_proxies_the_header_counts_for_nothing(shop: Parts) -> None:
    alone = create_app(replace(shop, settings=Settings(server=ServerSettings(public_url="https://veil.example"))))
    assert [sign_in(alone, f"192.0.2.{number}", "kim", "wrong") for number in range(6)][-1] == 429
    assert {event.client for event in shop.journal.export() if event.kind is EventKind.LOGIN_FAIL} == {PROXY}


def test_networks_without_a_trusted_proxy_are_warned_of(shop: Parts) -> None:
    policies, server = shop.policies.current(), shop.settings.server
    assert networks_without_clients(server, policies) == ""
    unsaid = replace(server, trusted_proxies=())
    assert "1 policy asks for a `network`" in networks_without_clients(unsaid, policies)
    for same in ("", "http://127.0.0.1:8080", "http://127.0.0.1:8080/"):
        assert networks_without_clients(replace(unsaid, public_url=same), policies) == ""
    for other in ("http://127.0.0.1:9", "http://veil.example:8080", "https://127.0.0.1:8080"):
        assert networks_without_clients(replace(unsaid, public_url=other), policies)
    without = tuple(replace(each, when=None) for each in policies.policies)
    assert networks_without_clients(unsaid, replace(policies, policies=without)) == ""


def test_health_and_the_examination_tell_of_it(shop: Parts) -> None:
    assert health(shop, Sources(parts=shop, by="local:max")).warnings == ()
    settings = Settings(server=ServerSettings(public_url="https://veil.example"))
    [warning] = health(replace(shop, settings=settings), Sources(parts=shop, by="local:max")).warnings
    assert "`trusted_proxies`" in warning
    assert "clerks" not in warning
    shop.home.settings_file.write_text('[server]\npublic_url = "https://veil.example"\n')
    [found] = [each for each in examine(shop.home) if each.what == "networks that policies ask for"]
    assert found.wrong == warning


SENT = {
    ("X-Forwarded-For: 10.0.0.8", "X-Forwarded-For: 192.0.2.1"): "192.0.2.1",
    ("X-Forwarded-For: 192.0.2.1", "X_Forwarded_For: 10.0.0.8"): "192.0.2.1",
    ("X-Forwarded-For: 192.0.2.1", "Forwarded: for=10.0.0.8", "X-Real-IP: 10.0.0.8"): "192.0.2.1",
    ("X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: "): "",
    ("Forwarded: for=10.0.0.8", "X_Forwarded_For: 10.0.0.8"): "",
}


def test_a_real_server_takes_the_last_of_all_that_is_sent(shop: Parts) -> None:
    token, _ = shop.tokens.create("max", "test", timedelta(days=1))
    shop.home.settings_file.write_text(f'[server]\nport = 0\ntrusted_proxies = ["{PROXY}"]\n')
    with running(shop.home.path) as server:
        for sent, client in SENT.items():
            lines = ("GET /api/v1/datasets HTTP/1.1", "Host: a", "Connection: close", f"Authorization: Bearer {token}")
            with socket.create_connection((PROXY, server.port), timeout=20) as connection:
                connection.sendall("\r\n".join((*lines, *sent, "", "")).encode())
                assert connection.recv(12) == (b"HTTP/1.1 200" if client else b"HTTP/1.1 400"), sent
                while connection.recv(4096):
                    pass
            if client:
                [event] = shop.journal.search(kind=EventKind.METADATA_READ, limit=1)
                assert event.client == client, sent
