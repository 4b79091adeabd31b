"""Runs `veil` in a process of its own that need import nothing any more: a fork of one that has done nothing else.

To import what a command is made of takes a second and a half, most of what a test of it would wait for. The fork is a
whole process, with its own folder, environment, output, end and exit code.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

_SECONDS = 120
_ROOT = Path(__file__).parents[1]


def run_veil(*arguments: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """What `veil ARGUMENTS` prints, and its exit code; there is nothing to read from its input.

    Example:
        run_veil("init", folder=folder, environment={"VEIL_HOME": "home"}).returncode  # 0

    Raises:
        TimeoutExpired: It did not end within two minutes, and was killed.
    """
    if _FORKS.is_free.acquire(blocking=False):
        try:
            return _FORKS.run(arguments, folder, environment)
        finally:
            _FORKS.is_free.release()
    return subprocess.run(
        [sys.executable, "-m", "veil.cli", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
    )


class _Forks:
    """The process whose forks commands are; it runs one at a time, and ends with its input."""

    def __init__(self) -> None:
        self.is_free = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[bytes]:
        with TemporaryDirectory() as kept:
            out, err = Path(kept, "out"), Path(kept, "err")
            self._say(json.dumps([arguments, str(folder), dict(environment), str(out), str(err)]))
            late = threading.Timer(_SECONDS, os.kill, (self._hear(), signal.SIGKILL))
            late.start()
            code = self._hear()
            if late.finished.is_set():
                raise subprocess.TimeoutExpired(list(arguments), _SECONDS)
            late.cancel()
            return subprocess.CompletedProcess(list(arguments), code, out.read_bytes(), err.read_bytes())

    def _say(self, asked: str) -> None:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None
        print(asked, file=self._process.stdin, flush=True)

    def _hear(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


_FORKS = _Forks()


def _fork_for_ever() -> None:
    """Answers each line of the input by the number of a fork that runs it, and then by its exit code."""
    for module in pkgutil.iter_modules(importlib.import_module("veil.cli").__path__, "veil.cli."):
        importlib.import_module(module.name)
    gc.freeze()
    for asked in sys.stdin:
        if (child := os.fork()) == 0:
            _become_veil(*json.loads(asked))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become_veil(arguments: list[str], folder: str, environment: dict[str, str], out: str, err: str) -> None:
    from veil.cli.main import main

    streams = [os.open(os.devnull, os.O_RDONLY), *(os.open(path, os.O_WRONLY | os.O_CREAT) for path in (out, err))]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate(("r", "w", "w")))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["veil", *arguments]
    main()


if __name__ == "__main__":
    _fork_for_ever()
