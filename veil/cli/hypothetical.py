"""Somebody to ask as, and when and how: an account, or anybody with some groups and attributes, who need not exist."""

import functools
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from catalog.clock import utc_now
from catalog.errors import SettingsInvalid
from policy_engine.circumstances import AT_MOST, Circumstances
from policy_engine.model import Subject
from policy_engine.subjects import subject_of
from veil.cli.people import account
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Groups and attributes as the command line states them; None where it says nothing of them."""

    groups: tuple[str, ...] | None
    attributes: Mapping[str, str | tuple[str, ...]] | None

    @property
    def is_anybody(self) -> bool:
        """Whether somebody is described at all."""
        return self.groups is not None or self.attributes is not None

    def subject(self, parts: Parts, user: str | None) -> Subject:
        """The account of that name with what is stated added to it, or somebody with just that."""
        if user is None and not self.is_anybody:
            raise SettingsInvalid("nobody is named to ask as", hint="add --as USER, or --groups and --attribute")
        known = subject_of(account(parts, user)) if user else Subject(user="", groups=frozenset())
        return Subject(
            user=known.user,
            groups=known.groups | frozenset(self.groups or ()),
            attributes={**known.attributes, **(self.attributes or {})},
        )

    def __str__(self) -> str:
        groups = ", ".join(self.groups or ()) or "no group"
        known = "".join(f", {key}={value}" for key, value in (self.attributes or {}).items())
        return f"somebody in {groups}{known}"


def subject_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--groups A,B` and `--attribute KEY=VALUE`; the command is called with one `stated`."""

    @click.option("--groups", metavar="A,B", help="Somebody in these groups, whoever that is.")
    @click.option(
        "--attribute",
        "attributes",
        multiple=True,
        metavar="KEY=VALUE",
        help="An attribute of that somebody; given twice it has several values.",
    )
    @functools.wraps(command)
    def described(groups: str | None, attributes: tuple[str, ...], **values: Any) -> Any:
        named = None if groups is None else tuple(name for part in groups.split(",") if (name := part.strip()))
        return command(stated=Stated(groups=named, attributes=_read(attributes)), **values)

    return described


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The request that is imagined: its purpose, the address that it comes from, and its moment; None is not said."""

    purpose: str | None
    address: str | None
    moment: datetime | None

    @property
    def circumstances(self) -> Circumstances:
        """Those of the request; when nothing is said, whatever may be."""
        if self.purpose is None and self.address is None and self.moment is None:
            return AT_MOST
        return Circumstances(purpose=self.purpose, address=self.address or "")

    @property
    def at(self) -> datetime:
        """The moment of the request, now when none is said."""
        return self.moment or utc_now()


def around_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--purpose P`, `--address A` and `--at MOMENT`; the command is called with one `around`."""

    @click.option("--purpose", help="For this purpose; without any of these three, whatever some request may open.")
    @click.option("--address", metavar="IP", help="From this address.")
    @click.option("--at", "moment", metavar="MOMENT", help="At this moment, as 2026-07-01T10:00+02:00; UTC without +.")
    @functools.wraps(command)
    def imagined(purpose: str | None, address: str | None, moment: str | None, **values: Any) -> Any:
        return command(around=Around(purpose=purpose, address=_address(address), moment=_moment(moment)), **values)

    return imagined


def _address(text: str | None) -> str | None:
    try:
        return None if text is None else str(ipaddress.ip_address(text))
    except ValueError:
        raise SettingsInvalid(f"`{text}` is no IP address", hint="write --address 10.1.2.3") from None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise SettingsInvalid(f"`{text}` is no moment", hint="write --at 2026-07-01T10:00+02:00") from None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _read(attributes: tuple[str, ...]) -> Mapping[str, str | tuple[str, ...]] | None:
    found: dict[str, list[str]] = {}
    for text in attributes:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise SettingsInvalid(f"`{text}` is no attribute", hint="write --attribute region=northwest")
        found.setdefault(key.strip(), []).append(value)
    return {key: values[0] if len(values) == 1 else tuple(values) for key, values in found.items()} or None
