"""The server's folder: where the catalog, the keys and the documents lie, and who may read them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import SettingsInvalid
from catalog.master_keys import MasterKey, MasterKeys, given_key, make_keys, read_keys
from catalog.origin import is_own, note_origin

MASTER_KEY_VARIABLE = "VEIL_MASTER_KEY"
OWN_FOLDERS = ("archives", "tmp", "copies", "leases", "crawls")
"""What a server writes for itself in its home, besides files: no data of any source."""


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
    def seals_file(self) -> Path:
        """The seals of the journal, unless the settings keep them elsewhere."""
        return self.path / "seals.jsonl"

    @property
    def seal_key_file(self) -> Path:
        """The private key that signs seals, for the owner's eyes only."""
        return self.path / "seal.key"

    @property
    def archives(self) -> Path:
        """Where the journal's archives are written, unless the settings keep them elsewhere."""
        return self.path / "archives"

    @property
    def documents(self) -> Path:
        """Where documents and tutorial data that belong to the home are kept."""
        return self.path / "documents"

    @property
    def temporary(self) -> Path:
        """Where an engine may spill while a query runs."""
        return self.path / "tmp"

    @property
    def copies(self) -> Path:
        """Private copies of files that the engine cannot read as they stand; they can be deleted at any time."""
        return self.path / "copies"

    @property
    def own_folders(self) -> tuple[Path, ...]:
        """The folders that a server writes for itself."""
        return tuple(self.path / name for name in OWN_FOLDERS)

    @property
    def is_own(self) -> bool:
        """Whether it was made in this place by who asks, or is yet to be made; others have to be named."""
        return is_own(self.path, (self.catalog_file, self.key_file, self.settings_file))

    @classmethod
    def create(cls, path: Path, environ: Mapping[str, str] = os.environ) -> "Home":
        """Makes the folder and its key, or leaves both as they are when they are there already; it is one's own then.

        A home with a catalog whose key was lost gets no new one: its tokens would silently be others.
        """
        home = cls(path.absolute())
        try:
            home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (home.is_own and any(home.path.iterdir())):
                note_origin(home.path)
            for folder in (home.documents, home.temporary):
                folder.mkdir(mode=0o700, exist_ok=True)
            if not environ.get(MASTER_KEY_VARIABLE) and not home.catalog_file.exists():
                make_keys(home.key_file)
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
        """The key in use, as `master_keys` finds it."""
        return self.master_keys(environ).current

    def master_keys(self, environ: Mapping[str, str] = os.environ) -> MasterKeys:
        """The key from the environment or else from the key file, and the older ones; raises SettingsInvalid.

        A key in the environment takes the place of the one in the file, which then counts as an older one.
        """
        given = environ.get(MASTER_KEY_VARIABLE)
        if not given:
            return read_keys(self.key_file)
        current = given_key(given, MASTER_KEY_VARIABLE)
        kept = read_keys(self.key_file) if self.key_file.exists() else None
        older = (kept.current, *kept.older) if kept else ()
        return MasterKeys(current=current, older=tuple(key for key in older if key.id != current.id), is_given=True)
