"""The pages' scripts are what was pinned, stand in what is packed, and are nowhere needed."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.web_ui.browsing import SignIn
from web_ui.assets import bundle
from web_ui.assets.npm import CannotFetch, fetch, packages
from web_ui.pages import frame

HOUSE = Path(__file__).parent.parent.parent
PINNED = tomllib.loads((HOUSE / "web_ui" / "assets" / "packages.toml").read_text(encoding="utf-8"))
NOWHERE = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}
PACKED = ("pyproject.toml", "README.md", "LICENSE", "web_ui", "veil")


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts, built anew from npm."""
    folder = tmp_path_factory.mktemp("assets") / "vendor"
    try:
        bundle.build(folder)
    except CannotFetch as problem:
        if os.environ.get("CI") == "true":
            pytest.fail(str(problem))
        pytest.skip(str(problem))
    return folder


def test_the_scripts_are_built_with_their_licences(vendor: Path) -> None:
    assert bundle.is_built(vendor)
    assert {path.name for path in vendor.iterdir()} == set(bundle.FILES)
    assert "export" in (vendor / "editor.js").read_text(encoding="utf-8")
    licences = (vendor / "licences.txt").read_text(encoding="utf-8")
    assert all(f"{name} {pinned['version']}\n" in licences for name, pinned in PINNED["browser"].items())


def test_what_was_built_from_something_else_is_built_anew(vendor: Path, tmp_path: Path) -> None:
    old = tmp_path / "vendor"
    shutil.copytree(vendor, old)
    (old / "built-from").write_text("another list of packages")
    assert not bundle.is_built(old)
    assert not bundle.is_built(tmp_path / "nowhere")


def test_a_package_that_is_not_the_pinned_one_is_refused(vendor: Path, tmp_path: Path) -> None:
    [package] = packages({"crelt": PINNED["browser"]["crelt"]})
    other = replace(package, integrity=PINNED["browser"]["style-mod"]["integrity"])
    with pytest.raises(CannotFetch, match=r"`crelt` .* is not the package that was pinned"):
        fetch((other,), tmp_path / "node_modules", cache=tmp_path)
    assert not (tmp_path / "node_modules").exists()


def test_a_machine_that_reaches_no_npm_is_told_and_goes_on(tmp_path: Path) -> None:
    copy = _copied(tmp_path)
    command = [sys.executable, "-m", "web_ui.assets.bundle"]
    for more, status in ((["--if-possible"], 0), ([], 1)):
        done = subprocess.run(
            [*command, *more],
            cwd=copy,
            env={**os.environ, **NOWHERE, "PATH": "", "PIP_NO_INDEX": "1", "XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr[:37]) == (status, "the pages do without editor and live ")
    assert not (copy / "web_ui" / "static" / "vendor").exists()


def test_pages_name_the_scripts_only_where_they_are(
    browser: SignIn, vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, is_there in ((vendor, True), (tmp_path, False)):
        monkeypatch.setattr(frame, "VENDOR", folder)
        assert ("vendor/htmx.js" in browser("kim").get("/query").get_data(as_text=True)) is is_there


@pytest.mark.slow
def test_a_wheel_carries_the_scripts_or_is_refused_or_was_asked_to_do_without(vendor: Path, tmp_path: Path) -> None:
    copy = _copied(tmp_path)
    refused = _wheel(copy, **NOWHERE)
    assert refused.returncode != 0
    assert "set VEIL_ASSETS=none" in refused.stderr + refused.stdout
    assert _wheel(copy, VEIL_ASSETS="none", **NOWHERE).returncode == 0
    assert not {name for name in _packed(copy) if "/vendor/" in name}
    assert _wheel(copy).returncode == 0
    assert {f"web_ui/static/vendor/{name}" for name in bundle.FILES} <= _packed(copy)


def _copied(folder: Path) -> Path:
    """What a package is made of, without the scripts and anything else that was made."""
    copy = folder / "veil"
    copy.mkdir()
    for name in PACKED:
        place = HOUSE / name
        ignored = shutil.ignore_patterns("vendor", "__pycache__")
        shutil.copytree(place, copy / name, ignore=ignored) if place.is_dir() else shutil.copy(place, copy / name)
    return copy


def _wheel(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--wheel-dir", "wheels"]
    shutil.rmtree(folder / "wheels", ignore_errors=True)
    return subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "."],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _packed(folder: Path) -> set[str]:
    [wheel] = (folder / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
