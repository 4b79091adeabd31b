"""Writes the reference pages from the program itself, so that they cannot say anything else: `make docs`."""

import dataclasses
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import click

from catalog.errors import VeilError
from catalog.sources.calculator import value_of
from crawler.detectors import tables
from crawler.detectors.catalogue import Detector, detectors
from crawler.detectors.patterns import Pattern, patterns
from policy_engine.lint.findings import KINDS
from policy_engine.transforms.at_source.dialect import NoForm
from policy_engine.transforms.at_source.forms import NOTHING_READ, form
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.checking import print_argument
from policy_engine.transforms.expressions import NAMES
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.known import TRANSFORMS
from policy_engine.transforms.registry import Types, accepts, output_type, reference, strength
from policy_engine.transforms.spec import Takes, Transform
from proxy.reading.functions import FUNCTIONS
from proxy.reading.grammar import BEGINNINGS
from proxy.reading.tokens import SqlLimits
from proxy.rewriting.information import VIEWS
from veil.cli.main import veil
from veil.errors import BY_CODE
from web_ui.settings import Settings

FOLDER = Path(__file__).parent
MADE = "<!-- Made by `make docs` from the program; change it there. -->"

COMMANDS_HEAD = """# Commands

Each of them takes `--help`. They exit with 0 when all is well, 1 when something failed, and 2 when there is something
to do or to look at (a plan with changes, a finding).

Commands work in a home: the folder that `--home` or else `VEIL_HOME` names, or `.veil` in the current folder. A home
reads files and variables of whoever uses it, where its sources and settings name them, so one that is named is
trusted as a program is. `.veil` is taken unnamed only if it was made there, by you: not one that came in an archive
or a repository, was copied or restored, is a link, has a folder, catalog, key or settings of another user, or was
made by a version of Veil that did not write down where. Any of them goes on where it is named; `veil init --home
.veil` makes it yours and leaves all else in it as it is. A relative path in `VEIL_HOME` names whatever lies there in
each folder."""

DETECTORS_HEAD = """# Detectors

What a crawl recognises without a rule of yours: a detector for each tag, named like the tag without its namespace. It
weighs two witnesses against each other: what the column is called, in {languages} languages and their abbreviations,
and what it holds, where a hit counts against the share that chance alone would give. Of identifiers a column gets the
one that is likeliest; quasi-identifiers and medical data count only in tables about people. A detector that says
nothing of contents is led by the name, and contents can only speak against it.

The evidence of a suggestion tells which words of the name spoke, which share of the values, and how often chance would
do the same; it never holds a value. `country` is told where numbers of one country were recognised."""

ERRORS_HEAD = """# Errors

Over HTTP an error is `application/problem+json` with `type`, `title`, `status`, `detail`, `code`, `hint`, `decision_id`
and, where the SQL is at fault, `position`. In Python it is raised as the class in the table, under PEP 249's names.
A message says what happened, why, and what to do next; it never holds a value of data."""

LINT_HEAD = """# Findings of lint

`veil lint` reads documents and tells what is odd about them: it exits with 2 when it found something, 0 when not, and 1
when a document cannot be read. An error does not do what it says, a warning may do harm, a hint is worth a look."""

PLACES_HEAD = """## Where it is worked out

What a column of a database shows can be worked out by the database itself, where it gives the very value that
Veil would: then the raw value does not leave it. Elsewhere the raw value comes to Veil, and goes no further.
`masks` of a source says which of these are ([how](../how-to/connect-a-database.md)): those that take no key,
unless it says otherwise, and for SQLite, which runs within Veil, none. Files are always read by Veil. Where a
case of the policy shows the value as it is, and for nested columns and expressions, all is worked out in Veil."""

PLACES = {"postgres": "PostgreSQL", "mariadb": "MariaDB", "sqlite": "SQLite"}

