"""What the client's tests share: a peer to talk to, a connection to it, and an environment that names no server."""

from collections.abc import Iterator

import pytest

import veil
from tests.veil.peer import Peer, peer


@pytest.fixture(autouse=True)
def no_server_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VEIL_URL", "VEIL_TOKEN", "VEIL_HOME", "VEIL_PROGRESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as running:
        yield running


@pytest.fixture
def connection(server: Peer) -> Iterator[veil.Connection]:
    with veil.connect(server.url, token="veil_secret") as opened:
        yield opened
