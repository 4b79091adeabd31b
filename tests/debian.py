"""Programs of Debian's packages: found, or installed where that can be done."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

_SECONDS = 600


def debian_program(program: str, package: str, places: Sequence[Path]) -> Path:
    """A program in one of some folders; its package is installed if need be.

    Where it is not to be had, tests fail in CI and are skipped elsewhere.
    """
    found = _search(program, places)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with (Path(tempfile.gettempdir()) / "veil-test-packages.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two processes of tests may want the same package
            if _search(program, places) is None:
                _install(package)
            found = _search(program, places)
    if found is None:
        told = f"`{program}` is not installed and cannot be installed by this account"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return found


def _install(package: str) -> None:
    """Installs Debian's package; a server in it is not started."""
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        subprocess.run(
            ["apt-get", *command],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )


def _search(program: str, places: Sequence[Path]) -> Path | None:
    return next((place / program for place in places if (place / program).is_file()), None)
