"""The connector `files`: CSV, TSV, JSON, NDJSON and Parquet files, globs and folders of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Generic, TypeVar

import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from catalog.errors import SettingsInvalid, SourceUnavailable, VeilError
from catalog.model import Field
from catalog.names import fold
from catalog.sources.connector import Expected, Limits, Relation, Scan
from catalog.sources.engine_types import fields_of
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.file_kinds import FileKind, bare_name
from catalog.sources.file_layout import FileSet, Layout
from catalog.sources.file_scans import CsvDialect, described, headers, parquet, pinned_csv, pinned_json, sniffed
from catalog.sources.run import EngineRun
from catalog.sources.world import Resources, World, columns_as

_SAMPLE_SECONDS = 60.0
_SPREAD_BYTES = 64 * 2**20
_SPREAD_FILES = 8

_Columns = tuple[tuple[str, DuckDBPyType], ...]
_Found = TypeVar("_Found")


class FilesConnector:
    """A folder, a file or a glob of files on this machine.

    Example: option `path` is `./data`; its relations are `visits.csv`, `labs/2024.parquet` and the
    folder `exports`, which holds `part-0.parquet` and `part-1.parquet`.
    """

    engine = "embedded"

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        if "://" in options["path"]:
            raise SettingsInvalid(
                f"source `{name}` points into a network, and the connector `files` reads files of this machine",
                hint="give the path of a folder or file, or a glob",
            )
        self._layout = Layout(options["path"])
        self._columns = _Remembered[_Columns]()
        self._dialects = _Remembered[CsvDialect]()
        self._headers = _Remembered[frozenset[tuple[str, ...]]]()

    def relations(self, path: str | None = None) -> Iterator[Relation]:
        """Every relation, or those under `path`; two of one name are told apart by their folder or kind."""
        names = sorted(self._layout.relations(path, self._is_one))
        plain = Counter(fold(bare_name(PurePosixPath(name).name)) for name in names)
        for name in names:
            suggested = bare_name(PurePosixPath(name).name)
            if plain[fold(suggested)] > 1:
                suggested = name.replace("/", "_").replace(".", "_")
            fingerprint = self._layout.files(name).fingerprint
            yield Relation(name=name, suggested_name=suggested, fingerprint=fingerprint)

    def describe(self, relation: str) -> tuple[Field, ...]:
        """Columns in order with the types DuckDB gives them; raises SourceUnavailable."""
        return fields_of(self._found(relation, self._layout.files(relation)))

    def sample(self, relation: str, rows: int) -> pa.Table:
        """Rows from all over a small relation, and from the beginning of some files of a large one."""
        files = self._layout.files(relation)
        columns = columns_as((field.name, field.type) for field in self.describe(relation))
        if files.byte_count <= _SPREAD_BYTES:
            sql = f"SELECT {columns} FROM {described(files)} USING SAMPLE reservoir({rows:d} ROWS) REPEATABLE (1)"
        else:
            some = files.files[:: max(1, len(files.files) // _SPREAD_FILES)][:_SPREAD_FILES]
            count = max(1, rows // len(some))
            items = (described(files.only(file)) for file in some)
            sql = " UNION ALL ".join(f"(SELECT {columns} FROM {item} LIMIT {count:d})" for item in items)
        run = EngineRun(self._world, sql, {}, Limits(seconds=_SAMPLE_SECONDS))
        try:
            return pa.Table.from_batches(run, schema=run.schema)
        except VeilError as error:
            raise _unreadable(relation) from error
        finally:
            run.close()

    def scan(self, expected: Expected) -> Scan:
        """How the engine reads the expected columns by name; raises SourceUnavailable when they have gone."""
        files = self._layout.files(expected.relation)
        return Scan(item=self._pinned(expected, files), files=files.files, fingerprint=files.fingerprint)

    @cached_property
    def _world(self) -> World:
        """Where files are described and sampled: by SQL of Veil's own, over the source's folder alone."""
        return World(Resources(), folders=[self._layout.root])

    def _pinned(self, expected: Expected, files: FileSet) -> str:
        match files.kind:
            case FileKind.PARQUET:
                return parquet(files)
            case FileKind.CSV | FileKind.TSV:
                return self._pinned_csv(expected, files)
            case FileKind.JSON | FileKind.NDJSON:
                # pinned to its columns, the engine would make NULL of one that has gone
                _refuse_gone(expected, [name for name, _ in self._found(expected.relation, files)])
                return pinned_json(files, expected.columns)

    def _pinned_csv(self, expected: Expected, files: FileSet) -> str:
        relation = expected.relation
        dialect = self._dialects.of(relation, files, lambda: sniffed(self._world, files))
        found = self._headers.of(relation, files, lambda: headers(self._world, files, dialect))
        for header in found:
            _refuse_gone(expected, (*header, *files.partitions))
        return pinned_csv(files, dialect, expected.columns, is_mixed=len(found) > 1)

    def _found(self, relation: str, files: FileSet) -> _Columns:
        if files.byte_count == 0:
            raise SourceUnavailable(f"`{relation}` is empty", hint="crawl again when it holds data")
        return self._columns.of(relation, files, lambda: self._world.columns(described(files)))

    def _is_one(self, files: FileSet) -> bool:
        """Whether the files of a series have one schema, judged by the first and the last of them."""
        ends = (files.only(file) for file in (files.files[0], files.files[-1]))
        first, last = (self._world.columns(described(end)) for end in ends)
        return [fold(name) for name, _ in first] == [fold(name) for name, _ in last]


class _Remembered(Generic[_Found]):
    """What was found out about a relation, for as long as its files stay as they are."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, _Found]] = {}

    def of(self, relation: str, files: FileSet, find: Callable[[], _Found]) -> _Found:
        fingerprint = files.fingerprint
        known = self._found.get(relation)
        if known is None or known[0] != fingerprint:
            try:
                known = fingerprint, find()
            except VeilError as error:
                raise _unreadable(relation) from error
            self._found[relation] = known
        return known[1]


def _refuse_gone(expected: Expected, found: Iterable[str]) -> None:
    known = {fold(name) for name in found}
    for name, _ in expected.columns:
        if fold(name) not in known:
            raise SourceUnavailable(
                f"`{expected.relation}` has changed since it was last crawled: it has no column `{name}` any more",
                hint=CHANGED_HINT,
            )


def _unreadable(relation: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"`{relation}` cannot be read: it is damaged, not what its ending says, or its files differ in their columns",
        hint="text must be UTF-8; look at the file, then crawl again",
    )
