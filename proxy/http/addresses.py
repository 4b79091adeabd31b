"""Where people reach this server with a browser."""

from urllib.parse import urlencode

import flask


def public_url() -> str:
    """The address under which people reach this server."""
    configured: str = flask.current_app.config.get("PUBLIC_URL", "")
    return configured or flask.request.host_url.rstrip("/")


def ask_address(thing: str) -> str:
    """The page that asks for access to a dataset or column.

    Example: `https://veil.example/requests/new?d=shop.orders.card`.
    """
    return f"{public_url()}/requests/new?{urlencode({'d': thing})}"
