"""A command that is a fork is a whole process: nothing of one command is seen by the next."""

import os
import threading
from pathlib import Path

from tests.forked import run_veil


def test_a_fork_has_its_own_home_output_and_exit_code(tmp_path: Path) -> None:
    environment = {**os.environ, "VEIL_HOME": "here"}
    made = run_veil("init", folder=tmp_path, environment=environment)
    assert (made.returncode, made.stderr) == (0, b"")
    assert b"is ready" in made.stdout
    assert (tmp_path / "here").is_dir()
    refused = run_veil("token", "create", "nobody", folder=tmp_path, environment=environment)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"no user `nobody`" in refused.stderr
    elsewhere = run_veil("doctor", folder=tmp_path, environment={**environment, "VEIL_HOME": "nowhere"})
    assert elsewhere.returncode == 1
    assert "VEIL_HOME" not in os.environ or os.environ["VEIL_HOME"] != "nowhere"


def test_commands_at_the_same_time_do_not_wait_for_each_other(tmp_path: Path) -> None:
    found: list[int] = []

    def ask() -> None:
        found.append(run_veil("--version", folder=tmp_path, environment=os.environ).returncode)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0, 0, 0]
