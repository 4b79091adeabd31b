"""Reads secrets that a source's options name and never state: from the server's environment, or from a file.

Whoever administers sources says where a secret is and where it is sent, a bucket's endpoint say. So what is named must
not be the server's own: its settings and its folder stay out of reach.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.sources.own_files import read_named

_OWN = "VEIL_"
_MOST_BYTES = 65_536
_withheld: set[str] = set()


def withhold_variables(names: Iterable[str]) -> None:
    """Keeps variables back as well in which the settings have secrets of the server, whatever they are called.

    Example: `withhold_variables(["COLLECTOR_TOKEN"])`.
    """
    _withheld.update(filter(None, names))


def from_environment(source: str, variable: str) -> str:
    """What a variable of the server's process holds, nothing when it is not set; raises SourceUnavailable for its own.

    Example: `from_environment("lake", "LAKE_KEY")`.
    """
    if variable.upper().startswith(_OWN):
        raise SourceUnavailable(
            f"source `{source}` cannot use `{variable}`: variables of that beginning are the server's settings",
            hint="give the variable another name",
        )
    if variable in _withheld:
        raise SourceUnavailable(
            f"source `{source}` cannot use `{variable}`: the server's settings name it for the server alone",
            hint="give the source a variable of its own",
        )
    return os.environ.get(variable, "")


def from_file(file: Path) -> str:
    """What a file holds, nothing when it cannot be read as text; raises SourceUnavailable for one of a server's own."""
    try:
        return read_named(file, _MOST_BYTES)
    except (OSError, ValueError):
        return ""
