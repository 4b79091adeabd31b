"""What Veil does with single connections to MariaDB and MySQL: settings, keys, names that are held, and an end."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from catalog.errors import SettingsInvalid
from catalog.sources.remote.bound_keys import MARIADB_PAD, mariadb_binding, pad_bytes
from catalog.sources.remote.mariadb_types import named
from catalog.sources.remote.snapshot import RemoteTable

Opened = Any
"""A connection of the driver, which has no types."""

# The whole server may be set otherwise: each setting that has a say in what a statement means, or gives, is set here.
SETTINGS = """SET SESSION sql_mode = '', time_zone = '+00:00', net_write_timeout = 3600,
  sql_select_limit = 18446744073709551615, sql_auto_is_null = 0, div_precision_increment = 4,
  lc_time_names = 'en_US', default_week_format = 0, max_sort_length = 32768
  /*M!100011 , default_regex_flags = '', old_mode = '' */ /*M!100304 , system_versioning_asof = DEFAULT */"""
ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"  # no other one keeps a consistent snapshot
BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
_HOLD = "START TRANSACTION READ ONLY"  # its snapshot is that of its first row, not of a read that is to give none


def hold(connection: Opened, tables: Iterable[RemoteTable]) -> None:
    """Begins a transaction in which the names keep what they mean; its moment is that of its first row, later on."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD)
        for table in tables:
            cursor.execute(f"SELECT 1 FROM {item_of(table)} LIMIT 0")


def kill(arguments: Mapping[str, Any], connections: Iterable[Opened]) -> None:
    """Ends connections from beside, whatever they are doing."""
    numbers = [int(connection.thread_id()) for connection in connections]
    if numbers:
        with suppress(Exception):  # they may have ended meanwhile, or the server with them
            control = driver().connect(**arguments)
            try:
                for number in numbers:
                    with suppress(Exception):
                        control.kill(number)
            finally:
                control.close()


def leave(cursor: Any) -> None:
    """Has the driver read no more of what an ended connection gave: it would try again when the cursor is collected."""
    result = cursor._result
    if result is not None:
        result.unbuffered_active, result.connection = False, None
    cursor.connection = None


def bind_keys(connection: Opened, keys: Mapping[str, bytes]) -> None:
    """Makes keys known to the connection, in no text that anybody could log (bound_keys.py)."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(MARIADB_PAD, (pad_bytes(keys),))
            cursor.execute("SELECT HEX(@veil_pad)")
            cursor.execute(mariadb_binding(keys, bytes.fromhex(cursor.fetchone()[0])))


def item_of(table: RemoteTable) -> str:
    """What a FROM clause names a table by."""
    return f"{named(table.schema)}.{named(table.name)}"


def driver() -> Any:
    """The driver; raises SettingsInvalid where it is not installed."""
    try:
        import pymysql
        import pymysql.cursors
    except ImportError:
        raise SettingsInvalid(
            "the driver for MariaDB and MySQL is not installed", hint="run: pip install 'veil[mariadb]'"
        ) from None
    return pymysql
