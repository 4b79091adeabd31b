"""The command `veil`: finds the verb, runs it, and tells what went wrong without a traceback."""

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from catalog.errors import VeilError
from veil import Error
from veil.cli.failures import from_click, from_client, from_room, unforeseen
from veil.version import __version__

VERBS: Mapping[str, str] = {
    "init": "homes",
    "demo": "demo",
    "serve": "serve",
    "doctor": "doctor",
    "plan": "documents",
    "apply": "documents",
    "export": "documents",
    "lint": "checks",
    "test": "checks",
    "history": "history",
    "diff": "history",
    "rollback": "history",
    "ddl": "statements",
    "crawl": "crawl",
    "tags": "tags",
    "rules": "rules",
    "token": "tokens",
    "session": "sessions",
    "keys": "keys",
    "detokenize": "detokenize",
    "query": "queries",
    "explain": "queries",
    "can": "sight",
    "who": "sight",
    "audit": "audit",
}
"""Each verb and the module that holds it; a module is read only when its verb is used."""


class Verbs(click.Group):
    """The group of verbs, in the order in which a newcomer needs them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command = getattr(import_module(f"veil.cli.{VERBS[name]}"), name)
        return command if isinstance(command, click.Command) else None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="veil")
def veil() -> None:
    """A data proxy that decides, cell by cell, what each person may see.

    \b
    Example:
        veil init && veil apply policies/ && veil serve

    Exit codes: 0 ok, 1 error, 2 changes are pending or something was found.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the answer is the exit code."""
    try:
        code = veil.main(args=list(arguments), prog_name="veil", standalone_mode=False)
    except VeilError as error:
        told = from_room(error)
    except Error as error:
        told = from_client(error)
    except click.Abort:
        told = "error: stopped"
    except click.ClickException as error:
        told = from_click(error)
    except BrokenPipeError:
        # The reader of our output has enough; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("VEIL_DEBUG"):
            traceback.print_exc()
        told = unforeseen(error)
    else:
        return code if isinstance(code, int) else 0
    click.echo(told, err=True)
    return 1


def main() -> None:
    """The entry point of the command."""
    sys.exit(run(sys.argv[1:]))
