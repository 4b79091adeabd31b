"""The key that signs cookies, kept in the home for the owner's eyes only."""

import os
import secrets
import stat
from pathlib import Path

from catalog.errors import SettingsInvalid

_BYTES = 32


def signing_key(file: Path) -> bytes:
    """The key in the file, made when there is none; refused when others could read it."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(file)
    with os.fdopen(handle, "wb") as stream:
        key = secrets.token_bytes(_BYTES)
        stream.write(key)
    return key


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise SettingsInvalid(
                f"the file `{file}` can be read by others",
                hint=f"run `rm {file}`: a new one is made, and everybody signs in again",
            )
        key = stream.read()
    if len(key) != _BYTES:
        raise SettingsInvalid(f"the file `{file}` is damaged", hint=f"run `rm {file}`: a new one is made")
    return key
