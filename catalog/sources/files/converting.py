"""Has files read in a process of their own where Veil reads them itself: a small one may unpack to anything."""

from collections.abc import Callable
from pathlib import Path

from catalog.errors import LimitExceeded, SourceUnavailable
from catalog.sources.workers.apart import call_apart

_SECONDS = 10
_BYTES_A_SECOND = 50_000


def convert(function: Callable[..., object], file: Path, *arguments: object) -> None:
    """Calls a function that reads the file and writes what it makes of it; raises SourceUnavailable.

    It may take some seconds of a processor, and more of them for a larger file.
    """
    try:
        call_apart(_SECONDS + file.stat().st_size // _BYTES_A_SECOND, _read, function, file, *arguments)
    except LimitExceeded:
        raise SourceUnavailable(
            f"`{file.name}` takes more memory or time to be read than one file may",
            hint="look at the file; keep such data as CSV or Parquet",
        ) from None


def _read(function: Callable[..., object], file: Path, *arguments: object) -> None:
    try:
        function(file, *arguments)
    except OSError as error:
        why = (error.strerror or "it is damaged").lower()
        raise SourceUnavailable(
            f"`{file.name}` cannot be read and copied: {why}",
            hint="look at the file and its rights, and at the room that is left on the disk of the home",
        ) from None
