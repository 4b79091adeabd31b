"""The key that signs cookies stays the same, stays private, and is refused when it is not."""

from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid
from web_ui.signing_key import signing_key


def test_the_key_is_made_once_for_the_owners_eyes_only(tmp_path: Path) -> None:
    file = tmp_path / "cookie.key"
    key = signing_key(file)
    assert len(key) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing_key(file) == key


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cookie.key"
    signing_key(file)
    file.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="read by others"):
        signing_key(file)


def test_a_cut_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cookie.key"
    signing_key(file)
    file.write_bytes(b"short")
    with pytest.raises(SettingsInvalid, match="damaged"):
        signing_key(file)
