"""An engine opens the database file that was looked at, with its own logs, whatever takes their places meanwhile."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

import duckdb
import pytest

from catalog.database import Catalog
from catalog.errors import SourceUnavailable
from catalog.home import Home
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected
from catalog.sources.database_files import LOGS, states_beside
from catalog.sources.landlock import _restrict, is_there, with_files_alone
from catalog.sources.remote.sqlite import SqliteSnapshot
from catalog.sources.sessions import SessionCache
from catalog.sources.world import Resources, World
from tests.catalog.sources.test_held_files import changing_places
from tests.catalog.sources.test_own_files import assert_held
from tests.contracts.connectors import read

WHAT = Expected(relation="main.t", columns=(("what", "VARCHAR"),))
needs_landlock = pytest.mark.skipif(
    not is_there() and os.environ.get("CI") != "true", reason="the system does not see to what a thread opens"
)

_deeds: dict[str, Callable[[], object]] = {}
_elsewhere = ThreadPoolExecutor(1)
_elsewhere.submit(int).result()  # so that its thread is there, and held to nothing
_RESTRICTED = "a thread is held to its files"


def _hear(event: str, *_: object) -> None:
    if deed := _deeds.pop(event, None):
        _elsewhere.submit(deed).result()


sys.addaudithook(_hear)


@contextmanager
def at(event: str, deed: Callable[[], object]) -> Iterator[None]:
    """Does something at a moment that Python itself tells of, in the midst of what it runs."""

    def look(frame: FrameType, what: str, _: object) -> None:
        if what == "return" and frame.f_code is _restrict.__code__:
            _hear(_RESTRICTED)

    _deeds[event] = deed
    threading.setprofile(look)
    try:
        yield
    finally:
        threading.setprofile(None)
        assert not _deeds.pop(event, None), "the moment has come"


def make(path: Path, what: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path)) as engine:
            engine.execute(f"CREATE TABLE t AS SELECT '{what}' AS what")
    else:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE t (what TEXT)")
            connection.execute("INSERT INTO t VALUES (?)", [what])
    return path


def put_link(place: Path, to: Path) -> Callable[[], None]:
    def put() -> None:
        place.unlink(missing_ok=True)
        place.symlink_to(to)

    return put


def source(path: Path) -> Source:
    return Source(name="s", connector=path.suffix.removeprefix("."), options={"path": str(path)})


def told(path: Path) -> list[object]:
    return [row["what"] for row in read(source(path), WHAT, SessionCache(connect))]


@pytest.fixture(params=["duckdb", "sqlite"])
def own(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return make(tmp_path / "own" / f"own.{request.param}", "own")


@pytest.fixture
def secret(tmp_path: Path, own: Path) -> Path:
    """Another database, in a folder that is no source's."""
    return make(tmp_path / "secret" / f"secret{own.suffix}", "secret")


def opened(path: Path, states: tuple[str, ...] | None) -> list[object]:
    """What a file tells that is opened as a query or a look opens it, right here."""
    if path.suffix == ".duckdb":
        with closing(World(Resources(), databases=[path], states=states)) as world:
            return [what for (what,) in world.rows(f"FROM {world.alias(path)}.t")]
    with closing(SqliteSnapshot(path, None)) as snapshot:
        [table] = snapshot.tables()
        return [what for batch in snapshot.read(table, snapshot.columns(table), ()) for what in batch[0].to_pylist()]


def test_a_link_that_takes_the_place_of_a_file_before_it_is_opened_is_refused(own: Path, secret: Path) -> None:
    states = states_beside(own, LOGS)
    assert opened(own, states) == ["own"]
    moment = "tempfile.mkdtemp" if own.suffix == ".duckdb" else "sqlite3.connect"
    open_before = os.listdir("/proc/self/fd")
    with at(moment, put_link(own, secret)), pytest.raises(SourceUnavailable):
        opened(own, states)
    assert os.listdir("/proc/self/fd") == open_before


