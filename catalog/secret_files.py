"""Secrets that a home makes for itself, each in a file for the owner's eyes only."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from catalog.errors import SettingsInvalid


def kept_secret(file: Path, *, length: int, loss: str) -> bytes:
    """The `length` random bytes in the file, made when there is none; of several processes the first one wins.

    `loss` says what follows when the file is removed. Raises SettingsInvalid when others could read it.

    Example:
        >>> kept_secret(home.path / "cookie.key", length=32, loss="everybody signs in again")
    """
    if not file.exists():
        write_first(file, secrets.token_bytes(length))
    with file.open("rb") as stream:
        if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise SettingsInvalid(
                f"the file `{file}` can be read by others", hint=f"run `rm {file}`: a new one is made, and {loss}"
            )
        secret = stream.read()
    if len(secret) != length:
        raise SettingsInvalid(f"the file `{file}` is damaged", hint=f"run `rm {file}`: a new one is made, and {loss}")
    return secret


def write_first(file: Path, secret: bytes) -> None:
    """Writes the file whole or not at all, and leaves it alone when it is there already."""
    draft = _draft(file, secret)
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)


def replace(file: Path, secret: bytes) -> None:
    """Writes the file whole or not at all, in the place of the one that was there."""
    os.replace(_draft(file, secret), file)


def _draft(file: Path, secret: bytes) -> str:
    """A file beside it with this content, safely on disk."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".secret-")
    with os.fdopen(handle, "wb") as stream:
        stream.write(secret)
        stream.flush()
        os.fsync(stream.fileno())
    return draft
