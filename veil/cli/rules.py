"""`veil rules`: tries rules on real columns before they are kept, and takes over rules from elsewhere."""

from pathlib import Path

import click

from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.model import TagRule
from catalog.names import fold, nearest
from policy_engine.changing.apply import carry_out
from policy_engine.document import writing
from policy_engine.document.okera_rules import import_rules
from veil.cli.files import write_private
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import Place, asked, opened, operator, place_options
from veil.cli.plans import show_answer
from veil.cli.printing import echo, send
from web_ui.apis.trials import as_json, rules_of, trial
from web_ui.tag_rules import rule_removal

_COLUMNS = ("dataset", "column", "fit", "confidence", "evidence", "hits", "misses")
_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def rules() -> None:
    """Rules by which crawls recognise tags.

    \b
    Example:
        veil rules try rules.yaml --on medical_charges
        veil rules import okera-rules.json > rules.yaml
    """


@rules.command("try")
@_FILE
@click.option("--on", required=True, metavar="DB[.DATASET]", help="The columns to try it on.")
@click.option("--rule", "name", default="", help="Only this rule of the document.")
@format_option()
@place_options
def try_(file: Path, on: str, name: str, form: str, place: Place) -> int:
    """Try the rules of a document on real columns: matches, near misses, and how their cells look.

    Cells are shown as shapes (`A7-x` becomes `A0-a`), never as values, and nothing is kept. Exits with 2 when a rule
    could not be tried everywhere.

    \b
    Example:
        veil rules try rules.yaml --rule "mrn by name" --on medical_charges.medical_costs
    """
    found: list[dict[str, object]] = []
    problems: list[str] = []
    for rule in _chosen(file, name):
        told = _tried(place, rule, on)
        columns, said = told["columns"], told["problems"]
        assert isinstance(columns, list)
        assert isinstance(said, list)
        found += [{"rule": rule.name, **column} for column in columns]
        problems += [f"{rule.name}: {problem}" for problem in said]
    if form == "json":
        show_json({"columns": found, "problems": problems})
    else:
        names = ("rule", *_COLUMNS)
        rows = tuple(tuple(each[column] for column in names) for each in found)
        show(Table(columns=names, rows=rows), form, empty="no column matches, not even nearly")
        for problem in problems:
            echo(problem, err=True)
    return 2 if problems else 0


@rules.command("import")
@_FILE
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the document here.")
def import_(file: Path, output: Path | None) -> int:
    """Tell Okera's auto-tagging rules (JSON) as a document; nothing is applied.

    Exits with 2 when something could not be taken over; what, is said on stderr.

    \b
    Example:
        veil rules import okera-rules.json -o rules.yaml && veil plan rules.yaml
    """
    made = import_rules(_text(file))
    if output is None:
        send(made.document)
    else:
        if output.exists():
            raise SettingsInvalid(f"`{output}` is there already", hint="name a new file")
        write_private(output, [made.document])
        echo(f"wrote {output}: {len(made.rules)} rules")
    for remark in made.remarks:
        echo(f"not taken over: {remark}", err=True)
    return 2 if made.remarks else 0


@rules.command("remove")
@click.argument("name")
@click.option("--why", default="", help="Why; the revision and the journal keep it.")
@format_option("table", "json")
@place_options
def remove(name: str, why: str, form: str, place: Place) -> None:
    """Take a rule away: no crawl hears it any more, and what it suggested stays to be judged.

    \b
    Example:
        veil rules remove "mrn by name" --why "the detector knows it better"
    """
    if place.home is None:
        show_answer(asked(place.url, "POST", "/rules/remove", {"rule": name, "why": why}), form)
        return
    with opened(place.home) as parts:
        done = carry_out(rule_removal(parts, name), parts.catalog, by=operator(), why=why)
        show_answer(done.as_json(), form)


def _chosen(file: Path, name: str) -> tuple[TagRule, ...]:
    stated = rules_of(_text(file), file.absolute().parent)
    chosen = tuple(rule for rule in stated if not name or fold(rule.name) == fold(name))
    if not chosen:
        near = nearest(name, [rule.name for rule in stated])
        hint = f"did you mean `{near}`?" if near else "rules stand under `rules:`"
        raise PolicyInvalid(f"`{file}` has no rule{f' `{name}`' if name else ''}", hint=hint)
    return chosen


def _tried(place: Place, rule: TagRule, on: str) -> dict[str, object]:
    if place.home is not None:
        with opened(place.home) as parts:
            return dict(as_json(trial(parts, rule, on, by=operator(), is_exact=True)))
    entries = writing.rules([rule])
    assert isinstance(entries, list)
    return asked(place.url, "POST", "/rules/try", {"rule": entries[0], "on": on})


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PolicyInvalid(f"`{file}` is no text in UTF-8", hint="save it as UTF-8") from None
    except OSError as error:
        raise SettingsInvalid(f"`{file}` cannot be read: {error.strerror}", hint="name a file") from None
