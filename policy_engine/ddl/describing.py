"""Databases, datasets and columns as SHOW and DESCRIBE tell them: what is not visible is not there."""

from collections.abc import Iterator

from catalog.names import fold, join
from policy_engine.ddl.known import known_database, known_dataset
from policy_engine.ddl.model import Target
from policy_engine.ddl.rights import no_access
from policy_engine.ddl.views import Answer, View
from policy_engine.live import dataset_key
from policy_engine.model import ColumnDecision, Outcome
from policy_engine.shown_types import shown_type


def show_databases(view: View) -> Answer:
    """SHOW DATABASES: every one for who administers, else those in which something is visible."""
    return Answer(columns=("database",), rows=tuple(sorted((name,) for name in _databases(view))))


def show_tables(name: str, view: View) -> Answer:
    """SHOW TABLES: the visible datasets of a database."""
    key = _visible_database(name, view)
    known = view.live.datasets if view.decisions is None else view.decisions
    found = [view.live.datasets[place] for place in known if place[0] == key]
    rows = sorted((dataset.name, dataset.comment) for dataset in found)
    return Answer(columns=("table", "comment"), rows=tuple(rows))


def describe_database(target: Target, view: View) -> Answer:
    """DESCRIBE DATABASE: its comment and its tags."""
    database = view.live.databases[_visible_database(target.database, view)]
    rows = [("name", database.name), ("comment", database.comment)]
    rows += [("attributes", tag) for tag in sorted(database.tags)]
    return Answer(columns=("property", "value"), rows=tuple(rows))


def describe_columns(target: Target, view: View) -> Answer:
    """DESCRIBE: each visible column and nested field with its type and tags."""
    rows = tuple((name, type_, ", ".join(tags)) for name, type_, tags in _described(target, view))
    return Answer(columns=("name", "type", "attributes"), rows=rows)


def describe_formatted(target: Target, view: View) -> Answer:
    """DESCRIBE FORMATTED: what DESCRIBE tells and the dataset's own tags, a line each."""
    columns = list(_described(target, view))
    dataset = view.live.datasets[dataset_key(target.database, target.dataset or "")]
    rows = [
        ("Database:", dataset.database),
        ("Table:", dataset.name),
        ("Comment:", dataset.comment),
        ("Database Attributes:", ", ".join(sorted(dataset.database_tags))),
        ("Table Attributes:", ", ".join(sorted(dataset.confirmed))),
        *((f"Column {name}:", type_) for name, type_, _ in columns),
        *((f"Columns With Attributes: {name}", ", ".join(tags)) for name, _, tags in columns if tags),
    ]
    return Answer(columns=("property", "value"), rows=tuple(rows))


def _databases(view: View) -> Iterator[str]:
    for key, database in view.live.databases.items():
        if view.decisions is None or any(place[0] == key for place in view.decisions):
            yield database.name


def _visible_database(name: str, view: View) -> str:
    """The database's key, once the asker may know of it."""
    if view.decisions is None:
        return fold(known_database(name, view.live).name)
    if fold(name) not in {place[0] for place in view.decisions}:
        raise no_access(view.asker, Target(database=name))
    return fold(name)


def _described(target: Target, view: View) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, type and tags of each column that the asker may know."""
    if view.decisions is None:
        for column in known_dataset(target, view.live).columns:
            yield join(*column.path), column.type, tuple(sorted(column.confirmed))
        return
    decision = view.decisions.get(dataset_key(target.database, target.dataset or ""))
    if decision is None:
        raise no_access(view.asker, target)
    for seen in decision.columns:
        yield from _seen(seen)


def _seen(column: ColumnDecision) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """A column and the fields in it as far as they are visible.

    INVARIANT: the type is that of what the person gets: a mask's, and without what is hidden.
    """
    if column.outcome is Outcome.HIDDEN:
        return
    has_fields = all(case.call is None for case in column.cases)
    yield join(*(column.path or (column.name,))), shown_type(column), column.tags
    if has_fields:
        for part in column.parts:
            yield from _seen(part)