SQL_HEAD = """# SQL

What people may write, in DuckDB's dialect. It means what it means there, over the rows and values that the person sees;
an unnamed column is called as DuckDB calls it. What is not named here is refused, and the refusal says what works.

## Statements

- SELECT, WITH (also RECURSIVE), FROM first, VALUES and set operations (also BY NAME), with every kind of join, window,
  grouping and subquery, QUALIFY, DISTINCT ON, SAMPLE, lambdas, list comprehensions, lists, structs, maps and JSON.
- Stars with EXCLUDE, REPLACE, RENAME, LIKE and COLUMNS(..); whole rows by the dataset's name; calls after dots.
- PIVOT that names its values, as in `PIVOT t ON region IN ('EU', 'US') USING sum(amount)`, and UNPIVOT; for aliases,
  ORDER BY and LIMIT in the form `SELECT * FROM t PIVOT (sum(amount) FOR region IN ('EU' AS eu)) ORDER BY ..`.
- Parameters: either `?`, or `$1`, `$2` and so on, with a list of values, or `$name` with an object of them.
- A dataset as `database.dataset`, also with the catalog before it that tools are told of, `veil.database.dataset`.
- `DESCRIBE` and `SUMMARIZE` of a dataset or a query, also as a relation in brackets; `SHOW TABLES`,
  `SHOW TABLES FROM shop`, `SHOW ALL TABLES`, `SHOW DATABASES`, `SHOW shop.orders`.
- `EXPLAIN` of a query tells the governed SQL that would run; what the engine would do with it is not told.
- `information_schema` tells what the person may see, to be joined and filtered like any dataset: {views}.

What begins otherwise is refused, and told what works:

{refused}

## Limits

A text has at most {limits.characters:,} characters and {limits.tokens:,} words and signs, {limits.words:,} of
them other than literals and commas. It nests {limits.depth}
brackets deep (calls after dots count as such) and {limits.lambdas} lambdas, chains {limits.chain} operators or queries,
and reads {limits.relations:,} relations with {limits.joins} joins, {limits.in_step} of them
POSITIONAL. Within these it is settled in about a second. A long
list goes into a parameter as one text: `WHERE id::varchar IN (SELECT unnest(string_split(?, ',')))`.

## Functions

Each is built in, reads nothing but its arguments, and gives the same answer for the same arguments. Whatever tells the
time, draws random numbers or reads settings, files or query text is absent: such values are passed as parameters."""

SETTINGS_HEAD = """# Settings

They stand in `veil.toml` in the home, a section each; a variable in the environment overrides them. What is not listed
here is refused with the nearest name. No secret is a setting: the master key lies in the home, passwords are hashed,
and a client's secret stands in a variable or file that is named."""

TRANSFORMS_HEAD = """# Transforms

What a policy may show instead of a value. NULL stays NULL, and no value makes a transform fail: what it cannot show is
NULL. A column of a type that it does not take is hidden. Arguments are checked when the policy is written.

Of two transforms on one cell a grant gives the weaker, a restriction demands at least its own; they are listed from the
weakest to the strongest. Two different ones of equal strength leave NULL.

**Keys.** `tokenize`, `hash`, `encrypt`, `fpe` and `perturb` take their key from the tag: what has one tag and
one type joins everywhere, and what has different tags never meets. (Tokens of integers stay within the type, so those
of INTEGER and BIGINT differ.) `tokenize(scope=>..)` makes tokens that join less far:

| scope | tokens join |
|---|---|
| `tag` | wherever the tag stands, for everybody (this is what is meant without a scope) |
| `user` | for one person |
| `role` | for all who hold one role of the policy; of several the first by name counts |
| `column` | within one column of one dataset |

`veil keys rotate` puts a new key in use: every token, hash, shift and noise changes with it, on purpose. What `encrypt`
showed names its key and can still be read; for what `fpe` showed, `veil detokenize --key` names it.

**Expressions.** Transforms may stand within each other and within SQL over `__COLUMN__`: `lower(mask(__COLUMN__))`,
`tokenize(lower(trim(__COLUMN__)))`, `'***@' || split_part(__COLUMN__, '@', 2)`. An expression has arithmetic,
comparisons, CASE, `try_cast` and these functions:
{functions}.
It names no other column, and a value on which it fails becomes NULL. It takes away as much as the strongest transform
on the way from the column to what is shown, at least as much as a partial mask, and where there are several ways as
much as the weakest of them.

**Other columns.** `by=>patient_id` names a column of the same dataset, hidden or not. Where a dataset has none of that
name, a grant does not show the column and a restriction refuses the dataset."""

