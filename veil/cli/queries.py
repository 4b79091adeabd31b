"""`veil query` and `veil explain`: asks as a person would, here or at a server."""

import json
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import cast

import click
import pyarrow as pa

from catalog.errors import SettingsInvalid
from policy_engine.model import Subject
from policy_engine.subjects import subject_of
from proxy.answering.wire import Format, encode
from proxy.pipeline import Request
from proxy.reading.parameters import decode
from veil import Access, Explanation
from veil.access import complete, summary
from veil.cli.hypothetical import Stated, subject_options
from veil.cli.output import Table, aligned, format_option, plain, show, show_json
from veil.cli.people import account
from veil.cli.places import Place, connected, opened, operator, place_options
from veil.cli.printing import echo, send
from veil.result import rows_of
from web_ui.parts import Parts

_MEASURED_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer under way, from either place."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    access: Access


@click.command()
@click.argument("sql")
@click.option("--as", "user", help="As which user (in a home; at a server the token says who asks).")
@click.option("--param", "texts", multiple=True, metavar="V", help="A value for the next `?`: a number, JSON, or text.")
@click.option("--database", default="main", show_default=True, help="Where bare table names are looked up.")
@click.option("--purpose", help="What the data is for; policies and the journal are told.")
@format_option("table", "json", "csv", "parquet", "arrow")
@place_options
def query(
    sql: str, user: str | None, texts: tuple[str, ...], database: str, purpose: str | None, form: str, place: Place
) -> None:
    """Run SQL and print what this person may see of the answer.

    \b
    Example:
        veil query "select region, avg(charges) from medical_charges.medical_costs where age > ? group by 1" \\
          --as demo_user2 --param 40
        veil query "select * from medical_charges.medical_costs" --as demo_user2 -f parquet > costs.parquet
    """
    if form in ("parquet", "arrow") and sys.stdout.isatty():
        raise SettingsInvalid(f"{form} is not for reading on a terminal", hint="send it to a file: ... > result")
    parameters = [parameter(text) for text in texts]
    with _answered(place, sql, user, parameters, database, purpose) as answered:
        for notice in answered.access["notices"]:
            echo(f"note: {notice}", err=True)
        if form == "table":
            for line in _lines(answered):
                echo(line)
            echo(summary(answered.access), err=True)
            return
        pieces = encode(
            Format(form),
            answered.schema,
            answered.batches,
            decision_id=answered.access["decision_id"],
            revision=answered.access["revision"],
        )
        for piece in pieces:
            send(piece)
        if form == "json":
            send(b"\n")
        sys.stdout.buffer.flush()


@click.command()
@click.argument("sql")
@click.option("--as", "user", help="As which user sees it; in a home somebody has to be named.")
@subject_options
@click.option("--param", "texts", multiple=True, metavar="V", help="A value for the next `?`.")
@click.option("--database", default="main", show_default=True, help="Where bare table names are looked up.")
@click.option("--purpose", help="For this purpose.")
@format_option()
@place_options
def explain(
    sql: str,
    user: str | None,
    stated: Stated,
    texts: tuple[str, ...],
    database: str,
    purpose: str | None,
    form: str,
    place: Place,
) -> None:
    """Tell what would be decided and which SQL would run; nothing is run.

    \b
    Example:
        veil explain "select mrn, charges from medical_charges.medical_costs" --as demo_user2
        veil explain "select * from medical_charges.medical_costs" --groups nursing --attribute region=northwest \\
          --purpose care
    """
    parameters = [parameter(text) for text in texts]
    if place.home is not None:
        with opened(place.home) as parts:
            request = _request(sql, parameters, database, purpose)
            asked_by = Subject(user=operator(), groups=frozenset())
            told = parts.pipeline.explain(
                stated.subject(parts, user),
                request,
                decision_id=uuid.uuid4().hex,
                asked_by=asked_by,
                is_operator=True,
            )
        explanation = Explanation(complete(told), sql=str(told["sql"]))
    else:
        with connected(place.url, database, purpose or "") as connection:
            explanation = connection.explain(
                sql, parameters, user=user, groups=stated.groups, attributes=stated.attributes
            )
    _show_explanation(explanation, form)


def parameter(text: str) -> object:
    """A value from the command line: JSON where it is JSON, else the text itself.

    Example:
        >>> parameter("40"), parameter("north"), parameter('"40"')
        (40, 'north', '40')
    """
    try:
        return cast(object, json.loads(text, parse_constant=str))
    except ValueError:
        return text


@contextmanager
def _answered(
    place: Place, sql: str, user: str | None, parameters: Sequence[object], database: str, purpose: str | None
) -> Iterator[Answered]:
    if place.home is not None:
        with opened(place.home) as parts:
            request = _request(sql, parameters, database, purpose)
            with parts.pipeline.query(_subject(parts, user), request, decision_id=uuid.uuid4().hex) as answer:
                access = complete(dict(answer.access))
                yield Answered(schema=answer.schema, batches=answer.batches(), access=access)
        return
    if user is not None:
        raise SettingsInvalid("`--as` works in a home only", hint="at a server, the token in VEIL_TOKEN says who asks")
    with (
        connected(place.url, database, purpose or "") as connection,
        connection.query(sql, parameters) as result,
    ):
        yield Answered(schema=result.schema, batches=result.batches(), access=result.access)


def _request(sql: str, parameters: Sequence[object], database: str, purpose: str | None) -> Request:
    return Request(sql=sql, parameters=decode(parameters), database=database, purpose=purpose, client=operator())


def _subject(parts: Parts, name: str | None) -> Subject:
    """The account to ask as: on this machine nobody is signed in, so it has to be named."""
    if name is None:
        raise SettingsInvalid("nobody is named to ask as", hint="add --as USER")
    return subject_of(account(parts, name))


def _lines(answered: Answered) -> Iterator[str]:
    """The answer as aligned text, as it comes: the first rows tell how wide the columns are."""
    rows = chain.from_iterable(rows_of(batch) for batch in answered.batches)
    first = [tuple(plain(cell) for cell in row) for _, row in zip(range(_MEASURED_ROWS), rows, strict=False)]
    names = tuple(answered.schema.names)
    widths = [max(map(len, column)) for column in zip(names, *first, strict=True)]
    yield from aligned([names, tuple("-" * width for width in widths), *first])
    for row in rows:
        cells = (plain(cell).replace("\n", " ") for cell in row)
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _show_explanation(explanation: Explanation, form: str) -> None:
    if form == "json":
        show_json(explanation.to_dict())
    elif form == "table":
        echo(str(explanation))
    else:
        columns = ("dataset", "column", "outcome", "transform", "policies", "reason")
        rows = tuple(
            (dataset["dataset"], *(cast(Mapping[str, object], column)[name] for name in columns[1:]))
            for dataset in explanation.datasets
            for column in dataset["columns"]
        )
        show(Table(columns=columns, rows=rows), form)
