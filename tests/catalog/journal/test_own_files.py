"""What the server writes of the journal outside of its home goes through no link, and to no file of somebody else's."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid, SinkUnavailable, VeilError
from catalog.journal.archive_files import ArchiveHead, write_archive
from catalog.journal.seals import SealBook
from catalog.journal.sinks.targets import RotatedFile

AT = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = "setting = 1\nand half a li"

Write = Callable[[Path], object]


def _sink(file: Path) -> None:
    RotatedFile(file=file, most_bytes=1_000, keep=2).send(["an event"])


def _book(file: Path) -> SealBook:
    return SealBook(file, file.parent / "seal.key")


def _seal(file: Path) -> None:
    _book(file).add(1, "a" * 64, at=AT)


def _archive(file: Path) -> None:
    seal = _book(file).signed(1, "a" * 64, at=AT)
    write_archive(file, ArchiveHead(first=1, previous_hash="", began_at=AT, ended_at=AT, seal=seal), ["an event"])


every_writer = pytest.mark.parametrize("write", [_sink, _seal, _archive])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "laid"
    file.write_text(TEXT)
    return file


def _assert_left(write: Write, name: Path, file: Path, what: str) -> None:
    with pytest.raises((SinkUnavailable, SettingsInvalid), match=what):
        write(name)
    assert file.read_text() == TEXT


@every_writer
def test_nothing_is_written_through_a_link(write: Write, file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    _assert_left(write, tmp_path / "link", file, r"cannot be written.*it is a link")


@every_writer
def test_nothing_is_written_to_a_file_by_another_name(write: Write, file: Path, tmp_path: Path) -> None:
    (tmp_path / "name").hardlink_to(file)
    _assert_left(write, tmp_path / "name", file, "another name")


@every_writer
def test_nothing_is_written_to_a_file_that_somebody_else_has_laid_there(
    write: Write, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _owned_by(monkeypatch, max(os.geteuid(), os.stat(file.parent).st_uid) + 1)
    _assert_left(write, file, file, "somebody else's")


@every_writer
@pytest.mark.parametrize("whose", ["root", "the folder's owner"])
def test_a_file_of_whom_the_folder_is_or_of_root_is_written(
    write: Write, file: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    owner = 0 if whose == "root" else os.stat(file.parent).st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    _owned_by(monkeypatch, owner)
    write(file)
    assert file.read_bytes() != TEXT.encode()


@every_writer
def test_a_pipe_keeps_nobody_waiting_and_gets_nothing(write: Write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(VeilError, match=r"it is no file|No such device"):
        write(tmp_path / "pipe")


def test_a_full_file_is_put_aside_and_a_link_to_one_is_not(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(SinkUnavailable, match="it is a link"):
        RotatedFile(file=tmp_path / "link", most_bytes=20, keep=2).send(["an event"])
    assert not (tmp_path / "link.1").is_symlink()
    RotatedFile(file=file, most_bytes=20, keep=2).send(["an event"])
    assert (Path(f"{file}.1").read_text(), file.read_text()) == (TEXT, "an event\n")


def _owned_by(monkeypatch: pytest.MonkeyPatch, owner: int) -> None:
    """Has every file that is open be somebody's, who need not be there."""
    fstat = os.fstat

    def owned(handle: int) -> os.stat_result:
        there = list(fstat(handle))
        there[4] = owner
        return os.stat_result(there)

    monkeypatch.setattr(os, "fstat", owned)