TYPES = (
    *("VARCHAR", "INTEGER", "DECIMAL(12,2)", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIME", "UUID", "BLOB"),
    *("JSON", "INTEGER[]"),
)
KEYS = KeyRing(b"0" * 32, id="0" * 16)
BESIDE: Types = {("patient",): "VARCHAR"}


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {
        "commands.md": commands_page(),
        "detectors.md": detectors_page(),
        "errors.md": errors_page(),
        "lint.md": lint_page(),
        "settings.md": settings_page(),
        "sql.md": sql_page(),
        "transforms.md": transforms_page(),
    }


def commands_page() -> str:
    """Each command with its help, as a terminal shows it."""
    listed = list(_commands(veil, "veil"))
    index = [f"- [`{name}`](#{name.replace(' ', '-')}): {_first_sentence(command)}" for name, command, _ in listed]
    parts = [f"## {name}\n\n```text\n{shown}\n```" for name, _, shown in listed]
    return "\n\n".join([MADE, COMMANDS_HEAD, "\n".join(index), *parts]) + "\n"


def detectors_page() -> str:
    """Each detector with its tag, its level and its evidence, then what is known of single countries."""
    known = [
        f"| `{name}` | `{detector.tag.name}` | {detector.tag.level} | {detector.tag.comment} | {_evidence(detector)} |"
        for name, detector in detectors().items()
    ]
    numbers = [
        f"| {pattern.country} | `{pattern.detector}` | {_in_cell(pattern.name)} | {_checked(pattern)} |"
        for pattern in sorted(patterns(), key=lambda each: (each.country, each.detector))
        if pattern.country
    ]
    parts = [
        "\n".join(["| detector | tag | level | what it is | evidence |", "|---|---|---|---|---|", *known]),
        "## Numbers of single countries",
        "\n".join(["| country | detector | number | by chance |", "|---|---|---|---|", *dict.fromkeys(numbers)]),
    ]
    return "\n\n".join([MADE, DETECTORS_HEAD.format(languages=len(tables.languages())), *parts]) + "\n"


def _evidence(detector: Detector) -> str:
    spoken = sum(
        any(row["detector"] == detector.name for row in tables.rows(f"headers/{language}"))
        for language in tables.languages()
    )
    named = f"name in {spoken} languages" if spoken > 1 else "name in English"
    beside = "; only beside people" if detector.needs else ""
    return named + (f"; contents: {detector.looks}" if detector.looks else "") + beside


def _checked(pattern: Pattern) -> str:
    how = "pass the check digits" if pattern.check else "have the shape"
    alone = "" if pattern.is_alone else "; the name must agree"
    return f"{pattern.chance * 100:.2g} % {how}{alone}"


def errors_page() -> str:
    """Each error code with its status, its class in Python and what it means."""
    rows = ["| code | status | Python class | when |", "|---|---|---|---|"]
    for error in sorted(set(_subclasses(VeilError)), key=lambda error: (error.status, error.code, error.__name__)):
        rows.append(f"| `{error.code}` | {error.status} | {_class_of(error.code)} | {_sentence(error)} |")
    return "\n\n".join([MADE, ERRORS_HEAD, "\n".join(rows)]) + "\n"


def lint_page() -> str:
    """Each finding of lint with what it means and what to do."""
    rows = ["| code | severity | what it means | what to do |", "|---|---|---|---|"]
    rows += [f"| `{kind.code}` | {kind.severity} | {kind.meaning} | {kind.advice} |" for kind in KINDS]
    return "\n\n".join([MADE, LINT_HEAD, "\n".join(rows)]) + "\n"


def sql_page() -> str:
    """The statements that are answered, and the functions under the reasons why they are safe."""
    views = ", ".join(f"`{name}`" for name in sorted(VIEWS))
    reasons: dict[str, list[str]] = {}
    for name, reason in sorted(FUNCTIONS.items()):
        reasons.setdefault(reason, []).append(f"`{name}`")
    parts = [
        "\n".join(textwrap.wrap(f"What {reason}: {', '.join(names)}.", 120, break_on_hyphens=False))
        for reason, names in sorted(reasons.items())
    ]
    head = SQL_HEAD.format(views=views, refused=_refused_statements(), limits=SqlLimits())
    return "\n\n".join([MADE, head, *parts]) + "\n"


def _refused_statements() -> str:
    """Each statement that is refused, with what works instead."""
    rows = [f"| `{word}` | {begun.reason} |" for word, begun in sorted(BEGINNINGS.items()) if not begun.is_answered]
    return "\n".join(["| refused | what works |", "|---|---|", *rows])


def settings_page() -> str:
    """Each setting with its default and the variable that overrides it."""
    parts = []
    for section in dataclasses.fields(Settings):
        kind, title = get_type_hints(Settings)[section.name], section.name
        is_named = get_origin(kind) is Mapping
        if is_named:
            kind, title = get_args(kind)[1], f"{section.name}.NAME"
        variable = "in the file only" if is_named else f"`VEIL_{section.name.upper()}__{{}}`"
        rows = [_setting(key, variable) for key in dataclasses.fields(kind)]
        table = "\n".join(["| key | default | in the environment |", "|---|---|---|", *rows])
        parts.append(f"## [{title}]\n\n{inspect.getdoc(kind)}\n\n{table}")
    return "\n\n".join([MADE, SETTINGS_HEAD, *parts]) + "\n"


def _setting(key: dataclasses.Field[object], variable: str) -> str:
    if key.default_factory is dict:
        return f"| `{key.name}` | a section, empty | in the file only |"
    return f"| `{key.name}` | `{json.dumps(key.default)}` | {variable.format(key.name.upper())} |"


def transforms_page() -> str:
    """Each transform with its parameters, the types it takes, what it means and what it makes of an example."""
    functions = textwrap.fill(", ".join(f"`{name}`" for name in sorted(NAMES)), 118)
    parts = [_transform_part(transform) for transform in TRANSFORMS]
    return "\n\n".join([MADE, TRANSFORMS_HEAD.format(functions=functions), *parts, _places_part()]) + "\n"


def _places_part() -> str:
    """Where each transform of a database's column is worked out, and why not there."""
    reasons: dict[str, int] = {}
    rows = [
        f"| {transform.name} | {' | '.join(_place(transform, database, reasons) for database in PLACES)} |"
        for transform in TRANSFORMS
    ]
    table = "\n".join([f"| | {' | '.join(PLACES.values())} |", f"|{'---|' * (1 + len(PLACES))}", *rows])
    return "\n".join([PLACES_HEAD, "", table, "", *(f"{number}. {why}" for why, number in reasons.items())])


def _place(transform: Transform, database: str, reasons: dict[str, int]) -> str:
    call = parse_call(transform.example.split(" | ")[0])
    left: dict[str, list[str]] = {}
    taken = [name for name in (*TYPES, "VARCHAR[]") if accepts(call, name, BESIDE)]
    for name in taken:
        try:
            form(call, name, database, namespace="phi.mrn", keys=KEYS, types=BESIDE)
        except NoForm as none:
            left.setdefault(none.because, []).append(name)
    unread = left.pop(NOTHING_READ, [])
    parts = ["nothing is read"] if len(unread) == len(taken) else ["at the source"]
    parts *= sum(map(len, left.values())) < len(taken)
    for why, names in left.items():
        number = reasons.setdefault(why, len(reasons) + 1)
        parts.append(f"{'' if len(names) == len(taken) else ', '.join(names) + ' '}in Veil ({number})")
    return "; ".join(parts)


def _takes(transform: Transform, taken: list[str]) -> str:
    """The types that a transform shows; where a value is given, that decides."""
    if any(parameter.takes is Takes.VALUE for parameter in transform.parameters):
        return "every type that the value can be cast to"
    return "every type" if len(taken) == len(TYPES) else ", ".join(taken)


def _transform_part(transform: Transform) -> str:
    call, kind, value = transform.example.split(" | ")
    parsed = parse_call(call)
    typed = value_of(f"CAST($v AS {kind})", {"v": value})
    shown = reference(parsed, typed, kind, namespace="phi.mrn", keys=KEYS, types=BESIDE, row={("patient",): "p-17"})
    taken = [name for name in TYPES if accepts(parsed, name, BESIDE)]
    rows = [
        ("write", " or ".join(f"`{name}({_parameters(transform)})`" for name in (transform.name, *transform.aliases))),
        ("strength", strength(parsed).name.lower().replace("_", " ")),
        ("takes", _takes(transform, taken)),
        ("gives", "the column's type" if all(output_type(parsed, name) == name for name in taken) else "VARCHAR"),
        ("example", f"`{call}` makes `{'NULL' if shown is None else shown}` of `{value}`"),
    ]
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {_in_cell(text)} |" for name, text in rows)])
    meaning = (inspect.getdoc(type(transform)) or "").replace("The transform ", "", 1)
    return f"## {transform.name}\n\n{meaning}\n\n{table}"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def _parameters(transform: Transform) -> str:
    return ", ".join(
        f"{known.name}=>{'..' if known.default is None else print_argument(known.default)}"
        for known in transform.parameters
    )


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command, str]]:
    context = click.Context(command, info_name=path, terminal_width=100, **veil.context_settings)
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
