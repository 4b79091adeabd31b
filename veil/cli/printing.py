"""Where all that commands print goes out, so that no name and no cell of others steers the terminal that shows it."""

import sys

import click

from veil.terminal import visible


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print words for a person, with whatever a terminal would carry out written out.

    Example:
        >>> echo("not read: t\\x1b[2J")
        not read: t\\x1b[2J
    """
    click.echo(visible(str(text)), err=err, nl=nl)


def send(content: str | bytes) -> None:
    """Print data as it is, to a file or a program; a terminal is shown it like words.

    Example:
        >>> send("id,name\\n")
        id,name
    """
    if sys.stdout.isatty():
        text = content if isinstance(content, str) else content.decode(errors="replace")
        echo(text.replace("\r\n", "\n"), nl=False)
    elif isinstance(content, str):
        sys.stdout.write(content)
        sys.stdout.flush()
    else:
        sys.stdout.buffer.write(content)
