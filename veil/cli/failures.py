"""How an error is told on a terminal: what, why or where, and what to try."""

import traceback
from pathlib import Path

import click

from catalog.errors import VeilError
from veil.errors import Error, Position
from veil.terminal import visible


def from_room(error: VeilError) -> str:
    """An error of the server's own tree.

    Example:
        error: no dataset `shop.oders` that you can see
          try      did you mean `shop.orders`?
    """
    place = error.position
    position = None if place is None else Position(line=place.line, column=place.column, snippet=place.snippet)
    return from_client(Error(error.detail, hint=error.hint, position=position))


def from_client(error: Error) -> str:
    """An error that the client raises; its text already has the lines."""
    return f"error: {visible(str(error))}"


def from_click(error: click.ClickException) -> str:
    """A command line that cannot be understood."""
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "veil"
    message = error.format_message().strip()
    what = message[:1].lower() + message[1:].removesuffix(".")
    return f"error: {what}\n  try      {command} --help"


def unforeseen(error: Exception) -> str:
    """A fault of the program: where it happened, and not its message, which may carry values of data."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    return (
        f"error: something went wrong inside Veil ({type(error).__name__} at {where})\n"
        "  try      run `veil doctor`; with VEIL_DEBUG=1 the command says more"
    )
