"""Connections to MariaDB and MySQL: those of one look, and what is done with one: settings, keys, locks, and an end."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from catalog.errors import SettingsInvalid, SourceTimeout, VeilError
from catalog.sources.remote.bound_keys import MARIADB_PAD, mariadb_binding, pad_bytes
from catalog.sources.remote.connection_limit import refuse_more
from catalog.sources.remote.locks import BRIEFLY
from catalog.sources.remote.mariadb_failures import failure
from catalog.sources.remote.mariadb_held import moment_lost
from catalog.sources.remote.mariadb_types import named
from catalog.sources.remote.mariadb_url import arguments
from catalog.sources.remote.snapshot import RemoteTable

Opened = Any
"""A connection of the driver, which has no types."""

# The whole server may be set otherwise: each setting that has a say in what a statement means, or gives, is set here.
SETTINGS = """SET SESSION sql_mode = '', time_zone = '+00:00', net_write_timeout = 3600,
  sql_select_limit = 18446744073709551615, sql_auto_is_null = 0, div_precision_increment = 4,
  lc_time_names = 'en_US', default_week_format = 0, max_sort_length = 32768
  /*M!100011 , default_regex_flags = '', old_mode = '' */ /*M!100304 , system_versioning_asof = DEFAULT */"""
ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"  # no other one keeps a consistent snapshot
_BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
_MARK = "SAVEPOINT veil"
_LET_GO = "ROLLBACK TO SAVEPOINT veil"  # of the names that were read since; the snapshot stays
# While a scan takes its tables. What describes tables (information_schema) leaves out those that it waited for in vain.
_BRIEFLY = f"SET SESSION lock_wait_timeout = {BRIEFLY:d}"
_LONG = "SET SESSION lock_wait_timeout = DEFAULT"
_GRACE_SECONDS = 30
_HOLD = "START TRANSACTION READ ONLY"  # its snapshot is that of its first row, not of a read that is to give none


class MariaDbConnections:
    """The connections that a look has open, each in a read-only transaction; any thread may stop them.

    Those that are shared serve one scan or small statement after the other; the others are reserved for a scan each.
    """

    def __init__(self, source: str, url: str, seconds: float | None) -> None:
        self._source = source
        self._seconds = seconds
        self._arguments = arguments(source, url)
        self._guard = threading.Lock()
        self._open: set[Opened] = set()
        self._idle: list[Opened] = []
        self._reserved: list[Opened] = []
        self._is_cancelled = False
        self.are_of_one_moment = False
        self.holding: set[Opened] = set()
        """Those that hold the names of what they read, since before their moment."""
        self.give_back(self._made())

    @property
    def database(self) -> str:
        """The one that the URL names, if any."""
        return str(self._arguments["database"] or "")

    def taken(self, is_shared: bool = True) -> Opened:
        """A connection that others have used and will use, or one for a single scan."""
        with self._guard:
            waiting = self._idle if is_shared else self._reserved
            if waiting and not self._is_cancelled:
                return waiting.pop()
            if self.are_of_one_moment and not self._is_cancelled:
                raise moment_lost(self._source)
        return self._made()

    def give_back(self, connection: Opened, is_shared: bool = True) -> None:
        """Has a connection wait for being taken again."""
        with self._guard:
            (self._idle if is_shared else self._reserved).append(connection)

    def drop(self, connection: Opened) -> None:
        """Closes a connection."""
        with self._guard:
            self._open.discard(connection)
            self.holding.discard(connection)
        with suppress(Exception):  # it may be broken already
            connection.close()

    def reserve(self) -> None:
        """Makes one for a single scan."""
        self.give_back(self._made(), is_shared=False)

    def end(self, connection: Opened) -> None:
        """Ends one from beside, whatever it is doing."""
        _kill(self._arguments, [connection])

    def cancel(self) -> None:
        """Stops what every connection is doing; none is taken any more."""
        with self._guard:
            self._is_cancelled = True
            running = self._open - {*self._idle, *self._reserved}
        _kill(self._arguments, running)

    def close(self) -> None:
        """Ends those that wait; a scan under way is stopped, and ends its own."""
        with self._guard:
            ended, self._idle, self._reserved = [*self._idle, *self._reserved], [], []
            scanning = self._open - set(ended)
        _kill(self._arguments, scanning)
        for connection in ended:
            self.drop(connection)

    def rows(self, sql: str, *values: str) -> Sequence[Sequence[object]]:
        """All rows of a small statement of Veil's own."""
        connection, is_whole = self.taken(), False
        try:
            with self.told(), connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                rows: Sequence[Sequence[object]] = cursor.fetchall()
                is_whole = True
                return rows
        finally:
            self.give_back(connection) if is_whole else self.drop(connection)

    @contextmanager
    def told(self) -> Iterator[None]:
        """The driver's failures in Veil's words; its texts may carry values and addresses and are not told."""
        try:
            yield
        except VeilError:
            raise
        except Exception as error:
            if not type(error).__module__.startswith("pymysql") and not isinstance(error, OSError | UnicodeError):
                raise
            seconds, is_cancelled = self._seconds, self._is_cancelled
            raise failure(self._source, error, seconds, is_cancelled=is_cancelled) from None

    def _made(self) -> Opened:
        """A new connection in a read-only transaction."""
        with self._guard:
            refuse_more(len(self._open), self._source)
        reading = None if self._seconds is None else self._seconds + _GRACE_SECONDS
        with self.told():
            connection: Opened = driver().connect(**self._arguments, read_timeout=reading)
        with self._guard:
            self._open.add(connection)
            is_cancelled = self._is_cancelled
        try:
            with self.told(), connection.cursor() as cursor:
                if is_cancelled:
                    raise SourceTimeout(f"source `{self._source}` was stopped", hint="ask again")
                cursor.execute(SETTINGS)
                cursor.execute(ISOLATION)
                if self._seconds is not None:
                    is_mariadb = "MariaDB" in connection.get_server_info()
                    limit = f"max_statement_time = {self._seconds:f}"
                    mysql = f"max_execution_time = {max(1, int(self._seconds * 1000)):d}"
                    cursor.execute(f"SET SESSION {limit if is_mariadb else mysql}")
                cursor.execute(_BEGIN)
                cursor.execute(_MARK)
        except BaseException:
            self.drop(connection)
            raise
        return connection


def wait_briefly(connection: Opened) -> None:
    """Has a connection wait for tables that others have locked for no longer than a scan may."""
    connection.query(_BRIEFLY)


def wait_long(connection: Opened) -> None:
    """Has a connection wait for tables as long as any statement may take."""
    connection.query(_LONG)


def let_go(connection: Opened) -> None:
    """Lets go of the names of what was read, so that a change of a table does not wait for it; the snapshot stays."""
    connection.query(_LET_GO)
    wait_long(connection)


def release(connection: Opened) -> None:
    """Lets go of all names that a connection holds, and of its moment."""
    connection.query("ROLLBACK")
    wait_long(connection)


def hold(connection: Opened, tables: Iterable[RemoteTable]) -> None:
    """Begins a transaction in which the names keep what they mean; its moment is that of its first row, later on."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD)
        for table in tables:
            cursor.execute(f"SELECT 1 FROM {item_of(table)} LIMIT 0")


def _kill(arguments: Mapping[str, Any], connections: Iterable[Opened]) -> None:
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
