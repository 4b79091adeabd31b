"""What the engine cannot read as it stands is turned into a private copy that it can."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from catalog.sources.files import avro, spreadsheets
from catalog.sources.files.converting import convert
from catalog.sources.files.encodings import foreign_encoding, write_utf8
from catalog.sources.files.kinds import DELIMITED, TEXTS, FileKind, unpacked_name
from catalog.sources.files.options import FileOptions
from catalog.sources.files.scans import WHOLE_FILE_BYTES
from catalog.sources.files.sets import FileSet
from catalog.sources.files.splitting import split_otherwise, write_split
from catalog.sources.going_on import GoingOn, Work
from catalog.sources.held_files import changed_meanwhile
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.states import Watched


class Preparations:
    """Makes the files of a relation readable: texts in UTF-8 and split alike, Avro and Excel as Parquet.

    Making a copy goes on when a query may wait no longer, `holding` the files.

    INVARIANT: of what is called the same at another origin, or is read as somebody else, no copy is shared: what a
    bucket says of its objects, whoever answers for another can say as well.
    """

    def __init__(
        self,
        copies: PrivateCopies,
        options: FileOptions,
        origin: str = "",
        *,
        going_on: GoingOn[Path] | None = None,
        holding: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._copies = copies
        self._going_on = going_on or GoingOn(1)
        self._holding = holding
        self._options = options
        self._origin = origin

    def prepared(self, files: FileSet) -> FileSet:
        """The same files, or copies of them, under the fingerprint of the originals; raises SourceUnavailable."""
        if files.kind in TEXTS:
            return self._split_alike(_replaced(files, [self._text(files, file) for file in files.files]))
        if files.kind is FileKind.AVRO:
            return _replaced(files, [self._avro(files, file) for file in files.files])
        if files.kind is FileKind.XLSX:
            return _replaced(files, [self._sheet(files, file) for file in files.files])
        return files

    def _text(self, files: FileSet, file: Path) -> Path:
        encoding = foreign_encoding(file, self._options.encoding)
        if encoding is None or (encoding == "utf-8-sig" and files.kind in DELIMITED):
            return file
        return self._copy(
            files, file, encoding, unpacked_name(file.name), lambda target: write_utf8(file, encoding, target)
        )

    def _split_alike(self, files: FileSet) -> FileSet:
        """The same files, with copies of those whose delimiter is not that of the first; the source may name one."""
        if files.kind is not FileKind.CSV or len(files.files) == 1 or self._options.csv.delimiter is not None:
            return files
        others = split_otherwise(files.files)
        alike = _replaced(files, [self._split(files, file, *others.get(file, ())) for file in files.files])
        return replace(alike, is_split_anew=bool(others))

    def _split(self, files: FileSet, file: Path, own: str = "", wanted: str = "") -> Path:
        if not own:
            return file
        form, name = f"split by {own!r} as by {wanted!r}", unpacked_name(file.name)
        return self._copy(files, file, form, name, lambda target: write_split(file, own, wanted, target))

    def _avro(self, files: FileSet, file: Path) -> Path:
        return self._copy(files, file, "avro", f"{file.stem}.parquet", partial(convert, avro.write_parquet, file))

    def _sheet(self, files: FileSet, file: Path) -> Path:
        header = self._options.csv.has_header
        return self._copy(
            files,
            file,
            f"sheet with all rows in order|{header}|{files.known}",
            f"{file.stem}.parquet",
            lambda target: convert(spreadsheets.write_parquet, file, files.sheet, target, header, files.known),
        )

    def _copy(self, files: FileSet, file: Path, form: str, name: str, make: Callable[[Path], object]) -> Path:
        """A copy that stands below the same folders `key=value` as its original, of which it is a copy all through."""
        place = files.files.index(file)
        state = files.states[place]
        key = f"{form}|{self._origin}|{state}|{files.sheet}"
        above = [step for step in file.parts[:-1] if step.split("=")[0] in files.partitions]

        def make_steadily(target: Path) -> None:
            make(target)
            is_copy = file.is_relative_to(self._copies.folder)
            if not is_copy and Watched([state]).have_moved():
                raise changed_meanwhile(file)

        def do() -> Path:
            with self._holding():
                return self._copies.file(key, "/".join((*above[-len(files.partitions) :], name)), make_steadily)

        is_large = files.sizes[place] > WHOLE_FILE_BYTES
        return self._going_on.done(
            Work(key=key, do=do, what=f"a copy of `{file.name}` is being made", is_large=is_large)
        )


def _replaced(files: FileSet, readable: list[Path]) -> FileSet:
    if tuple(readable) == files.files:
        return files
    kind = files.kind if files.kind in TEXTS else FileKind.PARQUET
    return replace(files, kind=kind, files=tuple(readable), sizes=tuple(file.stat().st_size for file in readable))
