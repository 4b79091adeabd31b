"""What is read is the file that was looked at, whatever stands at its path meanwhile."""

import ctypes
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable, VeilError
from catalog.sources.held_files import HeldFiles, stats_below
from catalog.sources.states import state
from tests.proxy.world import ANALYST, governed

DOCUMENT = """
veil: 1
sources: {{team: {{connector: files, path: ./team{options}}}}}
databases: {{team: {{}}}}
datasets: {{team.mine: {{source: team, relation: sub/key.json}}}}
roles: {{analyst: {{groups: [analysts]}}}}
policies:
  - {{policy: b, grant: select, to: [analyst], scope: team, why: their own}}
"""
OWN = '{"current": "é", "keys": "x"}\n{"current": "x", "keys": {"a": 1}}\n'
"""Has the shape of a home's file of keys."""


def test_a_held_file_is_read_whatever_takes_its_place(tmp_path: Path) -> None:
    file, held = tmp_path / "a=1" / "x.csv", HeldFiles()
    file.parent.mkdir()
    file.write_text("mine")
    with held.holding([state(file, os.stat(file))]) as [path], held.holding([state(file, os.stat(file))]) as [again]:
        assert path == again
        assert path.parts[-2:] == ("a=1", "x.csv")
        (tmp_path / "other").write_text("other")
        os.replace(tmp_path / "other", file)
        assert path.read_text() == "mine"
    assert not path.is_symlink()
    assert list(held.folder.iterdir()) == []


def test_a_file_that_stands_otherwise_is_not_held(tmp_path: Path) -> None:
    file, held = tmp_path / "x.csv", HeldFiles()
    file.write_text("mine")
    before = state(file, os.stat(file))
    file.write_text("other")
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match=r"`x\.csv` changed while it was read"), held.holding([before]):
            pass
        file.unlink(missing_ok=True)
    open_before = len(os.listdir("/proc/self/fd"))
    held.close()
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_no_link_is_followed_below_a_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "a" / "y.csv").symlink_to(tmp_path / "b" / "x.csv")
    files = [tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv"]
    assert [found.st_ino for found in stats_below(tmp_path, files)] == [file.stat().st_ino for file in files]
    for other in ("link/x.csv", "a/y.csv", "a", "a/absent.csv"):
        with pytest.raises(SourceUnavailable, match="has just gone"):
            stats_below(tmp_path, [tmp_path / other])
    with pytest.raises(SourceUnavailable, match="has just gone"):
        stats_below(tmp_path / "a", [tmp_path / "b" / "x.csv"])


@pytest.mark.parametrize(
    ("options", "swapped"),
    [("", "sub"), (", encoding: latin-1", "sub"), (", encoding: latin-1", "sub/key.json"), ("", "sub/key.json")],
)
def test_nothing_outside_is_read_while_links_change_places_with_what_is_inside(
    tmp_path: Path, options: str, swapped: str
) -> None:
    """For some seconds: before files were held, the home's keys came out in one to four of them."""
    (tmp_path / "team" / "sub").mkdir(parents=True)
    (tmp_path / "team" / "sub" / "key.json").write_bytes(OWN.encode("latin-1" if options else "utf-8"))
    with governed(tmp_path, DOCUMENT.format(options=options)) as world:
        secret = json.loads((tmp_path / "home" / "key.json").read_text())
        place = tmp_path / "team" / swapped
        link = tmp_path / "team" / ".other"
        link.symlink_to(tmp_path / "home" / ("key.json" if swapped.endswith("json") else ""))
        seen: Counter[str] = Counter()
        with changing_places(place, link):
            until = time.monotonic() + 4
            while time.monotonic() < until:
                try:
                    table = world.ask("select * from team.mine", ANALYST)
                    told = f"own {table.column('current').to_pylist()}"
                except VeilError as error:
                    told = f"{error.code} {error.detail} {error.hint}"
                assert secret["current"] not in told
                seen[told.partition(" ")[0]] += 1
        assert seen.keys() <= {"own", "source_unavailable", "sql_unsupported"}
        assert seen.total() > 10
        assert world.ask("select current from team.mine", ANALYST).num_rows == 2


@contextmanager
def changing_places(place: Path, link: Path) -> Iterator[None]:
    system, over = ctypes.CDLL(None), threading.Event()

    def exchange() -> None:
        system.renameat2(-100, os.fsencode(place), -100, os.fsencode(link), 2)  # AT_FDCWD, RENAME_EXCHANGE

    def work() -> None:
        while not over.wait(0.0007):
            exchange()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if place.is_symlink():
            exchange()
