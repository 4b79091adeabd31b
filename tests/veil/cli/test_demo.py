"""The demo shows what each person saw, gives sign-ins, and then serves until it is stopped."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal
from veil.cli.demo import PEOPLE


def test_without_serving_it_prints_and_ends(tmp_path: Path) -> None:
    said = Terminal(tmp_path).run("demo", "--no-serve").out
    analyst, admin = said.split("demo_admin, the admin")
    assert "1,021 rows, 11 columns" in analyst
    assert "phone" not in analyst
    assert "MRN-" not in analyst
    assert "1,338 rows, 12 columns" in admin
    assert "MRN-" in admin
    assert "password" not in said


@pytest.mark.slow
def test_serving_it_prints_the_address_and_fresh_passwords_and_ends_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "veil.cli", "demo", "--home", str(tmp_path / "home"), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    said = "".join(lines)
    url = said.split(" are at ")[1].split()[0]
    with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
        assert answer.status == 200
    passwords = dict(
        line.split() for line in lines if line.split()[:1] and line.split()[0] in PEOPLE and len(line.split()) == 2
    )
    assert set(passwords) == set(PEOPLE)
    assert all(len(password) >= 16 for password in passwords.values())
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stdout.close()
