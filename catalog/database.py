"""The catalog's one SQLite file: a connection for each thread, transactions, and the counter of changes."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from catalog.errors import Internal, JournalUnavailable, SettingsInvalid
from catalog.fair_lock import FairLock, FairLocks
from catalog.migrations import APPLICATION_ID, NEWEST, migrate
from catalog.shape import refuse_added, refuse_newer
from catalog.time_limits import TimeLimit

Value = str | int | float | bytes | None
Parameters = Sequence[Value] | Mapping[str, Value]

BUSY_SECONDS = 30.0
_MOMENT_SECONDS = 0.2
_TRY_AGAIN = "nothing was changed; try again"


class Transaction:
    """What may be done while a transaction is open; it ends with the block that opened it."""

    def __init__(self, database: Database) -> None:
        self._connection = database.conn

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Every row that the query gives."""
        return self._run(sql, parameters).fetchall()

    def tuples(self, sql: str, parameters: Parameters = ()) -> Iterator[tuple[Any, ...]]:
        """Every row as it is read, without the names of its columns: for millions of them."""
        cursor = self._run(sql, parameters)
        cursor.row_factory = None
        return cursor

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row that the query gives, or None."""
        found: sqlite3.Row | None = self._run(sql, parameters).fetchone()
        return found

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Runs one statement; the answer is the number of rows it changed."""
        return self._run(sql, parameters).rowcount

    def execute_many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Runs one statement for each set of parameters."""
        try:
            self._connection.executemany(sql, parameters)
        except (UnicodeEncodeError, OverflowError):
            raise _not_storable() from None

    @property
    def changed_rows(self) -> int:
        """How many rows this connection ever changed."""
        return self._connection.total_changes

    def _run(self, sql: str, parameters: Parameters) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, parameters)
        except (UnicodeEncodeError, OverflowError):
            raise _not_storable() from None


_Place = tuple[int, threading.Thread]


class Catalog:
    """One catalog file, open in as many threads and processes as like.

    INVARIANT: a write happens inside `transaction()`, which takes SQLite's write lock at once, so that
    what it reads is still true when it writes.

    Example:
        >>> with Catalog(home.catalog_file) as catalog, catalog.transaction():
        ...     datasets.put_database(Database(name="shop"))
        ...     journal.append(event)  # both are there afterwards, or neither
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        # Threads queue here; SQLite alone would let them sleep and try again, some of them for long.
        self._writing = FairLock()
        self._deeds_of = FairLocks()
        # A connection must not cross a fork, so the process is part of its place.
        self._open: dict[_Place, Database] = {}
        self._reading = threading.local()
        self._deed = threading.local()
        self._shape = threading.local()
        self._patience = threading.local()
        self._ask: Callable[[], AbstractContextManager[None]] = nullcontext
        self._doer: Callable[[], str] = str
        self._is_closed = self._is_migrating = False
        try:
            _make_private(path)
            _refuse_foreign(path, busy_seconds)
            self._migrate()
            self._refuse_another(self._database().conn)
        except (sqlite3.DatabaseError, OSError) as error:
            self.close()
            raise SettingsInvalid(
                f"the catalog `{path}` cannot be opened: {error}",
                hint="see whether it is a catalog of Veil that you may write",
            ) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All that happens inside is there afterwards, or nothing of it.

        A transaction within a transaction is a part of it: when it fails it takes back its own share,
        and it lasts only if the outer one does. Raises JournalUnavailable when the file cannot be
        written, as the journal lies in it, and what `ask_before_deeds` has it ask.
        """
        with self._line(), self.bookkeeping() as tx:
            if getattr(self._deed, "now", False):
                yield tx
                return
            self._deed.now = True
            try:
                with self._ask():
                    yield tx
            finally:
                self._deed.now = False

    def ask_before_deeds(self, ask: Callable[[], AbstractContextManager[None]], doer: Callable[[], str] = str) -> None:
        """From now on each transaction lies within `ask()`, which may refuse it; `doer()` names whose it is, or nobody.

        INVARIANT: what it reads stays so until the transaction has ended, since the file is locked for writing.
        """
        self._ask, self._doer = ask, doer

    @contextmanager
    def _line(self) -> Iterator[None]:
        """Of one person one deed at most holds the lock or waits for it: who sends many at once has one turn in it.

        INVARIANT: nobody who holds the lock waits here, so what is waited for here always goes on.
        """
        doer = "" if self._database().conn.in_transaction else self._doer()
        if not doer:
            yield
            return
        with self._deeds_of.held(doer, timeout=self._busy_seconds) as is_held:
            if not is_held:
                raise JournalUnavailable("other changes that you sent before take too long", hint=_TRY_AGAIN)
            yield

    @contextmanager
    def bookkeeping(self) -> Iterator[Transaction]:
        """A transaction that nobody is asked about: what the server writes down of what people do, no deed of theirs.

        Example: an event of the journal, that a token was used, a sign-in.
        """
        database = self._database()
        if getattr(self._reading, "now", False):
            raise Internal("a transaction was begun inside a snapshot")
        if database.conn.in_transaction:
            with database.atomic():
                yield Transaction(database)
            return
        with self._turn():
            _control(database, "BEGIN IMMEDIATE")
            try:
                self._refuse_another(database.conn)
                yield Transaction(database)
                _control(database, "COMMIT")
            except BaseException:
                database.rollback()
                raise

    def _refuse_another(self, connection: sqlite3.Connection) -> None:
        """Raises JournalUnavailable where the file is another Veil's by now, or its shape another and not ours.

        INVARIANT: the file is locked, so that nothing changes before what was asked for is written.
        """
        if self._is_migrating:
            return
        refuse_newer(connection)
        [shape] = connection.execute("PRAGMA schema_version").fetchone()
        if getattr(self._shape, "seen", None) != shape:
            refuse_added(connection)
            self._shape.seen = shape

    def jot(self, sql: str, parameters: Parameters) -> bool:
        """Writes by one statement what nobody needs to wait for: whether that could be done within a moment.

        Example: that a token was used, which its next use tells as well.
        """
        with suppress(JournalUnavailable), self._hasty(), self.bookkeeping() as tx:
            tx.execute(sql, parameters)
            return True
        return False

    @contextmanager
    def _hasty(self) -> Iterator[None]:
        """Inside, this thread waits for its turn no longer than a moment, whoever holds the file."""
        connection, seconds = self._database().conn, min(_MOMENT_SECONDS, self._busy_seconds)
        self._patience.seconds = seconds
        connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
        try:
            yield
        finally:
            self._patience.seconds = self._busy_seconds
            connection.execute(f"PRAGMA busy_timeout = {int(self._busy_seconds * 1000)}")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=getattr(self._patience, "seconds", self._busy_seconds)):
            raise JournalUnavailable(
                "the catalog and its journal are being written by somebody else for too long", hint=_TRY_AGAIN
            )
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def change(self) -> Iterator[Transaction]:
        """A transaction after which `version()` is higher, if any row really changed."""
        with self.transaction() as tx:
            before = tx.changed_rows
            yield tx
            if tx.changed_rows > before:
                tx.execute("UPDATE counter SET value = value + 1 WHERE name = 'catalog'")

    @contextmanager
    def snapshot(self, limit: tuple[float, str] | None = None) -> Iterator[Transaction]:
        """All that is read inside belongs to one moment; nothing is written.

        With a `limit`, some seconds and of what, it ends with LimitExceeded when it takes longer.
        """
        database = self._database()
        if database.conn.in_transaction:
            yield Transaction(database)
            return
        database.conn.execute("BEGIN")
        self._reading.now = True
        try:
            with TimeLimit(database.conn, seconds=limit[0], what=limit[1]) if limit else nullcontext():
                yield Transaction(database)
        finally:
            self._reading.now = False
            database.conn.execute("ROLLBACK")

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Every row that one query gives; inside a transaction it sees what was written there."""
        return Transaction(self._database()).rows(sql, parameters)

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row that one query gives, or None."""
        return Transaction(self._database()).row(sql, parameters)

    @property
    def path(self) -> Path:
        """The file, beside which lies what belongs to it."""
        return self._path

    @property
    def is_in_transaction(self) -> bool:
        """Whether this thread has a transaction open, so that what it reads may still be taken back."""
        return self._database().conn.in_transaction and not getattr(self._reading, "now", False)

    def version(self) -> int:
        """A number that is higher after every change of what data exists, what it is tagged or who holds a role."""
        row = self.row("SELECT value FROM counter WHERE name = 'catalog'")
        return int(row["value"]) if row else 0

    def close(self) -> None:
        """Closes the connections of every thread of this process."""
        with self._lock:
            self._is_closed = True
            mine = [place for place in self._open if place[0] == os.getpid()]
            for place in mine:
                self._open.pop(place).close()

    def _database(self) -> Database:
        place = _place()
        database = self._open.get(place)
        if database is not None:
            return database
        with self._lock:
            if self._is_closed:
                raise Internal("the catalog was used after it was closed")
            self._close_ended_threads()
            database = self._open[place] = _connected(self._path, self._busy_seconds)
        return database

    def _close_ended_threads(self) -> None:
        for process, thread in list(self._open):
            if process == os.getpid() and not thread.is_alive():
                self._open.pop((process, thread)).close()

    def _migrate(self) -> None:
        [step] = self._database().conn.execute("PRAGMA user_version").fetchone()
        self._is_migrating = step < NEWEST
        if self._is_migrating:
            with self.transaction():
                migrate(self._database())
        self._is_migrating = False


def _not_storable() -> SettingsInvalid:
    """Turns down a value that SQLite has no form for; it comes from a request, never from the catalog."""
    return SettingsInvalid(
        "a name is not valid text, or a number is too large", hint="look for broken characters in what you sent"
    )


def _place() -> _Place:
    """The process and thread that run; asking for the thread makes a foreign one count as alive.

    INVARIANT: it is the thread itself and not its number, which the next one may have: to that its connection would
    be closed while it works with it.
    """
    return os.getpid(), threading.current_thread()


def _make_private(path: Path) -> None:
    """Makes the file, for its owner alone, before SQLite does otherwise; its side files follow it.

    INVARIANT: a file that is there is not opened: closing it would take away the locks that other connections of this
    process hold (POSIX), and the next process to look would remove the log that they still write to.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _refuse_foreign(path: Path, busy_seconds: float) -> None:
    """Raises SettingsInvalid for a file that is not ours or too new, before anything in it is touched."""
    with closing(sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)) as connection:
        connection.execute("BEGIN")  # one moment for all three, as another process may be making the file
        [application] = connection.execute("PRAGMA application_id").fetchone()
        [step] = connection.execute("PRAGMA user_version").fetchone()
        [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise SettingsInvalid(f"`{path}` is a SQLite file, but no catalog of Veil", hint="name another home")
    if step > NEWEST:
        raise SettingsInvalid(
            f"the catalog `{path}` was written by a newer Veil (shape {step}, known here: {NEWEST})",
            hint="install that version or a later one",
        )


def _control(database: Database, statement: str) -> None:
    try:
        database.conn.execute(statement)
    except sqlite3.OperationalError as error:
        raise JournalUnavailable(f"the catalog and its journal cannot be written: {error}", hint=_TRY_AGAIN) from error


def _connected(path: Path, busy_seconds: float) -> Database:
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        _use_wal(connection, busy_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return Database(connection, execute_plugins=False)
    except BaseException:
        connection.close()
        raise


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switches the file to WAL, waiting for other processes that do so too, which SQLite here does not."""
    give_up_at = time.monotonic() + busy_seconds
    while True:
        try:
            [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise sqlite3.OperationalError("this file system cannot share a file between processes")
