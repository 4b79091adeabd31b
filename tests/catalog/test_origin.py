"""A home is one's own where it was made, and nowhere that it was carried to."""

import os
import shutil
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.create(tmp_path / "home", {})
    Catalog(home.catalog_file).close()
    return home


def test_a_home_is_own_where_it_was_made(home: Home, tmp_path: Path) -> None:
    assert home.is_own
    home.settings_file.write_text("")
    assert Home.create(home.path, {}).is_own
    assert Home(home.path.rename(tmp_path / "moved")).is_own, "nobody else can rename it"


def test_what_is_not_there_yet_or_is_empty_is_own(tmp_path: Path) -> None:
    assert Home(tmp_path / "none").is_own
    (tmp_path / "none").mkdir()
    assert Home(tmp_path / "none").is_own


def test_a_copy_is_not_own_until_it_is_made_so(home: Home, tmp_path: Path) -> None:
    copied = Home(shutil.copytree(home.path, tmp_path / "copied"))
    key = copied.master_key({})
    assert not copied.is_own
    assert Home.create(copied.path, {}).is_own
    assert copied.master_key({}) == key


@pytest.mark.parametrize("lost", ["made_here", "made_here.txt"])
def test_a_home_that_was_made_before_is_not_own_until_it_is_made_so(home: Home, lost: str) -> None:
    (home.path / lost).unlink()
    assert not home.is_own
    assert Home.create(home.path, {}).is_own


def test_a_packer_cannot_say_what_the_file_system_will(home: Home) -> None:
    mark, record = home.path / "made_here", home.path / "made_here.txt"
    said = record.read_text()
    for odd in ("", said * 2, said.strip(), "é", "x" * 1000):
        record.write_text(odd)
        assert not home.is_own
    record.write_text(said)
    assert home.is_own
    os.utime(mark, ns=(0, 0))
    assert not home.is_own, "the time of its change is another one"
    record.unlink()
    os.mkfifo(record)
    assert not home.is_own


def test_a_link_to_a_home_is_not_own(home: Home, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(home.path)
    assert not Home(tmp_path / "link").is_own
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    assert not Home(tmp_path / "nowhere").is_own


@pytest.mark.parametrize("name", [".", "made_here.txt", "catalog.sqlite", "key.json", "veil.toml"])
def test_a_home_with_a_file_of_another_user_is_not_own(home: Home, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings_file.write_text("")
    if os.geteuid() == 0:
        os.chown(home.path / name, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert not home.is_own
