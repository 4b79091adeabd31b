"""Reads secrets that a source's options name and never state: from the server's environment, or from a file.

Whoever administers sources says where a secret is and where it is sent, a bucket's endpoint say. So what is named must
not be the server's own: its settings and its folder stay out of reach.
"""

import os
from pathlib import Path

from catalog.errors import SourceUnavailable
from catalog.sources.files.local_folder import is_a_home

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


def from_file(source: str, file: Path) -> str:
    """What a file holds, nothing when it cannot be read as text; raises SourceUnavailable for one of a server's own."""
    if any(map(is_a_home, file.resolve().parents)):
        raise SourceUnavailable(
            f"source `{source}` cannot use `{file.name}`: it stands in the folder of a server",
            hint="keep credentials of sources in another folder",
        )
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
