"""The store of what data exists: sources, databases, and datasets with their columns."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from catalog.carried_tags import carry_tags, ever_known, shape_of
from catalog.crawl_options import leads_elsewhere
from catalog.database import Catalog, Transaction
from catalog.dataset_reader import Selection, read_database_tags, read_datasets, read_path, stored_path
from catalog.descriptions import stored_description
from catalog.errors import SettingsInvalid
from catalog.flows import Moved, descend
from catalog.lookup import check_name, row_id, tag_id
from catalog.model import Database, Dataset, Defect, Description, Field, Reading, Source
from catalog.names import fold
from catalog.relations import called, stored_place

_LED_ELSEWHERE = (
    "DELETE FROM flow WHERE dataset_id",
    "DELETE FROM crawl_mark WHERE dataset_id",
    "UPDATE assignment SET state = 'suggested' WHERE state = 'rejected' AND dataset_id",
)
"""What was known of a dataset as it was: what it holds of others, that a crawl need not look at it, and that a tag is
wrong, which may be right of what it is led to.
"""


class Datasets:
    """Sources, databases and datasets of a catalog; names compare as SQL compares them.

    Example:
        >>> datasets.put_source(Source(name="lake", connector="files", options={"path": "/data"}))
        >>> datasets.put_database(Database(name="shop"))
        >>> datasets.register("shop", "orders", "lake", "orders.csv", (Field(name="id", type="BIGINT"),))
        True
        >>> datasets.dataset("SHOP", "Orders").full_name
        'shop.orders'
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put_source(self, source: Source) -> None:
        """Adds a source or replaces its connector and options.

        Where these may lead elsewhere it is not known any more which database it reaches, nor what its datasets hold of
        others: in the same transaction put the flows of each of them anew (`Flows.put`), or that it may be `ANYTHING`.
        """
        check_name(source.name, "source")
        options = json.dumps(dict(source.options), sort_keys=True, ensure_ascii=False)
        with self._catalog.change() as tx:
            known = tx.row("SELECT id, name, connector, options FROM source WHERE name = ?", [source.name])
            tx.execute(
                "INSERT INTO source (name, connector, options) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET connector = excluded.connector, options = excluded.options"
                " WHERE (connector, options) IS NOT (excluded.connector, excluded.options)",
                [source.name, source.connector, options],
            )
            if known is not None and leads_elsewhere(_source(known), source):
                tx.execute("UPDATE source SET reaches = '' WHERE id = ?", [known["id"]])
                tx.execute("DELETE FROM table_flow WHERE source_id = ?", [known["id"]])
                for change in _LED_ELSEWHERE:
                    tx.execute(f"{change} IN (SELECT id FROM dataset WHERE source_id = ?)", [known["id"]])
                tx.execute_many(
                    "UPDATE dataset SET called = ? WHERE id = ?",
                    [
                        (called(source.connector, row["relation"]), row["id"])
                        for row in tx.rows("SELECT id, relation FROM dataset WHERE source_id = ?", [known["id"]])
                    ],
                )

    def sources(self) -> tuple[Source, ...]:
        """Every source, by name."""
        rows = self._catalog.rows("SELECT name, connector, options FROM source ORDER BY name")
        return tuple(_source(row) for row in rows)

    def source(self, name: str) -> Source | None:
        """The source of that name, or None."""
        row = self._catalog.row("SELECT name, connector, options FROM source WHERE name = ?", [name])
        return None if row is None else _source(row)

    def names(self) -> tuple[tuple[str, str], ...]:
        """The database and name of every dataset, by name, without reading any of its columns."""
        rows = self._catalog.rows(
            "SELECT b.name AS database, d.name FROM dataset d JOIN database b ON b.id = d.database_id"
            " WHERE NOT d.is_gone ORDER BY b.name, d.name"
        )
        return tuple((row["database"], row["name"]) for row in rows)

    def counts(self) -> dict[str, int]:
        """How many datasets are read from each source that any is read from."""
        rows = self._catalog.rows(
            "SELECT s.name, count(*) AS number FROM dataset d JOIN source s ON s.id = d.source_id"
            " WHERE NOT d.is_gone GROUP BY s.id"
        )
        return {row["name"]: row["number"] for row in rows}

    def remove_source(self, name: str) -> bool:
        """Takes a source away, and what is kept of datasets that were read from it; their tags and verdicts go too."""
        with self._catalog.change() as tx:
            tx.execute("DELETE FROM dataset WHERE source_id IN (SELECT id FROM source WHERE name = ?)", [name])
            return tx.execute("DELETE FROM source WHERE name = ?", [name]) > 0

    def put_database(self, database: Database) -> None:
        """Adds a database or replaces its comment and tags."""
        check_name(database.name, "database")
        with self._catalog.change() as tx:
            tx.execute(
                "INSERT INTO database (name, comment) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET comment = excluded.comment WHERE comment IS NOT excluded.comment",
                [database.name, database.comment],
            )
            place = row_id(tx, "database", database.name)
            wanted = {tag_id(tx, tag) for tag in database.tags}
            held = {row["tag_id"] for row in tx.rows("SELECT tag_id FROM database_tag WHERE database_id = ?", [place])}
            tx.execute_many(
                "DELETE FROM database_tag WHERE (database_id, tag_id) = (?, ?)", _pairs(place, held - wanted)
            )
            tx.execute_many("INSERT INTO database_tag VALUES (?, ?)", _pairs(place, wanted - held))
            if wanted != held:
                moved = Moved()
                for row in tx.rows("SELECT id FROM dataset WHERE database_id = ?", [place]):
                    moved.note(row["id"], None, "")
                    for tag in sorted(wanted - held):
                        moved.note(row["id"], ((), tag), "")
                moved.pass_on(tx)

    def add_database(self, name: str) -> bool:
        """Adds an empty database unless one of that name is there, which stays as it is; True when it was added."""
        check_name(name, "database")
        with self._catalog.change() as tx:
            return tx.execute("INSERT INTO database (name, comment) VALUES (?, '') ON CONFLICT DO NOTHING", [name]) > 0

    def remove_database(self, name: str) -> bool:
        """Takes an empty database away, and what is kept of datasets that were forgotten in it."""
        with self._catalog.change() as tx:
            place = "database_id IN (SELECT id FROM database WHERE name = ?)"
            if tx.row(f"SELECT 1 FROM dataset WHERE {place} AND NOT is_gone", [name]):
                raise SettingsInvalid(f"the database `{name}` is not empty", hint="take its datasets out of it first")
            tx.execute(f"DELETE FROM dataset WHERE {place}", [name])
            return tx.execute("DELETE FROM database WHERE name = ?", [name]) > 0

    def databases(self) -> tuple[Database, ...]:
        """Every database, by name, the empty ones too."""
        with self._catalog.snapshot() as tx:
            tags = read_database_tags(tx)
            rows = tx.rows("SELECT id, name, comment FROM database ORDER BY name")
        return tuple(Database(name=row["name"], comment=row["comment"], tags=tags.get(row["id"], ())) for row in rows)

    def database(self, name: str) -> Database | None:
        """The database of that name, or None."""
        return next((database for database in self.databases() if fold(database.name) == fold(name)), None)

    def register(
        self,
        database: str,
        name: str,
        source: str,
        relation: str,
        fields: tuple[Field, ...],
        *,
        comment: str | None = None,
    ) -> bool:
        """Adds a dataset or brings its columns up to date; True when anything is different afterwards.

        A column that the source no longer has is marked as gone: it is not listed, but its tags return with it, those
        that somebody rejected as suggestions; what may hold its values now has its tags meanwhile. `comment=None`
        keeps the comment that is there. What is made of the
        dataset gets its tags at once; it gets those that come to it by its flows, and of others that are the same
        table, when these are put (`Flows`).
        """
        check_name(name, "dataset", may_hold_dot=True)
        columns = _flattened(fields)
        with self._catalog.change() as tx:
            before = tx.changed_rows
            place = _put_dataset(tx, database, name, source, relation, comment)
            known, ever = shape_of(tx, place), ever_known(tx, place)
            _put_columns(tx, place, columns)
            carry_tags(tx, place, known, ever)
            is_changed = tx.changed_rows > before
            if is_changed:
                descend(tx, place)
            return is_changed

    def note_defects(self, database: str, name: str, defects: Iterable[Defect]) -> bool:
        """Keeps what is wrong with a dataset, in place of what was known before; True when that is different."""
        stored = json.dumps([(defect.what, defect.where) for defect in defects], ensure_ascii=False)
        with self._catalog.change() as tx:
            changed = tx.execute(
                "UPDATE dataset SET defects = ? WHERE name = ? AND defects <> ?"
                " AND database_id = (SELECT id FROM database WHERE name = ?)",
                [stored, name, stored, database],
            )
        return changed > 0

    def note_description(self, database: str, name: str, described: Description) -> bool:
        """Keeps what the source itself says of a dataset, in place of what it said before; True when it differs."""
        stored = stored_description(described)
        with self._catalog.change() as tx:
            changed = tx.execute(
                "UPDATE dataset SET description = ? WHERE name = ? AND description <> ?"
                " AND database_id = (SELECT id FROM database WHERE name = ?)",
                [stored, name, stored, database],
            )
        return changed > 0

    def readings(self, source: str) -> tuple[Reading, ...]:
        """What each view of a source reads, by the names of views."""
        rows = self._catalog.rows(
            "SELECT b.name, d.name, r.value FROM dataset d JOIN database b ON b.id = d.database_id"
            " JOIN source s ON s.id = d.source_id JOIN json_each(nullif(d.description, ''), '$[3]') r"
            " WHERE s.name = ? AND NOT d.is_gone AND r.type = 'text' ORDER BY b.name, d.name",
            [source],
        )
        return tuple(Reading(database=database, name=name, reads=reads) for database, name, reads in rows)

    def forget(self, database: str, name: str) -> bool:
        """Takes a dataset out of every list; its tags and verdicts return if it is registered again."""
        with self._catalog.change() as tx:
            changed = tx.execute(
                "UPDATE dataset SET is_gone = 1 WHERE name = ? AND NOT is_gone"
                " AND database_id = (SELECT id FROM database WHERE name = ?)",
                [name, database],
            )
        return changed > 0

    def datasets(self, database: str | None = None) -> tuple[Dataset, ...]:
        """Every dataset with columns and tags, by name, in as few queries as for one."""
        return self._read(Selection(database=database))

    def dataset(self, database: str, name: str) -> Dataset | None:
        """The dataset of that name, or None."""
        return next(iter(self._read(Selection(database=database, name=name))), None)

    def datasets_of(self, source: str, relation: str | None = None) -> tuple[Dataset, ...]:
        """The datasets that a source, or one relation of it, is registered as."""
        return self._read(Selection(source=source, relation=relation))

    def _read(self, selection: Selection) -> tuple[Dataset, ...]:
        with self._catalog.snapshot() as tx:
            return read_datasets(tx, selection)


