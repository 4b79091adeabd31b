"""Somebody to ask as: an account, or anybody with some groups and attributes, whether they exist or not."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from catalog.errors import SettingsInvalid
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


def _read(attributes: tuple[str, ...]) -> Mapping[str, str | tuple[str, ...]] | None:
    found: dict[str, list[str]] = {}
    for text in attributes:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            raise SettingsInvalid(f"`{text}` is no attribute", hint="write --attribute region=northwest")
        found.setdefault(key.strip(), []).append(value)
    return {key: values[0] if len(values) == 1 else tuple(values) for key, values in found.items()} or None
