"""One relation of files as they stand at one moment: what is found out about it, each thing once."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from catalog.errors import SourceUnavailable, VeilError
from catalog.names import fold
from catalog.sources.connector import Expected, Scan
from catalog.sources.engine_types import carried, may_have_no_text
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.files.bad_rows import BadRows, bad_rows, counted, has_misfits
from catalog.sources.files.bound_csv import bound_csv
from catalog.sources.files.columns import (
    Columns,
    columns_of,
    has_half_floats,
    misfits_of,
    parquet_schema,
    refuse_disagreement,
)
from catalog.sources.files.delimited import (
    CsvDialect,
    csv_columns,
    dialect_of,
    head_length,
    headers,
    pinned_csv,
    refuse_other_delimiters,
)
from catalog.sources.files.encodings import refuse_foreign
from catalog.sources.files.hollow import SAMPLE_ROWS
from catalog.sources.files.json_columns import gone_keys, json_columns
from catalog.sources.files.kinds import DELIMITED, TEXTS, FileKind
from catalog.sources.files.options import FileOptions
from catalog.sources.files.scans import (
    WHOLE_FILE_BYTES,
    described_json,
    ending,
    one_of_each_shape,
    parquet,
    pinned_json,
    sample_size,
)
from catalog.sources.files.sets import FileSet
from catalog.sources.files.widening import always_fits
from catalog.sources.states import Head, Watched, head_digest, state_told
from catalog.sources.world import World

_MOST_SCANS = 64


class FileRelation:
    """What the files of a relation hold and how they are read; `files` are such as the engine can read.

    `states` are of those among them that are no copies, with the paths by which they are read while they are held;
    `watched` are of files of this machine that others are copies of.
    """

    def __init__(
        self,
        name: str,
        files: FileSet,
        world: World,
        options: FileOptions,
        root: Path,
        states: Mapping[str, Path],
        watched: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.files = files
        self.is_copied = len(states) < len(files.files)
        self._states = states
        self._watched = watched
        self._world = world
        self._options = options
        self._root = root
        self._scans: dict[Expected, Scan] = {}
        self._heads: tuple[Head, ...] = ()

    @property
    def most_rows(self) -> int:
        """How many rows a sample may have: of large files that are copies, no more may be there."""
        return SAMPLE_ROWS if self.is_copied and self.files.byte_count > WHOLE_FILE_BYTES else 2**31

    @cached_property
    def columns(self) -> tuple[tuple[str, DuckDBPyType], ...]:
        """Columns in order; raises SourceUnavailable when the files do not agree on them, or cannot be read."""
        _ = self._has_agreed
        with self._asking():
            if self.files.kind in DELIMITED:
                found = csv_columns(self._world, self.files, self._dialect, rows=self._typed_rows)
            elif self.files.kind is FileKind.PARQUET:
                found = self._world.columns(parquet(self.files))
            else:
                found = json_columns(self._world, self.files)
        # a folder above the source that is named `key=value` is no column of it
        above = {fold(step.split("=")[0]) for step in self._root.parts if self.files.partitions and "=" in step}
        above -= {fold(key) for key in self.files.partitions}
        return tuple((name, type_) for name, type_ in found if fold(name) not in above)

    @property
    def _typed_rows(self) -> str:
        """How many rows tell the types: where bad rows are left out all, so that each cell of the others fits."""
        return "-1" if self._options.leaves_out_bad_rows else sample_size(self.files.byte_count)

    def described(self, some: FileSet) -> str:
        """A FROM item over some of the files that reads the rows that can be read, in the types of all or their own."""
        if some.kind in DELIMITED:
            held = {fold(name) for file in some.files for name in (*self._headers[file], *some.partitions)}
            typed = [(name, carried(type_)) for name, type_ in self.columns if fold(name) in held]
            return pinned_csv(some, self._dialect, typed, is_mixed=self._is_mixed, leaves_out=True)
        if some.kind is FileKind.PARQUET:
            return parquet(some)
        return pinned_json(some, [(name, carried(type_)) for name, type_ in self.columns])

    def known_scan(self, expected: Expected) -> Scan | None:
        """What `scan` told before."""
        return self._scans.get(expected)

    def scan(self, expected: Expected) -> Scan:
        """How the engine reads the expected columns in the expected types.

        Raises SourceUnavailable when a column has gone, but for JSON; and when rows of delimited files cannot be read,
        unless the source leaves them out.
        """
        known = self._scans.get(expected)
        if known is None:
            known = self._scan(expected)
            if len(self._scans) >= _MOST_SCANS:
                self._scans.clear()
            self._scans[expected] = known
        return known

    def _scan(self, expected: Expected) -> Scan:
        names = frozenset(fold(name) for name, _ in expected.columns)
        return Scan(
            item=self._pinned(expected),
            files=self.files.files,
            fingerprint=self.files.fingerprint,
            may_raise=not names.isdisjoint(self._raising),
            safe=names - self._raising,
            states=tuple(self._states),
            held=tuple(self._states.values()),
            watched=self._watched,
            heads=self._heads,
            is_one_file=len(self.files.files) == 1 and self._is_itself(),
            order=self.files.partitions,
            read_by_bytes=self.files.kind in TEXTS,
            gone=frozenset() if self._has_columns else gone_keys(expected.columns, self._keys),
            leaves_out=self._options.leaves_out_bad_rows and bool(self.bad_rows),
        )

    @property
    def _has_columns(self) -> bool:
        """Whether the files say which columns there are; in JSON each row says so of itself."""
        return self.files.kind in DELIMITED or self.files.kind is FileKind.PARQUET

    def _is_itself(self) -> bool:
        """Whether the relation's name is that of the file, and not of a link to it."""
        return [state_told(state)[0] for state in self._states] == [str(self._root / self.name)]

    @cached_property
    def _raising(self) -> frozenset[str]:
        """The columns, folded, with values that may have no text, or not fit their column's type across all files."""
        if self.files.kind is not FileKind.PARQUET:
            return frozenset()
        textless = frozenset(fold(name) for name, type_ in self.columns if may_have_no_text(type_))
        return textless | self.misfits | (self._misfits() if len(self.files.files) > 1 else frozenset())

    def _misfits(self) -> frozenset[str]:
        common = {fold(name): type_ for name, type_ in self.columns}
        with self._asking():
            alike = [Path(str(file)) for [file] in self._world.rows(one_of_each_shape(self.files))]
            shapes = [self._world.columns(parquet(FileSet.of(FileKind.PARQUET, [file]))) for file in alike]
        return frozenset(
            fold(name)
            for shape in shapes
            for name, type_ in shape
            if not (fold(name) in common and always_fits(type_, common[fold(name)]))
        )

    def _pinned(self, expected: Expected) -> str:
        if self.files.kind is FileKind.PARQUET:
            _ = self._has_agreed
            held = set(map(fold, self.names))
            item = parquet(self.files, [name for name, _ in expected.columns if fold(name) in held])
            if misfits := [(name, type_) for name, type_ in self.columns if fold(name) in self.misfits]:
                item = ending(item, misfits)
            # the engine asks Bloom filters for such numbers by the bytes of longer ones, and finds them by chance alone
            is_misread = any(map(has_half_floats, self._schemas.values()))
            return f"(FROM {item} OFFSET 0)" if is_misread else item
        if not self._has_columns:
            return pinned_json(self.files, expected.columns)
        _ = self._has_agreed
        # pinned to its columns, the engine would make NULL of one that has gone
        _refuse_gone(expected, {name for names in self._headers.values() for name in (*names, *self.files.partitions)})
        leaves_out = self._leaves_out(expected)
        return bound_csv(self.files, self._headers, self._dialect, expected.columns, leaves_out=leaves_out)

    @cached_property
    def bad_rows(self) -> tuple[BadRows, ...]:
        """The rows of delimited files that cannot be read; all files are read once for it."""
        if self.files.kind not in DELIMITED:
            return ()
        typed = [(name, carried(type_)) for name, type_ in self.columns]
        found: list[BadRows] = []
        for files, names in self._alike():
            with self._asking():
                columns = [(name, type_) for name, type_ in typed if fold(name) in names]
                found += bad_rows(self._world, files, self._dialect, columns)
        return tuple(found)

    def _alike(self) -> Iterator[tuple[FileSet, frozenset[str]]]:
        """The delimited files by their headers, each with the folded names of its columns and folders."""
        keys = self.files.partitions
        by_header: dict[tuple[str, ...], list[Path]] = {}
        for file, header in self._headers.items():
            by_header.setdefault(header, []).append(file)
        for header, files in by_header.items():
            yield FileSet.of(self.files.kind, files, keys), frozenset(map(fold, (*header, *keys)))

    def look_through(self) -> None:
        """Raises SourceUnavailable when the files are not what they seem; larger ones show that as they are read."""
        if self.files.byte_count <= WHOLE_FILE_BYTES:
            _ = self.bad_rows

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, without a look at their types where that can be spared."""
        if self.files.kind in DELIMITED:
            return tuple({fold(name): name for names in self._headers.values() for name in names}.values())
        if self.files.kind is FileKind.PARQUET:
            return tuple(name for columns in self._footers.values() for name, _ in columns)
        return tuple(name for name, _ in self._keys)

    @cached_property
    def _keys(self) -> tuple[tuple[str, DuckDBPyType], ...]:
        """The keys of JSON files, those of objects within too, however many they are."""
        with self._asking():
            return self._world.columns(described_json(self.files, has_maps=False))

    def unreadable(self) -> SourceUnavailable:
        """Why the engine cannot read the files, as far as that can be told."""
        if self.files.kind in TEXTS:
            for file in self.files.files:
                refuse_foreign(file)
        return SourceUnavailable(
            f"`{self.name}` cannot be read: it is damaged, not what its ending says, or a quote in it is never closed",
            hint="look at the file, then crawl again",
        )

    def _leaves_out(self, expected: Expected) -> bool:
        """Whether bad rows are left out; of files too large to look through, the engine refuses them as it goes."""
        if self._options.leaves_out_bad_rows:
            if self.bad_rows and self._has_misfits(expected):  # raises when they cannot be told from good ones
                raise SourceUnavailable(
                    f"cells of `{expected.relation}` do not fit their columns, or are no text in UTF-8",
                    hint="look at the file, then crawl again",
                )
            return bool(self.bad_rows)
        if self.files.byte_count <= WHOLE_FILE_BYTES and self.bad_rows:
            raise SourceUnavailable(
                f"{counted(self.bad_rows)} cannot be read",
                hint="mend what the last crawl names, or set the source's option `bad_rows` to `leave_out`",
            )
        return False

    def _has_misfits(self, expected: Expected) -> bool:
        """INVARIANT: of these files a row is left out of all queries or of none, whatever columns they read."""
        keys = {fold(key) for key in self.files.partitions}
        read = [name for name, _ in expected.columns if fold(name) not in keys]
        texts = [(name, "VARCHAR") for name, _ in expected.columns]
        as_texts, as_typed = (
            bound_csv(self.files, self._headers, self._dialect, columns, leaves_out=True)
            for columns in (texts, expected.columns)
        )
        with self._asking():
            return has_misfits(self._world, as_texts, as_typed, read)

    @cached_property
    def _dialect(self) -> CsvDialect:
        with self._asking():
            return dialect_of(self._world, self.files, self._options.csv)

    @cached_property
    def _headers(self) -> dict[Path, tuple[str, ...]]:
        self._heads = tuple(self._found_heads())  # before the names: what they are compared with is no newer
        with self._asking():
            return headers(self._world, self.files, self._dialect)

    def _found_heads(self) -> Iterator[Head]:
        """The first lines of the delimited files that are no copies, by which their columns have places."""
        for state, read in self._states.items():
            if length := head_length(read, self._dialect):
                file, _ = state_told(state)
                yield file, length, head_digest(read, length)

    @property
    def has_moved(self) -> bool:
        """Whether columns have other places in a file that stands as it did."""
        return Watched((), self._heads).have_moved()

    @property
    def _is_mixed(self) -> bool:
        return len(set(self._headers.values())) > 1

    @cached_property
    def _has_agreed(self) -> bool:
        """True; raises SourceUnavailable when the files do not agree on their columns."""
        if self.files.kind in DELIMITED:
            files = self._headers.items()
            try:
                refuse_disagreement(self.name, {file: [(name, "") for name in names] for file, names in files})
            except SourceUnavailable:
                refuse_other_delimiters(self.name, {names: file for file, names in files}.values(), self._dialect)
                raise
        elif self.files.kind is FileKind.PARQUET:
            refuse_disagreement(self.name, self._footers)
        return True

    @cached_property
    def _footers(self) -> dict[Path, Columns]:
        return {file: columns_of(schema) for file, schema in self._schemas.items()}

    @cached_property
    def _schemas(self) -> dict[Path, pa.Schema]:
        return {file: parquet_schema(file) for file in self.files.files}

    @property
    def misfits(self) -> frozenset[str]:
        """The columns, folded, with cells that the copies of their files cannot hold."""
        has_marks = self.is_copied and self.files.kind is FileKind.PARQUET
        copies = self._schemas.values() if has_marks else ()
        return frozenset(name for schema in copies for name in misfits_of(schema))

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """An engine's failure is told with the name of the relation."""
        try:
            yield
        except SourceUnavailable as error:
            raise (error if "`" in error.detail else self.unreadable()) from None
        except VeilError:
            raise self.unreadable() from None


def _refuse_gone(expected: Expected, found: Iterable[str]) -> None:
    known = {fold(name) for name in found}
    for name, _ in expected.columns:
        if fold(name) not in known:
            raise SourceUnavailable(
                f"`{expected.relation}` has changed since it was last crawled: it has no column `{name}` any more",
                hint=CHANGED_HINT,
            )
