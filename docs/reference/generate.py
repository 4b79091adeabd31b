"""Writes the reference pages from the program itself, so that they cannot say anything else: `make docs`."""

import dataclasses
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import click

from catalog.errors import VeilError
from policy_engine.model import TransformCall
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.registry import TRANSFORMS, accepts, reference
from veil.cli.main import veil
from veil.errors import BY_CODE
from web_ui.settings import Settings

FOLDER = Path(__file__).parent
MADE = "<!-- Made by `make docs` from the program; change it there. -->"

COMMANDS_HEAD = """# Commands

Each of them takes `--help`. They exit with 0 when all is well, 1 when something failed, and 2 when there is something
to do or to look at (a plan with changes, a finding)."""

ERRORS_HEAD = """# Errors

Over HTTP an error is `application/problem+json` with `type`, `title`, `status`, `detail`, `code`, `hint`, `decision_id`
and, where the SQL is at fault, `position`. In Python it is raised as the class in the table, under PEP 249's names.
A message says what happened, why, and what to do next; it never holds a value of data."""

SETTINGS_HEAD = """# Settings

They stand in `veil.toml` in the home, a section each; a variable in the environment overrides them. What is not listed
here is refused with the nearest name. No secret is a setting: the master key lies in the home, passwords are hashed."""

TRANSFORMS_HEAD = """# Transforms

What a policy may show instead of a value. NULL stays NULL. Keyed ones (`tokenize`, `hash`) take their key from the tag,
so tokens of one tag join everywhere and tokens of different tags never meet. A column of a type that a transform does
not take is hidden."""

TYPES = ("VARCHAR", "INTEGER", "DECIMAL(12,2)", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP")
EXAMPLE = "MRN-6850243"


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {
        "commands.md": commands_page(),
        "errors.md": errors_page(),
        "settings.md": settings_page(),
        "transforms.md": transforms_page(),
    }


def commands_page() -> str:
    """Each command with its help, as a terminal shows it."""
    listed = list(_commands(veil, "veil"))
    index = [f"- [`{name}`](#{name.replace(' ', '-')}): {_first_sentence(command)}" for name, command, _ in listed]
    parts = [f"## {name}\n\n```text\n{shown}\n```" for name, _, shown in listed]
    return "\n\n".join([MADE, COMMANDS_HEAD, "\n".join(index), *parts]) + "\n"


def errors_page() -> str:
    """Each error code with its status, its class in Python and what it means."""
    rows = ["| code | status | Python class | when |", "|---|---|---|---|"]
    for error in sorted(set(_subclasses(VeilError)), key=lambda error: (error.status, error.code)):
        rows.append(f"| `{error.code}` | {error.status} | {_class_of(error.code)} | {_sentence(error)} |")
    return "\n\n".join([MADE, ERRORS_HEAD, "\n".join(rows)]) + "\n"


def settings_page() -> str:
    """Each setting with its default and the variable that overrides it."""
    parts = []
    for section in dataclasses.fields(Settings):
        kind = get_type_hints(Settings)[section.name]
        rows = [
            f"| `{key.name}` | `{json.dumps(key.default)}` | `VEIL_{section.name.upper()}__{key.name.upper()}` |"
            for key in dataclasses.fields(kind)
        ]
        table = "\n".join(["| key | default | in the environment |", "|---|---|---|", *rows])
        parts.append(f"## [{section.name}]\n\n{inspect.getdoc(kind)}\n\n{table}")
    return "\n\n".join([MADE, SETTINGS_HEAD, *parts]) + "\n"


def transforms_page() -> str:
    """Each transform with its parameters, the types it takes and what it makes of an example."""
    rows = ["| transform | takes | `MRN-6850243` becomes |", "|---|---|---|"]
    for transform in TRANSFORMS:
        given = ", ".join(f"{known.name}=>{json.dumps(known.default)}" for known in transform.parameters)
        names = " or ".join(f"`{name}({given})`" for name in (transform.name, *transform.aliases))
        taken = ", ".join(kind for kind in TYPES if accepts(TransformCall(name=transform.name), kind))
        shown = reference(
            TransformCall(name=transform.name), EXAMPLE, "VARCHAR", namespace="phi.mrn", keys=KeyRing(b"0" * 32)
        )
        rows.append(f"| {names} | {taken} | `{'NULL' if shown is None else shown}` |")
    return "\n\n".join([MADE, TRANSFORMS_HEAD, "\n".join(rows)]) + "\n"


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command, str]]:
    context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100)
    yield path, command, command.get_help(context).rstrip()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _commands(inner, f"{path} {name}")


def _first_sentence(command: click.Command) -> str:
    return command.get_short_help_str(limit=200)


def _subclasses(error: type[VeilError]) -> Iterator[type[VeilError]]:
    for inner in error.__subclasses__():
        if inner.__module__ == "catalog.errors":
            yield inner
            yield from _subclasses(inner)


def _class_of(code: str) -> str:
    """The class that a code raises, with the PEP 249 class above it where that is another one."""
    kind = BY_CODE[code]
    parent = kind.__mro__[1].__name__
    return f"`veil.{kind.__name__}`" + ("" if parent == "DatabaseError" else f" ({parent})")


def _sentence(error: type[VeilError]) -> str:
    return (inspect.getdoc(error) or "").split("\n\n")[0].replace("\n", " ")


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
