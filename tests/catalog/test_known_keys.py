"""Master keys are rotated without losing one, read in the form of old homes, and never exchanged unnoticed."""

import base64
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.home import MASTER_KEY_VARIABLE, Home
from catalog.known_keys import KnownKeys
from catalog.master_keys import rotate_keys

OTHER = {MASTER_KEY_VARIABLE: base64.b64encode(bytes(range(32))).decode()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.create(tmp_path / "home", {})


@pytest.fixture
def known(home: Home) -> Iterator[KnownKeys]:
    with Catalog(home.catalog_file) as catalog:
        yield KnownKeys(catalog)


def test_a_rotation_puts_a_new_key_in_use_and_keeps_the_older_ones(home: Home) -> None:
    first = home.master_key({})
    second = rotate_keys(home.key_file).current
    keys = rotate_keys(home.key_file)
    assert home.master_keys({}) == keys
    assert len({first.id, second.id, keys.current.id}) == 3
    assert {key.id: key.secret for key in keys.older} == {first.id: first.secret, second.id: second.secret}
    assert stat.S_IMODE(home.key_file.stat().st_mode) == 0o600
    assert sorted(child.name for child in home.path.iterdir()) == [
        "documents",
        "key.json",
        "made_here",
        "made_here.txt",
        "tmp",
    ]


def test_the_key_file_of_an_old_home_is_read_and_rotated(home: Home) -> None:
    key = home.master_key({})
    old = {"key_id": key.id, "master": base64.b64encode(key.secret).decode()}
    home.key_file.write_text(json.dumps(old))
    assert home.master_key({}) == key
    assert rotate_keys(home.key_file).older == (key,)


@pytest.mark.parametrize("text", ['{"current": "x", "keys": {}}', '{"keys": {}}', "[]", '{"current": 1, "keys": 2}'])
def test_a_damaged_key_file_is_refused(home: Home, text: str) -> None:
    home.key_file.write_text(text)
    with pytest.raises(SettingsInvalid, match="damaged"):
        home.master_keys({})


def test_a_home_works_with_the_first_key_it_meets(home: Home, known: KnownKeys) -> None:
    known.expect(home.master_keys({}))
    known.expect(home.master_keys({}))
    assert [name for name, _ in known.listed()] == [home.master_key({}).id]


def test_a_key_swapped_in_the_environment_is_noticed(home: Home, known: KnownKeys) -> None:
    known.expect(home.master_keys({}))
    with pytest.raises(SettingsInvalid, match="not the one that this home works with") as caught:
        known.expect(home.master_keys(OTHER))
    assert "veil keys rotate" in caught.value.hint
    assert OTHER[MASTER_KEY_VARIABLE] not in caught.value.detail


def test_a_key_swapped_in_the_file_is_noticed(home: Home, known: KnownKeys, tmp_path: Path) -> None:
    known.expect(home.master_keys({}))
    other = Home.create(tmp_path / "other", {})
    home.key_file.write_bytes(other.key_file.read_bytes())
    with pytest.raises(SettingsInvalid, match="not the one"):
        known.expect(home.master_keys({}))


def test_a_rotated_file_is_known_by_the_key_before(home: Home, known: KnownKeys) -> None:
    known.expect(home.master_keys({}))
    rotate_keys(home.key_file)
    known.expect(home.master_keys({}))
    assert len(known.listed()) == 2


def test_the_key_of_the_file_can_still_be_read_beside_one_in_the_environment(home: Home) -> None:
    assert home.master_keys(OTHER).older == (home.master_key({}),)
