"""The front door for people: ask Veil from Python; the names of PEP 249 stand here too.

    import veil
    with veil.connect("http://127.0.0.1:8080", token="...") as connection:
        frame = connection.scan_as_pandas("medical_charges.medical_costs", max_records=100_000)

Rule: the client imports no room of the server, and pandas only when a frame is asked for.

Reading order: connection, transport, stream, result, dbapi, okera; errors and notices stand beside them.
"""

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
