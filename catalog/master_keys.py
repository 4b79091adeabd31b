"""The file of master keys: one in use, older ones kept to read what was encrypted under them, none ever shown.

    {"current": "<id>", "keys": {"<id>": {"master": "<32 bytes in base64>"}, ..}}

A file of one key, `{"key_id": .., "master": ..}`, as homes were first made with, is read as well.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from catalog.errors import SettingsInvalid
from catalog.secret_files import replace, write_first

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """The secret from which every other key is derived; `id` names it without telling it."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """The key in use and the ones before it; `is_given` when the one in use came from the environment."""

    current: MasterKey
    older: tuple[MasterKey, ...] = ()
    is_given: bool = False


def given_key(text: str, where: str) -> MasterKey:
    """The key that a text in base64 is; raises SettingsInvalid without showing it."""
    try:
        secret = base64.b64decode(text, validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise SettingsInvalid(
            f"the master key in {where} is not {SECRET_BYTES} bytes in base64",
            hint="`openssl rand -base64 32` makes one",
        )
    return _key(secret)


def make_keys(file: Path) -> None:
    """Writes a first key whole or not at all; of several processes the first one wins."""
    write_first(file, _written(MasterKeys(current=_key(secrets.token_bytes(SECRET_BYTES)))))


def rotate_keys(file: Path) -> MasterKeys:
    """Puts a new key in use and keeps all older ones, whole or not at all."""
    before = read_keys(file)
    after = MasterKeys(current=_key(secrets.token_bytes(SECRET_BYTES)), older=(before.current, *before.older))
    replace(file, _written(after))
    return after


def read_keys(file: Path) -> MasterKeys:
    """The keys of a file that nobody but its owner can read; raises SettingsInvalid for any other."""
    try:
        with file.open(encoding="ascii") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if mode & 0o077:
                raise SettingsInvalid(
                    f"the key file `{file}` can be read by others",
                    hint=f"run `chmod 600 {file}` and consider a new key",
                )
            stored = json.load(stream)
    except FileNotFoundError:
        raise SettingsInvalid(
            f"the key file `{file}` is missing",
            hint="put it back from your backup, or set VEIL_MASTER_KEY; another key makes other tokens",
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"the key file `{file}` cannot be read", hint="put it back from your backup") from error
    match stored:
        case {"key_id": str(key_id), "master": _}:
            stored = {"current": key_id, "keys": {key_id: stored}}
    match stored:
        case {"current": str(current), "keys": dict(entries)} if current in entries:
            keys = {key.id: key for key in (_stored(file, name, entry) for name, entry in entries.items())}
            older = tuple(key for name, key in keys.items() if name != current)
            return MasterKeys(current=keys[current], older=older)
    raise _damaged(file)


def _stored(file: Path, name: object, entry: object) -> MasterKey:
    match entry:
        case {"master": str(master)}:
            key = given_key(master, f"`{file}`")
            if key.id == name:
                return key
    raise _damaged(file)


def _damaged(file: Path) -> SettingsInvalid:
    return SettingsInvalid(f"the key file `{file}` is damaged", hint="put it back from your backup")


def _written(keys: MasterKeys) -> bytes:
    """What a key file with these keys holds."""
    entries = {key.id: {"master": base64.b64encode(key.secret).decode("ascii")} for key in (keys.current, *keys.older)}
    return (json.dumps({"current": keys.current.id, "keys": entries}) + "\n").encode("ascii")


def _key(secret: bytes) -> MasterKey:
    return MasterKey(id=hashlib.sha256(b"veil/key-id/v1/" + secret).hexdigest()[:16], secret=secret)
