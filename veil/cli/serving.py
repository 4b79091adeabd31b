"""A server of our own, as a process: started, waited for, and stopped."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from catalog.errors import SourceUnavailable

_READY = re.compile(r"listening on (http://\S+)")


class ServerProcess:
    """`veil serve` for a home, in a process of its own; `url` is where it listens.

    Example:
        with ServerProcess(Path(".veil"), port=0) as server:
            print(server.url)
    """

    def __init__(self, home: Path, *, host: str = "127.0.0.1", port: int = 0) -> None:
        command = [sys.executable, "-m", "veil.cli", "serve", "--home", str(home), "--host", host, "--port", str(port)]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        # A group of its own: a terminal's Ctrl-C reaches us, and we pass it on once.
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, process_group=0)
        try:
            self.url = self._ready()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def wait(self, announce: Callable[[], None]) -> int:
        """Serve until it ends by itself, or until we are told to stop by Ctrl-C or SIGTERM; then it may drain.

        `announce` is called when we can be told.
        """

        def pass_on(*_: object) -> None:
            self._process.send_signal(signal.SIGTERM)

        before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            announce()
            return self._process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Let running queries end, then end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ready(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if match := _READY.search(line):
                return match[1]
        raise SourceUnavailable("the server did not start", hint="what it said stands above; is the port taken?")
