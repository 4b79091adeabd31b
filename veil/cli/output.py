"""How commands print: one table in three forms, for people, for programs and for spreadsheets."""

import csv
import io
import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from veil.cli.printing import echo, send
from veil.terminal import visible

Command = TypeVar("Command", bound=Callable[..., Any])
FORMATS = ("table", "json", "csv")
_MOST_SAID = 50


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`-f`, with a table unless told."""
    return click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(formats or FORMATS),
        default="table",
        show_default=True,
        help="How to print.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under column names; a cell is a JSON value, or a tuple of texts.

    Example:
        >>> Table(columns=("user", "groups"), rows=(("kim", ("clerks",)),)).records()
        [{'user': 'kim', 'groups': ['clerks']}]
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def records(self) -> list[dict[str, object]]:
        """The rows as JSON objects."""
        return [{name: _json(cell) for name, cell in zip(self.columns, row, strict=True)} for row in self.rows]


def show(table: Table, form: str, *, empty: str = "nothing") -> None:
    """Print a table; `empty` is what a person reads when it has no rows."""
    if form == "json":
        show_json(table.records())
    elif form == "csv":
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([[plain(cell) for cell in row] for row in table.rows])
        send(written.getvalue())
    elif not table.rows:
        echo(empty)
    elif sys.stdout.isatty():
        _show_rich(table)
    else:
        echo("\n".join(aligned([table.columns, *([plain(cell) for cell in row] for row in table.rows)])))


def show_said(
    table: Table, said: Sequence[Mapping[str, str]], form: str, *, under: Sequence[tuple[str, str]], empty: str
) -> None:
    """Print a table whose rows name policies: programs find what those say in each row, people below it, once.

    `said` has the statement of each policy that a row names; `under` are headings with statements.
    """
    if form != "table":
        rows = tuple((*row, statements) for row, statements in zip(table.rows, said, strict=True))
        show(Table(columns=(*table.columns, "statements"), rows=rows), form)
        return
    show(table, form, empty=empty)
    for heading, statement in under[:_MOST_SAID]:
        echo(f"\n{heading}\n{textwrap.indent(statement, '  ')}")
    if len(under) > _MOST_SAID:
        echo(f"\n.. and {len(under) - _MOST_SAID:,} statements more; `-f json` has them all")


def show_json(document: object) -> None:
    """Print one JSON document."""
    send(json.dumps(document, ensure_ascii=False, indent=2, default=_json) + "\n")


def aligned(lines: Iterable[Sequence[str]]) -> list[str]:
    """Lines with their cells one below the other.

    Example:
        >>> aligned([("a", "b"), ("long", "c")])
        ['a     b', 'long  c']
    """
    held = [tuple(cell.replace("\n", " ") for cell in line) for line in lines]
    widths = [max(map(len, column)) for column in zip(*held, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in held]


def plain(cell: object) -> str:
    """A cell as text."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.isoformat(timespec="seconds")
        case tuple() | list() | frozenset():
            return ", ".join(plain(part) for part in cell)
        case Mapping():
            return json.dumps(cell, ensure_ascii=False, default=_json)
    return str(cell)


def _show_rich(table: Table) -> None:
    shown = RichTable(box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        shown.add_column(Text(visible(column)), overflow="fold")
    for row in table.rows:
        shown.add_row(*(Text(visible(plain(cell))) for cell in row))
    Console().print(shown)


def _json(cell: object) -> object:
    """A cell as a JSON value; within nested data there are dates, decimals and the like, which are told as texts."""
    match cell:
        case None | bool() | int() | float() | str():
            return cell
        case datetime():
            return cell.isoformat()
        case tuple() | list() | frozenset():
            return [_json(part) for part in cell]
        case Mapping():
            return {str(key): _json(value) for key, value in cell.items()}
    return str(cell)
