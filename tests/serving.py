"""A home on disk and a real server in front of it, driven only through the `veil` command."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.forked import run_veil
from veil.cli import clinic

VEIL = Path(sys.executable).with_name("veil")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A server's folder and the command that works on it."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def veil(self, *arguments: str | Path, expect: int | None = 0) -> str:
        """What `veil ARGUMENTS` prints; fails with its message unless it exits as expected (None: as it likes)."""
        done = self._run(*arguments)
        if expect is not None and done.returncode != expect:
            command = " ".join(map(str, arguments))
            raise AssertionError(f"`veil {command}` exited {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def complaint(self, *arguments: str | Path) -> str:
        """What `veil ARGUMENTS` complains about; fails unless it exits with 1 and prints nothing else."""
        done = self._run(*arguments)
        assert done.returncode == 1, f"exited {done.returncode}: {done.stderr}{done.stdout}"
        return done.stderr

    def token(self, user: str) -> str:
        """A fresh token of a user."""
        return self.veil("token", "create", user).strip()

    def _run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        done = run_veil(*map(str, arguments), folder=self.path.parent, environment=self.variables())
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def variables(self) -> dict[str, str]:
        """The environment of every command on this home."""
        return {**os.environ, "VEIL_HOME": str(self.path), **self.environment}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that listens: its address and its process."""

    url: str
    pid: int


def govern_clinic(folder: Path, source: str = "", environment: Mapping[str, str] = MappingProxyType({})) -> Home:
    """The tutorial's clinic in a folder, governed and crawled through the commands alone.

    Its data may lie elsewhere: in a `source` as documents write it.
    """
    passwords = {f"DEMO_{who}_PASSWORD": f"{who.lower()}-of-the-clinic" for who in ("ADMIN", "ANALYST", "AUDITOR")}
    home = Home(path=folder / "home", environment={**passwords, **environment})
    clinic.write(folder / "documents")
    if source:
        stated = folder / "documents" / "4_sources.yaml"
        stated.write_text(stated.read_text().replace("{connector: files, path: ./data}", source))
    home.veil("init")
    home.veil("apply", folder / "documents")
    home.veil("crawl", "clinic", "--into", "medical_charges")
    return home


@contextmanager
def serve(home: Home, *, port: int | None = None, log: Path | None = None) -> Iterator[Server]:
    """A server process on a home; it is asked to stop at the end, and must stop well."""
    log = log or home.path.parent / "server.log"
    with log.open("a") as errors:
        process = subprocess.Popen(
            [VEIL, "serve", "--port", str(port or free_port())],
            env=home.variables(),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        yield Server(url=_address(process, log), pid=process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        drained = threading.Thread(target=process.stdout.read, daemon=True)
        drained.start()
        status = process.wait(timeout=30)
        drained.join()
        process.stdout.close()
        assert status == 0, log.read_text()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("listening on "):
            return line.removeprefix("listening on ").strip()
    raise AssertionError(f"the server ended before it listened: {log.read_text()}")
