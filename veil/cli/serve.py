"""`veil serve`: runs the server in the foreground."""

from dataclasses import replace
from pathlib import Path

import click

from catalog.home import Home
from veil.cli.places import home_option
from web_ui.server import serve as serve_forever
from web_ui.settings import load_settings


@click.command()
@click.option("--host", help="The address to listen on (default: from the settings, 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port (default: from the settings, 8080).")
@home_option
def serve(host: str | None, port: int | None, home: Path) -> None:
    """Serve a home; prints `listening on http://HOST:PORT` when ready. SIGTERM lets running queries end.

    \b
    Example:
        veil serve --home /srv/veil --port 9000
    """
    opened = Home.open(home)
    settings = load_settings(opened.settings_file)
    server = replace(
        settings.server,
        host=settings.server.host if host is None else host,
        port=settings.server.port if port is None else port,
    )
    serve_forever(opened, replace(settings, server=server))
