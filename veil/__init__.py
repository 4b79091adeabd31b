"""The front door for people: ask Veil from Python; the names of PEP 249 stand here too.

    import veil
    with veil.connect("http://127.0.0.1:8080", token="...") as connection:
        frame = connection.scan_as_pandas("medical_charges.medical_costs", max_records=100_000)

Rule: the client imports no room of the server, and pandas only when a frame is asked for.

Reading order: connection, transport, stream, result, dbapi, okera; errors and notices stand beside them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veil.access import Access, Explanation
    from veil.connection import Connection, connect
    from veil.dbapi import (
        BINARY,
        DATETIME,
        NUMBER,
        ROWID,
        STRING,
        Binary,
        Cursor,
        Date,
        DateFromTicks,
        Time,
        TimeFromTicks,
        Timestamp,
        TimestampFromTicks,
        apilevel,
        paramstyle,
        threadsafety,
    )
    from veil.errors import (
        AccessDenied,
        AccessNotice,
        AuthenticationError,
        DatabaseError,
        DataError,
        Error,
        IntegrityError,
        InterfaceError,
        InternalError,
        NotSupportedError,
        OperationalError,
        Position,
        ProgrammingError,
        QueryError,
        Unavailable,
        Warning,
    )
    from veil.okera import context
    from veil.relations import Column, Dataset, Datasets
    from veil.result import Result
    from veil.transport import HttpTransport, Reply, Timeouts, Transport
    from veil.version import __version__

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Access",
    "AccessDenied",
    "AccessNotice",
    "AuthenticationError",
    "Binary",
    "Column",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Dataset",
    "Datasets",
    "Date",
    "DateFromTicks",
    "Error",
    "Explanation",
    "HttpTransport",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "Position",
    "ProgrammingError",
    "QueryError",
    "Reply",
    "Result",
    "Time",
    "TimeFromTicks",
    "Timeouts",
    "Timestamp",
    "TimestampFromTicks",
    "Transport",
    "Unavailable",
    "Warning",
    "__version__",
    "apilevel",
    "connect",
    "context",
    "paramstyle",
    "threadsafety",
]

_PLACES = {
    "access": "Access Explanation",
    "connection": "Connection connect",
    "dbapi": (
        "BINARY DATETIME NUMBER ROWID STRING Binary Cursor Date DateFromTicks Time TimeFromTicks Timestamp "
        "TimestampFromTicks apilevel paramstyle threadsafety"
    ),
    "errors": (
        "AccessDenied AccessNotice AuthenticationError DatabaseError DataError Error IntegrityError "
        "InterfaceError InternalError NotSupportedError OperationalError Position ProgrammingError QueryError "
        "Unavailable Warning"
    ),
    "okera": "context",
    "relations": "Column Dataset Datasets",
    "result": "Result",
    "transport": "HttpTransport Reply Timeouts Transport",
    "version": "__version__",
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names.split()}


if not TYPE_CHECKING:  # a type checker knows the names from above, and no others

    def __getattr__(name: str) -> object:
        """A public name, read from its module when it is first asked for: a command line needs few of them."""
        if name not in _MODULES:
            raise AttributeError(f"module `veil` has no attribute `{name}`")
        value = getattr(import_module(f"veil.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
