"""`veil ddl` in a home and at a server: changes with what they do to people, and answers in every form."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal
from tests.veil.cli.test_commands import DATA, DOCUMENT
from tests.web_ui.running import running

CARDS = "GRANT SELECT ON TABLE shop.orders HAVING ATTRIBUTE fin.card TRANSFORM fin.card WITH mask(keep_last=>4)"
GRANT = f"{CARDS} TO ROLE clerk"


@pytest.fixture
def shop(tmp_path: Path) -> Terminal:
    """A home with one governed dataset."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text(DATA)
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    terminal = Terminal(tmp_path)
    terminal.run("init")
    terminal.run("apply", "shop.yaml")
    return terminal


def test_a_statement_is_carried_out_and_shown_back(shop: Terminal) -> None:
    printed = shop.run("ddl", f"{GRANT};").out
    assert "+ policy grant-shop.orders-clerk-" in printed
    assert ["clerk", "GAINS", "shop.orders.card", "hidden", "->", "mask"] in [
        line.split()[1:7] for line in printed.splitlines()
    ]
    assert "revision 3 is in force" in printed
    assert "fin.card WITH mask(keep_last=>4)" in shop.run("ddl", "SHOW GRANT ROLE clerk").out
    assert shop.run("ddl", "SHOW ROLES", "-f", "json").json()[0]["role"] == "administrators"
    [row] = csv.DictReader(io.StringIO(shop.run("ddl", "SHOW TABLES IN shop", "-f", "csv").out))
    assert row["table"] == "orders"
    [change] = csv.DictReader(io.StringIO(shop.run("ddl", "CREATE ROLE temp", "-f", "csv").out))
    assert (change["sign"], change["kind"], change["name"]) == ("+", "role", "temp")


def test_a_wrong_statement_exits_with_1_and_shows_the_place(shop: Terminal) -> None:
    complaint = shop.run("ddl", "GRANT SELECT ON DATABASE shop TO ROLE clark", expect=1).err
    assert "error: Role 'clark' does not exist" in complaint
    assert "did you mean `clerk`?" in complaint
    assert "1" in shop.run("ddl", "GRANT SELECT TO ROLE clerk", expect=1).err


def test_a_server_carries_it_out_within_the_rights_of_the_token(shop: Terminal) -> None:
    tokens = {user: shop.run("token", "create", user).out.strip() for user in ("kim", "max")}
    with running(shop.home) as server:
        url = f"http://127.0.0.1:{server.port}"
        places = {user: Terminal(shop.folder, VEIL_URL=url, VEIL_TOKEN=token) for user, token in tokens.items()}
        assert "does not have privileges to GRANT" in places["kim"].run("ddl", GRANT, expect=1).err
        assert "GAINS" in places["max"].run("ddl", GRANT).out.upper()
        assert "keep_last" in places["kim"].run("ddl", "SHOW GRANT ROLE clerk").out
        told = json.loads(places["max"].run("ddl", "CREATE ROLE temp", "-f", "json").out)
        assert (told["applied"], told["live"]) == (True, 4)
