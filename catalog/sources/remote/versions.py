"""From which version on a database can work masked cells out itself; an older one is told so before it is asked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.errors import SourceUnavailable
from catalog.sources.remote.snapshot import RemoteColumn

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """The first version that has what masks are written with, and what keys are bound with."""

    masks: Version
    keys: Version


SINCE: Mapping[str, Since] = {
    "PostgreSQL": Since(masks=(10,), keys=(13,)),  # gen_random_uuid
    "MariaDB": Since(masks=(10, 0, 5), keys=(10, 10)),  # REGEXP_SUBSTR; RANDOM_BYTES
    "MySQL": Since(masks=(8, 0, 4), keys=(8, 0, 4)),  # REGEXP_SUBSTR
}


def refuse_older(source: str, system: str, version: Version, columns: Iterable[RemoteColumn]) -> None:
    """Raises SourceUnavailable when a scan asks for cells that so old a server cannot work out.

    Example:
        >>> refuse_older("clinic", "PostgreSQL", (12,), [])  # no cell is asked for
    """
    cells = [column for column in columns if column.is_cell]
    takes_keys = any(cell.keys for cell in cells)
    least = SINCE[system].keys if takes_keys else SINCE[system].masks
    if cells and version < least:
        what = "masks that take a key" if takes_keys else "masks"
        raise SourceUnavailable(
            f"source `{source}` is {system} {_written(version)}, which cannot work out {what}:"
            f" that takes version {_written(least)}",
            hint=f"say `masks: {'keyless' if takes_keys else 'veil'}` in the source, or bring its server up to date",
        )


def mariadb_version(text: str) -> tuple[str, Version]:
    """The system and version that a server says it is.

    Example:
        >>> mariadb_version("5.5.5-10.11.6-MariaDB-log"), mariadb_version("8.0.36")
        (('MariaDB', (10, 11, 6)), ('MySQL', (8, 0, 36)))
    """
    is_mariadb = "MariaDB" in text
    found = re.match(r"(\d+(?:\.\d+)*)", text.removeprefix("5.5.5-") if is_mariadb else text)
    numbers = tuple(int(part) for part in found[1].split(".")[:3]) if found else (0,)
    return "MariaDB" if is_mariadb else "MySQL", numbers


def postgres_version(number: int) -> Version:
    """The version that a server's number says.

    Example:
        >>> postgres_version(150004)
        (15, 4)
    """
    return number // 10_000, number % 10_000


def _written(version: Version) -> str:
    return ".".join(map(str, version))
