"""A secret of the home stays the same, stays private, and is refused when it is not."""

from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid
from catalog.secret_files import kept_secret, replace, write_first


def _secret(file: Path) -> bytes:
    return kept_secret(file, length=32, loss="everybody signs in again")


def test_the_secret_is_made_once_for_the_owners_eyes_only(tmp_path: Path) -> None:
    file = tmp_path / "cookie.key"
    secret = _secret(file)
    assert len(secret) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert _secret(file) == secret
    assert [each.name for each in tmp_path.iterdir()] == ["cookie.key"]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cookie.key"
    _secret(file)
    file.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="read by others") as caught:
        _secret(file)
    assert "everybody signs in again" in str(caught.value.hint)


def test_a_cut_secret_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cookie.key"
    _secret(file)
    file.write_bytes(b"short")
    with pytest.raises(SettingsInvalid, match="damaged"):
        _secret(file)


def test_the_first_writer_wins_and_only_a_replacement_takes_its_place(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_first(file, b"first")
    write_first(file, b"second")
    assert file.read_bytes() == b"first"
    replace(file, b"third")
    assert file.read_bytes() == b"third"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["key"]
