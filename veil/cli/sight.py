"""`veil can` and `veil who`: what a person may see, and who may see a thing."""

from collections.abc import Sequence
from pathlib import Path

import click

from catalog import names
from catalog.errors import SettingsInvalid, UnknownDataset
from catalog.model import Dataset
from crawler.levels import Levels
from policy_engine.model import Estate, PolicySet
from policy_engine.readers import statements
from policy_engine.telling.who import Sight
from policy_engine.telling.who import can as what_can
from policy_engine.telling.who import who as who_sees
from veil.cli.hypothetical import Around, Stated, around_options, subject_options
from veil.cli.output import Table, format_option, show_said
from veil.cli.places import home_option, opened
from web_ui.parts import Parts

_HOW = ("outcome", "transform", "rows", "level")
_SIGHT = ("dataset", "column", *_HOW, "tags", "policies", "owners", "revision", "reason")


@click.command()
@click.argument("named", nargs=-1, metavar="[USER] [DATASET]")
@subject_options
@around_options
@format_option()
@home_option
def can(named: tuple[str, ...], stated: Stated, around: Around, form: str, home: Path) -> None:
    """What USER, or somebody with some groups, may see: every column of each dataset, or of one, and why.

    \b
    Example:
        veil can demo_user2 medical_charges.medical_costs
        veil can --groups nursing --attribute region=northwest --purpose care medical_charges.medical_costs
    """
    user, dataset = _asked(named, stated)
    with opened(home) as parts, parts.policies.moment() as now:
        subject = stated.subject(parts, user)
        asked = (_dataset(parts, dataset)[0],) if dataset else parts.datasets.datasets()
        levels = parts.levels()
        sights = what_can(subject, asked, now, around.at, _estate(parts), around.circumstances)
    table = Table(columns=_SIGHT, rows=tuple(_row(sight, levels, now) for sight in sights))
    _show(table, sights, now, form, empty=f"{user or stated} sees nothing{f' of {dataset}' if dataset else ''}")


@click.command()
@click.argument("thing", metavar="DATASET[.COLUMN]")
@subject_options
@around_options
@format_option()
@home_option
def who(thing: str, stated: Stated, around: Around, form: str, home: Path) -> None:
    """Who may see a dataset or a column: roles and users, how, and through which policy.

    With --groups or --attribute, somebody who has just those is asked about too.

    \b
    Example:
        veil who medical_charges.medical_costs.phone
        veil who medical_charges.medical_costs.phone --groups nursing --purpose care --at 2026-07-01T22:30
    """
    with opened(home) as parts, parts.policies.moment() as now:
        dataset, column = _dataset(parts, thing)
        levels = parts.levels()
        holders = who_sees(
            dataset,
            column,
            now,
            parts.accounts.users(),
            around.at,
            _estate(parts),
            around.circumstances,
            stated.subject(parts, None) if stated.is_anybody else None,
        )
    rows = tuple(
        (holder.kind, holder.name, holder.groups, holder.users, *_row(holder.sight, levels, now)) for holder in holders
    )
    table = Table(columns=("kind", "name", "groups", "users", *_SIGHT), rows=rows)
    _show(table, [holder.sight for holder in holders], now, form, empty=f"nobody sees {thing}")


def _asked(named: tuple[str, ...], stated: Stated) -> tuple[str | None, str | None]:
    """The user and the dataset; of somebody who is only described, a single name is the dataset's."""
    if len(named) > 2 or not (named or stated.is_anybody):
        raise SettingsInvalid("name one user and at most one dataset", hint="veil can USER [DATASET]")
    if len(named) == 1 and stated.is_anybody:
        return None, named[0]
    user, dataset = (*named, None, None)[:2]
    return user, dataset


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


def _show(table: Table, sights: Sequence[Sight], now: PolicySet, form: str, *, empty: str) -> None:
    """The table of these sights, and what the policies that they name say."""
    every = statements((name for sight in sights for name in _named(sight)), now.policies)
    said = [{name: every[name] for name in _named(sight) if name in every} for sight in sights]
    show_said(table, said, form, under=[(f"policy `{name}`", text) for name, text in every.items()], empty=empty)


def _named(sight: Sight) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*sight.policies, *sight.rows_policies)))


def _row(sight: Sight, levels: Levels, now: PolicySet) -> tuple[object, ...]:
    rows = sight.rows_reason if sight.is_filtered else "all"
    how = (sight.outcome.value, sight.transform, rows, levels.column(sight.tags).value)
    asked = tuple(dict.fromkeys(now.owners[key] for key in map(names.fold, _named(sight)) if key in now.owners))
    return (sight.dataset, sight.column, *how, sight.tags, sight.policies, asked, sight.revision, sight.reason)
