"""What an operator may set: `veil.toml` in the home, overridden by VEIL_SECTION__KEY in the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from catalog.crawl_options import read_crawl_options
from catalog.errors import SettingsInvalid
from catalog.model import Source
from catalog.names import fold, nearest
from crawler.politeness import Politeness

FEWEST_THREADS = 4
"""Half for one person, one for whoever reads large answers, and one that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where and how the server listens.

    `public_url` is the address people use when it is another one (behind a TLS proxy, say); with https there, cookies
    are sent over https only. `threads` answer requests, 4 of them at least; at most half are at work for one person at
    once, whatever that person does, so that others are answered. `drain_seconds` is how long running queries may go on
    after the server was told to stop.

    Behind a proxy every connection comes from that one. `trusted_proxies` are the addresses or networks of proxies
    (`127.0.0.1`, `10.0.0.0/24`) whose header `X-Forwarded-For` is believed: the client is the last address in it that
    is not one of theirs. It counts for `network` of policies, pauses of sign-ins and the journal. What such a proxy
    sends without that header, or with one that cannot be read, is refused. Nobody else's header counts.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    threads: int = 32
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    drain_seconds: int = 15
    max_body_bytes: int = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySettings:
    """What one query may use (`max_rows` 0: no limit), and whether an error names the policy behind it.

    Its `seconds` run while its sources are opened, too. `memory` is what the engine may take for one query (`500MB`,
    `2GiB`); what does not fit is spilled to the home's folder, up to `spill`. A result that may fail half way is kept
    there until it is whole, as far as the engine has left room. A query that takes twice as much and 512 MiB is ended.
    Each runs in a process of its own, of which there are at most `workers`; further ones wait. `at_once` is how many
    queries one person may have running (0: no limit), explanations, policy statements and open results that are not
    read to their end included; half of the server's `threads` are the most of all. With `explain = "brief"` a hidden
    column is told of exactly like a misspelt one, and neither a page, nor SQL as it would run, nor one's own part of
    the journal names it, which is without SQL as it ran; only the words of the policies that hold for a person still
    may, since that person may read them. A struct is told by its shown fields alone then, and no comment of a source at
    all.
    """

    seconds: float = 300.0
    batch_rows: int = 65_536
    max_rows: int = 0
    memory: str = "1GB"
    spill: str = "16GB"
    workers: int = 64
    at_once: int = 8
    explain: Literal["full", "brief"] = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """How long a sign-in lasts, and how many wrong passwords are taken before a pause."""

    hours: float = 12.0
    idle_minutes: float = 120.0
    attempts: int = 5
    pause_seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """An identity provider that speaks OpenID Connect; without an `issuer` there are local accounts alone.

    `name` stands on the button. The secret is named, never stated: `client_secret_env` or `client_secret_file`; a
    client without one is a public one. `user_claim` names people, who are called `oidc:NAME` here, and `groups_claim`
    lists their groups (empty: none are taken). `[auth.groups]` gives the provider's groups other names here, or none
    (`""`); all others keep theirs, or count for nothing with `other_groups = "ignore"`. `[auth.attributes]` says which
    claim an attribute is taken from. A claim inside another is written with a dot.

    Bearer tokens of the provider are taken for `api_audience` (empty: none are), if they were issued to `client_id` or
    to one of `api_clients`.
    """

    issuer: str = ""
    name: str = "single sign-on"
    client_id: str = ""
    client_secret_env: str = ""
    client_secret_file: str = ""
    scopes: tuple[str, ...] = ("openid", "profile")
    user_claim: str = "preferred_username"
    groups_claim: str = "groups"
    other_groups: Literal["keep", "ignore"] = "keep"
    groups: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    api_audience: str = ""
    api_clients: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256")
    clock_skew_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """The longest life of an API token made on the page Connect."""

    max_days: int = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """Where the seals of the journal are kept, how often the server makes one (`seal_hours` 0: never), and what stays.

    `seals` is a file, `seals.jsonl` in the home unless told. It shows more the farther it lies from the home: on
    another machine's disk, say, or one that can only be added to. Events older than `keep_days` (0: none) are moved
    into archives in the folder `archives`, `archives` in the home unless told; no event is before every sink has it.
    `renewed_keys` are the public keys that sealed before the one in use; their seals hold up to the first of another.
    """

    seals: str = ""
    renewed_keys: tuple[str, ...] = ()
    seal_hours: float = 24.0
    keep_days: float = 0.0
    archives: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkSettings:
    """Where else the journal goes: each event in order, and at least once.

    `to` is `file:///var/log/veil.jsonl`, `udp://host:514`, `tcp://host:601`, `unix:///dev/log` (syslog), or
    `https://..`, which is sent a JSON array, with the bearer token in the environment variable `token_env`; Health and
    errors tell its host and port alone, as the rest may be secret. `form` is Veil's own JSON with its hashes, CEF or
    OCSF. With `kinds` it gets only those kinds of events. A file is put aside when it has `rotate_megabytes`, and
    `keep` of them are kept.
    """

    to: str = ""
    form: Literal["json", "cef", "ocsf"] = "json"
    kinds: tuple[str, ...] = ()
    token_env: str = ""
    rotate_megabytes: int = 100
    keep: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """How sources are crawled: rows of a sample, a pause after each relation, and how many sources at once.

    A run that has taken `most_seconds` or read `most_bytes` (0: no limit) is paused, and goes on the next time.
    `detectors` are those of installed packages that rules may ask for; they run beside the data.
    """

    rows: int = 1_000
    pause_seconds: float = 0.0
    most_seconds: float = 0.0
    most_bytes: int = 0
    at_once: int = 2
    detectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCrawlSettings:
    """How one source is crawled; what is not said here is as its own options `crawl_..` say, then as in `[crawl]`.

    The server crawls it `every` so often (`30m`, `6h`, `7d`), or by `cron`, in UTC (`30 2 * * 1-5`), and registers what
    is new in the database `into`; only what lies under `path` when that is given. It does so in some `hours` alone
    (`22:00-06:00`, in UTC), if they are given: a crawl that is not through by their end goes on in the next.
    """

    every: str = ""
    cron: str = ""
    hours: str = ""
    into: str = ""
    path: str = ""
    rows: int = 0
    pause_seconds: float = 0.0
    most_seconds: float = 0.0
    most_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting there is.

    Example:
        [server]
        port = 9090
        public_url = "https://veil.example"
    """

    server: ServerSettings = field(default_factory=ServerSettings)
    query: QuerySettings = field(default_factory=QuerySettings)
    session: SessionSettings = field(default_factory=SessionSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    tokens: TokenSettings = field(default_factory=TokenSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    sinks: Mapping[str, SinkSettings] = field(default_factory=dict)
    crawl: CrawlSettings = field(default_factory=CrawlSettings)
    crawls: Mapping[str, SourceCrawlSettings] = field(default_factory=dict)

    def crawl_of(self, source: Source) -> SourceCrawlSettings:
        """How a source is crawled: what is said of it here, and of the rest what it says itself."""
        here = next((each for name, each in self.crawls.items() if fold(name) == fold(source.name)), None)
        itself = read_crawl_options(source.name, source.options)
        own = here or SourceCrawlSettings()
        is_timed = bool(own.every or own.cron)
        said = {each.name: getattr(own, each.name) or getattr(itself, each.name) for each in fields(own)}
        return SourceCrawlSettings(**said | ({"every": own.every, "cron": own.cron} if is_timed else {}))

    def politeness(self, source: Source) -> Politeness:
        """How much a crawl may ask of a source."""
        own = self.crawl_of(source)
        return Politeness(
            rows=own.rows or self.crawl.rows,
            pause_seconds=own.pause_seconds or self.crawl.pause_seconds,
            most_seconds=own.most_seconds or self.crawl.most_seconds,
            most_bytes=own.most_bytes or self.crawl.most_bytes,
        )


Section = Mapping[str, object]


def load_settings(file: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a home; a missing file means all defaults, anything unknown is refused.

    Example:
        >>> load_settings(Path("veil.toml"), {"VEIL_SERVER__PORT": "9000"}).server.port
        9000
    """
    tables = {name: dict(table) for name, table in tables_of(file).items()}
    origins = {(name, key): f"`{key}` of [{name}] in `{file.name}`" for name, table in tables.items() for key in table}
    for (name, key), variable in variables_of(environ).items():
        tables.setdefault(name, {})[key] = environ[variable]
        origins[name, key] = f"`{variable}`"
    sections = get_type_hints(Settings)
    _refuse_unknown(tables, sections, "section")
    read: dict[str, Any] = {name: _read_section(sections[name], name, table, origins) for name, table in tables.items()}
    settings = Settings(**read)
    if settings.server.threads < FEWEST_THREADS:
        raise SettingsInvalid(
            f"{origins['server', 'threads']} must be {FEWEST_THREADS} at least: one person could have all of them wait",
            hint=f"leave it out for {ServerSettings().threads}",
        )
    return settings


