"""Reads secrets that a source's options name and never state: from the server's environment, or from a file.

Whoever administers sources says where a secret is and where it is sent, a bucket's endpoint say. So what is named must
not be the server's own: its settings and its folder stay out of reach.
"""

import os
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.sources.own_files import refuse_own

_OWN = "VEIL_"


def from_environment(source: str, variable: str) -> str:
    """What a variable of the server's process holds, nothing when it is not set; raises SourceUnavailable for its own.

    Example: `from_environment("lake", "LAKE_KEY")`.
    """
    if variable.upper().startswith(_OWN):
        raise SourceUnavailable(
            f"source `{source}` cannot use `{variable}`: variables of that beginning are the server's settings",
            hint="give the variable another name",
        )
    return os.environ.get(variable, "")


def from_file(file: Path) -> str:
    """What a file holds, nothing when it cannot be read as text; raises SourceUnavailable for one of a server's own."""
    refuse_own(file)
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
