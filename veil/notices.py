"""Tells a person, once per query, where a right result is easily misread."""

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

from veil.errors import AccessNotice
from veil.terminal import visible

_HERE = str(Path(__file__).parent)


def warn(notices: Iterable[str]) -> None:
    """Issue each notice as an AccessNotice that points at the caller's own line, not into this package.

    A terminal carries nothing of them out: they hold names that others gave.
    """
    for notice in notices:
        warnings.warn(visible(notice), AccessNotice, stacklevel=_outside())


def _outside() -> int:
    """How many frames lie between `warn` and the first one outside this package."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        level += 1
    return level