def variables_of(environ: Mapping[str, str]) -> Mapping[tuple[str, str], str]:
    """The variables that set something, by section and key.

    Example:
        >>> variables_of({"VEIL_SERVER__PORT": "9000", "HOME": "/root"})
        {('server', 'port'): 'VEIL_SERVER__PORT'}
    """
    named = (variable for variable in environ if variable.startswith("VEIL_") and "__" in variable)
    found: dict[tuple[str, str], str] = {}
    for variable in named:
        section, _, key = variable.removeprefix("VEIL_").lower().partition("__")
        found[section, key] = variable
    return found


def _read_section(kind: Any, name: str, table: Section, origins: Mapping[tuple[str, str], str]) -> object:
    """A section, or one that holds a section for each of some names: `[crawls.lake]`."""
    if get_origin(kind) is not Mapping:
        return _section(kind, name, table, origins)
    inner = get_args(kind)[1]
    read: dict[str, object] = {}
    for key, value in table.items():
        if not isinstance(value, dict):
            raise SettingsInvalid(f"{origins[name, key]} is no section", hint=f"write `[{name}.{key}]`, in the file")
        where = {(f"{name}.{key}", part): f"`{part}` of [{name}.{key}]" for part in value}
        read[key] = _section(inner, f"{name}.{key}", value, where)
    return read


