"""The server's folder: where the catalog, the keys and the documents lie, and who may read them."""

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catalog.errors import SettingsInvalid

MASTER_KEY_VARIABLE = "VEIL_MASTER_KEY"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """The secret from which every other key is derived; `id` names it without telling it."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Home:
    """A folder that one Veil lives in.

    Example:
        >>> home = Home.create(Path("/srv/veil"))
        >>> home.catalog_file.name
        'catalog.sqlite'
    """

    path: Path

    @property
    def catalog_file(self) -> Path:
        """The SQLite file with the catalog and the journal."""
        return self.path / "catalog.sqlite"

    @property
    def key_file(self) -> Path:
        """The master key, for the owner's eyes only."""
        return self.path / "key.json"

    @property
    def settings_file(self) -> Path:
        """The settings, if the operator wrote any."""
        return self.path / "veil.toml"

    @property
    def documents(self) -> Path:
        """Where documents and tutorial data that belong to the home are kept."""
        return self.path / "documents"

    @property
    def temporary(self) -> Path:
        """Where an engine may spill while a query runs."""
        return self.path / "tmp"

    @classmethod
    def create(cls, path: Path, environ: Mapping[str, str] = os.environ) -> "Home":
        """Makes the folder and its key, or leaves both as they are when they are there already.

        A home with a catalog whose key was lost gets no new one: its tokens would silently be others.
        """
        home = cls(path.absolute())
        try:
            home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (home.documents, home.temporary):
                folder.mkdir(mode=0o700, exist_ok=True)
            if not environ.get(MASTER_KEY_VARIABLE) and not home.catalog_file.exists():
                _write_new_key(home.key_file)
        except OSError as error:
            raise SettingsInvalid(
                f"the home `{home.path}` cannot be made: {error.strerror}", hint="name another folder with --home"
            ) from error
        return home

    @classmethod
    def open(cls, path: Path) -> "Home":
        """The home that is there; raises SettingsInvalid when there is none."""
        home = cls(path.absolute())
        if not home.catalog_file.is_file():
            raise SettingsInvalid(
                f"`{home.path}` is no home of Veil", hint=f"make one with `veil init --home {home.path}`"
            )
        return home

    def master_key(self, environ: Mapping[str, str] = os.environ) -> MasterKey:
        """The key from the environment or else from the key file; raises SettingsInvalid when it is not safe to use."""
        given = environ.get(MASTER_KEY_VARIABLE)
        if given:
            return _key(_decoded(given, MASTER_KEY_VARIABLE))
        return _read_key(self.key_file)


def _write_new_key(file: Path) -> None:
    """Writes a key whole or not at all; of several processes the first one wins."""
    key = _key(secrets.token_bytes(_SECRET_BYTES))
    text = json.dumps({"key_id": key.id, "master": base64.b64encode(key.secret).decode("ascii")})
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)


def _read_key(file: Path) -> MasterKey:
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
            hint=f"put it back from your backup, or set {MASTER_KEY_VARIABLE}; another key makes other tokens",
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"the key file `{file}` cannot be read", hint="put it back from your backup") from error
    match stored:
        case {"key_id": str(key_id), "master": str(master)}:
            key = _key(_decoded(master, f"`{file}`"))
            if key.id == key_id:
                return key
    raise SettingsInvalid(f"the key file `{file}` is damaged", hint="put it back from your backup")


def _decoded(text: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        raise SettingsInvalid(
            f"the master key in {where} is not {_SECRET_BYTES} bytes in base64",
            hint="`openssl rand -base64 32` makes one",
        )
    return secret


def _key(secret: bytes) -> MasterKey:
    return MasterKey(id=hashlib.sha256(b"veil/key-id/v1/" + secret).hexdigest()[:16], secret=secret)
