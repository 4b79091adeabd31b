"""Work are printed whatever is in them, within nested data too."""

import re
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal
from veil.cli.failures import from_client
from veil.cli.output import Table, plain, show, show_json
from veil.cli.printing import echo, send
from veil.errors import Error

NESTED = {"at": date(2026, 1, 31), "price": Decimal("1.50"), "tags": ["a", None]}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (NESTED, '{"at": "2026-01-31", "price": "1.50", "tags": ["a", null]}'),
        ([{"at": date(2026, 1, 31)}], '{"at": "2026-01-31"}'),
        ({"seen": [datetime(2026, 1, 31, tzinfo=UTC)]}, '{"seen": ["2026-01-31T00:00:00+00:00"]}'),
    ],
)
def test_nested_data_is_told_as_json_with_dates_as_texts(cell: object, text: str) -> None:
    assert plain(cell) == text


def test_a_record_holds_json_values_only() -> None:
    [record] = Table(columns=("x", "n", "none"), rows=((NESTED, 1, None),)).records()
    assert record == {"x": {"at": "2026-01-31", "price": "1.50", "tags": ["a", None]}, "n": 1, "none": None}


def test_nothing_that_is_printed_does_anything_to_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes a file that becomes a dataset writes what stands on the screens of its readers."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    show(Table(columns=("na\x1b]0;me\x07",), rows=(("va\x1b[2Jlue\x9b1m\r",),)), "table")
    printed = capsys.readouterr().out
    assert "va\\x1b[2Jlue\\x9b1m\\x0d" in printed
    assert "na\\x1b]0;me\\x07" in printed
    assert "column `\\x1b[2J`\n" in from_client(Error("no column `\x1b[2J`\nthat you can see"))


def test_nothing_that_is_printed_turns_the_order_of_letters_round(capsys: pytest.CaptureFixture[str]) -> None:
    """A filter that holds such signs would read otherwise than it is."""
    echo("land = 'NO\u202e' OR 1 = 1 OR land = '\u202c'")
    assert capsys.readouterr().out == "land = 'NO\\u202e' OR 1 = 1 OR land = '\\u202c'\n"
    for sign in "\u2028\u2029\u202a\u202b\u202d\u2066\u2067\u2068\u2069":
        echo(f"a{sign}b")
        assert sign not in capsys.readouterr().out
    echo("\u05d0\u200f \u0628\u200c")
    assert capsys.readouterr().out == "\u05d0\u200f \u0628\u200c\n"


def test_no_name_of_a_column_is_read_as_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    named = ("[link=https://x.example]a[/link]", "[blink]b", "[/c]")
    show(Table(columns=named, rows=(("[link=https://x.example]d[/link]", "e", "f"),)), "table")
    printed = capsys.readouterr().out
    for shown in (*named, "[link=https://x.example]d[/link]"):
        assert shown in printed


def test_data_is_exact_for_programs_and_written_out_on_a_terminal(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "a\x1b]0;b\x07\x9b1m\r\nc"
    send(odd)
    send(odd.encode())
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == (odd + odd).encode()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    send(odd)
    send(odd.encode())
    show(Table(columns=(odd,), rows=((odd,),)), "csv")
    show_json({odd: odd})
    echo(odd, err=True)
    printed = capfdbinary.readouterr()
    for sign in ("\x1b", "\x07", "\x9b", "\r"):
        assert sign not in printed.out.decode() + printed.err.decode()
    assert printed.out.decode().startswith("a\\x1b]0;b\\x07\\x9b1m\nc")


def test_all_that_commands_print_goes_out_in_one_place() -> None:
    """Two more show what has been written out already, and one prints an address."""
    allowed = {"printing.py", "output.py: Console().print(shown)", "serving.py: print(server.url)"}
    allowed |= {"crawl.py: shown = Console(stderr=True)", "main.py: traceback.print_exc()"}
    found = set()
    for file in (Path(__file__).parents[3] / "veil" / "cli").glob("*.py"):
        for line in file.read_text().splitlines():
            if re.search(r"click\.s?echo|\bprint\(|print_exc\(|std(out|err)\.(buffer\.)?write|= Console\(", line):
                found.add("printing.py" if file.name == "printing.py" else f"{file.name}: {line.strip()}")
    assert found == allowed


def test_names_of_a_source_are_words_wherever_a_command_tells_them(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mail.csv").write_text("id,mail\x1b]0;owned\x07\n1,a\x1b[2Jb\n")
    (tmp_path / "all.yaml").write_text(
        f"""veil: 1
sources: {{lake: {{connector: files, path: {tmp_path}/data}}}}
databases: {{shop: {{}}}}
roles: {{clerk: {{groups: [clerks]}}}}
users: {{kim: {{groups: [clerks]}}}}
policies: [{{policy: p, grant: select, to: [clerk], scope: shop}}]
"""
    )
    terminal.run("init")
    terminal.run("apply", "all.yaml")
    terminal.run("crawl", "lake", "--into", "shop")
    ask = ("query", "select * from shop.mail", "--as", "kim")
    table = terminal.run(*ask).out
    assert "mail\\x1b]0;owned\\x07" in table
    assert "a\\x1b[2Jb" in table
    assert "\x1b[2J" in terminal.run(*ask, "-f", "csv").out  # a file has what the source has
    told = terminal.run("diff", "1", "2", expect=2).out
    assert "mail\\x1b]0;owned\\x07" in told
    assert "\x1b" not in table + told