def _put_dataset(tx: Transaction, database: str, name: str, source: str, relation: str, comment: str | None) -> int:
    database_id, source_id = row_id(tx, "database", database), row_id(tx, "source", source)
    [known] = tx.rows("SELECT connector FROM source WHERE id = ?", [source_id])
    moved = "IN (SELECT id FROM dataset WHERE (database_id, name) = (?, ?) AND (source_id, relation) IS NOT (?, ?))"
    for change in _LED_ELSEWHERE:
        tx.execute(f"{change} {moved}", [database_id, name, source_id, relation])
    tx.execute(
        "INSERT INTO dataset (database_id, name, source_id, relation, called, place, comment) VALUES (:database, :name,"
        " :source, :relation, :called, :place, coalesce(:comment, ''))"
        " ON CONFLICT (database_id, name) DO UPDATE SET source_id = excluded.source_id, relation = excluded.relation,"
        " called = excluded.called, place = excluded.place, comment = coalesce(:comment, comment), is_gone = 0"
        " WHERE (source_id, relation, called, comment, is_gone)"
        " IS NOT (excluded.source_id, excluded.relation, excluded.called, coalesce(:comment, comment), 0)",
        {
            "database": database_id,
            "name": name,
            "source": source_id,
            "relation": relation,
            "called": called(known["connector"], relation),
            "place": stored_place(relation),
            "comment": comment,
        },
    )
    [row] = tx.rows("SELECT id FROM dataset WHERE database_id = ? AND name = ?", [database_id, name])
    return int(row["id"])


