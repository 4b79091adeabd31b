"""`veil token`: makes, lists and revokes API tokens."""

import re
from datetime import timedelta
from pathlib import Path

import click

from catalog.errors import SettingsInvalid
from catalog.journal.event import Event, EventKind
from policy_engine.capabilities import Rights, scopes_within
from policy_engine.subjects import subject_of
from veil.cli.output import Table, format_option, show
from veil.cli.people import account
from veil.cli.places import home_option, opened, operator
from veil.cli.printing import echo

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.group()
def token() -> None:
    """Tokens with which people and programs ask.

    \b
    Example:
        veil token create demo_user2 --expires 30d
    """


@token.command()
@click.argument("user")
@click.option(
    "--expires", default="30d", show_default=True, help="How long it lives: minutes m, hours h, days d, weeks w."
)
@click.option("--name", default="", help="What it is for, to recognise it in lists.")
@click.option(
    "--scope",
    "wanted",
    multiple=True,
    metavar="CAPABILITY",
    help="What it carries besides reading data, as `audit:read on shop`; may be given several times.",
)
@click.option("--read-only", is_flag=True, help="It carries no capability, whatever USER may do.")
@home_option
def create(user: str, expires: str, name: str, wanted: tuple[str, ...], read_only: bool, home: Path) -> None:
    """Make a token for USER and print it, once.

    Without --scope and --read-only it may do everything that USER may; never more than USER may at the time.

    \b
    Example:
        export VEIL_TOKEN=$(veil token create demo_user2 --expires 30d)
        veil token create demo_admin --scope metrics:read --name prometheus
    """
    if wanted and read_only:
        raise SettingsInvalid("`--read-only` is no `--scope` at all", hint="give one or the other")
    with opened(home) as parts, parts.catalog.transaction():
        owner = account(parts, user)
        rights = Rights(subject_of(owner), parts.policies.current())
        scopes = scopes_within(wanted, rights, owner.name) if wanted or read_only else None
        text, kept = parts.tokens.create(owner.name, name, lifetime(expires), scopes=scopes)
        details = {
            "token": kept.id,
            "for": kept.user,
            "name": kept.name,
            "expires_at": kept.expires_at.isoformat(),
            "scopes": kept.carries,
        }
        parts.journal.append(Event(kind=EventKind.TOKEN_CREATE, user=operator(), details=details))
    echo(text)


@token.command("list")
@click.argument("user", required=False)
@format_option()
@home_option
def list_tokens(user: str | None, form: str, home: Path) -> None:
    """List tokens, of one USER or of all; what a token says is never kept.

    \b
    Example:
        veil token list demo_user2 -f json
    """
    with opened(home) as parts:
        found = parts.tokens.tokens(user)
    columns = ("id", "user", "name", "created_at", "expires_at", "last_used_at", "revoked_at")
    rows = tuple((*(getattr(each, column) for column in columns), each.carries) for each in found)
    show(Table(columns=(*columns, "scopes"), rows=rows), form, empty="no tokens")


@token.command()
@click.argument("token_id", metavar="ID")
@home_option
def revoke(token_id: str, home: Path) -> None:
    """End a token now; its ID stands in `veil token list`.

    \b
    Example:
        veil token revoke 3f9a1c22d0b4
    """
    with opened(home) as parts, parts.catalog.transaction():
        if not parts.tokens.revoke(token_id):
            raise SettingsInvalid(f"there is no living token `{token_id}`", hint="veil token list")
        parts.journal.append(Event(kind=EventKind.TOKEN_REVOKE, user=operator(), details={"token": token_id}))
    echo(f"token {token_id} is revoked")


def lifetime(text: str) -> timedelta:
    """A length of time as people write it.

    Example:
        >>> lifetime("30d").days
        30
    """
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if match is None:
        raise SettingsInvalid(f"`{text}` is no length of time", hint="say for example `30d`, `12h` or `4w`")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
