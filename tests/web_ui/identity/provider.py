"""A certified OpenID provider as a process of its own, which tests tell whom it knows and what to get wrong."""

import contextlib
import random
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.node import node_package

SCRIPT = Path(__file__).with_name("provider.mjs")
VERSION = "9.13.3"
SECRET = "the secret of veil"
SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The provider at its address; `veil_url` is where it sends people back to."""

    issuer: str
    veil_url: str

    def know(self, account: str, **claims: object) -> None:
        """Have it know somebody, and what it tells of them."""
        self._control("account", {"id": account, "claims": claims})

    def mint(self, claims: Mapping[str, object], *, key: str = "first", **header: object) -> str:
        """A token of any claims, signed with a key by name: one of its own or not, `none`, or `public as secret`."""
        return str(self._control("mint", {"header": header, "claims": claims, "key": key})["token"])

    def publish(self, *names: str) -> None:
        """Have it list these keys alone; an unknown name makes a new key."""
        self._control("publish", {"names": names})

    def be_odd(self, **what: object) -> None:
        """Have it tell something otherwise than it should, until the next call."""
        self._control("odd", what)

    def be_down(self, is_down: bool) -> None:
        """Have it answer everybody with an error."""
        self._control("down", {"down": is_down})

    def asked(self, path: str) -> int:
        """How often one of its addresses was asked."""
        return int(self._control("asked", {}).get(path, 0))

    def token(self, client: str, secret: str, resource: str) -> str:
        """An access token that it issues to a client for itself."""
        answer = requests.post(
            f"{self.issuer}/token",
            data={"grant_type": "client_credentials", "resource": resource},
            auth=(client, secret.replace(" ", "+")),
            timeout=SECONDS,
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def forget_oddities(self) -> None:
        """Have it be as it was at the start, but for whom it knows."""
        self.be_odd()
        self.be_down(False)
        self.publish("first", "elliptic")

    def _control(self, what: str, told: Mapping[str, object]) -> dict[str, Any]:
        answer = requests.post(f"{self.issuer}/test/{what}", json=told, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        read: dict[str, Any] = answer.json()
        return read


@contextmanager
def running_provider() -> Iterator[Provider]:
    """The provider on a free port; it ends when its input does, also when the tests are killed."""
    installed = node_package("oidc-provider", VERSION)
    port, veil_url = _lasting_port(), f"http://localhost:{_lasting_port()}"
    process = subprocess.Popen(
        [installed.node, SCRIPT, installed.modules, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"REDIRECTS": f"{veil_url}/sign-in/callback", "LEAVE": f"{veil_url}/sign-in"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield Provider(issuer=f"http://127.0.0.1:{port}", veil_url=veil_url)
    finally:
        process.stdin.close()
        process.wait(SECONDS)
        process.stdout.close()


def _lasting_port() -> int:
    """A port that stays free until it is used: systems give none of these to connections that go out."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
