"""Reads datasets with their columns and tags, however many, in four queries."""

import functools
import gc
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from catalog.database import Transaction, Value
from catalog.descriptions import read_description
from catalog.inner_paths import with_inner_paths
from catalog.model import Column, Dataset, Defect, TagState

NO_TAGS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which datasets are read: those for which every part that is given holds."""

    database: str | None = None
    name: str | None = None
    source: str | None = None
    relation: str | None = None


def stored_path(path: tuple[str, ...]) -> str:
    """A column's path as it is stored and compared: JSON, so that no name can be taken for two.

    Example:
        >>> stored_path(("contact", "phone"))
        '["contact","phone"]'
    """
    return json.dumps(path, ensure_ascii=False, separators=(",", ":"))


@functools.lru_cache(maxsize=65_536)
def read_path(stored: str) -> tuple[str, ...]:
    """The path that `stored_path` wrote.

    Example:
        >>> read_path('["contact","phone"]')
        ('contact', 'phone')
    """
    return tuple(json.loads(stored))


def read_datasets(tx: Transaction, selection: Selection) -> tuple[Dataset, ...]:
    """The selected datasets by name; call it inside a snapshot, so that tags and columns belong together."""
    chosen, parameters = _chosen(selection)
    is_all = selection == Selection()
    within = "" if is_all else f" AND dataset_id IN (SELECT d.id {chosen})"  # all are read quicker without looking up
    with _without_collecting():
        tags = _tags(tx, within, parameters)
        columns = _columns(tx, within, parameters, tags)
    database_tags = read_database_tags(tx)
    rows = tx.rows(
        "SELECT d.id, d.database_id, b.name AS database, d.name, s.name AS source, d.relation, d.comment, d.defects,"
        " d.description"
        f" {chosen} ORDER BY b.name, d.name",
        parameters,
    )
    return tuple(
        Dataset(
            database=row["database"],
            name=row["name"],
            source=row["source"],
            relation=row["relation"],
            columns=tuple(columns.get(row["id"], ())),
            confirmed=tags.of_dataset(row["id"])[0],
            suggested=tags.of_dataset(row["id"])[1],
            database_tags=frozenset(database_tags.get(row["database_id"], ())),
            comment=row["comment"],
            defects=tuple(Defect(what=what, where=where) for what, where in json.loads(row["defects"])),
            description=read_description(row["description"]),
        )
        for row in rows
    )


def read_database_tags(tx: Transaction) -> dict[int, tuple[str, ...]]:
    """The tags of each database by its id, in order."""
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    for row in tx.rows(
        "SELECT database_id, t.name FROM database_tag JOIN tag t ON t.id = tag_id ORDER BY database_id, t.name"
    ):
        found[row["database_id"]] += (row["name"],)
    return found


_Held = tuple[frozenset[str], frozenset[str]]
"""Confirmed and suggested tags."""

_NOTHING: _Held = (NO_TAGS, NO_TAGS)

_Said = tuple[tuple[str, str], ...]
"""The tags of one place, each with its state."""


class _Tags:
    """The tags that stand on the chosen datasets and their columns, by row id; and on paths in documents."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        datasets: dict[int, _Said] = {}
        fields: dict[int, _Said] = {}
        inner: defaultdict[int, dict[tuple[str, ...], _Said]] = defaultdict(dict)
        for dataset_id, field_id, path, state, tag in rows:
            said = ((state, tag),)
            if field_id is not None:
                fields[field_id] = fields.get(field_id, ()) + said
            elif steps := read_path(path):
                inner[dataset_id][steps] = inner[dataset_id].get(steps, ()) + said
            else:
                datasets[dataset_id] = datasets.get(dataset_id, ()) + said
        self._datasets = {key: _held(said) for key, said in datasets.items()}
        self.of_fields = {key: _held(said) for key, said in fields.items()}
        self._inner = {key: {path: _held(said) for path, said in paths.items()} for key, paths in inner.items()}

    def inside(self, dataset_id: int) -> dict[tuple[str, ...], _Held]:
        """The tags on paths that no source describes."""
        return self._inner.get(dataset_id, {})

    def of_dataset(self, dataset_id: int) -> _Held:
        return self._datasets.get(dataset_id, _NOTHING)


@functools.lru_cache(maxsize=65_536)
def _held(said: _Said) -> _Held:
    confirmed, suggested = (
        frozenset(tag for in_state, tag in said if in_state == state)
        for state in (TagState.CONFIRMED, TagState.SUGGESTED)
    )
    return _shared(confirmed), _shared(suggested)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Lets the garbage collector rest: of the millions of values that are made here, none is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@functools.lru_cache(maxsize=65_536)
def _shared(tags: frozenset[str]) -> frozenset[str]:
    """One object for equal sets of tags: an estate has millions of columns, and few different sets."""
    return tags


def _chosen(selection: Selection) -> tuple[str, list[Value]]:
    """The FROM and WHERE by which every query here selects the same datasets."""
    conditions, parameters = ["NOT d.is_gone"], list[Value]()
    for column, value in (
        ("b.name", selection.database),
        ("d.name", selection.name),
        ("s.name", selection.source),
        ("d.relation", selection.relation),
    ):
        if value is not None:
            conditions.append(f"{column} = ?")
            parameters.append(value)
    return (
        "FROM dataset d JOIN database b ON b.id = d.database_id JOIN source s ON s.id = d.source_id WHERE "
        + " AND ".join(conditions),
        parameters,
    )


def _tags(tx: Transaction, within: str, parameters: list[Value]) -> _Tags:
    return _Tags(
        tx.tuples(
            "SELECT a.dataset_id, f.id, a.path, a.state, t.name"
            f" FROM (SELECT * FROM assignment WHERE state <> 'rejected'{within}) AS a JOIN tag t ON t.id = a.tag_id"
            " LEFT JOIN field f ON f.dataset_id = a.dataset_id AND f.path = a.path AND NOT f.is_gone",
            parameters,
        )
    )


def _columns(tx: Transaction, within: str, parameters: list[Value], tags: _Tags) -> dict[int, list[Column]]:
    """The columns of each dataset in order; equal ones are one object, since estates repeat themselves."""
    found: defaultdict[int, list[Column]] = defaultdict(list)
    known: dict[tuple[object, ...], Column] = {}
    rows = tx.tuples(f"SELECT id, dataset_id, path, type, position FROM field WHERE NOT is_gone{within}", parameters)
    for field_id, dataset_id, path, type_, position in rows:
        confirmed, suggested = tags.of_fields.get(field_id, _NOTHING)
        key = (path, type_, position, confirmed, suggested)
        column = known.get(key)
        if column is None:
            column = known[key] = Column(
                path=read_path(path),
                type=sys.intern(type_),
                position=position,
                confirmed=confirmed,
                suggested=suggested,
            )
        found[dataset_id].append(column)
    for dataset_id, columns in found.items():
        columns.sort(key=attrgetter("position"))
        if inside := tags.inside(dataset_id):
            found[dataset_id] = list(with_inner_paths(columns, inside))
    return found
