"""Access is asked for and decided on from the command line and from Python, in a home and at a server."""

import re
from pathlib import Path

import pytest

import veil
from tests.policy_engine.shop import CSV, SHOP
from tests.serving import Home, serve
from tests.veil.cli.terminal import Terminal

CARD = "shop.orders.card"
STEWARD = "veil: 1\nroles: {steward: {groups: [stewards], capabilities: [policy:write on shop]}}\n"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "orders.csv").write_text(CSV)
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "steward.yaml").write_text(STEWARD + "users: {eve: {groups: [stewards]}}\n")
    terminal = Terminal(tmp_path)
    terminal.run("init")
    terminal.run("apply", "shop.yaml")
    terminal.run("apply", "steward.yaml")
    return terminal


def test_a_home_asks_in_a_users_name_and_decides_as_its_operator(terminal: Terminal) -> None:
    assert "nobody is named to ask as" in terminal.run("request", CARD, "--why", "recall", expect=1).err
    assert "one dataset" in terminal.run("request", CARD, "a.b", "--why", "x", "--as", "kim", expect=1).err
    asked = terminal.run("request", CARD, "--why", "recall", "--as", "kim", "-f", "json").json()
    number = str(asked["id"])
    assert (asked["columns"], asked["state"]) == (["card"], "open")
    told = terminal.run("access", "show", number, "--mask", "hash()").out
    assert "card  hidden -> hash" in told
    plan = re.findall(r"Plan (\w+) against", told)[0]
    assert "was changed since" in terminal.run("access", "approve", number, "--plan", plan, expect=1).err
    done = terminal.run("access", "approve", number, "--plan", plan, "--mask", "hash()", "--words", "hashed").out
    assert f"request {number} is approved until" in done
    [listed] = terminal.run("access", "list", "-f", "json").json()
    assert (listed["state"], listed["words"], listed["decided_by"][:6]) == ("approved", "hashed", "local:")
    rows = terminal.run("query", "select card from shop.orders", "--as", "kim", "-f", "json").json()
    assert re.fullmatch("[0-9a-f]{64}", rows["rows"][0][0])
    assert "no request" in terminal.run("access", "show", "7", expect=1).err


def test_a_server_is_asked_by_whoever_holds_the_token(terminal: Terminal) -> None:
    tokens = {user: terminal.run("token", "create", user).out.strip() for user in ("kim", "eve")}
    with serve(Home(path=terminal.home)) as server:
        kim, eve = (Terminal(terminal.folder, VEIL_URL=server.url, VEIL_TOKEN=tokens[user]) for user in ("kim", "eve"))
        refused = kim.run("query", "select card from shop.orders", expect=1).err
        assert f'ask      veil request {CARD} --why ".."  or  {server.url}/requests/new?d={CARD}' in refused
        with veil.connect(server.url, token=tokens["kim"]) as connection:
            first = connection.request_access("shop.orders", columns=["card"], why="recall", purpose="recall")
            assert [each["id"] for each in connection.access_requests("recall")] == [first["id"]]
        kim.run("request", "shop.orders", "--rows", "--why", "the yearly count", "--until", "2999-01-01", expect=1)
        assert "waits for a decision" in kim.run("request", "shop.orders", "--rows", "--why", "the yearly count").out
        [count] = eve.run("access", "list", "--search", "yearly", "-f", "json").json()
        assert (count["wanted"], count["user"], count["mine"]) == ("rows", "kim", False)
        eve.run("access", "deny", str(count["id"]), "--words", "a sum will do")
        number = str(first["id"])
        plan = eve.run("access", "show", number, "--bound", "-f", "json").json()["proposal"]["plan"]
        eve.run("access", "approve", number, "--plan", plan, "--bound", "--words", "for the recall")
        told = kim.run("access", "list").out
        assert "approved" in told
        assert "a sum will do" in told
        rows = kim.run("query", "select card from shop.orders", "--purpose", "recall", "-f", "json").json()["rows"]
        assert rows == [[4539797705756008]]
        assert kim.run("query", "select card from shop.orders", expect=1).err
        assert "waits" not in eve.run("access", "show", number).out
