"""Runs the command as a person at a terminal does, in a folder with a home, and looks at what came back."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.forked import run_veil


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a command printed."""

    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    def json(self) -> Any:
        return json.loads(self.raw)


class Terminal:
    """A folder in which commands are run; its home is `home`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        named = environment or {"VEIL_HOME": str(self.home)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VEIL_")}
        self._environment = {**kept, **named, "PYTHONPATH": str(Path(__file__).parents[3])}

    def run(self, *arguments: str, expect: int | None = 0) -> Printed:
        """What `veil ARGUMENTS` prints; it must exit as expected (None: anyhow), and never with a traceback."""
        done = run_veil(*arguments, folder=self.folder, environment=self._environment)
        printed = Printed(raw=done.stdout, err=done.stderr.decode())
        assert expect in (None, done.returncode), f"{' '.join(arguments)} exited {done.returncode}: {printed.err}"
        assert "Traceback" not in printed.err
        return printed

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """`veil ARGUMENTS` while it runs; it is ended at the end, however the test went."""
        process = subprocess.Popen(
            self._command(arguments),
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(30)

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "veil.cli", *arguments]
