"""`veil can` and `veil who`: what a person may see, and who may see a thing."""

from pathlib import Path

import click

from catalog import names
from catalog.clock import utc_now
from catalog.errors import UnknownDataset
from catalog.model import Dataset
from policy_engine.model import Estate
from policy_engine.subjects import subject_of
from policy_engine.who import Sight
from policy_engine.who import can as what_can
from policy_engine.who import who as who_sees
from veil.cli.output import Table, format_option, show
from veil.cli.people import account
from veil.cli.places import home_option, opened
from web_ui.parts import Parts

_SIGHT = ("dataset", "column", "outcome", "transform", "rows", "policies", "reason")


@click.command()
@click.argument("user")
@click.argument("dataset", required=False)
@format_option()
@home_option
def can(user: str, dataset: str | None, form: str, home: Path) -> None:
    """What USER may see: every column of each dataset, or of one, and through which policy.

    \b
    Example:
        veil can demo_user2 medical_charges.medical_costs
    """
    with opened(home) as parts:
        subject = subject_of(account(parts, user))
        asked = (_dataset(parts, dataset)[0],) if dataset else parts.datasets.datasets()
        sights = what_can(subject, asked, parts.policies.current(), utc_now(), _estate(parts))
    table = Table(columns=_SIGHT, rows=tuple(_row(sight) for sight in sights))
    show(table, form, empty=f"{user} sees nothing{f' of {dataset}' if dataset else ''}")


@click.command()
@click.argument("thing", metavar="DATASET[.COLUMN]")
@format_option()
@home_option
def who(thing: str, form: str, home: Path) -> None:
    """Who may see a dataset or a column: roles and users, how, and through which policy.

    \b
    Example:
        veil who medical_charges.medical_costs.phone
    """
    with opened(home) as parts:
        dataset, column = _dataset(parts, thing)
        holders = who_sees(dataset, column, parts.policies.current(), parts.accounts.users(), utc_now(), _estate(parts))
    rows = tuple((holder.kind, holder.name, holder.groups, holder.users, *_row(holder.sight)) for holder in holders)
    show(Table(columns=("kind", "name", "groups", "users", *_SIGHT), rows=rows), form, empty=f"nobody sees {thing}")


def _estate(parts: Parts) -> Estate:
    """The datasets that filters may look into."""
    return lambda key: parts.datasets.dataset(*key)


def _dataset(parts: Parts, thing: str) -> tuple[Dataset, str | None]:
    """The dataset that `database.dataset` or `database.dataset.column` names, and the column."""
    path = names.split_field(thing)
    found = parts.datasets.dataset(path[0], path[1]) if len(path) > 1 else None
    if found is None:
        near = names.nearest(thing, [each.full_name for each in parts.datasets.datasets()])
        hint = f"did you mean `{near}`?" if near else "write database.dataset"
        raise UnknownDataset(f"there is no dataset `{thing}`", hint=hint)
    if len(path) == 2:
        return found, None
    asked = tuple(map(names.fold, path[2:]))
    column = next((each for each in found.columns if tuple(map(names.fold, each.path)) == asked), None)
    if column is None:
        name = ".".join(path[2:])
        near = names.nearest(name, [each.name for each in found.columns])
        hint = f"did you mean `{near}`?" if near else f"veil who {found.full_name}"
        raise UnknownDataset(f"`{found.full_name}` has no column `{name}`", hint=hint)
    return found, column.name


def _row(sight: Sight) -> tuple[object, ...]:
    rows = "filtered" if sight.is_filtered else "all"
    return (sight.dataset, sight.column, sight.outcome.value, sight.transform, rows, sight.policies, sight.reason)