@needs_landlock
def test_a_link_that_takes_its_place_in_the_last_moment_is_not_opened(own: Path, secret: Path) -> None:
    states = states_beside(own, LOGS)
    with at(_RESTRICTED, put_link(own, secret)), pytest.raises(SourceUnavailable):
        opened(own, states)


def test_where_the_system_does_not_see_to_it_another_file_is_refused_that_the_engine_has_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, secret = make(tmp_path / "own.duckdb", "own"), make(tmp_path / "secret" / "secret.duckdb", "secret")
    monkeypatch.setattr("catalog.sources.database_files.is_there", lambda: False)
    states = states_beside(own, LOGS)
    assert opened(own, states) == ["own"]
    with at("os.listdir", put_link(own, secret)), pytest.raises(SourceUnavailable, match="changed while it was read"):
        opened(own, states)


@needs_landlock
def test_a_link_in_the_place_of_a_log_is_not_opened(own: Path, secret: Path) -> None:
    ending = ".wal" if own.suffix == ".duckdb" else "-wal"
    leave_a_log(secret)
    log = own.with_name(own.name + ending)
    put = put_link(log, secret.with_name(secret.name + ending))
    with at(_RESTRICTED, put), pytest.raises(SourceUnavailable):
        opened(own, states_beside(own, LOGS))
    with pytest.raises(SourceUnavailable, match=rf"`{log.name}` is a link, or no plain file"):
        list(connect(source(own)).relations())


@needs_landlock
@pytest.mark.parametrize("moment", ["sqlite3.connect", _RESTRICTED])
def test_a_link_to_the_catalog_takes_no_locks_of_it_away(tmp_path: Path, moment: str) -> None:
    own, home = make(tmp_path / "own" / "own.sqlite", "own"), Home.create(tmp_path / "home")
    with Catalog(home.catalog_file) as catalog:
        catalog.rows("SELECT 1")
        with at(moment, put_link(own, home.catalog_file)), pytest.raises(SourceUnavailable):
            SqliteSnapshot(own, None)
        assert_held(home.catalog_file)


def test_a_link_is_read_where_it_stays_in_its_folder(own: Path, secret: Path) -> None:
    link = own.with_name(f"current{own.suffix}")
    link.symlink_to(own.name)
    leave_a_log(own)
    assert told(link) == ["own", "left"]
    put_link(link, secret)()
    for look in (told, lambda path: connect(source(path)).sample("main.t", 5)):
        with pytest.raises(SourceUnavailable, match=r"`current\.\w+` is a link that leads out of its folder"):
            look(link)


def test_a_link_that_leads_in_a_circle_or_nowhere_is_no_file(own: Path) -> None:
    for target in (own, own.with_name("absent")):
        put_link(own, target)()
        with pytest.raises(SourceUnavailable, match=r"there is no database file `own\.\w+`"):
            list(connect(source(own)).relations())


def test_whatever_a_file_and_a_link_do_nothing_of_another_is_told(own: Path, secret: Path) -> None:
    """They change places all the time, for two seconds."""
    link = own.with_name("link")
    link.symlink_to(secret)
    seen: Counter[str] = Counter()
    with changing_places(own, link):
        until = time.monotonic() + 2
        while time.monotonic() < until:
            try:
                seen[str(opened(own, None))] += 1
            except SourceUnavailable:
                seen["refused"] += 1
    assert seen.keys() <= {"['own']", "refused"}
    assert seen.total() > 10


def leave_a_log(path: Path) -> None:
    """What an owner does that crashes."""
    script = (
        "connection = __import__('sqlite3').connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA journal_mode = WAL')\n"
        if path.suffix == ".sqlite"
        else "connection = __import__('duckdb').connect(sys.argv[1])\n"
    )
    end = "connection.execute(\"INSERT INTO t VALUES ('left')\")\nos._exit(0)"
    subprocess.run([sys.executable, "-c", f"import os, sys\n{script}{end}", str(path)], check=True, timeout=60)
    ending = ".wal" if path.suffix == ".duckdb" else "-wal"
    assert path.with_name(path.name + ending).stat().st_size > 0


