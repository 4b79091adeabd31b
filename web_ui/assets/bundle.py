"""Builds static/vendor: the third-party scripts of the pages as two files, and the licences of what is in them.

Example: `python -m web_ui.assets.bundle` builds them once; `--if-possible` goes on without where npm is not to be had.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from web_ui.assets.npm import CannotFetch, Package, fetch, packages

HERE = Path(__file__).parent
VENDOR = HERE.parent / "static" / "vendor"
ENTRIES = ("editor.js", "htmx.js")
FILES = (*ENTRIES, "licences.txt", "built-from")

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "veil"
_PINNED = HERE / "packages.toml"
_SECONDS = 120


def is_built(vendor: Path = VENDOR) -> bool:
    """Whether the files are there and were built from what stands here now."""
    return all((vendor / name).exists() for name in FILES) and (vendor / "built-from").read_text() == _built_from()


def build(vendor: Path = VENDOR) -> None:
    """Fetches and bundles the scripts, unless they are there; raises CannotFetch where that cannot be done."""
    if is_built(vendor):
        return
    pinned = tomllib.loads(_PINNED.read_text(encoding="utf-8"))
    bundler = _bundler(pinned["bundler"])
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        modules, made = Path(folder) / "node_modules", Path(folder) / "vendor"
        wanted = packages(pinned["browser"])
        fetch((*wanted, bundler), modules, cache=_CACHE)
        _bundle(modules, bundler, made)
        (made / "licences.txt").write_text(_licences(wanted, modules), encoding="utf-8")
        (made / "built-from").write_text(_built_from())
        shutil.rmtree(vendor, ignore_errors=True)
        shutil.move(made, vendor)


def _built_from() -> str:
    """What tells these sources from any others."""
    told = hashlib.sha256()
    for path in (_PINNED, *(HERE / name for name in ENTRIES)):
        told.update(path.read_bytes())
    return told.hexdigest()


def _bundler(known: Mapping[str, Mapping[str, str]]) -> Package:
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower())
    name = f"@esbuild/{sys.platform}-{machine or platform.machine().lower()}"
    if name not in known:
        raise CannotFetch(f"no bundler is pinned for this kind of machine: `{name}`")
    return packages({name: known[name]})[0]


def _bundle(modules: Path, bundler: Package, made: Path) -> None:
    program = modules / bundler.name / "bin" / "esbuild"
    options = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none", f"--outdir={made}"]
    subprocess.run(
        [str(program), *(str(HERE / name) for name in ENTRIES), *options, "--log-level=error"],
        env={**os.environ, "NODE_PATH": str(modules)},
        timeout=_SECONDS,
        check=True,
    )


def _licences(bundled: tuple[Package, ...], modules: Path) -> str:
    told = []
    for package in bundled:
        [text, *_] = sorted((modules / package.name).glob("LICEN[CS]E*"))
        told.append(f"{package.name} {package.version}\n\n{text.read_text(encoding='utf-8').strip()}\n")
    return ("\n" + "-" * 80 + "\n\n").join(told)


def main(arguments: list[str]) -> int:
    """Build, and say what came of it; without `--if-possible` a failure is an error."""
    try:
        build()
    except CannotFetch as problem:
        print(f"the pages do without editor and live parts: {problem}", file=sys.stderr)
        return 0 if arguments == ["--if-possible"] else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
