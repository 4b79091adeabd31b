"""Overhears what a database server is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.databases import Server


@contextmanager
def statements(server: Server) -> Iterator[list[str]]:
    """What the server is asked for meanwhile, each statement in one line."""
    found: list[str] = []
    if server.kind == "postgres":
        begin = server.log.stat().st_size
        server.run("ALTER SYSTEM SET log_statement = 'all'")
        server.run("SELECT pg_reload_conf()")
        try:
            yield found
        finally:
            server.run("ALTER SYSTEM RESET ALL")
            server.run("SELECT pg_reload_conf()")
            found += server.log.read_text()[begin:].split("LOG:")
    else:
        server.run("TRUNCATE mysql.general_log; SET GLOBAL log_output = 'TABLE', general_log = 1")
        try:
            yield found
        finally:
            server.run("SET GLOBAL general_log = 0")
            found += server.run("SELECT argument FROM mysql.general_log").splitlines()
