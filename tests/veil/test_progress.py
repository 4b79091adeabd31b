"""A long read tells how far it is, on a terminal and nowhere else."""

import io
import sys
import time

import pytest

from veil.progress import Progress


class Screen(io.StringIO):
    """What would be a person's terminal."""

    def isatty(self) -> bool:
        return True


def read_for_a_while(*, wanted: bool | None = None, seconds: float = 1.1) -> None:
    with Progress(wanted=wanted) as progress:
        progress.told(1, 10)
        time.sleep(seconds)
        progress.told(1_000_000, 88_000_000)


def test_after_a_second_a_terminal_shows_rows_bytes_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    read_for_a_while()
    assert screen.getvalue().startswith("\rveil: 1,000,000 rows, 88.0 MB, 1 s")
    assert screen.getvalue().endswith(" \r"), "the line is wiped at the end"


def test_a_short_read_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    read_for_a_while(seconds=0)
    assert screen.getvalue() == ""


def test_it_can_be_switched_off_and_is_silent_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, pipe = Screen(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    read_for_a_while(wanted=False)
    monkeypatch.setenv("VEIL_PROGRESS", "0")
    read_for_a_while()
    monkeypatch.delenv("VEIL_PROGRESS")
    monkeypatch.setattr(sys, "stderr", pipe)
    read_for_a_while()
    assert (screen.getvalue(), pipe.getvalue()) == ("", "")
