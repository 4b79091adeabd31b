"""Every command explains itself with an example, and a wrong call is told in one voice."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.veil.cli.terminal import Terminal
from veil.cli.main import VERBS, run, veil


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, (*path, name))


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for path, _ in _commands(veil, ()):
        assert run([*path, "--help"]) == 0
        printed = capsys.readouterr().out
        assert "Example:" in printed, path
        assert f"veil {' '.join(path)}".strip() in printed, path


def test_every_verb_of_the_contract_is_there() -> None:
    wanted = """
        init demo serve doctor plan apply export lint test history diff rollback ddl source crawl tags rules
        token session keys detokenize query explain can who report request access audit
    """
    assert list(VERBS) == wanted.split()


def test_the_list_of_verbs_says_what_each_says_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    context = click.Context(veil)
    for name, verb in VERBS.items():
        command = veil.get_command(context, name)
        assert command is not None
        assert command.help is not None
        assert " ".join(command.help.split()).startswith(verb.words)
    assert run(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"{verb.words}." in printed for verb in VERBS.values())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bogus"], "no such command 'bogus'"),
        (["token", "create"], "missing argument 'USER'"),
        (["audit", "search", "--limit", "many"], "--limit"),
        (["query", "select 1", "-f", "xml"], "xml"),
    ],
)
def test_a_wrong_command_line_exits_with_1(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: ")
    assert told in complaint
    assert "  try      veil" in complaint


@pytest.mark.parametrize(
    ("arguments", "told", "hint"),
    [
        (["doctor"], "is no home of Veil", "veil init"),
        (["plan", "x.yaml"], "neither a home nor a server", "VEIL_HOME"),
        (["query", "select 1"], "neither a home nor a server", "VEIL_URL"),
    ],
)
def test_without_a_home_or_a_server_the_command_says_what_to_do(
    arguments: list[str], told: str, hint: str, tmp_path: Path
) -> None:
    complaint = Terminal(tmp_path, NOTHING="1").run(*arguments, expect=1).err
    assert complaint.startswith("error: ")
    assert told in complaint
    assert hint in complaint


@pytest.mark.parametrize(
    ("arguments", "told", "hint"),
    [
        (["query", "select 1"], "nobody is named", "--as"),
        (["query", "select 1", "--as", "kim"], "no user `kim`", "users"),
        (["token", "create", "kim"], "no user `kim`", "users"),
        (["token", "revoke", "x"], "no living token", "veil token list"),
        (["session", "revoke"], "name one sign-in or a user", "--user USER"),
        (["session", "revoke", "x"], "no living sign-in of `x`", "veil session list"),
        (["audit", "show", "999"], "no event 999", "veil audit search"),
        (["audit", "search", "--kind", "query:beginn"], "no kind of event", "query:begin"),
        (["audit", "search", "--from", "yesterday"], "no day or time", "2026-03-01"),
        (["can", "kim"], "no user `kim`", "users"),
        (["who", "shop.orders"], "no dataset `shop.orders`", "database.dataset"),
        (["apply", "nowhere.yaml"], "nowhere.yaml", "try"),
        (["query", "select 1", "--url", "http://127.0.0.1:1"], "cannot be reached", "veil serve"),
        (["query", "select 1", "--as", "kim", "--url", "http://127.0.0.1:1"], "in a home only", "VEIL_TOKEN"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_call_that_cannot_work_says_what_and_what_to_try(
    arguments: list[str], told: str, hint: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    terminal = Terminal(tmp_path_factory.getbasetemp() / "wrong-calls")
    if not terminal.home.exists():
        terminal.folder.mkdir()
        terminal.run("init")
    complaint = terminal.run(*arguments, expect=1).err
    assert complaint.startswith("error: ")
    assert told in complaint
    assert hint in complaint
