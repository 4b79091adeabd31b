"""Real database servers for tests: started once in a process, on free ports of loopback, and stopped with it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Identity
from tests.debian import debian_program

PASSWORD = "sesame-7f3a"
_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where it listens, how its owner runs SQL on it, and where it logs."""

    kind: str
    port: int
    shell: tuple[str, ...]
    log: Path = Path()

    def run(self, sql: str, database: str | None = None) -> str:
        """What the server's own client prints for some statements, run by the owner."""
        named = [] if database is None else [database]
        done = subprocess.run(
            [*self.shell, *named],
            input=sql,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "PGPASSWORD": PASSWORD},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def url(self, database: str, account: str, password: str = PASSWORD) -> str:
        """The URL of a database for an account."""
        scheme = {"postgres": "postgresql", "mariadb": "mariadb"}[self.kind]
        return f"{scheme}://{account}:{password}@127.0.0.1:{self.port}/{database}"


@contextmanager
def postgres_server(identity: Identity | None = None) -> Iterator[Server]:
    """PostgreSQL in a temporary folder, with passwords asked of everybody; one with an identity hears others only
    encrypted.
    """
    programs = _found("postgres", "postgresql")
    with _folder("postgres") as folder:
        word = folder / "word"
        word.write_text(PASSWORD)
        shutil.chown(word, _owner("postgres"))
        port, data = _free_port(), folder / "data"
        access = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={word}"]
        _run([programs / "initdb", "-D", data, *access, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], "postgres")
        if identity is not None:
            shown = _owned(identity, folder, "postgres")
            rules = data / "pg_hba.conf"
            rules.write_text(f"hostnossl all guarded 127.0.0.1/32 reject\n{rules.read_text()}")
            with (data / "postgresql.conf").open("a") as settings:
                settings.write(f"ssl=on\nssl_cert_file='{shown.certificate}'\nssl_key_file='{shown.key}'\n")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={folder}"
        _run([programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], "postgres")
        try:
            shell = ("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres")
            yield Server(kind="postgres", port=port, shell=shell, log=folder / "log")
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], "postgres")


@contextmanager
def postgres_standby(server: Server) -> Iterator[Server]:
    """A hot standby of a PostgreSQL server, which replays what is written there."""
    programs = _found("postgres", "postgresql")
    with _folder("postgres") as folder:
        port, data = _free_port(), folder / "data"
        of = f"host=127.0.0.1 port={server.port} user=postgres password={PASSWORD}"
        _run([programs / "pg_basebackup", "-d", of, "-D", data, "-R", "-X", "stream", "-c", "fast"], "postgres")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={folder}"
        _run([programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], "postgres")
        try:
            shell = tuple(str(port) if each == str(server.port) else each for each in server.shell)
            yield Server(kind="postgres", port=port, shell=shell, log=folder / "log")
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], "postgres")


@contextmanager
def mariadb_server(identity: Identity | None = None) -> Iterator[Server]:
    """MariaDB in a temporary folder; `root` is its owner. One with an identity hears others only encrypted."""
    programs = _found("mariadbd", "mariadb-server")
    with _folder("mysql") as folder:
        port, data, place = _free_port(), folder / "data", folder / "s"
        access = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        _run(["/usr/bin/mariadb-install-db", "--no-defaults", f"--datadir={data}", *access], "mysql")
        command: list[str | Path] = [
            programs / "mariadbd",
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={place}",
            f"--port={port}",
        ]
        command += ["--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}", "--skip-log-bin"]
        if identity is not None:
            shown = _owned(identity, folder, "mysql")
            command += [f"--ssl-cert={shown.certificate}", f"--ssl-key={shown.key}", "--require-secure-transport=ON"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, user=_owner("mysql"), cwd="/", stdout=log, stderr=log)
        try:
            shell = (
                "mariadb",
                "--no-defaults",
                "--default-character-set=utf8mb4",
                "-N",
                "-B",
                f"--socket={place}",
                "-u",
                "root",
            )
            started = Server(kind="mariadb", port=port, shell=shell)
            deadline = time.monotonic() + _SECONDS
            while subprocess.run([*shell, "-e", "SELECT 1"], capture_output=True, timeout=_SECONDS).returncode:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield started
        finally:
            server.kill()
            server.wait(timeout=_SECONDS)


def _found(program: str, package: str) -> Path:
    """The folder of a server's programs."""
    places = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/sbin"), Path("/usr/bin"))
    return debian_program(program, package, places).parent


@contextmanager
def _folder(owner: str) -> Iterator[Path]:
    """A folder that the server's account owns; servers refuse to run as root."""
    folder = Path(tempfile.mkdtemp(prefix=f"veil-{owner}-"))
    try:
        shutil.chown(folder, _owner(owner))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owned(identity: Identity, folder: Path, owner: str) -> Identity:
    """The same files where the server's account alone can read them."""
    copied = Identity(certificate=folder / "server.pem", key=folder / "server.key")
    for file, copy in ((identity.certificate, copied.certificate), (identity.key, copied.key)):
        shutil.copyfile(file, copy)
        copy.chmod(0o600)
        shutil.chown(copy, _owner(owner))
    return copied


def _owner(name: str) -> int:
    """The account that a server runs under: its own if we may choose, else ours."""
    return pwd.getpwnam(name).pw_uid if os.geteuid() == 0 else os.geteuid()


def _run(command: list[str | Path], owner: str) -> None:
    done = subprocess.run(
        command, user=_owner(owner), cwd="/", stdout=subprocess.DEVNULL, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, f"{command[0]} exited {done.returncode}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