def test_the_log_of_an_owner_that_crashed_is_read(own: Path) -> None:
    leave_a_log(own)
    assert told(own) == ["own", "left"]
    assert connect(source(own)).sample("main.t", 5)["what"].to_pylist() == ["own", "left"]


def test_a_file_that_its_owner_replaces_or_writes_is_read_anew(own: Path, tmp_path: Path) -> None:
    cache = SessionCache(connect, idle_seconds=0.1)
    assert read(source(own), WHAT, cache) == [{"what": "own"}]
    make(tmp_path / "own" / f"new{own.suffix}", "new").rename(own)
    assert read(source(own), WHAT, cache) == [{"what": "new"}]
    cache.close()
    make_more = "INSERT INTO t VALUES ('more')"
    with duckdb.connect(str(own)) if own.suffix == ".duckdb" else closing(sqlite3.connect(own)) as connection:
        connection.execute(make_more)
        connection.commit()
    assert read(source(own), WHAT, SessionCache(connect)) == [{"what": "new"}, {"what": "more"}]


@pytest.mark.parametrize("mode", ["wal", "delete", "persist"])
def test_sqlite_files_are_read_while_another_process_writes_them(tmp_path: Path, mode: str) -> None:
    own = make(tmp_path / "own" / "own.sqlite", "own")
    script = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n"
        f"connection.execute('PRAGMA journal_mode = {mode}')\n"
        "print('begun', flush=True)\n"
        "while True: connection.execute(\"UPDATE t SET what = 'own'\")"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(own)], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        for _ in range(200):
            assert opened(own, ()) == ["own"]
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    if mode == "wal":
        assert opened(own, ()) == ["own"]


def test_a_sqlite_file_with_a_log_that_nobody_has_open_is_read_and_written_afterwards(tmp_path: Path) -> None:
    own = make(tmp_path / "own" / "own.sqlite", "own")
    with closing(sqlite3.connect(own)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    own.chmod(0o640)
    assert not own.with_name("own.sqlite-wal").exists()
    assert opened(own, ()) == ["own"]
    modes = {os.stat(file).st_mode & 0o777 for file in own.parent.iterdir()}
    assert modes == {0o640}
    with closing(sqlite3.connect(own, isolation_level=None)) as connection:
        connection.execute("INSERT INTO t VALUES ('more')")
    assert opened(own, ()) == ["own", "more"]


def test_a_file_that_cannot_be_opened_gets_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    broken = tmp_path / "own" / "own.sqlite"
    broken.write_bytes(b"no database" * 1000)
    with pytest.raises(SourceUnavailable, match=r"`own\.sqlite` cannot be read"):
        opened(broken, ())
    assert list(broken.parent.iterdir()) == [broken]


@needs_landlock
def test_one_thread_alone_is_held_to_its_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "folder").mkdir()
    pins = [os.open(tmp_path / name, os.O_PATH) for name in ("a", "folder")]
    try:
        assert with_files_alone((tmp_path / "a").read_text, pins[:1]) == "a"
        for name in ("b", "link"):
            with pytest.raises(PermissionError):
                with_files_alone((tmp_path / name).read_text, pins[:1])
        with pytest.raises(PermissionError):
            with_files_alone(lambda: (tmp_path / "a").write_text("c"), pins[:1])
        assert with_files_alone(lambda: (tmp_path / "a").write_text("c"), (), pins[:1]) == 1
        assert with_files_alone(lambda: (tmp_path / "folder" / "new").write_text("new"), (), (), pins[1:]) == 3
        assert (tmp_path / "b").read_text() == "b"
    finally:
        for pin in pins:
            os.close(pin)
