"""Why a server could not be reached at all, in the reader's words; which host it was, the URL says and nobody else."""

import errno
import socket

from catalog.errors import SourceUnavailable

_UNKNOWN = ("its host is not known", "check the host in the URL, and that this machine can resolve it")
_REFUSED = ("nothing listens at its address", "check host and port in the URL, and that the server runs")
_SILENT = ("its host does not answer", "check host and port in the URL, and what stands between: a firewall, a VPN")
_BROKEN = ("", "check its URL, its server and the network")

_NUMBERS = {
    errno.ECONNREFUSED: _REFUSED,
    errno.EHOSTUNREACH: _SILENT,
    errno.ENETUNREACH: _SILENT,
    errno.ETIMEDOUT: _SILENT,
}
_TEXTS = (
    ("could not translate host name", _UNKNOWN),
    ("Connection refused", _REFUSED),
    ("timeout expired", _SILENT),
    ("timed out", _SILENT),
    ("No route to host", _SILENT),
    ("Network is unreachable", _SILENT),
)


def unreached(source: str, error: Exception) -> SourceUnavailable:
    """What a person is told of a driver's failure to connect; for one that broke off later nothing more is known.

    Example:
        >>> unreached("clinic", ConnectionRefusedError(111, "Connection refused")).detail
        'source `clinic` cannot be reached: nothing listens at its address'
    """
    why, hint = _meaning(error)
    return SourceUnavailable(f"source `{source}` cannot be reached{f': {why}' if why else ', or broke off'}", hint=hint)


def _meaning(error: Exception) -> tuple[str, str]:
    cause = getattr(error, "original_exception", error)
    if isinstance(cause, socket.gaierror):
        return _UNKNOWN
    if isinstance(cause, TimeoutError):
        return _SILENT
    if isinstance(cause, OSError) and cause.errno in _NUMBERS:
        return _NUMBERS[cause.errno]
    text = str(error)
    return next((meaning for part, meaning in _TEXTS if part in text), _BROKEN)
