"""`veil plan`, `veil apply` and `veil export`: documents, and the live state they describe."""

from pathlib import Path
from urllib.parse import urlencode

import click

from catalog.clock import utc_now
from catalog.errors import SettingsInvalid
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.changing.export import export_files, export_text
from policy_engine.document.reading import load
from policy_engine.live import read_live
from veil.cli.files import write_private
from veil.cli.output import format_option
from veil.cli.places import Place, asked, home_option, opened, operator, place_options
from veil.cli.plans import show_answer, show_applied, show_plan
from veil.cli.printing import echo, send
from web_ui.row_counts import row_counter

_DOCUMENTS = click.argument("paths", metavar="FILE|DIR", nargs=-1, required=True, type=click.Path(path_type=Path))
_PRUNE = click.option("--prune", is_flag=True, help="Remove policies and roles that the documents do not name.")


@click.command()
@_DOCUMENTS
@_PRUNE
@click.option("--rows", is_flag=True, help="Count on the sources how many rows open or close, for whom and where.")
@format_option("table", "json")
@place_options
def plan(paths: tuple[Path, ...], prune: bool, rows: bool, form: str, place: Place) -> int:
    """Tell what `apply` would change, and who would gain or lose what; exit 2 if anything.

    \b
    Example:
        veil plan policies/
        veil plan policies/ --rows
    """
    if place.home is None:
        asks = urlencode({"prune": str(prune).lower(), "rows": str(rows).lower()})
        told = asked(place.url, "POST", f"/policies/plan?{asks}", _document(paths))
        show_answer(told, form)
        return 2 if told["changes"] else 0
    with opened(place.home) as parts:
        count = row_counter(parts, operator()) if rows else None
        planned = prepare(
            load(paths), parts.catalog, at=utc_now(), prune=prune, count=count, check_rule=parts.check_rule
        )
    show_plan(planned, form)
    return 2 if planned.has_changes else 0


@click.command()
@_DOCUMENTS
@_PRUNE
@click.option("--why", default="", help="Why; the revision and the journal keep it.")
@format_option("table", "json")
@place_options
def apply(paths: tuple[Path, ...], prune: bool, why: str, form: str, place: Place) -> None:
    """Make documents true, all or nothing, and print the plan that was carried out.

    \b
    Example:
        veil apply policies/ --why "DPO rule 4, opt-outs"
    """
    if place.home is None:
        asks = urlencode({"prune": str(prune).lower(), "why": why})
        show_answer(asked(place.url, "POST", f"/policies/apply?{asks}", _document(paths)), form)
        return
    with opened(place.home) as parts:
        planned = prepare(load(paths), parts.catalog, at=utc_now(), prune=prune, check_rule=parts.check_rule)
        applied = carry_out(planned, parts.catalog, by=operator(), why=why)
    show_applied(applied, form)


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@home_option
def export(folder: Path | None, home: Path) -> None:
    """Write the live state as documents, into DIR or to stdout; applying them again changes nothing.

    Documents that are in DIR already keep their order and their comments; new ones you alone can read.

    \b
    Example:
        veil export policies/ && veil plan policies/
    """
    with opened(home) as parts:
        live = read_live(parts.catalog)
    if folder is None:
        send(export_text(live))
        return
    try:
        present = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.y*ml"))}
        files = export_files(live, present, folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_private(folder / name, [text], keeps_mode=True)
    except OSError as error:
        raise SettingsInvalid(f"`{folder}` cannot be written: {error.strerror}", hint="name another folder") from error
    echo("\n".join(str(folder / name) for name in files))


def _document(paths: tuple[Path, ...]) -> bytes:
    """The one document that a server takes at a time, as all of it is applied or nothing."""
    if len(paths) != 1 or not paths[0].is_file():
        raise SettingsInvalid("a server takes one document at a time", hint="name one YAML file, or work in a home")
    try:
        return paths[0].read_bytes()
    except OSError as error:
        raise SettingsInvalid(f"`{paths[0]}` cannot be read: {error.strerror}", hint="name another file") from error
