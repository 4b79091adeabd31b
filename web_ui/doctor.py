"""Looks at the installation, the home, its keys, catalog, journal, sources and identity provider."""

import platform
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import VeilError
from catalog.home import Home
from catalog.journal.journal import Journal
from catalog.journal.reach import reach
from catalog.journal.seals import sealed
from catalog.known_keys import KnownKeys
from catalog.sources.landlock import is_there
from proxy.http.forwarded import read_proxies
from web_ui.behind_proxies import networks_without_clients
from web_ui.identity.configuration import configured
from web_ui.identity.survey import survey
from web_ui.parts import assemble
from web_ui.settings import AuthSettings, load_settings
from web_ui.unguarded_files import CONNECTORS, files_without_landlock

ROOMS = ("catalog", "crawler", "policy_engine", "proxy", "web_ui", "veil")
LIBRARIES = ("duckdb", "pyarrow", "sqlglot", "flask")

Check = Callable[[Home], Iterator[tuple[str, str]]]
"""Yields what was looked at, and what is wrong with it: nothing when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Something that was looked at, and what is wrong with it; empty when all is well."""

    what: str
    wrong: str


def examine(home: Home) -> tuple[Checked, ...]:
    """Looks at everything; a check that cannot be made is a finding, and the others are made all the same.

    Example:
        >>> [checked.what for checked in examine(home) if checked.wrong]
        ['source lake (files)']
    """
    return tuple(Checked(what=what, wrong=wrong) for check in CHECKS for what, wrong in _carefully(check, home))


def misplaced(rooms: dict[str, Path]) -> str:
    """What is wrong with where the rooms were loaded from; they must stand beside each other.

    Example:
        >>> misplaced({"proxy": Path("/a/proxy"), "catalog": Path("/b/catalog"), "veil": Path("/b/veil")})
        '`proxy` was loaded from /a: another package of that name is installed; ...'
    """
    ours = rooms["veil"].parent
    strangers = [f"`{room}` was loaded from {folder.parent}" for room, folder in rooms.items() if folder.parent != ours]
    if not strangers:
        return ""
    return f"{', '.join(strangers)}: another package of that name is installed; give Veil an environment of its own"


def _installation(home: Home) -> Iterator[tuple[str, str]]:
    rooms = {room: Path(str(import_module(room).__file__)).parent for room in ROOMS}
    libraries = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    yield f"veil {version('veil')} on Python {platform.python_version()}, {libraries}", misplaced(rooms)


def _permissions(home: Home) -> Iterator[tuple[str, str]]:
    for path in (home.path, home.catalog_file):
        mode = stat.S_IMODE(path.stat().st_mode)
        wrong = f"others on this machine may read it; run `chmod go= {path}`" if mode & 0o077 else ""
        yield f"who may read {path}", wrong


def _keys(home: Home) -> Iterator[tuple[str, str]]:
    keys = home.master_keys()
    older = f", {len(keys.older)} older" if keys.older else ""
    with Catalog(home.catalog_file) as catalog:
        try:
            KnownKeys(catalog).expect(keys)
            wrong = ""
        except VeilError as error:
            wrong = _told(error)
    yield f"key {keys.current.id}{older}", wrong


def _catalog(home: Home) -> Iterator[tuple[str, str]]:
    with Catalog(home.catalog_file) as catalog:
        [(found,)] = catalog.rows("PRAGMA quick_check(1)")
        yield f"catalog {home.catalog_file}", "" if found == "ok" else "the file is damaged; put back a backup"


def _journal(home: Home) -> Iterator[tuple[str, str]]:
    with Catalog(home.catalog_file) as catalog:
        found = Journal(catalog).verify()
    broken = found.first_break and f"the chain breaks at event {found.first_break}: {found.what}"
    wrong = "" if found.ok else broken or found.what
    yield f"journal of {found.count:,} events", wrong


def _seals(home: Home) -> Iterator[tuple[str, str]]:
    """Whether the journal holds against every seal that was made of it."""
    with assemble(home, load_settings(home.settings_file)) as parts:
        seals = parts.keeper.book.seals()
        found = parts.journal.verify(sealed(seals))
    yield f"{len(seals):,} seals of the journal", "" if found.ok else found.what


def _sources(home: Home) -> Iterator[tuple[str, str]]:
    with Catalog(home.catalog_file) as catalog:
        for source in Datasets(catalog).sources():
            found = reach(source)
            yield f"source {source.name} ({source.connector})", "" if found.is_reached else found.told


def _database_files(home: Home) -> Iterator[tuple[str, str]]:
    """Whether a database file that is opened is the one that was looked at, whoever writes to its folder."""
    with Catalog(home.catalog_file) as catalog:
        sources = Datasets(catalog).sources()
    count = sum(source.connector in CONNECTORS for source in sources)
    how = "opened under Landlock" if is_there() else "opened by path: the system has no Landlock"
    yield f"{count:,} database {'file' if count == 1 else 'files'}, {how}", "; ".join(files_without_landlock(sources))


def _datasets(home: Home) -> Iterator[tuple[str, str]]:
    """What the last crawl of each dataset found wrong with it."""
    with Catalog(home.catalog_file) as catalog:
        datasets = Datasets(catalog).datasets()
    yield f"rows of {len(datasets):,} datasets, as last crawled", ""
    for dataset in datasets:
        for defect in dataset.defects:
            yield f"dataset {dataset.full_name}", f"{defect.what} ({defect.where})"


def _networks(home: Home) -> Iterator[tuple[str, str]]:
    """Whether policies that ask for a network can tell people apart by theirs."""
    settings = load_settings(home.settings_file)
    read_proxies(settings.server.trusted_proxies)
    with assemble(home, settings) as parts, parts.policies.moment() as policies:
        found = networks_without_clients(settings.server, policies)
    yield "networks that policies ask for", found


def _identity_provider(home: Home) -> Iterator[tuple[str, str]]:
    """Whether people could sign in through the provider of the settings, as far as that can be tried without one."""
    settings = load_settings(home.settings_file)
    if not settings.auth.issuer and settings.auth == AuthSettings():
        return
    what = f"identity provider {settings.auth.issuer}"
    try:
        configuration = configured(settings)
        assert configuration is not None
        found = survey(configuration)
        yield f"{what}, {found.keys} keys", "; ".join(found.findings)
    except VeilError as error:
        yield what, _told(error)


CHECKS: tuple[Check, ...] = (
    *(_installation, _permissions, _keys, _catalog, _journal, _seals, _sources, _database_files, _datasets),
    _networks,
    _identity_provider,
)


def _carefully(check: Check, home: Home) -> Iterator[tuple[str, str]]:
    """A check that cannot be made is a finding, and the others are made all the same."""
    try:
        yield from check(home)
    except VeilError as error:
        yield check.__name__.strip("_"), _told(error)


def _told(error: VeilError) -> str:
    return f"{error.detail}; {error.hint}" if error.hint else error.detail
