"""Reads datasets with their columns and tags, however many, in four queries."""

import functools
import json
import sqlite3
import sys
from collections import defaultdict
from dataclasses import dataclass

from catalog.database import Transaction, Value
from catalog.inner_paths import with_inner_paths
from catalog.model import Column, Dataset, TagState

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
    tags = _tags(tx, chosen, parameters)
    columns = _columns(tx, chosen, parameters, tags)
    database_tags = read_database_tags(tx)
    rows = tx.rows(
        "SELECT d.id, d.database_id, b.name AS database, d.name, s.name AS source, d.relation, d.comment"
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
            confirmed=tags.of_dataset(row["id"], TagState.CONFIRMED),
            suggested=tags.of_dataset(row["id"], TagState.SUGGESTED),
            database_tags=frozenset(database_tags.get(row["database_id"], ())),
            comment=row["comment"],
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


class _Tags:
    """The tags that stand on the chosen datasets and their columns, by row id and state; and on paths in documents."""

    def __init__(self, rows: list[sqlite3.Row]) -> None:
        self._datasets: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
        self._fields: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
        self._inner: defaultdict[int, dict[tuple[str, ...], dict[str, set[str]]]] = defaultdict(dict)
        for dataset_id, field_id, path, state, tag in rows:
            if field_id is not None:
                self._fields[field_id, state].add(tag)
            elif not read_path(path):
                self._datasets[dataset_id, state].add(tag)
            else:
                self._inner[dataset_id].setdefault(read_path(path), {}).setdefault(state, set()).add(tag)

    def inside(self, dataset_id: int) -> dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]]:
        """The tags on paths that no source describes."""
        return {
            path: (frozenset(states.get(TagState.CONFIRMED, ())), frozenset(states.get(TagState.SUGGESTED, ())))
            for path, states in self._inner.get(dataset_id, {}).items()
        }

    def of_dataset(self, dataset_id: int, state: TagState) -> frozenset[str]:
        return frozenset(self._datasets.get((dataset_id, state), NO_TAGS))

    def of_field(self, field_id: int, state: TagState) -> frozenset[str]:
        found = self._fields.get((field_id, state))
        return _shared(frozenset(found)) if found else NO_TAGS


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


def _tags(tx: Transaction, chosen: str, parameters: list[Value]) -> _Tags:
    return _Tags(
        tx.rows(
            "SELECT a.dataset_id, f.id, a.path, a.state, t.name FROM assignment a JOIN tag t ON t.id = a.tag_id"
            " LEFT JOIN field f ON f.dataset_id = a.dataset_id AND f.path = a.path"
            f" WHERE a.state <> 'rejected' AND a.dataset_id IN (SELECT d.id {chosen})",
            parameters,
        )
    )


def _columns(tx: Transaction, chosen: str, parameters: list[Value], tags: _Tags) -> dict[int, list[Column]]:
    found: defaultdict[int, list[Column]] = defaultdict(list)
    for field_id, dataset_id, path, type_, position in tx.rows(
        "SELECT id, dataset_id, path, type, position FROM field"
        f" WHERE NOT is_gone AND dataset_id IN (SELECT d.id {chosen}) ORDER BY dataset_id, position",
        parameters,
    ):
        column = Column(
            path=read_path(path),
            type=sys.intern(type_),
            position=position,
            confirmed=tags.of_field(field_id, TagState.CONFIRMED),
            suggested=tags.of_field(field_id, TagState.SUGGESTED),
        )
        found[dataset_id].append(column)
    for dataset_id, columns in found.items():
        if inside := tags.inside(dataset_id):
            found[dataset_id] = list(with_inner_paths(columns, inside))
    return found
