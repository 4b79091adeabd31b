"""A line on the terminal that tells how far a long read has come."""

import os
import sys
import time
from typing import Self

_FIRST_AFTER = 1.0
_EVERY = 0.2


class Progress:
    """Rows, bytes and seconds on stderr, from the second second on, on a terminal only.

    `VEIL_PROGRESS=0` or `progress=False` switch it off.
    """

    def __init__(self, *, wanted: bool | None) -> None:
        if wanted is None:
            wanted = os.environ.get("VEIL_PROGRESS", "1") != "0"
        self._shows = wanted and sys.stderr is not None and sys.stderr.isatty()
        self._began = time.monotonic()
        self._next = self._began + _FIRST_AFTER
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            self._write("")
            sys.stderr.write("\r")
            sys.stderr.flush()

    def told(self, rows: int, byte_count: int) -> None:
        """So much has arrived."""
        now = time.monotonic()
        if self._shows and now >= self._next:
            self._next = now + _EVERY
            self._write(f"veil: {rows:,} rows, {byte_count / 1e6:,.1f} MB, {now - self._began:,.0f} s")

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)
