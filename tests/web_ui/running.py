"""A real server process in front of a home, and plain HTTP connections to it."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from catalog.home import Home
from web_ui.server import serve
from web_ui.settings import load_settings
home = Home.open(Path(sys.argv[1]))
serve(home, load_settings(home.settings_file))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server process that listens."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        """A new connection."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            yield connection

    @contextmanager
    def ask(self, token: str, sql: str, form: str = "arrow") -> Iterator[http.client.HTTPResponse]:
        """The answer to a query, its body not yet read; leaving it early is a client that goes away."""
        with self.connection() as connection:
            post(connection, token, json.dumps({"sql": sql, "format": form}))
            with connection.getresponse() as response:
                yield response

    def stop(self, within: float = 20) -> int:
        """Asks the server to stop, and gives its exit status."""
        self.process.terminate()
        return self.process.wait(within)


def post(connection: http.client.HTTPConnection, token: str, body: str | Iterable[bytes]) -> None:
    """Send a query's body and wait for nothing."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/query", body, headers, encode_chunked=not isinstance(body, str))


@contextmanager
def running(home: Path, *, before: str = "", **environment: str) -> Iterator[Server]:
    """A server on a free port, with more in its environment; it is ended at the end, however the test went.

    `before` is run in its process first.
    """
    log = home.parent / "server.log"
    with log.open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", before + PROGRAM, str(home)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=Path(__file__).parent.parent.parent,
            env={**os.environ, **environment},
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), log.read_text()
        yield Server(process=process, port=int(line.rpartition(":")[2]), log=log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()
