"""A first look at a source says that it can be read, or in clear words why it cannot; secrets stand in none of them."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from catalog.journal.reach import reach
from catalog.model import Source
from tests.certificates import Authority

SECRET = "sesame-41"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("KEY", "an-account"),
        ("SECRET", SECRET),
        ("CLOSED", f"postgresql://ann:{SECRET}@127.0.0.1:1/clinic"),
        ("NOBODY", f"postgresql://ann:{SECRET}@nowhere.invalid/clinic"),
        ("CLOSED_MARIA", f"mariadb://ann:{SECRET}@127.0.0.1:1/clinic"),
        ("NOBODY_MARIA", f"mariadb://ann:{SECRET}@nowhere.invalid/clinic"),
    ):
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose certificate nobody here trusts."""
    shown = Authority(tmp_path_factory.mktemp("authority"), "unknown").identity("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the client breaks off, as it should
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def bucket(endpoint: str) -> Source:
    options = {"path": "s3://lake/2024", "endpoint": endpoint, "access_key_env": "KEY", "secret_key_env": "SECRET"}
    return Source(name="lake", connector="files", options=options)


def test_a_source_that_can_be_read_names_some_of_what_is_in_it(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.csv").write_text("id\n1\n")
    found = reach(Source(name="lake", connector="files", options={"path": str(tmp_path)}))
    assert (found.is_reached, found.relations, found.is_more) == (True, ("a.csv", "b.csv", "c.csv"), True)
    assert found.told == "it can be read: `a.csv`, `b.csv`, `c.csv` and more"


def test_an_empty_source_is_reached_and_said_to_be_empty(tmp_path: Path) -> None:
    found = reach(Source(name="lake", connector="files", options={"path": str(tmp_path)}))
    assert found.is_reached
    assert "nothing in it could be a dataset" in found.told


@pytest.mark.parametrize(
    ("connector", "options", "words"),
    [
        ("files", {"path": "/no/such/folder"}, "`folder` cannot be found"),
        ("sqlite", {"path": "/no/such/data.db"}, "no database file `data.db`"),
        ("duckdb", {"path": "/no/such/data.db"}, "no database file `data.db`"),
        ("postgres", {"url_env": "CLOSED"}, "nothing listens at its address"),
        ("postgres", {"url_env": "NOBODY"}, "its host is not known"),
        ("postgres", {"url_env": "NOT_SET"}, "the environment variable `NOT_SET` is missing or empty"),
        ("mariadb", {"url_env": "CLOSED_MARIA"}, "nothing listens at its address"),
        ("mariadb", {"url_env": "NOBODY_MARIA"}, "its host is not known"),
        ("spark", {}, "no connector `spark`"),
        ("files", {"pth": "x"}, "lacks the option `path`"),
    ],
)
def test_why_a_source_cannot_be_read(connector: str, options: dict[str, str], words: str) -> None:
    found = reach(Source(name="lake", connector=connector, options=options))
    assert not found.is_reached
    assert words in found.told
    assert SECRET not in found.told
    assert found.problem is not None
    assert found.as_json()["code"] == found.problem.code


def test_why_a_bucket_cannot_be_read(encrypted: str) -> None:
    assert (
        "the bucket `lake` cannot be reached: nothing listens at its address"
        in reach(bucket("http://127.0.0.1:1")).told
    )
    assert "the bucket `lake` cannot be reached: its host is not known" in reach(bucket("http://nowhere.invalid")).told
    assert "the certificate of the server of the bucket `lake` cannot be verified" in reach(bucket(encrypted)).told
