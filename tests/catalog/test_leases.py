"""A lease keeps threads and processes apart, and ends with the process that has it, however that ends."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid
from catalog.leases import Leases

HOLD = """
import sys, time
from pathlib import Path
from catalog.leases import Leases
with Leases(Path(sys.argv[1])).taken("lake") as is_mine:
    print(is_mine, flush=True)
    time.sleep(60)
"""


def test_a_lease_is_taken_once_and_free_again_afterwards(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    with leases.taken("lake") as mine, leases.taken("lake") as again, leases.taken("clinic") as other:
        assert (mine, again, other) == (True, False, True)
        assert leases.is_taken("lake")
    assert not leases.is_taken("lake")


def test_threads_are_kept_apart_too(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    found: list[bool] = []
    with leases.taken("lake"):
        other = threading.Thread(target=lambda: found.append(leases.is_taken("lake")))
        other.start()
        other.join(10)
        assert leases.is_taken("lake")
    assert found == [True]


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "True\n"
        assert leases.is_taken("lake")
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(10)
        holder.stdout.close()
    assert not leases.is_taken("lake")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid, match="cannot be written"), Leases(tmp_path / "file" / "x").taken("lake"):
        pass
