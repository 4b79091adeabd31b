"""What an engine's failure means to the reader: constant texts only, since an engine's own may carry values."""

import os
import signal

from catalog.errors import (
    Internal,
    LimitExceeded,
    SourceTimeout,
    SourceUnavailable,
    SqlInvalid,
    SqlUnsupported,
    VeilError,
)

CHANGED = "the data behind this query has changed since it was last crawled"
CHANGED_HINT = "crawl the source again"

_Kind = tuple[type[VeilError], str, str]

_SHAPE: _Kind = (SourceUnavailable, CHANGED, CHANGED_HINT)
_MISFIT: _Kind = (
    SourceUnavailable,
    "a value behind this query does not fit the type that its column has across all files, or the files have changed",
    "write the files of a dataset with the same types, or crawl the source again",
)
_UNREADABLE: _Kind = (
    SourceUnavailable,
    "a file behind this query is missing, damaged or cannot be read",
    "look at the file, then crawl the source again",
)
_VALUE: _Kind = (
    SqlInvalid,
    "the query failed on a value: a cast, division or format in it does not fit the data",
    "try_cast() gives NULL where a cast does not fit",
)
_NAMES: _Kind = (
    SqlInvalid,
    "the engine cannot run this statement: a name, a type or an argument in it does not fit",
    "",
)
_UNSUPPORTED: _Kind = (SqlUnsupported, "the engine does not support a construct of this statement", "")
_OUTSIDE: _Kind = (SqlUnsupported, "the statement reaches for something outside its datasets", "")
_SPACE: _Kind = (
    LimitExceeded,
    "the query needs more memory or temporary space than one query may use",
    "read fewer rows or columns, or aggregate earlier",
)
_TIME: _Kind = (SourceTimeout, "the query was stopped before it ended", "narrow the query, or ask for more time")
_FAULT: _Kind = (Internal, "the engine failed", "")
_KILLED: _Kind = (
    LimitExceeded,
    "the query was ended by the system, most likely since it needed more memory than there was",
    "read fewer rows or columns, or aggregate earlier",
)
_CRASHED: _Kind = (SqlUnsupported, "the engine crashed on this statement", "write it in another way")
_STOPPED: _Kind = (SourceUnavailable, "the engine was stopped while it ran this query", "ask again in a moment")

# The first text with which an engine's message begins decides; what is not listed is our fault to mend.
_BEGINNINGS: tuple[tuple[str, _Kind], ...] = (
    ("INTERRUPT Error", _TIME),
    ("Out of Memory Error", _SPACE),
    ("std::bad_alloc", _SPACE),
    ("malloc of size", _SPACE),
    ("realloc of size", _SPACE),
    ("Conversion Error: CSV Error", _SHAPE),
    ("Conversion Error: Error while reading file", _MISFIT),
    ("Invalid Input Error: Schema mismatch between globbed files", _SHAPE),
    ("Invalid Input Error: Failed to read file", _SHAPE),
    ("Binder Error: COLUMN_TYPES error", _SHAPE),
    ("Binder Error: Contents of view were altered", _SHAPE),
    ("Invalid Input Error: JSON transform error in file", _SHAPE),
    ("Invalid Input Error: CSV Error", _UNREADABLE),
    ("Invalid Input Error: Error when sniffing file", _UNREADABLE),
    ("Invalid Input Error: Malformed JSON in file", _UNREADABLE),
    ("Invalid Input Error: File ", _UNREADABLE),
    ("Invalid Input Error: No magic bytes", _UNREADABLE),
    ("Invalid Error: ", _UNREADABLE),
    ("IO Error", _UNREADABLE),
    ("Serialization Error: Cannot copy ", _UNSUPPORTED),
    ("Serialization Error", _UNREADABLE),
    ("Permission Error", _OUTSIDE),
    ("Conversion Error", _VALUE),
    ("Out of Range Error", _VALUE),
    ("Invalid Input Error", _VALUE),
    ("Mismatch Type Error", _VALUE),
    ("Invalid type Error", _VALUE),
    ("Object Size Error", _SPACE),
    ("Binder Error", _NAMES),
    ("Catalog Error", _NAMES),
    ("Parser Error", _NAMES),
    ("Syntax Error", _NAMES),
    ("Expression Error", _NAMES),
    ("Parameter Not Resolved Error", _NAMES),
    ("Parameter Not Allowed Error", _NAMES),
    ("Not implemented Error", _UNSUPPORTED),
    ("Recursion level in ArrowSchema struct exceeded", _UNSUPPORTED),
)


def mapped(error: Exception) -> VeilError:
    """The error a person is told for an engine's failure.

    Example:
        >>> mapped(OSError("Conversion Error: Could not convert string 'x' to INT32")).detail
        'the query failed on a value: a cast, division or format in it does not fit the data'
    """
    if isinstance(error, VeilError):
        return error
    if isinstance(error, MemoryError):
        return _told(_SPACE)
    kind, detail, hint = next((kind for begin, kind in _BEGINNINGS if str(error).startswith(begin)), _FAULT)
    return kind(detail, hint=hint)


def is_fatal(error: Exception) -> bool:
    """Whether the engine's instance cannot be used after this failure."""
    return str(error).startswith(("FATAL Error", "INTERNAL Error")) or "database has been invalidated" in str(error)


def worker_lost(status: int | None) -> VeilError:
    """The error a person is told whose query's process is no more; by its wait status, None when nobody knows it.

    Example:
        >>> worker_lost(11).detail
        'the engine crashed on this statement'
    """
    if status is None or not os.WIFSIGNALED(status):
        return _told(_STOPPED)
    return _told(_KILLED if os.WTERMSIG(status) == signal.SIGKILL else _CRASHED)


def _told(kind: _Kind) -> VeilError:
    error, detail, hint = kind
    return error(detail, hint=hint)
