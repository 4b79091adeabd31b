"""Tags are gone through and judged on the command line, in a home or at a server."""

from pathlib import Path

import pytest

from tests.serving import Home, serve
from tests.veil.cli.terminal import Terminal

PEOPLE = "id,email,phone\n" + "".join(f"{n},person{n}@example.org,(541) 555-01{n:02}\n" for n in range(30))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "people.csv").write_text(PEOPLE)
    (tmp_path / "s.yaml").write_text(
        "veil: 1\nsources: {s: {connector: files, path: ./data}}\ndatabases: {db: {}}\n"
        "users: {max: {groups: [admin]}}\n"
    )
    terminal = Terminal(tmp_path)
    terminal.run("init")
    terminal.run("apply", "s.yaml")
    terminal.run("crawl", "s", "--into", "db")
    return terminal


def listed(terminal: Terminal, *arguments: str) -> dict[str, int]:
    return {each["column"]: each["id"] for each in terminal.run("tags", "review", *arguments, "-f", "json").json()}


def test_tags_are_listed_confirmed_and_rejected(terminal: Terminal) -> None:
    ids = listed(terminal)
    assert set(ids) == {"email", "phone"}
    assert "example.org" not in terminal.run("tags", "review").out
    [changed] = terminal.run("tags", "confirm", str(ids["email"]), "-f", "json").json()
    assert changed["state"] == "confirmed"
    assert changed["by"].startswith("local:")
    assert terminal.run("tags", "confirm", str(ids["email"])).out == "no tags\n"
    told = terminal.run("tags", "reject", "--dataset", "db.people", "--why", "house numbers").out
    assert "rejected" in told
    assert listed(terminal) == {}
    terminal.run("crawl", "s", "--full")
    assert listed(terminal) == {}
    assert set(listed(terminal, "--state", "confirmed")) == {"email"}
    history = terminal.run("history", "-f", "json").json()
    assert history[0]["why"] == "house numbers"
    assert "no tag assignment 999" in terminal.run("tags", "reject", "999", expect=1).err
    assert "say which tags" in terminal.run("tags", "reject", expect=1).err
    assert "say which tags" in terminal.run("tags", "reject", "1", "--tag", "pii", expect=1).err


def test_a_server_is_asked_within_the_rights_of_the_token(terminal: Terminal) -> None:
    token = terminal.run("token", "create", "max").out.strip()
    with serve(Home(path=terminal.home)) as server:
        remote = Terminal(terminal.folder, VEIL_URL=server.url, VEIL_TOKEN=token)
        ids = listed(remote)
        assert set(ids) == {"email", "phone"}
        [changed] = remote.run("tags", "reject", str(ids["phone"]), "-f", "json").json()
        assert (changed["column"], changed["state"], changed["by"]) == ("phone", "rejected", "max")
        assert "confirmed" in remote.run("tags", "confirm", "--tag", "pii").out
        assert listed(remote) == {}