def _put_columns(tx: Transaction, place: int, columns: Mapping[str, str]) -> None:
    """Writes the columns that differ and marks the missing ones; equal ones are not touched.

    One that was gone and is there again may be another: that a tag is wrong was said of what it was.
    """
    present = {fold(path) for path in columns}
    known = tx.rows("SELECT id, path, is_gone FROM field WHERE dataset_id = ?", [place])
    _judge_anew(tx, place, [row["path"] for row in known if row["is_gone"] and fold(row["path"]) in present])
    tx.execute_many(
        "INSERT INTO field (dataset_id, path, type, position) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (dataset_id, path) DO UPDATE SET path = excluded.path, type = excluded.type,"
        " position = excluded.position, is_gone = 0"
        " WHERE (path COLLATE BINARY, type, position, is_gone)"
        " IS NOT (excluded.path, excluded.type, excluded.position, 0)",
        [(place, path, type_, position) for position, (path, type_) in enumerate(columns.items())],
    )
    gone = [(row["id"],) for row in known if not row["is_gone"] and fold(row["path"]) not in present]
    tx.execute_many("UPDATE field SET is_gone = 1 WHERE id = ?", gone)


def _judge_anew(tx: Transaction, place: int, returned: Iterable[str]) -> None:
    """What was rejected on columns, or within documents that they are, protects as a suggestion until it is judged."""
    tops = {tuple(map(fold, read_path(path))) for path in returned}
    if not tops:
        return
    rejected = tx.rows("SELECT id, path FROM assignment WHERE dataset_id = ? AND state = 'rejected'", [place])
    for row in rejected:
        path = tuple(map(fold, read_path(row["path"])))
        if any(path[:end] in tops for end in range(1, len(path) + 1)):
            tx.execute("UPDATE assignment SET state = 'suggested' WHERE id = ?", [row["id"]])


def _flattened(fields: tuple[Field, ...]) -> dict[str, str]:
    """Path (as stored) and type of every field, nested ones right after their parent."""
    columns: dict[str, str] = {}
    seen: set[str] = set()
    for path, field in _walk(fields, ()):
        stored = stored_path(path)
        if fold(stored) in seen:
            raise SettingsInvalid(
                f"two columns are called `{'.'.join(path)}` but for upper and lower case",
                hint="rename one of them in the source; SQL cannot tell them apart",
            )
        seen.add(fold(stored))
        columns[stored] = field.type
    return columns


def _walk(fields: tuple[Field, ...], parents: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Field]]:
    for field in fields:
        path = (*parents, field.name)
        yield path, field
        yield from _walk(field.fields, path)


def _pairs(place: int, ids: set[int]) -> list[tuple[int, int]]:
    return [(place, other) for other in sorted(ids)]


def _source(row: sqlite3.Row) -> Source:
    return Source(name=row["name"], connector=row["connector"], options=json.loads(row["options"]))
