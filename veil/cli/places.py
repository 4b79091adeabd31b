"""Where a command does its work: in a home on this machine, or at a server."""

import functools
import getpass
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from catalog.errors import Internal, SettingsInvalid
from catalog.home import Home
from catalog.people.accounts import OPERATOR
from veil import AccessNotice, Connection, HttpTransport, connect
from veil.transport import API, read_json
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

DEFAULT_HOME = Path(".veil")

Command = TypeVar("Command", bound=Callable[..., Any])

_FOLDER = click.Path(path_type=Path, file_okay=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A home or, where that is None, the server at `url`."""

    home: Path | None = None
    url: str = ""


def home_option(command: Command) -> Command:
    """`--home DIR`, for what works on this machine only; `.veil` in the current folder unless told.

    A home reads variables and files for its sources, so one that somebody else made is taken only when it is named.
    """
    return click.option(
        "--home",
        envvar="VEIL_HOME",
        type=_FOLDER,
        default=DEFAULT_HOME,
        callback=_taken,
        help="The server's folder.",
        show_default=True,
        show_envvar=True,
    )(command)


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--home DIR` or `--url URL`; the command is called with one `place`."""

    @click.option(
        "--home", envvar="VEIL_HOME", type=_FOLDER, show_envvar=True, help="Work in this home, without a server."
    )
    @click.option("--url", envvar="VEIL_URL", show_envvar=True, help="Ask this server (token in VEIL_TOKEN).")
    @functools.wraps(command)
    def placed(home: Path | None, url: str | None, **values: Any) -> Any:
        return command(place=_place(click.get_current_context(), home, url), **values)

    return placed


def _place(context: click.Context, home: Path | None, url: str | None) -> Place:
    """What was typed counts before the environment, and a home before a server."""
    typed = context.get_parameter_source("url") is ParameterSource.COMMANDLINE
    if url and typed and context.get_parameter_source("home") is not ParameterSource.COMMANDLINE:
        return Place(url=url)
    if home is not None:
        return Place(home=home)
    if url:
        return Place(url=url)
    if (DEFAULT_HOME / "catalog.sqlite").is_file():
        return Place(home=_own(DEFAULT_HOME))
    raise SettingsInvalid(
        "neither a home nor a server is named",
        hint="set VEIL_HOME (or --home) for a home here, or VEIL_URL and VEIL_TOKEN for a server",
    )


def _taken(context: click.Context, parameter: click.Parameter, home: Path) -> Path:
    is_named = context.get_parameter_source(parameter.name or "") is not ParameterSource.DEFAULT
    return home if is_named else _own(home)


def _own(home: Path) -> Path:
    """A home that nobody named; raises SettingsInvalid where it is another's."""
    if Home(home.absolute()).is_own:
        return home
    raise SettingsInvalid(
        f"the home `{home}` of this folder was made elsewhere, by another user, or by an older version of Veil",
        hint=f"if it is yours: `veil init --home {home}`; it reads variables and files of whoever uses it",
    )


@contextmanager
def opened(folder: Path) -> Iterator[Parts]:
    """The parts of the home in a folder, put together as the server does it."""
    home = Home.open(folder)
    with assemble(home, load_settings(home.settings_file)) as parts:
        yield parts


@contextmanager
def connected(url: str, database: str = "main", purpose: str = "") -> Iterator[Connection]:
    """A connection to a server as the holder of the token in VEIL_TOKEN; notices are printed, not warned of."""
    with warnings.catch_warnings(), connect(url, database=database, purpose=purpose) as connection:
        warnings.simplefilter("ignore", AccessNotice)
        yield connection


def asked(url: str, method: str, path: str, payload: object = None) -> dict[str, object]:
    """What a route of the control API answers with."""
    transport = HttpTransport(url, token=os.environ.get("VEIL_TOKEN"))
    try:
        answer = read_json(transport.send(method, API + path, payload))
    finally:
        transport.close()
    if not isinstance(answer, dict):
        raise Internal("the server's answer cannot be understood", hint="is it of the same version?")
    return answer


def operator() -> str:
    """Whoever works on this machine, as the journal names them.

    Example: `local:ada`
    """
    try:
        return f"{OPERATOR}{getpass.getuser()}"
    except (KeyError, OSError):
        return f"{OPERATOR}{os.getuid()}"
