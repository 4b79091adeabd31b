"""A key that a database works with stands nowhere there: in no statement, log, list of activity or error."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalog.errors import VeilError
from policy_engine.transforms import registry
from policy_engine.transforms.at_source.forms import form
from policy_engine.transforms.calls import parse_call
from tests.databases import Server
from tests.policy_engine.transforms.at_source.worked_out import NAMESPACE, in_the_engine, values_of, worked_out
from tests.policy_engine.transforms.engine import KEYS
from tests.remote_tables import Database

TYPES: registry.Types = {("who",): "VARCHAR"}
KEYED = ("tokenize()", "hash()", "date_shift(50, by=>who)", "perturb(5, by=>who)")
SECONDS = 30
LOGGED = (
    *("log_statement = 'all'", "log_min_duration_statement = 0", "log_parameter_max_length = -1"),
    *("log_parameter_max_length_on_error = -1", "log_min_messages = debug2"),
    *("debug_print_parse = on", "debug_print_rewritten = on", "debug_print_plan = on"),
)


def traces(database: str) -> list[str]:
    """Every key that these calls bind, in the forms in which something might print it."""
    keys: dict[str, bytes] = {}
    for call in KEYED:
        kind = {"date_shift(50, by=>who)": "DATE", "perturb(5, by=>who)": "INTEGER"}.get(call, "VARCHAR")
        keys |= form(parse_call(call), kind, database, namespace=NAMESPACE, keys=KEYS, types=TYPES).keys
    assert len(keys) == 8
    secrets = [bytes(range(32)), *keys.values()]
    # Of a padded key block the second half is the same for every key.
    return [shown for key in secrets for shown in (key[:32].hex(), base64.b64encode(key[:30]).decode(), repr(key[:32]))]


def read_all(database: Database) -> None:
    """Has each keyed transform worked out, and held against the engine's."""
    for kind, values in (("VARCHAR", ["Ann"]), ("DATE", ["2020-01-02"]), ("INTEGER", [42])):
        calls = [call for call in KEYED if not (kind == "DATE" and "perturb" in call)]
        calls = [call for call in calls if not (kind != "DATE" and "shift" in call)]
        calls = [call for call in calls if not (kind == "VARCHAR" and "perturb" in call)]
        worked = worked_out(database, kind, [*values, None], calls)
        assert set(worked.cells) == set(calls)
        for call in calls:
            assert list(map(str, values_of(worked, call, kind))) == list(map(str, in_the_engine(worked, call, kind)))


@contextmanager
def everything_logged(database: Database, server: Server) -> Iterator[None]:
    """The server logs whatever it can of statements, durations, plans and bound values."""
    if server.kind == "postgres":
        for setting in LOGGED:
            server.run(f"ALTER SYSTEM SET {setting}")
        server.run("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            server.run("ALTER SYSTEM RESET ALL")
            server.run("SELECT pg_reload_conf()")
    else:
        server.run("SET GLOBAL log_output = 'TABLE', general_log = 1, slow_query_log = 1, long_query_time = 0")
        try:
            yield
        finally:
            server.run("SET GLOBAL general_log = 0, slow_query_log = 0, long_query_time = 10")


def logged(server: Server) -> str:
    if server.kind == "postgres":
        return server.log.read_text(errors="replace")
    return server.run("SELECT argument FROM mysql.general_log; SELECT sql_text FROM mysql.slow_log")


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_no_log_of_a_server_holds_a_key(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    with everything_logged(database, server):
        read_all(database)
        server.run("SELECT 'canary'")
        text = logged(server)
    assert "canary" in text
    assert all(word in text for word in (("sha256", "parameters: $1") if kind == "postgres" else ("SHA2", "@veil_pad")))
    assert not [trace for trace in traces(kind) if trace in text]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_no_list_of_activity_and_no_error_holds_a_key(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    shown: list[str] = []
    sql = "SELECT query FROM pg_stat_activity" if kind == "postgres" else "SHOW FULL PROCESSLIST"
    wait = "pg_sleep(3)::text" if kind == "postgres" else "CAST(SLEEP(3) AS CHAR)"
    over = threading.Event()

    def look() -> None:
        begin = time.monotonic()
        while not over.is_set() and time.monotonic() - begin < SECONDS:
            shown.append(server.run(sql))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        with pytest.raises(VeilError) as failed:
            worked_out(database, "VARCHAR", ["Ann"], ["hash()"], after=wait, seconds=1)
    finally:
        over.set()
        watching.join(SECONDS)
    assert any("veil_k_" in each or "veil.k_" in each for each in shown)
    told = "\n".join([*shown, str(failed.value), repr(failed.value), str(failed.value.hint)])
    assert not [trace for trace in traces(kind) if trace in told]


def test_what_travels_shows_no_key() -> None:
    for kind in ("postgres", "mariadb", "sqlite"):
        made = form(parse_call("hash()"), "VARCHAR", kind, namespace=NAMESPACE, keys=KEYS)
        assert not [trace for trace in traces("postgres") if trace in repr(made) + made.sql]
