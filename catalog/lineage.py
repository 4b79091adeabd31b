"""From a view's SQL to the columns that each of its columns is made of; pure.

An expression is made of every column in it, an aggregate too, unless it is COUNT of rows or of a column. What a view's
rows are chosen or joined by is not in its values. Forms of SQL that are not known to be followed exactly raise
`Unclear`: then anything may have flowed anywhere.
"""

from collections.abc import Mapping

from sqlglot import exp

from catalog.lineage_forms import check_forms
from catalog.lineage_names import Origin as Origin  # the name that others know it by
from catalog.lineage_names import Path as Path
from catalog.lineage_text import check_nothing_lost
from catalog.lineage_trace import Trace
from catalog.names import fold
from catalog.sources.connector import ViewSql
from catalog.sources.view_sql import Unclear, query_of, tables_in

Shape = Mapping[str, str]
"""The columns of a relation in order, with their types."""


def lineage(view: ViewSql, shapes: Mapping[tuple[str, str], Shape]) -> tuple[frozenset[Origin], ...]:
    """What each column of a view is made of, in order; `shapes` are the relations that it reads.

    Example:
        >>> view = ViewSql("CREATE VIEW v AS SELECT upper(a) FROM t", "duckdb")
        >>> [made] = lineage(view, {("main", "t"): {"a": "VARCHAR"}})
        >>> [origin.path for origin in made]
        [('a',)]
    """
    query = query_of(view)
    check_nothing_lost(view, query, (column for shape in shapes.values() for column in shape))
    for table in tuple(tables_in(query, view.dialect)):
        table.set("db", exp.to_identifier(_schema(table, shapes), quoted=True))
    try:
        check_forms(query)
        columns = Trace(shapes, view.dialect).columns(query)
    except RecursionError as error:
        raise Unclear("its SQL is nested too deep to be followed") from error
    return tuple(column.origins for column in columns)


def _schema(table: exp.Table, shapes: Mapping[tuple[str, str], Shape]) -> str:
    """The schema of a relation that a view names; one that is named without is the one of that name which it reads."""
    name, schema = fold(table.name), fold(table.db)
    places = [place for place in shapes if place[1] == name and schema in ("", place[0])]
    if len(places) != 1:
        raise Unclear("it names one of several" if places else "it reads from something that is not there")
    return places[0][0]
