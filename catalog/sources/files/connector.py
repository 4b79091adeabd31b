"""The connector `files`: CSV, TSV, JSON, NDJSON, Parquet, Avro and Excel files, on this machine or in a bucket."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path, PurePosixPath

import pyarrow as pa

from catalog.errors import SettingsInvalid, SourceUnavailable, VeilError
from catalog.model import Defect, Field
from catalog.names import fold
from catalog.sources.connector import Expected, Limits, PassedOver, Relation, Scan
from catalog.sources.engine_types import fields_of
from catalog.sources.files.columns import Columns, is_continued
from catalog.sources.files.kinds import DELIMITED, TEXTS, FileKind, bare_name, kind_of
from catalog.sources.files.layout import Layout
from catalog.sources.files.options import FileOptions
from catalog.sources.files.preparations import Preparations
from catalog.sources.files.relation import FileRelation
from catalog.sources.files.s3_bucket import S3Bucket, bucket_layout
from catalog.sources.files.s3_options import S3_OPTIONS, address, check_s3
from catalog.sources.files.samples import sample_sql
from catalog.sources.files.sets import FileSet
from catalog.sources.files.spreadsheets import rows_above_header, sheets
from catalog.sources.going_on import GoingOn
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.run import EngineRun
from catalog.sources.world import Resources, World, columns_as

_SAMPLE_SECONDS = 60.0
_COPIES_AT_ONCE = 2


class FilesConnector:
    """A folder, a file or a glob of files on this machine, or `s3://bucket/prefix`.

    Example: option `path` is `./data`; its relations are `visits.csv`, `labs/2024.parquet` and the
    folder `exports`, which holds `part-0.parquet` and `part-1.parquet`.
    """

    engine = "embedded"

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._options = FileOptions.of(name, options)
        self._copies = PrivateCopies()
        self._going_on = GoingOn[Path](_COPIES_AT_ONCE)
        self._layout = _layout(name, options, lambda: self._copies, self._going_on)
        self._bucket = f"s3:{address(options)}/" if _is_bucket(options) else ""
        self._origin = f"{name}|{self._bucket}" if self._bucket else ""
        self._known: dict[tuple[str, bool], FileRelation] = {}

    def identity(self) -> str:
        """The folder that names of relations begin at, by its own path, or the bucket with its prefix and address."""
        return f"files:{self._bucket}{self._layout.root}"

    def keep_copies(self, copies: PrivateCopies) -> None:
        """Where copies of what the engine cannot read as it stands are kept from now on."""
        self._copies = copies

    def stop_when(self, is_unwanted: Callable[[], bool]) -> None:
        """From now on a look at a bucket ends as soon as it is unwanted."""
        if isinstance(self._layout.place, S3Bucket):
            self._layout.place.stop_when(is_unwanted)

    def look_anew(self) -> None:
        """Files of this machine are always looked at; a bucket of many objects is listed again."""
        if isinstance(self._layout.place, S3Bucket):
            self._layout.place.look_anew()

    def stay_open(self, seconds: float) -> AbstractContextManager[None]:
        """Within it looks at a bucket share a worker; there is nothing else to be opened."""
        place = self._layout.place
        return place.kept() if isinstance(place, S3Bucket) else nullcontext()

    def relations(self, path: str | None = None) -> Iterator[Relation]:
        """Every relation, or those under `path`; two of one name are told apart by their folder or kind."""
        names = {name: suggested for name, suggested in self._names(path)}
        plain = Counter(map(fold, names.values()))
        for name, suggested in sorted(names.items()):
            if plain[fold(suggested)] > 1:
                suggested = name.replace("/", "_").replace(".", "_")
            fingerprint = f"{self._options}|{self._layout.files(name).fingerprint}"
            yield Relation(name=name, suggested_name=suggested, fingerprint=fingerprint)

    def passed_over(self, path: str | None = None) -> Iterator[PassedOver]:
        """Files of other kinds, links that are not followed, and a server's own home."""
        return self._layout.others(self._layout.sheet(path or "")[0] or None)

    def holder(self, known: Collection[str]) -> Callable[[str], str | None]:
        """What tells of which of the known relations one is a part: of a folder above it, or of a pattern."""
        return self._layout.holder(known)

    def describe(self, relation: str) -> tuple[Field, ...]:
        """Columns in order with the types DuckDB gives them; raises SourceUnavailable."""
        with self._relation(relation, is_glimpse=True) as found:
            found.look_through()
            return fields_of(found.columns)

    def sample(self, relation: str, rows: int) -> pa.Table:
        """Rows from all over a small relation, and from some places of a large one."""
        with self._relation(relation, is_glimpse=True) as found:
            columns = columns_as((field.name, field.type) for field in fields_of(found.columns))
            sql = sample_sql(found.files, columns, min(rows, found.most_rows), found.described)
            run = EngineRun(self._world, sql, {}, Limits(seconds=_SAMPLE_SECONDS))
            try:
                return pa.Table.from_batches(run, schema=run.schema)
            except VeilError:
                raise found.unreadable() from None
            finally:
                run.close()

    def defects(self, relation: str) -> tuple[Defect, ...]:
        """The rows of delimited files that cannot be read, file by file, and what becomes of them; the rows of titles
        above an Excel sheet's columns, which are no data; the columns of Avro files with cells of no value.
        """
        fate = "left out" if self._options.leaves_out_bad_rows else "queries are refused"
        with self._relation(relation, is_glimpse=True) as found:
            if self._layout.sheet(relation)[1] and (above := rows_above_header(found.files.files[0])):
                rows = "row" if above == 1 else "rows"
                return (Defect(what=f"{above} {rows} of titles above the columns are left out", where=relation),)
            bad_rows, misfits = found.bad_rows, found.misfits
        told = "has cells that are no values of its type: queries that read it are refused"
        return (
            *(Defect(what=f"{each.told} cannot be read: {fate}", where=each.place) for each in bad_rows),
            *(Defect(what=f"the column `{name}` {told}", where=relation) for name in sorted(misfits)),
        )

    def scan(self, expected: Expected) -> Scan:
        """How the engine reads the expected columns by name; raises SourceUnavailable when they have gone."""
        files = self._layout.files(expected.relation).knowing(expected.columns)
        known = self._standing(expected.relation, files, False)
        if known is not None and (scan := known.known_scan(expected)) is not None:
            return scan
        with self._relation(expected.relation, expected.columns) as found:
            return found.scan(expected)

    @cached_property
    def _world(self) -> World:
        """Where files are described and sampled: by SQL of Veil's own, over the source's folder and the copies."""
        return World(Resources(), folders=[*self._layout.place.folders, self._copies.folder])

    @contextmanager
    def _relation(self, name: str, columns: Columns = (), *, is_glimpse: bool = False) -> Iterator[FileRelation]:
        """A relation, while its files are held; of a sheet, by the columns that are known of it.

        A glimpse has the columns of all files, but perhaps no rows besides those of a sample.
        """
        files = self._layout.files(name).knowing(columns)
        with self._layout.place.holding(files) as held:
            known = self._standing(name, files, is_glimpse)
            if known is None:
                known = self._known[name, is_glimpse] = self._opened(name, held, is_glimpse)
            yield known

    def _standing(self, name: str, files: FileSet, is_glimpse: bool) -> FileRelation | None:
        """What is known of a relation, for as long as its files stay as they are and its copies stand."""
        known = self._known.get((name, is_glimpse))
        if known is None or known.files.fingerprint != files.fingerprint or known.has_moved:
            return None
        return known if not known.is_copied or self._copies.stand(known.files.files) else None

    def _names(self, path: str | None) -> Iterator[tuple[str, str]]:
        """Every relation with the name it would have as a dataset; an Excel file is one for each of its sheets."""
        book, sheet = self._layout.sheet(path or "")
        for name in self._layout.relations(book or None, self._is_one):
            last = PurePosixPath(name).name
            if kind_of(last) is not FileKind.XLSX:
                yield name, bare_name(last)
                continue
            try:
                with self._layout.place.holding(self._layout.files(name)) as held:
                    found = sheets(self._layout.place.fetched(held).files[0])
            except (OSError, SourceUnavailable):
                yield name, bare_name(last)  # that it cannot be read is told when it is looked at
                continue
            for each in found:
                if sheet in ("", each):
                    yield f"{name}/{each}", bare_name(last) if len(found) == 1 else f"{bare_name(last)}_{each}"

    def _opened(self, name: str, files: FileSet, is_glimpse: bool) -> FileRelation:
        if files.byte_count == 0:
            raise SourceUnavailable(f"`{name}` is empty", hint="crawl again when it holds data")
        place = self._layout.place
        here = place.glimpsed(files) if is_glimpse else place.fetched(files)
        readable = Preparations(
            self._copies, self._options, self._origin, going_on=self._going_on, holding=lambda: place.holding(files)
        ).prepared(here)
        both = zip(files.files, readable.files, files.states, strict=True)
        states = {state: file for file, read, state in both if file == read}
        watched = () if self._bucket else tuple(state for state in files.states if state not in states)
        return FileRelation(name, readable, self._world, self._options, self._layout.root, states, watched)

    def _is_one(self, files: FileSet) -> bool:
        """Whether the files of a series are one dataset, judged by the first and the last of them."""
        ends = (files.at(0), files.at(-1))
        first, last = map(self._names_in, ends)
        if files.kind in TEXTS - DELIMITED:  # keys may be missing here and there
            return not set(map(fold, first)).isdisjoint(map(fold, last))
        return is_continued(first, last)

    def _names_in(self, files: FileSet) -> tuple[str, ...]:
        with self._layout.place.holding(files) as held:
            return self._opened(files.files[0].name, held, True).names


def check_files(name: str, options: Mapping[str, str]) -> None:
    """Raises SettingsInvalid for options that no file could be read by, or that do not belong to such a place."""
    FileOptions.of(name, options)
    if _is_bucket(options):
        check_s3(name, options)
        return
    if "://" in options["path"]:
        raise SettingsInvalid(
            f"source `{name}` points into a network in a way that is not known",
            hint="give the path of a folder or file, a glob, or `s3://bucket/prefix`",
        )
    for option in S3_OPTIONS:
        if option in options:
            raise SettingsInvalid(
                f"source `{name}` has the option `{option}`, which is for buckets", hint="leave it out"
            )


def _is_bucket(options: Mapping[str, str]) -> bool:
    return options["path"].startswith("s3://")


def _layout(
    name: str, options: Mapping[str, str], copies: Callable[[], PrivateCopies], going_on: GoingOn[Path]
) -> Layout:
    """Where the files are."""
    check_files(name, options)
    if _is_bucket(options):
        return bucket_layout(name, options, copies, going_on)
    return Layout.local(options["path"])
