"""Runs the application in an embedded production server: one worker process, many threads, a graceful end."""

import signal
import sys
from typing import Any

import flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker

from catalog.database import Catalog
from catalog.home import Home
from catalog.known_keys import KnownKeys
from proxy.http.forwarded import read_proxies
from web_ui.app import create_app
from web_ui.arrivals import Arrivals
from web_ui.garbage import collect_seldom
from web_ui.identity.configuration import configured
from web_ui.log_lines import Lines, OwnWords
from web_ui.parts import Parts, assemble
from web_ui.settings import Settings

LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": Lines, "fmt": "%(asctime)s %(levelname)s %(message)s"}},
    "filters": {"own words": {"()": OwnWords}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {
            "level": "WARNING",
            "handlers": ["stderr"],
            "filters": ["own words"],
            "propagate": False,
        },
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
    },
}


def serve(home: Home, settings: Settings) -> None:
    """Serve a home until SIGTERM or SIGINT; running queries may end, then the process exits with 0.

    Prints `listening on http://HOST:PORT` when the first request would be answered. Port 0 takes any free one.
    """
    with Catalog(home.catalog_file) as catalog:  # a home that cannot be served is told of here, not in a dying worker
        KnownKeys(catalog).expect(home.master_keys())
    configured(settings)
    read_proxies(settings.server.trusted_proxies)
    _Server(home, settings).run()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The server's configuration, and the application as it is made inside the worker, after the fork."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._parts: Parts | None = None
        super().__init__()

    def load_config(self) -> None:
        wanted = self._settings.server
        chosen: dict[str, Any] = {
            "bind": f"[{wanted.host}]:{wanted.port}" if ":" in wanted.host else f"{wanted.host}:{wanted.port}",
            "workers": 1,
            "worker_class": Arrivals,
            "threads": wanted.threads,
            "worker_connections": wanted.threads * 8,
            "timeout": 120,
            "graceful_timeout": wanted.drain_seconds,
            "keepalive": 5,
            "control_socket_disable": True,
            "forwarder_headers": "",  # an address is what the request line says, whoever sends it
            "logconfig_dict": LOGGING,
            "post_worker_init": self._ready,
            "worker_exit": self._leave,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> flask.Flask:
        self._parts = assemble(self._home, self._settings)
        self._parts.sessions.prepare()
        app = create_app(self._parts)
        collect_seldom()
        return app

    def _ready(self, worker: Worker) -> None:
        """Say the address once; a worker that takes the place of a broken one says nothing."""
        # The parent passes a terminal's Ctrl-C on; taking it twice would cut what drains.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self._parts is not None:
            self._parts.start()
        if worker.age == 1:
            port = worker.sockets[0].getsockname()[1]
            host = self._settings.server.host
            print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)

    def _leave(self, arbiter: object, worker: Worker) -> None:
        if self._parts is not None:
            self._parts.close()
        sys.stdout.flush()
