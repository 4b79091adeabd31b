"""No source and no rule opens a file of the server itself: the locks of its catalog would be gone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import SourceUnavailable, VeilError
from catalog.home import Home
from catalog.leases import Leases
from catalog.model import Source, TagRule
from catalog.registry import connect
from catalog.sources.own_files import is_own, read_named
from crawler.rules import compile_rule

_LOOK = "import sys; from pathlib import Path; from catalog.database import Catalog; Catalog(Path(sys.argv[1])).close()"
"""What every command does: it opens the catalog beside the server, and closes it."""


@pytest.fixture
def catalog_file(tmp_path: Path) -> Iterator[Path]:
    """The file of a catalog that is open, with a log of changes beside it."""
    home = Home.create(tmp_path / "home")
    with Catalog(home.catalog_file) as catalog:
        catalog.rows("SELECT 1")
        assert _log(home.catalog_file).exists()
        yield home.catalog_file


def _log(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


@pytest.mark.parametrize(
    ("connector", "name"),
    [
        ("duckdb", "catalog.sqlite"),
        ("duckdb", "catalog.sqlite-wal"),
        ("duckdb", "a link"),
        ("sqlite", "catalog.sqlite"),
        ("files", "catalog.sqlite"),
    ],
)
def test_a_source_takes_no_locks_of_the_catalog_away(catalog_file: Path, connector: str, name: str) -> None:
    path = catalog_file.with_name(name)
    if name == "a link":
        path = catalog_file.parents[1] / "link.db"
        path.symlink_to(catalog_file)
    refused = pytest.raises(VeilError) if connector != "files" else nullcontext()
    with refused:
        assert list(connect(Source(name="s", connector=connector, options={"path": str(path)})).relations()) == []
    assert_held(catalog_file)


def test_a_rule_takes_no_locks_of_the_catalog_away(catalog_file: Path) -> None:
    with pytest.raises(VeilError, match="in the folder of a server"):
        compile_rule(TagRule(name="r", tag="a.b", words_file=str(catalog_file)))
    assert_held(catalog_file)


def test_what_is_named_takes_no_lease_away(catalog_file: Path) -> None:
    """A lease is a lock of the same kind."""
    leases = Leases(catalog_file.with_name("leases"))
    with leases.taken("lake"):
        [lease] = catalog_file.with_name("leases").iterdir()
        with pytest.raises(SourceUnavailable, match="in the folder of a server"):
            read_named(lease, 10)
        look = "import sys; from pathlib import Path; from catalog.leases import Leases;"
        look += "sys.exit(not Leases(Path(sys.argv[1])).is_taken('lake'))"
        subprocess.run([sys.executable, "-c", look, str(lease.parent)], check=True, timeout=60)


def test_what_is_named_is_a_plain_file_of_bounded_size(tmp_path: Path) -> None:
    """Others bring no end, or keep whoever opens them waiting."""
    pipe, words = tmp_path / "pipe", tmp_path / "words"
    os.mkfifo(pipe)
    words.write_text("north\n")
    assert read_named(words, 6) == "north\n"
    for file, most, what in ((words, 5, "larger than 5"), (pipe, 9, "no plain"), (Path("/dev/zero"), 9, "no plain")):
        with pytest.raises(OSError, match=what):
            read_named(file, most)
    with pytest.raises(VeilError, match="no plain file"):
        compile_rule(TagRule(name="r", tag="a.b", words_file="/dev/zero"))
    with pytest.raises(VeilError, match="is missing or empty"):
        list(connect(Source(name="s", connector="postgres", options={"url_file": str(pipe)})).relations())


def test_a_second_catalog_takes_no_locks_of_the_first_away(catalog_file: Path) -> None:
    """As an examination of a running server opens it."""
    Catalog(catalog_file).close()
    assert_held(catalog_file)


def assert_held(catalog_file: Path) -> None:
    """Another process takes itself for the last one only where the locks are gone, and removes the log then."""
    log = _log(catalog_file).stat().st_ino
    subprocess.run([sys.executable, "-c", _LOOK, str(catalog_file)], check=True, timeout=60)
    assert _log(catalog_file).exists()
    assert _log(catalog_file).stat().st_ino == log


def test_folders_of_a_home_are_data_where_the_server_writes_nothing(tmp_path: Path) -> None:
    """As in `docs/clinic` beside the catalog, for whoever keeps all of it in one folder."""
    home = Home.create(tmp_path / "home")
    with Catalog(home.catalog_file):
        for folder in (*home.own_folders, home.documents / "clinic", home.path / "docs" / "clinic"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "visits.csv").write_text("id\n1\n")
        whole = connect(Source(name="s", connector="files", options={"path": str(home.path / "docs")}))
        assert [relation.name for relation in whole.relations()] == ["clinic/visits.csv"]
        assert not is_own(home.documents / "clinic")
        assert all(map(is_own, (home.path, *home.own_folders, home.archives / "older")))
