"""The settings that a server works with, each with where it comes from; they name secrets and never hold one."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from catalog.errors import SettingsInvalid
from catalog.journal.sinks.targets import without_secrets
from web_ui.settings import Settings, load_settings, tables_of, variables_of

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
"""What may stand before the host of an address."""


DEFAULT = "default"
"""The origin of what nobody has set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting in force: its section, its key, its value as text, and `default`, the file or the variable."""

    section: str
    key: str
    value: str
    origin: str

    @property
    def is_default(self) -> bool:
        """Whether nobody has set it."""
        return self.origin == DEFAULT


def effective(settings: Settings, file: Path, environ: Mapping[str, str]) -> tuple[Setting, ...]:
    """Every setting in the order of the reference; of sinks and of the crawls of sources, what is said of them.

    Example:
        >>> effective(Settings(), Path("veil.toml"), {})[1]
        Setting(section='server', key='port', value='8080', origin='default')
    """
    variables, tables = variables_of(environ), _tables(file)
    return tuple(
        Setting(
            section=section,
            key=key,
            value=_address(value) if section.startswith("sinks.") and key == "to" else _shown(value),
            origin=variables.get((section, key)) or (file.name if key in tables.get(section, ()) else DEFAULT),
        )
        for section, key, value in _settings(settings)
    )


def is_stale(settings: Settings, file: Path, environ: Mapping[str, str]) -> bool:
    """Whether the file or the environment says something else by now, so that a restart would change something.

    The address aside: the command that starts a server may say another one.
    """
    try:
        said = load_settings(file, environ)
        here = replace(said.server, host=settings.server.host, port=settings.server.port)
        return replace(said, server=here) != settings
    except SettingsInvalid:
        return True


def _settings(settings: Settings) -> Iterator[tuple[str, str, object]]:
    for section in fields(settings):
        held = getattr(settings, section.name)
        if isinstance(held, Mapping):
            for name, each in held.items():
                said = ((field.name, getattr(each, field.name), field.default) for field in fields(each))
                yield from ((f"{section.name}.{name}", key, value) for key, value, default in said if value != default)
        else:
            yield from ((section.name, field.name, getattr(held, field.name)) for field in fields(held))


def _tables(file: Path) -> Mapping[str, Collection[str]]:
    """The keys that the file sets, by section; none where it cannot be read any more."""
    try:
        read = tables_of(file)
    except SettingsInvalid:
        return {}
    inner = {
        f"{section}.{key}": tuple(value)
        for section, table in read.items()
        for key, value in table.items()
        if isinstance(value, Mapping)
    }
    return {**{section: tuple(table) for section, table in read.items()}, **inner}


def _address(value: object) -> str:
    """Where a sink is; whoever has the whole web address could write into what is collected there."""
    text = _shown(value)
    return without_secrets(str(value)) if text.lower().startswith(("https:", "http:")) else text


def _shown(value: object) -> str:
    match value:
        case Mapping():
            text = ", ".join(f"{key}={inner}" for key, inner in value.items())
        case tuple():
            text = ", ".join(map(str, value))
        case _:
            text = str(value)
    return _CREDENTIALS.sub("", text)
