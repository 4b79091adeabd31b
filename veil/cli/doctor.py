"""`veil doctor`: what an examination of the installation and the home finds."""

from pathlib import Path

import click

from catalog.home import Home
from veil.cli.output import Table, format_option, show
from veil.cli.places import home_option
from web_ui.doctor import examine


@click.command()
@format_option()
@home_option
def doctor(form: str, home: Path) -> int:
    """Check the installation, the home, keys, catalog, journal, sources and sign-in; exit 2 when something is found.

    \b
    Example:
        veil doctor --home /srv/veil
    """
    found = examine(Home.open(home))
    rows = tuple((each.what, "finding" if each.wrong else "ok", each.wrong) for each in found)
    show(Table(columns=("checked", "state", "finding"), rows=rows), form)
    return 2 if any(each.wrong for each in found) else 0
