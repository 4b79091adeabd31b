"""The command `veil`: finds the verb, runs it, and tells what went wrong without a traceback."""

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

import click

from catalog.errors import VeilError
from veil.cli.failures import from_click, from_client, from_room, unforeseen
from veil.cli.printing import echo
from veil.errors import Error
from veil.version import __version__


class Verb(NamedTuple):
    """The module that holds a verb, and the words that the verb's own help begins with."""

    module: str
    words: str


VERBS: Mapping[str, Verb] = {
    "init": Verb("homes", "Make a home"),
    "demo": Verb("demo", "Load the clinic tutorial into a home"),
    "serve": Verb("serve", "Serve a home"),
    "doctor": Verb("doctor", "Check the installation, the home, keys, catalog, journal"),
    "plan": Verb("documents", "Tell what `apply` would change, and who would gain or lose"),
    "apply": Verb("documents", "Make documents true, all or nothing"),
    "export": Verb("documents", "Write the live state as documents"),
    "lint": Verb("checks", "Look for what is odd in documents"),
    "test": Verb("checks", "Run the tests that documents state about their policies"),
    "history": Verb("history", "List the revisions of policies and roles"),
    "diff": Verb("history", "Tell what differs from revision A to revision B"),
    "rollback": Verb("history", "Put the policies and roles of revision N in force again"),
    "ddl": Verb("statements", "Carry out one policy STATEMENT"),
    "source": Verb("sources", "The places that hold data: folders, buckets and databases"),
    "crawl": Verb("crawl", "Crawl SOURCE, or a bare folder or file"),
    "tags": Verb("tags", "Tags on columns: what crawls suggest, and what people say"),
    "rules": Verb("rules", "Rules by which crawls recognise tags"),
    "token": Verb("tokens", "Tokens with which people and programs ask"),
    "session": Verb("sessions", "Sign-ins of people at the pages"),
    "keys": Verb("keys", "The master keys of a home"),
    "detokenize": Verb("detokenize", "Print what stands behind the values SHOWN"),
    "query": Verb("queries", "Run SQL and print what this person may see of the answer"),
    "explain": Verb("queries", "Tell what would be decided and which SQL would run"),
    "can": Verb("sight", "What USER, or somebody with some groups, may see"),
    "who": Verb("sight", "Who may see a dataset or a column"),
    "report": Verb("report", "Reports: who sees what, what is open or unused, what changed"),
    "request": Verb("access", "Ask for access to a dataset, or to columns of one"),
    "access": Verb("access", "Requests for access: yours, and those you may decide on"),
    "audit": Verb("audit", "The journal: who asked what, what was decided and why"),
}
"""The verbs in the order in which a newcomer needs them; a module is read only when its verb is used."""


class Verbs(click.Group):
    """The group of verbs."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command = getattr(import_module(f"veil.cli.{VERBS[name].module}"), name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, f"{verb.words}.") for name, verb in VERBS.items()])


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
        _refuse_halves(arguments)
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
    echo(told, err=True)
    return 1


def _refuse_halves(arguments: Sequence[str]) -> None:
    """What is no UTF-8 comes from the system as halves of characters, which neither the catalog nor others can hold."""
    for place, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise click.ClickException(f"argument {place} is no text in UTF-8") from None


def main() -> None:
    """The entry point of the command."""
    sys.exit(run(sys.argv[1:]))
