"""`veil session`: lists and revokes the sign-ins of people."""

from pathlib import Path

import click

from catalog.errors import SettingsInvalid
from catalog.journal.event import Event, EventKind
from catalog.people.model import WebSession
from veil.cli.output import Table, format_option, show
from veil.cli.places import home_option, opened, operator
from veil.cli.printing import echo
from web_ui.parts import Parts


@click.group()
def session() -> None:
    """Sign-ins of people at the pages, as they stand.

    \b
    Example:
        veil session list
    """


@session.command("list")
@click.argument("user", required=False)
@format_option()
@home_option
def list_sessions(user: str | None, form: str, home: Path) -> None:
    """List the sign-ins that have not ended, of one USER or of all; what their cookies hold is never kept.

    Those that were left for long are there as well: tokens that they lent still count.

    \b
    Example:
        veil session list demo_user2 -f json
    """
    with opened(home) as parts:
        found = _living(parts, user)
    columns = ("id", "user", "began_at", "seen_at", "expires_at", "client")
    rows = tuple(tuple(getattr(each, column) for column in columns) for each in found)
    show(Table(columns=columns, rows=rows), form, empty="nobody is signed in")


@session.command()
@click.argument("session_id", metavar="ID", required=False)
@click.option("--user", help="All sign-ins of this user instead of one.")
@home_option
def revoke(session_id: str | None, user: str | None, home: Path) -> None:
    """End a sign-in now, or all of a user; its ID stands in `veil session list`.

    Of somebody from the identity provider, --user also refuses the provider's tokens that were issued until now. Tokens
    of local accounts are not touched: `veil token revoke` ends those.

    \b
    Example:
        veil session revoke 3f9a1c22d0b4
        veil session revoke --user demo_user2
    """
    if (session_id is None) == (user is None):
        raise SettingsInvalid("name one sign-in or a user", hint="veil session revoke ID, or --user USER")
    with opened(home) as parts, parts.catalog.transaction():
        ended = [each for id_ in _ids(parts, session_id, user) if (each := _end(parts, id_))]
        done = [f"the sign-in {each.id} of {each.user} is ended" for each in ended]
        if user and parts.provided_names.refuse_before(user, parts.clock()):
            _tell(parts, {"for": user, "tokens": "of the provider"})
            done.append(f"tokens of the identity provider for {user} that were issued until now are refused")
        if not done:
            raise SettingsInvalid(f"there is no living sign-in of `{session_id or user}`", hint="veil session list")
    echo("\n".join(done))


@session.command()
@click.argument("name")
@home_option
def release(name: str, home: Path) -> None:
    """Let whoever comes next with a NAME of the identity provider hold it, after it was given to another person there.

    Until then a name stays with who came with it first, so that nobody becomes somebody else by being called so.

    \b
    Example:
        veil session release oidc:kim.berg
    """
    with opened(home) as parts, parts.catalog.transaction():
        for each in _living(parts, name):
            _end(parts, each.id)
        if not parts.provided_names.release(name):
            raise SettingsInvalid(f"nobody has come as `{name}`", hint="such names begin with `oidc:`")
        _tell(parts, {"for": name, "name": "released"})
    echo(f"the name {name} is free for whoever comes with it next")


def _ids(parts: Parts, session_id: str | None, user: str | None) -> list[str]:
    return [session_id] if session_id else [each.id for each in _living(parts, user)]


def _living(parts: Parts, user: str | None) -> tuple[WebSession, ...]:
    """INVARIANT: whoever is revoked is gone, with the tokens of a sign-in at which nobody sits any more, too."""
    return parts.web_sessions.living(parts.clock(), idle=None, user=user)


def _end(parts: Parts, session_id: str) -> WebSession | None:
    ended = parts.web_sessions.end(session_id, parts.clock())
    if ended is not None:
        _tell(parts, {"session": ended.id, "for": ended.user})
    return ended


def _tell(parts: Parts, details: dict[str, object]) -> None:
    parts.journal.append(Event(kind=EventKind.SESSION_REVOKE, user=operator(), details=details))
