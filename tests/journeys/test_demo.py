"""`make demo` ends in `veil demo`: it prints what two people saw, and how to sign in."""

import os
from pathlib import Path

from tests.serving import Home


def test_the_demo_prints_what_each_person_saw(tmp_path: Path) -> None:
    home = Home(path=tmp_path / "home")
    said = home.veil("demo", "--no-serve")
    assert "demo_user2" in said
    assert "demo_admin" in said
    assert "1,021" in said or "1021" in said
    assert "1,338" in said or "1338" in said
    analyst, admin = said.split("demo_admin", 1)[0], said.split("demo_admin", 1)[1]
    assert "MRN-" not in analyst
    assert "MRN-" in admin


def test_the_demo_can_be_told_twice(tmp_path: Path) -> None:
    home = Home(path=tmp_path / "home")
    home.veil("demo", "--no-serve")
    assert "1,338" in home.veil("demo", "--no-serve").replace("1338", "1,338")
    assert os.listdir(tmp_path) != []
