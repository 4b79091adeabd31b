"""How a connection to PostgreSQL is made."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from catalog.errors import SettingsInvalid

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

_CONNECT_SECONDS = 10


def driver() -> "Callable[..., Connection]":
    """What connects to a URL; raises SettingsInvalid where the driver is not installed."""
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise SettingsInvalid(
            "the driver for PostgreSQL is not installed", hint="run: pip install 'veil[postgres]'"
        ) from None
    connect: Callable[..., Connection] = dbapi.connect
    return connect


def with_defaults(url: str) -> str:
    """The URL with what it does not say itself: that a connection is made soon or not at all, and who asks.

    Example:
        >>> with_defaults("postgresql://ann@db/clinic?connect_timeout=3")
        'postgresql://ann@db/clinic?connect_timeout=3&application_name=veil'
    """
    for key, value in (("connect_timeout", _CONNECT_SECONDS), ("application_name", "veil")):
        if f"{key}=" not in url:
            url += f"{'&' if '?' in url else '?'}{key}={value}"
    return url
