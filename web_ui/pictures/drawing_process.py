"""The server's side of the process that draws: begun when a picture is first wanted, and again should it be gone."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

_BEGIN = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from web_ui.pictures.renderer import main; main()"
_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 60.0
_CHUNK = 2**16


class CannotDraw(Exception):
    """There is no picture this time; whoever asked shows the numbers alone."""


@dataclass(slots=True)
class DrawingProcess:
    """Draws one picture at a time, for many threads; what fails is not tried again for a minute.

    Example: `DrawingProcess().draw('{"mark": "bar"}')` gives the text of an SVG.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: "subprocess.Popen[bytes] | None" = None
    _not_before: float = 0.0
    _is_closed: bool = False

    def draw(self, specification: str) -> str:
        """A Vega-Lite specification, as JSON on one line, as the text of an SVG; raises CannotDraw."""
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            raise CannotDraw("others are drawing")
        try:
            if self._is_closed or time.monotonic() < self._not_before:
                raise CannotDraw("the drawing process cannot be used now")
            answer = self._asked(specification.encode() + b"\n")
        finally:
            self._lock.release()
        if "svg" not in answer:
            raise CannotDraw(answer.get("problem", "there was no answer"))
        return answer["svg"]

    def close(self) -> None:
        """Ends the process, for good."""
        with self._lock:
            self._is_closed = True
            self._leave()

    def _asked(self, line: bytes) -> dict[str, str]:
        """The answer; a process that has left after long idleness is begun again."""
        for is_last in (False, True):
            try:
                read: dict[str, str] = json.loads(self._told(line))
                return read
            except (OSError, ValueError) as error:
                self._leave()
                if is_last:
                    self._not_before = time.monotonic() + _PAUSE_SECONDS
                    raise CannotDraw("the drawing process does not answer") from error
        raise AssertionError("one of two tries ends it")

    def _told(self, line: bytes) -> bytes:
        process = self._process = self._process or _begin()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        return _line_from(process.stdout.fileno(), time.monotonic() + _PATIENCE_SECONDS)

    def _leave(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _begin() -> "subprocess.Popen[bytes]":
    """The process, without the server's environment: secrets may stand in it."""
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BEGIN, json.dumps(sys.path)],
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a terminal's Ctrl-C is the server's alone
    )


def _line_from(descriptor: int, deadline: float) -> bytes:
    """One line; raises OSError when there is none in time or no more."""
    read = b""
    while not read.endswith(b"\n"):
        if not select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))[0]:
            raise TimeoutError
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            raise ConnectionError
        read += chunk
    return read
