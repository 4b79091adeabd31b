"""`veil detokenize`: turns what `encrypt()` or `fpe()` showed back into what it was, for those who may, on record."""

from pathlib import Path

import click

from catalog.errors import SettingsInvalid, VeilError
from catalog.journal.event import Event, EventKind, Verdict
from policy_engine.capabilities import Action, Rights
from policy_engine.subjects import subject_of
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.registry import reverse
from veil.cli.people import account
from veil.cli.places import home_option, opened
from veil.cli.printing import send


@click.command()
@click.argument("tag")
@click.argument("shown", nargs=-1, required=True)
@click.option("--as", "user", required=True, help="Who asks: a user with the capability `value:detokenize`.")
@click.option("--why", required=True, help="What it is needed for; it stands in the journal.")
@click.option("--with", "call", default="encrypt()", show_default=True, help="The transform: encrypt() or fpe().")
@click.option("--type", "type_name", default="VARCHAR", show_default=True, help="The column's type, for fpe().")
@click.option("--key", default="", help="The id of an older key, for what fpe() showed under it.")
@home_option
def detokenize(
    tag: str, shown: tuple[str, ...], user: str, why: str, call: str, type_name: str, key: str, home: Path
) -> None:
    """Print what stands behind the values SHOWN of columns tagged TAG, each on a line of its own.

    Tokens and hashes cannot be turned back by anybody. The journal tells who asked for how many values of which tag.

    \b
    Example:
        veil detokenize phi.mrn enc_1f0c22ab_9dQ.. --as kim --why "recall of batch 7"
    """
    parsed = parse_call(call)
    with opened(home) as parts:
        person = account(parts, user)
        details = {"transform": parsed.name, "values": len(shown), "why": why}
        event = Event(kind=EventKind.VALUE_DETOKENIZE, user=person.name, tags=(tag,), details=details)
        try:
            rights = Rights(subject_of(person), parts.policies.current())
            rights.require(Action.VALUE_DETOKENIZE, tag.partition(".")[0], f"turn back values tagged `{tag}`")
            keys = parts.keys.under(key)
            if keys is None:
                raise SettingsInvalid(f"there is no key `{key}` here", hint="`veil keys list` lists them")
        except VeilError:
            parts.journal.append(_with(event, Verdict.DENY))
            raise
        parts.journal.append(event)
        for text in shown:
            value = int(text) if type_name.upper() != "VARCHAR" and parsed.name == "fpe" else text
            found = reverse(parsed, value, type_name, namespace=tag.lower(), keys=keys)
            if found is None:
                raise SettingsInvalid("a value was not shown so, under this tag and a key of this home")
            send(f"{found}\n")


def _with(event: Event, verdict: Verdict) -> Event:
    return Event(kind=event.kind, user=event.user, tags=event.tags, details=event.details, verdict=verdict)