def tables_of(file: Path) -> Mapping[str, Section]:
    """What a file of settings says, section by section, before it is checked; nothing when there is no file."""
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsInvalid(f"`{file}` cannot be read", hint="it must be a TOML file in UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        raise SettingsInvalid(f"`{file}` is not valid TOML: {problem}", hint="mend the file") from problem
    for name, table in read.items():
        if not isinstance(table, dict):
            _refuse_unknown([name], get_type_hints(Settings), "section")
            raise SettingsInvalid(f"`{name}` in `{file}` is no section", hint=f"write `[{name}]` and its keys below")
    return read


def _section(kind: type, name: str, table: Section, origins: Mapping[tuple[str, str], str]) -> object:
    known = get_type_hints(kind)
    _refuse_unknown(table, known, f"key in [{name}]:")
    return kind(**{key: _value(value, known[key], origins[name, key]) for key, value in table.items()})


def _value(value: object, kind: Any, origin: str) -> object:
    """The value in its type; a text from the environment is read as the type asks."""
    if get_origin(kind) is Literal:
        return _choice(value, get_args(kind), origin)
    if get_origin(kind) is tuple:
        return _texts(value, origin)
    if get_origin(kind) is Mapping:
        return _named_texts(value, origin)
    wanted = {str: "a text", int: "a whole number", float: "a number"}
    if kind is float and type(value) is int:
        value = float(value)
    if isinstance(value, str) and kind is not str:
        try:
            value = kind(value)
        except ValueError:
            value = None
    if type(value) is not kind or (isinstance(value, int | float) and not 0 <= value < float("inf")):
        raise SettingsInvalid(f"{origin} must be {wanted[kind]}", hint="see the reference of settings")
    return value


def _texts(value: object, origin: str) -> tuple[str, ...]:
    """A list of texts; in the environment they stand with commas between them."""
    listed = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(part, str) for part in listed):
        raise SettingsInvalid(f"{origin} must be a list of texts", hint="see the reference of settings")
    return tuple(listed)


def _named_texts(value: object, origin: str) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
        raise SettingsInvalid(f"{origin} must be a section of texts, in the file", hint="see the reference of settings")
    return value


def _choice(value: object, known: tuple[str, ...], origin: str) -> object:
    if value not in known:
        raise SettingsInvalid(f"{origin} must be " + " or ".join(f"`{choice}`" for choice in known))
    return value


def _refuse_unknown(given: "Mapping[str, object] | list[str]", known: Mapping[str, object], what: str) -> None:
    for name in given:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean `{near}`?" if near else "known: " + ", ".join(f"`{key}`" for key in known)
            raise SettingsInvalid(f"unknown {what} `{name}` in the settings", hint=hint)
