"""The server's folder: made once, private, and refused when its key is not safe."""

import base64
import json
import stat
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.home import MASTER_KEY_VARIABLE, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.create(tmp_path / "home", {})


def test_a_new_home_is_for_its_owner_alone(home: Home) -> None:
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.key_file.stat().st_mode) == 0o600
    assert sorted(child.name for child in home.path.iterdir()) == [
        "documents",
        "key.json",
        "made_here",
        "made_here.txt",
        "tmp",
    ]


def test_creating_a_home_again_keeps_its_key(home: Home) -> None:
    before = home.master_key({})
    assert Home.create(home.path, {}).master_key({}) == before


def test_a_master_key_has_32_random_bytes_and_never_shows_them(home: Home, tmp_path: Path) -> None:
    key = home.master_key({})
    other = Home.create(tmp_path / "other", {}).master_key({})
    assert len(key.secret) == 32
    assert key != other
    assert repr(key) == f"MasterKey(id='{key.id}')"


def test_the_environment_may_bring_the_key(tmp_path: Path) -> None:
    given = {MASTER_KEY_VARIABLE: base64.b64encode(bytes(range(32))).decode()}
    home = Home.create(tmp_path / "home", given)
    assert not home.key_file.exists()
    assert home.master_key(given).secret == bytes(range(32))


@pytest.mark.parametrize("text", ["short", "not base64 at all!", base64.b64encode(bytes(31)).decode()])
def test_an_unfit_key_in_the_environment_is_refused_without_being_shown(home: Home, text: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        home.master_key({MASTER_KEY_VARIABLE: text})
    assert text not in f"{caught.value.detail} {caught.value.hint}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(home: Home, mode: int) -> None:
    home.key_file.chmod(mode)
    with pytest.raises(SettingsInvalid, match="read by others"):
        home.master_key({})


def test_a_missing_key_is_never_replaced_by_a_new_one_on_reading(home: Home) -> None:
    home.key_file.unlink()
    with pytest.raises(SettingsInvalid, match="is missing"):
        home.master_key({})
    assert not home.key_file.exists()


def test_a_home_in_use_that_lost_its_key_gets_no_new_one(home: Home) -> None:
    Catalog(home.catalog_file).close()
    home.key_file.unlink()
    with pytest.raises(SettingsInvalid, match="is missing"):
        Home.create(home.path, {}).master_key({})


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"key_id": 1, "master": "x"}', "not json"])
def test_a_damaged_key_file_is_refused(home: Home, damage: str) -> None:
    home.key_file.write_text(damage)
    with pytest.raises(SettingsInvalid):
        home.master_key({})


def test_a_key_that_does_not_fit_its_id_is_refused(home: Home) -> None:
    stored = json.loads(home.key_file.read_text())
    stored["keys"][stored["current"]]["master"] = base64.b64encode(bytes(32)).decode()
    home.key_file.write_text(json.dumps(stored))
    with pytest.raises(SettingsInvalid, match="damaged"):
        home.master_key({})


def test_opening_a_folder_that_is_no_home_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        Home.open(tmp_path / "nowhere")
    assert "veil init" in caught.value.hint


def test_a_home_with_a_catalog_opens(home: Home) -> None:
    Catalog(home.catalog_file).close()
    assert Home.open(home.path) == home


def test_a_home_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsInvalid, match="cannot be made"):
        Home.create(tmp_path / "file" / "home", {})
