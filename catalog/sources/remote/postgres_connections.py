"""Connections of one look at PostgreSQL: taken, begun in a transaction, left to later looks, dropped and stopped."""

import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from catalog.errors import SourceTimeout, SourceUnavailable, VeilError
from catalog.sources.kept import Kept
from catalog.sources.remote.connection_limit import refuse_more
from catalog.sources.remote.locks import BRIEFLY
from catalog.sources.remote.postgres_catalog import SETTINGS
from catalog.sources.remote.postgres_failures import told
from catalog.sources.remote.postgres_url import driver, with_defaults
from catalog.sources.remote.versions import Version, postgres_version

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
Rows = list[dict[str, object]]


class PostgresConnections:
    """The connections that a look has open, each in a read-only transaction; any thread may stop them.

    They are taken from `kept` and left there, out of their transaction and with no setting of this look.

    INVARIANT: one that has read what may run SQL of others is dropped, and so is one whose scan did not end.
    """

    def __init__(self, source: str, url: str, seconds: float | None, kept: Kept | None) -> None:
        self._kept = kept or Kept()
        self._is_kept_here = kept is None
        self._source = source
        self._url = url
        self._seconds = seconds
        self._guard = threading.Lock()
        self._open: set[Connection] = set()
        self._is_cancelled = False
        self.version: Version = ()
        self._started: object = None

    def taken(self, exported: str = "", *, waits: bool = False, is_new: bool = False) -> "Connection":
        """A connection in a read-only transaction on a snapshot, or on one of its own: one that was left, or is new.

        It waits briefly for a lock, or as long as any statement may take. A new one has the account's settings of now.
        """
        with self._guard:
            refuse_more(len(self._open), self._source)
        left: Any = None if is_new else self._kept.take(self._url)
        if left is not None:
            with suppress(SourceUnavailable):  # the server may have ended it meanwhile
                return self._begun(left, exported, waits)
        connect = driver()
        with told(self._source, self._seconds):
            connection = connect(with_defaults(self._url), autocommit=True)
        return self._begun(connection, exported, waits)

    def rows(self, connection: "Connection", sql: str, *values: str) -> Rows:
        """All rows of a small statement of Veil's own."""
        with told(self._source, self._seconds), closing(connection.cursor()) as cursor:
            cursor.execute(sql, parameters=list(values) or None)
            rows: Rows = cursor.fetch_arrow_table().to_pylist()
            return rows

    def begin(self, connection: "Connection", exported: str) -> None:
        """Begins a transaction on a snapshot, or on one of its own."""
        self.rows(connection, BEGIN)
        if exported:
            self.rows(connection, f"SET TRANSACTION SNAPSHOT '{exported}'")

    def leave(self, connection: "Connection") -> None:
        """Leaves a connection to later looks as a new one would be, or closes it."""
        if self._is_cancelled:
            self.drop(connection)
            return
        try:
            for statement in ("ROLLBACK", "DISCARD ALL"):
                self.rows(connection, statement)
        except VeilError:
            self.drop(connection)
            return
        with self._guard:
            self._open.discard(connection)
        self._kept.give(self._url, connection)

    def drop(self, connection: "Connection") -> None:
        """Closes a connection."""
        with self._guard:
            self._open.discard(connection)
        with told(self._source, self._seconds):
            connection.close()

    def cancel(self) -> None:
        """Stops what every connection is doing; none is begun any more."""
        with self._guard:
            self._is_cancelled = True
            connections = tuple(self._open)
        for connection in connections:
            stop(connection)

    def close(self, keeper: "Connection") -> None:
        """Stops every scan, which ends its own connection, and leaves the one that is no scan's."""
        with self._guard:
            scanning = self._open - {keeper}
        for connection in scanning:
            stop(connection)
        self.leave(keeper)
        if self._is_kept_here:
            self._kept.close()

    def _begun(self, connection: "Connection", exported: str, waits: bool) -> "Connection":
        """The connection in a transaction on a snapshot, with every setting that Veil relies on."""
        with self._guard:
            self._open.add(connection)
            is_cancelled = self._is_cancelled
        try:
            if is_cancelled:
                raise SourceTimeout(f"source `{self._source}` was stopped", hint="ask again")
            timeout = 0 if self._seconds is None else max(1, int(self._seconds * 1000))
            [settings] = self.rows(connection, SETTINGS, str(timeout), "0" if waits else f"{BRIEFLY}s")
            if settings["encoding"] != "UTF8":
                raise SourceUnavailable(
                    f"the database of source `{self._source}` is not encoded in UTF8",
                    hint="what its texts mean cannot be told for certain; make one in UTF8",
                )
            self._refuse_another_server(settings["started"])
            self.version = postgres_version(int(str(settings["version"])))
            self.begin(connection, exported)
        except BaseException:
            self.drop(connection)
            raise
        return connection

    def _refuse_another_server(self, started: object) -> None:
        """INVARIANT: all connections are to one server: another has other rows, and may have snapshots of its names."""
        with self._guard:
            self._started = self._started or started
            is_another = started != self._started
        if is_another:
            raise SourceUnavailable(
                f"the address of source `{self._source}` leads to another server than a moment ago",
                hint="ask again in a minute",
            )


def stop(connection: "Connection") -> None:
    """Stops what a connection is doing, if anything."""
    with suppress(Exception):  # it may have ended meanwhile
        connection.adbc_cancel()
