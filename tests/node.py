"""Programs that run on Node: their packages in pinned versions, installed once into a folder of the user's cache."""

import fcntl
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from web_ui.assets.npm import CannotFetch, node

_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Node, and the folder `node_modules` with a package and what it needs."""

    node: Path
    modules: Path


def node_package(name: str, version: str) -> Installed:
    """A package in exactly this version; where it cannot be installed, tests fail in CI and are skipped elsewhere."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "veil-tests"
    folder = cache / f"{name}-{version}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two processes of tests may want it at once
            program, npm = node(cache)
            if not (folder / "complete").exists():
                _install(program, npm, folder, f"{name}@{version}")
    except (OSError, subprocess.SubprocessError, CannotFetch) as problem:
        told = f"`{name}` {version} of npm cannot be installed here: {type(problem).__name__}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return Installed(node=program, modules=folder / "node_modules")


def _install(program: Path, npm: Path, folder: Path, package: str) -> None:
    options = ["--no-fund", "--no-audit", "--ignore-scripts"]
    subprocess.run(
        [program, npm, "install", "--prefix", str(folder), *options, package],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=True,
    )
    (folder / "complete").touch()
