"""`veil ddl`: one policy statement, carried out or answered, here or at a server."""

from typing import cast

import click

from catalog.clock import utc_now
from policy_engine.ddl.run import Runner
from policy_engine.ddl.views import Answer
from veil.cli.output import Table, format_option, show
from veil.cli.places import Place, asked, opened, operator, place_options
from veil.cli.plans import show_answer, show_applied


@click.command()
@click.argument("statement")
@format_option()
@place_options
def ddl(statement: str, form: str, place: Place) -> None:
    """Carry out one policy STATEMENT and print what it changed and for whom, or answer a SHOW or DESCRIBE.

    \b
    Example:
        veil ddl "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card TO ROLE clerk"
        veil ddl "SHOW GRANT ROLE clerk"
    """
    if place.home is None:
        _show_told(asked(place.url, "POST", "/ddl", {"statement": statement}), form)
        return
    with opened(place.home) as parts:
        runner = Runner(catalog=parts.catalog, visibility=parts.visibility, user=operator())
        done = runner.run(statement, utc_now)
    if isinstance(done, Answer):
        show(Table(columns=done.columns, rows=done.rows), form)
    else:
        show_applied(done, form)


def _show_told(told: dict[str, object], form: str) -> None:
    """A server's answer: the plan that it carried out, or a table."""
    if "changes" in told:
        show_answer(told, form)
        return
    columns = tuple(cast("list[str]", told["columns"]))
    rows = tuple(tuple(row) for row in cast("list[list[str]]", told["rows"]))
    show(Table(columns=columns, rows=rows), form)
