"""`veil keys`: lists the keys of a home by their ids, and puts a new one in use."""

from pathlib import Path

import click

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.home import MASTER_KEY_VARIABLE, Home
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.known_keys import KnownKeys
from catalog.master_keys import rotate_keys
from veil.cli.output import Table, format_option, show
from veil.cli.places import home_option, operator
from veil.cli.printing import echo


@click.group()
def keys() -> None:
    """The master keys of a home; their ids are told, they themselves never.

    \b
    Example:
        veil keys list
    """


@keys.command("list")
@format_option()
@home_option
def list_keys(form: str, home: Path) -> None:
    """List the keys that the home has worked with, the one in use last.

    \b
    Example:
        veil keys list -f json
    """
    opened = Home.open(home)
    found = opened.master_keys()
    readable = {found.current.id, *(key.id for key in found.older)}
    with Catalog(opened.catalog_file) as catalog:
        known = KnownKeys(catalog).listed()
    rows = tuple((name, since, _state(name, found.current.id, readable)) for name, since in known)
    show(Table(columns=("key", "since", "state"), rows=rows), form)


@keys.command()
@home_option
def rotate(home: Path) -> None:
    """Put a new key in use and keep the older ones, so that what was encrypted under them can still be read.

    Every token, hash, shift and noise changes with the key: what was exported before no longer joins with what is
    read from now on. A server takes the new key when it is started again. Where VEIL_MASTER_KEY gives the key,
    set a new one there first; this command then makes the home work with it.

    \b
    Example:
        veil keys rotate && veil serve
    """
    opened = Home.open(home)
    with Catalog(opened.catalog_file) as catalog:
        known, before = KnownKeys(catalog), opened.master_keys()
        if before.is_given and known.listed() and known.listed()[-1][0] == before.current.id:
            raise SettingsInvalid(
                f"the key comes from {MASTER_KEY_VARIABLE}, and is the one in use",
                hint=f"set {MASTER_KEY_VARIABLE} to a new one (`openssl rand -base64 32`), then rotate again",
            )
        after = before if before.is_given else rotate_keys(opened.key_file)
        with catalog.transaction():
            known.record(after.current.id)
            details = {"key": after.current.id, "older": [key.id for key in after.older]}
            Journal(catalog).append(Event(kind=EventKind.KEY_ROTATE, user=operator(), details=details))
    echo(f"the key {after.current.id} is in use from now on\n  next     start the server again")


def _state(name: str, current: str, readable: set[str]) -> str:
    if name == current:
        return "in use"
    return "kept" if name in readable else "not here: what was encrypted under it cannot be read"
