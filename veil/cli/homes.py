"""`veil init`: makes the folder that a server lives in."""

from pathlib import Path

import click

from catalog.database import Catalog
from catalog.home import Home
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.known_keys import KnownKeys
from policy_engine.store import PolicyStore
from veil.cli.places import home_option, operator
from veil.cli.printing import echo


@click.command()
@home_option
def init(home: Path) -> None:
    """Make a home: catalog, journal and keys. One that is there is left as it is.

    \b
    Example:
        veil init --home /srv/veil
    """
    is_new = make_home(home)
    state = "is ready" if is_new else "was there already"
    echo(f"the home {home} {state}\n  next     veil apply FILE --home {home}\n           veil serve --home {home}")


def make_home(folder: Path) -> bool:
    """Make the home in this folder; the answer is whether it was not there before."""
    home = Home.create(folder)
    keys = home.master_keys()
    with Catalog(home.catalog_file) as catalog, catalog.transaction():
        KnownKeys(catalog).expect(keys)
        policies = PolicyStore(catalog)
        is_new = policies.current().revision == 0
        if is_new:
            policies.init_home(by=operator())
            Journal(catalog).append(Event(kind=EventKind.HOME_INIT, user=operator()))
    return is_new
