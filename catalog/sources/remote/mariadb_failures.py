"""What MariaDB's failures mean to the reader: constant texts only, since its own may carry values and addresses."""

import ssl

from catalog.errors import SourceTimeout, SourceUnavailable, VeilError
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.remote.locks import Locked
from catalog.sources.remote.unreached import unreached

_UNVERIFIED, _NO_FILE = -1, -2  # what the driver has no number for
_Meaning = tuple[tuple[int, ...], str, str]
_CODES: tuple[_Meaning, ...] = (
    (
        (1044, 1045, 1698, 3118),
        "it refuses the account or its password",
        "check the URL, and that the account may connect",
    ),
    ((1049,), "it has no database of the URL's name", "check the URL"),
    (
        (1142, 1143, 1227, 1356, 1370),
        "its account may not read a table, or something behind a view",
        "GRANT SELECT on it to the account",
    ),
    ((1040, 1041, 1203, 1226), "it has no connection or memory left", "try again in a moment"),
    ((1051, 1054, 1146, 1412), "a table, a view or a column has changed", CHANGED_HINT),
    ((1205, 1213), "a table in it is locked", "try again in a moment"),
    ((1792,), "a view in it writes, and a source is only read", "leave the view out"),
    ((2026, 3159), "it and the URL do not agree on encryption", "check `ssl_ca`, `ssl_cert` and `ssl_key` in the URL"),
    (
        (_UNVERIFIED,),
        "its certificate cannot be verified",
        "check `ssl_ca` in the URL, and that its host is the one in the certificate",
    ),
    ((_NO_FILE,), "a file that its URL names is not there", "check `ssl_ca`, `ssl_cert` and `ssl_key` in the URL"),
)
_OF_SERVER = range(1000, 2000), range(3000, 6000)  # the others are the driver's, which tell no value
_STOPPED = (1317, 1969, 3024, 1028)
_LOCKED = 1205


def failure(source: str, error: Exception, seconds: float | None, *, is_cancelled: bool = False) -> VeilError:
    """What a person is told in place of what the driver raised."""
    code = _cause(error)
    if code in _STOPPED or is_cancelled:
        limit = "" if seconds is None else f" after {seconds:g} seconds"
        return SourceTimeout(f"source `{source}` was stopped{limit}", hint="narrow the query, or ask for more time")
    for codes, why, hint in _CODES:
        if code in codes:
            kind = Locked if code == _LOCKED else SourceUnavailable
            return kind(f"source `{source}` cannot be read: {why}", hint=hint)
    if isinstance(code, int) and any(code in codes for codes in _OF_SERVER):
        return SourceUnavailable(
            f"source `{source}` cannot be read: a value in it cannot be worked out by a view, or it failed",
            hint="mend the value or the view, and look into the log of its server",
        )
    return unreached(source, error)


def _cause(error: Exception) -> object:
    """The server's or the driver's number of an error; it wraps what went wrong with certificates."""
    wrapped = getattr(error, "original_exception", error)
    if isinstance(wrapped, ssl.SSLCertVerificationError):
        return _UNVERIFIED
    if isinstance(wrapped, FileNotFoundError):
        return _NO_FILE
    return error.args[0] if error.args else 0
