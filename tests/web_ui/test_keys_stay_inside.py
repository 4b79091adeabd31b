"""No key leaves the key file: everything that a server writes, shows or keeps is searched for its bytes."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
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


GIVEN = base64.b64encode(bytes(range(200, 232))).decode()


@pytest.fixture(params=[{}, {"VEIL_MASTER_KEY": GIVEN}], ids=["in the key file", "in the environment"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the master key comes from."""
    return dict(request.param)


@pytest.fixture
def shop(tmp_path: Path, environment: dict[str, str]) -> Terminal:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("id,email,card,land,total,note,born,who\n" + ROW)
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    terminal = Terminal(tmp_path, VEIL_HOME=str(tmp_path / "home"), **environment)
    terminal.run("init")
    terminal.run("apply", "shop.yaml")
    return terminal


def test_no_key_is_in_anything_that_is_written_shown_or_kept(shop: Terminal, environment: dict[str, str]) -> None:
    secrets = {*keys(Home.open(shop.home), environment)}
    if not environment:
        shop.run("keys", "rotate")
        secrets.update(keys(Home.open(shop.home), environment))
    written = [*(text.encode() for text in said(shop))]
    tokens = {user: shop.run("token", "create", user).out.strip() for user in ("kim", "max")}
    with running(shop.home, **environment) as server:
        written += answered(server, tokens)
        written += beside(server, tokens["kim"], environment)
    kept = [file for file in shop.folder.rglob("*") if file.is_file() and file.name not in ("key.json", "cookie.key")]
    assert {"catalog.sqlite", "server.log"} <= {file.name for file in kept}
    written += [file.read_bytes() for file in kept]
    assert b"masked for you by tokenize" in b"".join(written)
    assert found(secrets, b"\0".join(written)) == []


@pytest.mark.parametrize("before", range(15))
@pytest.mark.parametrize("secret", [bytes(range(100, 132)), bytes(range(5, 245, 3))])
def test_a_key_that_were_written_would_be_found(secret: bytes, before: int) -> None:
    """Without this the search above could not fail."""
    around = b"k" * before + secret + b"after"
    for text in (
        around,
        around.hex().encode(),
        around.hex(" ").upper().encode(),
        repr(around).encode(),
        json.dumps(list(around)).encode(),
        str(duckdb.execute("SELECT CAST($key AS VARCHAR)", {"key": around}).fetchall()[0][0]).encode(),
        base64.b64encode(around),
        base64.urlsafe_b64encode(around),
        base64.b32encode(around),
        base64.b32hexencode(around),
    ):
        assert found({secret}, text) == [secret], text
    assert found({secret}, base64.b64encode(secret[1:])) == []


def keys(home: Home, environment: dict[str, str]) -> Iterator[bytes]:
    """The master key and all that is derived from it for the policies here."""
    master = home.master_key(environment)
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


def found(secrets: set[bytes], written: bytes) -> list[bytes]:
    """Those secrets of which some form stands in what was written, whatever stands before and after it."""
    searched = written.lower()
    return [secret for secret in secrets if any(form.lower() in searched for form in forms(secret))]


def forms(secret: bytes) -> Iterator[bytes]:
    """How bytes come to stand in texts, in part or whole."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex(" ").encode()
    yield json.dumps(list(secret))[1:-1].encode()
    for quote in ("'", '"'):
        yield repr(secret + quote.encode())[2:-1].removesuffix(quote).removesuffix("\\").encode()
    yield "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"\\'\"" else f"\\x{byte:02x}" for byte in secret
    ).encode()
    for before in range(3):
        yield from (_whole(encode, secret, before, 6) for encode in (base64.b64encode, base64.urlsafe_b64encode))
    for before in range(5):
        yield from (_whole(encode, secret, before, 5) for encode in (base64.b32encode, base64.b32hexencode))


def _whole(encode: Callable[[bytes], bytes], secret: bytes, before: int, bits: int) -> bytes:
    """The characters of an encoding that hang on the secret alone when some bytes stand before it."""
    first, end = -(-before * 8 // bits), (before + len(secret)) * 8 // bits
    return encode(b"\0" * before + secret)[first:end]


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


def beside(server: Server, token: str, environment: dict[str, str]) -> Iterator[bytes]:
    """What others on the machine may see of the server's processes while they answer: command lines, environments.

    The operator's own variable stands in the environment of the server's own processes, and in no others'.
    """
    with server.ask(token, "select who, i from shop.orders, range(3000000) as r(i)") as answer:
        assert answer.status == 200
        own = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
        others = 0
        for pid in (server.process.pid, *_descendants(server.process.pid)):
            command, variables = Path(f"/proc/{pid}/cmdline").read_bytes(), _variables(pid)
            if command == own:
                assert ("VEIL_MASTER_KEY" in str(variables)) == bool(environment)
                variables = [each for each in variables if not each.startswith(b"VEIL_MASTER_KEY=")]
            others += command != own
            yield b"\0".join((command, *variables))
        assert others >= 2, "the workers and what they are forked from"


def _variables(pid: int) -> list[bytes]:
    """The environment with which a process began; that of one behind its walls only root can read."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except PermissionError:
        return []


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from _descendants(child)


def asked(server: Server, method: str, path: str, token: str, body: str | None = None) -> bytes:
    with server.connection() as connection:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return str(answer.headers).encode() + answer.read()
