"""What a source names as its credential is one, and nothing else of the server comes out by it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import SourceUnavailable
from catalog.home import Home
from catalog.model import Source
from catalog.registry import connect


@pytest.fixture
def heard() -> Iterator[tuple[str, list[str]]]:
    """The address of somebody's server that takes down all it is told."""
    told: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(f"{self.requestline}\n{self.headers}")
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", told
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def _ask(endpoint: str, **named: str) -> str:
    """Why a bucket at an address of one's own cannot be read with a credential that is named so."""
    options = {"path": "s3://bucket/x", "endpoint": endpoint, "secret_key_env": "LAKE_SECRET", **named}
    with pytest.raises(SourceUnavailable) as refused:
        list(connect(Source(name="pond", connector="files", options=options)).relations())
    return refused.value.detail


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_SECRET", "lakesecret")
    monkeypatch.setenv("LAKE_KEY", "LAKEKEY")
    monkeypatch.setenv("CLINIC_URL", "postgresql://ada:hunter2@db/clinic")
    monkeypatch.setenv("VEIL_TOKEN", "veil_abc")


def test_a_credential_is_one_word_and_nothing_else_is_sent(heard: tuple[str, list[str]], tmp_path: Path) -> None:
    endpoint, told = heard
    (tmp_path / "users").write_text("root:x:0:0\nada:x:1:1\n")
    assert "holds something else" in _ask(endpoint, access_key_file=str(tmp_path / "users"))
    assert "holds something else" in _ask(endpoint, access_key_env="CLINIC_URL")
    assert told == []
    assert "holds something else" not in _ask(endpoint, access_key_env="LAKE_KEY")
    assert "LAKEKEY" in "".join(told)


def test_settings_and_the_folder_of_a_server_are_out_of_reach(heard: tuple[str, list[str]], tmp_path: Path) -> None:
    endpoint, told = heard
    home = Home.create(tmp_path / "home")
    Catalog(home.catalog_file).close()
    key = home.path / "one-word"
    key.write_text("abcdef")
    (tmp_path / "link").symlink_to(key)
    for named in ({"access_key_file": str(key)}, {"access_key_file": str(tmp_path / "link")}):
        assert "stands in the folder of a server" in _ask(endpoint, **named)
    assert "are the server's settings" in _ask(endpoint, access_key_env="VEIL_TOKEN")
    for option, value in (("url_file", str(key)), ("url_env", "VEIL_TOKEN")):
        with pytest.raises(SourceUnavailable, match=r"cannot use|in the folder of a server"):
            list(connect(Source(name="pond", connector="postgres", options={option: value})).relations())
    assert told == []
