"""In which encoding a text is written: its mark says so, or it is UTF-8, or its source names one; never a guess."""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from catalog.errors import SettingsInvalid, SourceUnavailable

ENCODINGS = (
    *"utf-8 utf-16 utf-16-le utf-16-be utf-32 latin-1 mac-roman koi8-r koi8-u gb18030 big5 euc-jp euc-kr".split(),
    *"shift_jis cp932 cp437 cp850 cp852 cp866 cp874".split(),
    *(f"windows-{number}" for number in range(1250, 1259)),
    *(f"iso-8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
)
"""What the option `encoding` may name."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 2**20
_MOST_BYTES = 64 * 2**30
_CONTROLS = re.compile("[\x80-\x84\x86-\x9f]")


def check_encoding(source: str, encoding: str) -> None:
    """Raises SettingsInvalid unless the encoding is one that Veil reads."""
    if encoding.lower() not in ENCODINGS:
        raise SettingsInvalid(
            f"source `{source}` names the encoding `{encoding}`, which is not known",
            hint="write one as `windows-1252`, `latin-1`, `iso-8859-15`, `utf-16` or `shift_jis`",
        )


def foreign_encoding(file: Path, given: str | None) -> str | None:
    """The encoding that a file has to be turned into UTF-8 from; None when it is to be read as UTF-8.

    A mark at its beginning decides; that of UTF-8 is `utf-8-sig`. Without one the file is UTF-8; only if it is not,
    and the source names an encoding, it is written in that.
    """
    start = beginning(file, 4)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if marked is not None:
        return marked
    return given if given is not None and wrong_line(file) is not None else None


def wrong_line(file: Path) -> int | None:
    """The number of the first line that is not UTF-8, from 1; None when all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in _chunks(file):
        try:
            decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        line += chunk.count(b"\n")
    return None


def refuse_foreign(file: Path) -> None:
    """Raises SourceUnavailable when the file is not UTF-8, with the line as its place."""
    line = wrong_line(file)
    if line is not None:
        raise SourceUnavailable(
            f"`{file.name}` is not UTF-8 and has no mark of another encoding",
            hint="name its encoding in the source's option `encoding`, as `windows-1252`; it is never guessed",
            place=f"line {line}",
        )


def write_utf8(file: Path, encoding: str, target: Path) -> None:
    """A copy of a text in UTF-8; raises SourceUnavailable when it is not written in that encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    written = 0
    try:
        with target.open("wb") as copy:
            for chunk in _chunks(file):
                text = decoder.decode(chunk, not chunk)
                if _CONTROLS.search(text):
                    raise UnicodeError
                written += copy.write(text.encode())
                if written > _MOST_BYTES:
                    raise SourceUnavailable(f"`{file.name}` is too large to be copied", hint="turn it into UTF-8")
    except UnicodeError:
        raise SourceUnavailable(
            f"`{file.name}` is no text in the encoding {encoding}",
            hint="look at the file, and at the source's option `encoding`",
        ) from None


def beginning(file: Path, count: int) -> bytes:
    """The first bytes of a text, unpacked."""
    return next(_chunks(file))[:count]


def line_numbers(file: Path, positions: Iterable[int]) -> tuple[int, ...]:
    """In which lines, counted from 1, these places of a text lie; places are bytes from 0, in order."""
    numbers: list[int] = []
    line, passed = 1, 0
    chunks = _chunks(file)
    chunk = next(chunks)
    for position in positions:
        while chunk and position >= passed + len(chunk):
            line, passed = line + _lines(chunk), passed + len(chunk)
            chunk = next(chunks)
        numbers.append(line + _lines(chunk[: position - passed]))
    return tuple(numbers)


def _lines(text: bytes) -> int:
    return text.count(b"\n") or text.count(b"\r")


def unpacked(file: Path) -> BinaryIO:
    """The bytes of a file, unpacked if it is packed; raises OSError, EOFError or zlib.error."""
    if file.suffix.lower() == ".gz":
        return cast(BinaryIO, gzip.open(file, "rb"))
    if file.suffix.lower() == ".zst":
        return cast(BinaryIO, pa.CompressedInputStream(pa.OSFile(str(file)), "zstd"))
    return file.open("rb")


def _chunks(file: Path) -> Iterator[bytes]:
    """All bytes, and an empty chunk at the end."""
    try:
        with unpacked(file) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error):
        raise SourceUnavailable(f"`{file.name}` is damaged or cannot be read", hint="look at the file") from None
    yield b""
