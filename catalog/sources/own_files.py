"""The files of a server itself: they are no data and no credentials, and nobody opens them for a source."""

from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.sources.files.local_folder import is_a_home


def refuse_own(file: Path) -> None:
    """Raises SourceUnavailable for a file in the folder of a server, without opening it.

    INVARIANT: a catalog's file is never opened beside its connections. Closing it again would take away the locks that
    they hold in this process (POSIX), and another process would then remove the log that they still write to.
    """
    if is_a_home(file.resolve().parent):
        raise SourceUnavailable(
            f"`{file.name}` stands in the folder of a server and is no data", hint="keep data in other folders"
        )
