"""`veil demo`: the clinic tutorial, loaded into a home and seen by two people through a real server."""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import click
import pyarrow as pa

from catalog.clock import utc_now
from catalog.home import Home
from catalog.journal.event import Event, EventKind
from crawler.crawl import crawl
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from veil import Result, connect
from veil.access import summary
from veil.cli import clinic
from veil.cli.homes import make_home
from veil.cli.output import aligned, plain
from veil.cli.places import home_option, opened, operator
from veil.cli.printing import echo
from veil.cli.serving import ServerProcess
from veil.result import rows_of
from web_ui.parts import Parts

QUESTION = "select * from medical_charges.medical_costs order by id"
PEOPLE: Mapping[str, str] = {
    "demo_admin": "DEMO_ADMIN_PASSWORD",
    "demo_user2": "DEMO_ANALYST_PASSWORD",
    "demo_auditor": "DEMO_AUDITOR_PASSWORD",
}
"""Who signs in, and the variable that the documents take the password from."""

_SHOWN = 5


@click.command()
@click.option("--serve/--no-serve", "serves", default=True, help="Serve afterwards, or stop after printing.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@home_option
def demo(serves: bool, host: str, port: int, home: Path) -> int:
    """Load the clinic tutorial into a home and show one query as two people see it; then serve.

    \b
    Example:
        veil demo --no-serve
    """
    passwords = {user: secrets.token_urlsafe(12) for user in PEOPLE}
    make_home(home)
    _load(home, passwords)
    with ServerProcess(home, host=host, port=port if serves else 0) as server:
        echo(f"$ {QUESTION}\n")
        for user, role in (("demo_user2", "the analyst"), ("demo_admin", "the admin")):
            _show(server.url, _token(home, user), f"{user}, {role}")
        if not serves:
            return 0
        return server.wait(lambda: _invite(server.url, passwords))


def _invite(url: str, passwords: Mapping[str, str]) -> None:
    echo(f"The web pages and the API are at {url}\n")
    echo("\n".join(aligned([("sign in as", "password"), *passwords.items()])))
    echo("\nCtrl-C stops the server.")


def _load(home: Path, passwords: Mapping[str, str]) -> None:
    """Tags, people and policies first, then the data: the policy stands before there is anything to see."""
    documents = clinic.write(Home.open(home).documents / "clinic")
    environment = {**os.environ, **{variable: passwords[user] for user, variable in PEOPLE.items()}}
    with opened(home) as parts:
        planned = prepare(
            load(documents), parts.catalog, at=utc_now(), environment=environment, check_rule=parts.check_rule
        )
        carry_out(planned, parts.catalog, by=operator(), why="the clinic tutorial")
        crawl(parts.catalog, "clinic", into="medical_charges", by=operator())


def _token(home: Path, user: str) -> str:
    with opened(home) as parts:
        return _new_token(parts, user)


def _new_token(parts: Parts, user: str) -> str:
    with parts.catalog.transaction():
        text, kept = parts.tokens.create(user, "demo", timedelta(hours=1))
        details = {
            "token": kept.id,
            "for": user,
            "name": "demo",
            "expires_at": kept.expires_at.isoformat(),
            "scopes": kept.carries,
        }
        parts.journal.append(Event(kind=EventKind.TOKEN_CREATE, user=operator(), details=details))
    return text


def _show(url: str, token: str, person: str) -> None:
    with connect(url, token=token) as connection, connection.query(QUESTION) as result:
        table = result.to_arrow()
        echo(f"{person}: {table.num_rows:,} rows, {table.num_columns} columns")
        echo("\n".join(f"  {line}" for line in _lines(table)))
        echo(f"  {_told(result)}\n")


def _lines(table: pa.Table) -> list[str]:
    rows = [[_short(plain(cell)) for cell in row] for row in rows_of(table.slice(0, _SHOWN))]
    return aligned([table.column_names, *rows])


def _short(cell: str) -> str:
    return cell if len(cell) <= 16 else cell[:15] + "…"


def _told(result: Result) -> str:
    return summary(result.access)
