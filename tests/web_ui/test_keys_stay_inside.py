"""No key leaves the key file: everything that a server writes, shows or keeps is searched for its bytes."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.home import Home
from policy_engine.transforms.keys import Key, KeyRing
from tests.veil.cli.terminal import Terminal
from tests.web_ui.running import Server, running

CALLS = {
    "email": "tokenize()",
    "card": "fpe()",
    "land": "encrypt()",
    "total": "perturb(5)",
    "note": "hash()",
    "born": "date_shift(by=>id)",
    "who": "lower(tokenize(upper(__COLUMN__), scope=>'user'))",
}
ROW = "1,a@x.test,4539797705756008,NO,10,private,1984-02-29,Ann\n"
DOCUMENT = f"""
veil: 1
sources: {{s: {{connector: files, path: ./data}}}}
databases: {{shop: {{}}}}
tags: {{{", ".join(f"t.{column}: {{}}" for column in CALLS)}}}
datasets:
  shop.orders:
    source: s
    relation: orders.csv
    columns: {{{", ".join(f"{column}: {{tags: [t.{column}]}}" for column in CALLS)}}}
roles: {{clerk: {{groups: [clerks]}}}}
users: {{kim: {{groups: [clerks]}}, max: {{groups: [admin]}}}}
policies:
  - policy: clerks
    grant: select
    to: [clerk]
    scope: shop
    transform: [{", ".join(f'{{tagged: t.{column}, with: "{call}"}}' for column, call in CALLS.items())}]
    where: id > 0
"""
QUESTIONS = (
    "select * from shop.orders",
    "select email, count(*) from shop.orders where card = '1' group by 1",
    "select 1 / (total - total) + cast(email as integer) from shop.orders",
    "select emial from shop.orders",
    "select * from shop.orders where (",
    "select $k_c, current_setting('x') from shop.orders",
    "select sql from duckdb_views()",
)
ROUTES = (
    "/datasets/shop/orders",
    "/policies",
    "/roles",
    "/whoami",
    "/audit/events",
    "/openapi.json",
    "/policies/history",
)


@pytest.fixture
def shop(tmp_path: Path) -> Terminal:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("id,email,card,land,total,note,born,who\n" + ROW)
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    terminal = Terminal(tmp_path)
    terminal.run("init")
    terminal.run("apply", "shop.yaml")
    return terminal


def test_no_key_is_in_anything_that_is_written_shown_or_kept(shop: Terminal) -> None:
    first = keys(Home.open(shop.home))
    shop.run("keys", "rotate")
    secrets = [*first, *keys(Home.open(shop.home))]
    written = "".join(said(shop)).encode()
    tokens = {user: shop.run("token", "create", user).out.strip() for user in ("kim", "max")}
    with running(shop.home) as server:
        written += b"".join(answered(server, tokens))
    kept = [file for file in shop.folder.rglob("*") if file.is_file() and file.name not in ("key.json", "cookie.key")]
    assert {"catalog.sqlite", "server.log"} <= {file.name for file in kept}
    written += b"".join(file.read_bytes() for file in kept)
    assert b"masked for you by tokenize" in written
    searched = written.lower()
    assert [form for secret in secrets for form in forms(secret) if form.lower() in searched] == []


def test_a_key_that_were_written_would_be_found() -> None:
    """Without this the search above could not fail."""
    secret = bytes(range(100, 132))
    text = f"x'{secret.hex().upper()}' {base64.b64encode(secret).decode()} {secret!r}".encode() + secret
    assert all(form.lower() in text.lower() for form in forms(secret))


def keys(home: Home) -> Iterator[bytes]:
    """The master key and all that is derived from it for the policies here."""
    master = home.master_key({})
    yield master.secret
    ring = KeyRing(master.secret, id=master.id)
    for column, call in CALLS.items():
        name = re.findall(r"tokenize|fpe|encrypt|perturb|hash|date_shift", call)[0]
        for namespace in ("", f"t.{column}", f"t.{column}\nuser\nkim"):
            yield from bytes_of(ring.key(name, namespace))


def bytes_of(key: Key) -> Iterator[bytes]:
    yield key.secret
    for derived in (key.blocks(), key.rounds(4), key.cipher()):
        yield from derived.values()


def forms(secret: bytes) -> Iterator[bytes]:
    """How bytes come to stand in texts; of base64 what does not hang on where the bytes begin."""
    yield secret
    yield secret.hex().encode()
    yield repr(secret)[2:-1].encode()
    yield base64.b64encode(secret).rstrip(b"=")[:-1]


def said(shop: Terminal) -> Iterator[str]:
    """What the commands print, errors too."""
    for arguments in (
        *(("explain", sql, "--as", "kim") for sql in QUESTIONS),
        ("query", QUESTIONS[2], "--as", "kim"),
        ("export",),
        ("plan", "shop.yaml"),
        ("doctor",),
        ("keys", "list"),
        ("ddl", "SHOW GRANT ROLE clerk"),
        ("audit", "export"),
    ):
        told = shop.run(*arguments, expect=None)
        yield told.out + told.err


def answered(server: Server, tokens: dict[str, str]) -> Iterator[bytes]:
    """What the server answers, headers too."""
    for user, token in tokens.items():
        for sql in QUESTIONS:
            for path in ("/api/v1/query", "/api/v1/explain"):
                for form in ("json", "arrow") if path.endswith("query") else ("",):
                    body = {"sql": sql, "format": form} if form else {"sql": sql}
                    yield asked(server, "POST", path, token, json.dumps(body))
        for route in ROUTES:
            yield asked(server, "GET", f"/api/v1{route}", token)
        yield asked(server, "POST", "/api/v1/ddl", token, json.dumps({"statement": f"SHOW GRANT ROLE clerk -- {user}"}))


def asked(server: Server, method: str, path: str, token: str, body: str | None = None) -> bytes:
    with server.connection() as connection:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return str(answer.headers).encode() + answer.read()
