"""Which connectors there are: each is picked by its name, and its options are checked before it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from catalog.crawl_options import CRAWL_OPTIONS, of_connector, read_crawl_options
from catalog.errors import SettingsInvalid
from catalog.model import Source
from catalog.names import nearest
from catalog.sources.connector import ConnectorFactory, KeepsCopies, SourceConnector
from catalog.sources.duckdb_file import DuckDbFileConnector
from catalog.sources.files.connector import FilesConnector, check_files
from catalog.sources.files.options import FILE_OPTIONS
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.remote.address import URLS, check_url
from catalog.sources.remote.connector import MASKS, RemoteConnector, check_masks
from catalog.sources.sqlite_file import SqliteFileConnector


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorKind:
    """A connector by name, with the options it must have and those it may have."""

    name: str
    factory: ConnectorFactory
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    check: Callable[[str, Mapping[str, str]], None] | None = None


_SERVER = (*URLS, MASKS)


def _check_server(source: str, options: Mapping[str, str]) -> None:
    check_url(source, options)
    check_masks(source, options)


CONNECTORS: tuple[ConnectorKind, ...] = (
    ConnectorKind(name="files", factory=FilesConnector, required=("path",), optional=FILE_OPTIONS, check=check_files),
    ConnectorKind(name="duckdb", factory=DuckDbFileConnector, required=("path",)),
    ConnectorKind(name="mariadb", factory=partial(RemoteConnector, "mariadb"), optional=_SERVER, check=_check_server),
    ConnectorKind(name="postgres", factory=partial(RemoteConnector, "postgres"), optional=_SERVER, check=_check_server),
    ConnectorKind(
        name="sqlite",
        factory=SqliteFileConnector,
        required=("path",),
        optional=(MASKS,),
        check=check_masks,
    ),
)


def connect(source: Source, copies: PrivateCopies | None = None) -> SourceConnector:
    """The connector of a source; raises SettingsInvalid for a connector or an option that is not known.

    `copies` is where one that needs private copies of what it reads keeps them; else they end with it.

    Example:
        >>> connect(Source(name="lake", connector="files", options={"path": "data"})).engine
        'embedded'
    """
    kind = connector_kind(source.connector)
    check_options(source.name, kind, source.options)
    connector = kind.factory(source.name, of_connector(source.options))
    if copies is not None and isinstance(connector, KeepsCopies):
        connector.keep_copies(copies)
    return connector


def connector_kind(name: str) -> ConnectorKind:
    """The connector of that name; raises SettingsInvalid naming the nearest."""
    for kind in CONNECTORS:
        if kind.name == name:
            return kind
    if name == "spark":
        raise SettingsInvalid(
            "there is no connector `spark` yet: Veil cannot govern what a cluster computes",
            hint="read the files behind its tables by `files`, or the database that they came from",
        )
    known = [kind.name for kind in CONNECTORS]
    raise SettingsInvalid(f"there is no connector `{name}`", hint=_hint(name, known))


def check_options(source: str, kind: ConnectorKind, options: Mapping[str, str]) -> None:
    """Raises SettingsInvalid for an option that is missing, empty or not known; any source may speak of its crawls."""
    for option in kind.required:
        if not options.get(option):
            raise SettingsInvalid(f"source `{source}` lacks the option `{option}`", hint=f"`{kind.name}` needs it")
    read_crawl_options(source, options)
    own, known = of_connector(options), kind.required + kind.optional
    for option in own:
        if option not in known:
            hint = _hint(option, known + CRAWL_OPTIONS)
            raise SettingsInvalid(f"source `{source}` has an unknown option `{option}`", hint=hint)
    if kind.check is not None:
        kind.check(source, own)


def _hint(name: str, known: list[str] | tuple[str, ...]) -> str:
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{each}`' for each in known)}"
