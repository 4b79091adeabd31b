"""Doctor and health say whether the system has Landlock, and where its absence lets others have another file read."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from catalog.model import Source
from catalog.sources.landlock import is_there
from tests.web_ui.shop import open_shop
from web_ui.doctor import Checked, examine
from web_ui.health import health
from web_ui.parts import Parts
from web_ui.sources import Sources
from web_ui.unguarded_files import files_without_landlock


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Parts]:
    """The shop with a database file beside its data."""
    folder = tmp_path / "files"
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / "visits.sqlite")) as connection:
        connection.execute("CREATE TABLE t (a)")
    with open_shop(tmp_path) as parts:
        options = {"path": str(folder / "visits.sqlite")}
        parts.datasets.put_source(Source(name="visits", connector="sqlite", options=options))
        yield parts


@pytest.fixture
def without_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("unguarded_files", "doctor"):
        monkeypatch.setattr(f"web_ui.{place}.is_there", lambda: False)


def told(shop: Parts) -> Checked:
    """What an examination says of database files."""
    [checked] = [each for each in examine(shop.home) if "Landlock" in each.what]
    return checked


def warnings(shop: Parts) -> tuple[str, ...]:
    return health(shop, Sources(parts=shop, by="local:ada")).warnings


def test_doctor_tells_that_the_system_has_it(shop: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web_ui.unguarded_files.is_there", lambda: True)
    monkeypatch.setattr("web_ui.doctor.is_there", lambda: True)
    (tmp_path / "files").chmod(0o777)
    assert told(shop) == Checked(what="1 database file, opened under Landlock", wrong="")
    assert warnings(shop) == ()


def test_doctor_tells_what_the_system_says(shop: Parts) -> None:
    assert ("opened under Landlock" in told(shop).what) == is_there()


@pytest.mark.usefixtures("without_landlock")
def test_without_it_a_folder_that_nobody_else_writes_to_is_no_finding(shop: Parts) -> None:
    assert told(shop) == Checked(what="1 database file, opened by path: the system has no Landlock", wrong="")
    assert warnings(shop) == ()


@pytest.mark.usefixtures("without_landlock")
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_without_it_a_folder_that_others_write_to_is_a_finding(shop: Parts, tmp_path: Path, mode: int) -> None:
    (tmp_path / "files").chmod(mode)
    [warning] = warnings(shop)
    assert warning == told(shop).wrong
    assert "`visits`" in warning
    assert f"the folder {tmp_path / 'files'}," in warning


@pytest.mark.usefixtures("without_landlock")
@pytest.mark.parametrize(("mode", "is_wrong"), [(0o777, True), (0o1777, False), (0o755, False)])
def test_without_it_a_folder_above_counts_unless_it_is_sticky(
    shop: Parts, tmp_path: Path, mode: int, is_wrong: bool
) -> None:
    tmp_path.chmod(mode)
    assert bool(warnings(shop)) == is_wrong


@pytest.mark.usefixtures("without_landlock")
@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder away")
def test_without_it_the_owner_of_a_folder_counts_as_others(shop: Parts, tmp_path: Path) -> None:
    os.chown(tmp_path / "files", 65534, -1)
    assert len(warnings(shop)) == 1


@pytest.mark.usefixtures("without_landlock")
def test_other_sources_and_files_that_have_gone_are_no_findings(shop: Parts, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "files" / "visits.sqlite").unlink()
    assert files_without_landlock(shop.datasets.sources()) == ()
