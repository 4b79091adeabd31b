"""A delimited file that is written to through a mapping keeps its times: its columns are found by its first line."""

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits, Session
from catalog.sources.sessions import SessionCache
from tests.catalog.sources.lakes import lake, write

PUBLIC = Expected(relation="x.csv", columns=(("id", "BIGINT"), ("pub", "VARCHAR")))
BEFORE = b"id,pub,sec\n" + b"".join(b"%03d,p%02d,S%02d\n" % (number, number, number) for number in range(5))
AFTER = b"id,sec,pub\n" + b"".join(b"%03d,S%02d,p%02d\n" % (number, number, number) for number in range(5))


class _Moved(Exception):
    """The system wrote the page out meanwhile, by which the times of the file moved: no such rewriting."""


@contextmanager
def _rewritten(file: Path) -> Iterator[Callable[[], None]]:
    """What writes over the file and moves nothing of its state; a page that is written to already stays so."""
    write(file, BEFORE)
    with file.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as page:
        page[:] = BEFORE
        before = os.stat(file)

        def rewrite() -> None:
            page[:] = AFTER
            found = os.stat(file)
            if (found.st_mtime_ns, found.st_ctime_ns) != (before.st_mtime_ns, before.st_ctime_ns):
                raise _Moved

        yield rewrite


def _until_nothing_moves(tmp_path: Path, tried: Callable[[Path], None]) -> None:
    for number in range(10):
        try:
            tried(tmp_path / str(number))
        except _Moved:
            continue
        return
    pytest.fail("the system moved the times of the file each time")


def _texts(session: Session) -> set[object]:
    run = session.run(f"SELECT pub FROM {session.physical_name('lake', 'x.csv')}", {}, Limits())
    return {row["pub"] for batch in run for row in batch.to_pylist()}


@pytest.mark.parametrize("others", [(), ("a.csv",)], ids=["a file", "a folder"])
def test_columns_are_found_anew(tmp_path: Path, others: tuple[str, ...]) -> None:
    expected = Expected(relation="v" if others else "v/x.csv", columns=PUBLIC.columns)

    def tried(folder: Path) -> None:
        for other in others:
            write(folder / "v" / other, BEFORE)
        with _rewritten(folder / "v" / "x.csv") as rewrite, closing(SessionCache(connect)) as cache:
            source = lake(folder)
            for _ in range(2):
                session = cache.open([(source, expected)])
                run = session.run(f"SELECT pub FROM {session.physical_name('lake', expected.relation)}", {}, Limits())
                assert {row["pub"][0] for batch in run for row in batch.to_pylist()} == {"p"}
                rewrite()

    _until_nothing_moves(tmp_path, tried)


def test_what_is_open_is_not_read_by_other_places(tmp_path: Path) -> None:
    def tried(folder: Path) -> None:
        with _rewritten(folder / "x.csv") as rewrite, closing(SessionCache(connect)) as cache:
            session = cache.open([(lake(folder), PUBLIC)])
            assert _texts(session) == {f"p{number:02d}" for number in range(5)}
            rewrite()
            with pytest.raises(SourceUnavailable, match="was written while it was read"):
                _texts(session)

    _until_nothing_moves(tmp_path, tried)
