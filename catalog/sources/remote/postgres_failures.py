"""What PostgreSQL's failures mean to the reader: constant texts only, since its own may carry values and addresses."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from catalog.errors import SourceTimeout, SourceUnavailable, VeilError
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.remote.locks import Locked
from catalog.sources.remote.unreached import unreached

_Meaning = tuple[str, str]
"""Why a source cannot be read, and what to do."""

_VALUE: _Meaning = (
    "a value in it cannot be read, an array of several dimensions perhaps, or not be worked out by a view",
    "mend the value or the view, or make a view without it, and crawl that",
)
_WRITES: _Meaning = ("a view in it writes, and a source is only read", "leave the view out")
_ACCOUNT: _Meaning = ("it refuses the account or its password", "check the URL, and that the account may connect")
_DATABASE: _Meaning = ("it has no database of the URL's name", "check the URL")
_CONFLICT: _Meaning = ("it took back what was being read, to keep up with its primary", "try again in a moment")
_RIGHT: _Meaning = (
    "its account may not read a table, or something behind a view",
    "GRANT SELECT on it, and USAGE on its schema",
)
_CHANGED: _Meaning = ("a table, a view or a column has changed", CHANGED_HINT)
_FULL: _Meaning = ("it has no connection or memory left", "try again in a moment")
_LOCKED: _Meaning = ("a table in it is locked", "try again in a moment")
_DOWN: _Meaning = ("it is shutting down or starting", "try again in a moment")
_ENCRYPTION: _Meaning = ("it and the URL do not agree on encryption", "check `sslmode` in the URL")
_PLAIN: _Meaning = (
    "it refuses the account without encryption, or altogether",
    "write `sslmode=verify-full` into the URL, and check that the account may connect",
)
_CERTIFICATE: _Meaning = ("its certificate cannot be verified", "check `sslrootcert` and `sslmode` in the URL")
_URL: _Meaning = (
    "its URL is none that PostgreSQL understands",
    "write postgresql://account@host:5432/database",
)

_FAILED: _Meaning = ("it failed", "look into the log of its server")

_STATES: tuple[tuple[str, _Meaning], ...] = (
    ("22", _VALUE),
    ("25006", _WRITES),
    ("28", _ACCOUNT),
    ("3D000", _DATABASE),
    ("40001", _CONFLICT),
    ("42501", _RIGHT),
    ("42", _CHANGED),
    ("53", _FULL),
    ("55P03", _LOCKED),
    ("57P", _DOWN),
)
# A stream gives no state, only a text. It may tell a value, so what it begins with must say it all.
_ERROR = "ERROR:  "
_BEHIND = "canceling statement due to conflict with recovery"
_WAITED = "canceling statement due to lock timeout"
_BEGINNINGS: tuple[tuple[str, _Meaning], ...] = (
    (_BEHIND, _CONFLICT),
    (_WAITED, _LOCKED),
    ("cannot execute ", _WRITES),
    ("permission denied for ", _RIGHT),
    ("out of memory", _FULL),
    ("out of shared memory", _FULL),
    ("temporary file size exceeds ", _FULL),
    ("could not ", _FULL),
)
# Connecting gives neither, and no value.
_TEXTS: tuple[tuple[str, _Meaning], ...] = (
    ("invalid URI", _URL),
    ("no encryption", _PLAIN),
    ("pg_hba.conf", _ACCOUNT),
    ("certificate", _CERTIFICATE),
    ("SSL", _ENCRYPTION),
    ('database "', _DATABASE),
    ("authentication failed", _ACCOUNT),
    ("no password supplied", _ACCOUNT),
    ('role "', _ACCOUNT),
    ("too many", _FULL),
    ("starting up", _DOWN),
    ("shutting down", _DOWN),
)


def check_scheme(source: str, url: str) -> None:
    """Raises SourceUnavailable for what is no URL of PostgreSQL, before libpq reads it in a form of its own."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise _unreadable(source, _URL)


@contextmanager
def told(source: str, seconds: float | None) -> Iterator[None]:
    """Raises what a person is told in place of what the driver raises."""
    try:
        yield
    except VeilError:
        raise
    except pa.ArrowException as error:
        raise _failure(source, seconds, "", error) from None
    except OSError as error:  # what a stream raises
        raise _failure(source, seconds, "", error) from None
    except Exception as error:
        if not type(error).__module__.startswith("adbc_driver_manager"):
            raise
        raise _failure(source, seconds, getattr(error, "sqlstate", None) or "", error) from None


def _failure(source: str, seconds: float | None, state: str, error: Exception) -> VeilError:
    text = str(error)
    _, _, streamed = ("", "", "") if state else text.partition(_ERROR)
    if state == "57014" or (streamed.startswith("canceling statement") and not streamed.startswith((_BEHIND, _WAITED))):
        limit = "" if seconds is None else f" after {seconds:g} seconds"
        return SourceTimeout(f"source `{source}` was stopped{limit}", hint="narrow the query, or ask for more time")
    if state:
        known = [meaning for begin, meaning in _STATES if state.startswith(begin)]
    elif streamed:
        known = [*(meaning for begin, meaning in _BEGINNINGS if streamed.startswith(begin)), _VALUE]
    else:
        known = [meaning for part, meaning in _TEXTS if part in text]
        if not known:
            return unreached(source, error)
    return _unreadable(source, known[0] if known else _FAILED)


def _unreadable(source: str, meaning: _Meaning) -> SourceUnavailable:
    why, hint = meaning
    kind = Locked if meaning is _LOCKED else SourceUnavailable
    return kind(f"source `{source}` cannot be read: {why}", hint=hint)
