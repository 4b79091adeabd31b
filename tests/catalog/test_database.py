"""The one SQLite file: its transactions, snapshots, threads, and the files it refuses."""

import contextlib
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import Internal, JournalUnavailable, LimitExceeded, NotAllowed, SettingsInvalid
from catalog.migrations import NEWEST
from tests.catalog.conftest import abandon


def _put(catalog: Catalog, name: str) -> None:
    with catalog.change() as tx:
        tx.execute("INSERT INTO database (name, comment) VALUES (?, '')", [name])


def _names(catalog: Catalog) -> list[str]:
    return [row["name"] for row in catalog.rows("SELECT name FROM database ORDER BY name")]


def test_the_file_is_private_durable_and_checks_foreign_keys(catalog: Catalog, catalog_file: Path) -> None:
    settings = {name: catalog.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert stat.S_IMODE(catalog_file.stat().st_mode) == 0o600


def test_a_failed_transaction_leaves_nothing(catalog: Catalog) -> None:
    with pytest.raises(ZeroDivisionError):
        abandon(catalog, lambda: _put(catalog, "shop"))
    assert _names(catalog) == []
    assert catalog.version() == 0


def test_a_transaction_within_a_transaction_ends_with_the_outer_one(catalog: Catalog) -> None:
    seen = list[str]()
    with pytest.raises(ZeroDivisionError):
        abandon(catalog, lambda: _put(catalog, "inner"), lambda: seen.extend(_names(catalog)))
    assert seen == ["inner"]
    assert _names(catalog) == []


def test_an_inner_failure_that_is_caught_takes_back_its_own_share_only(catalog: Catalog) -> None:
    with catalog.transaction():
        _put(catalog, "outer")
        with pytest.raises(ZeroDivisionError):
            abandon(catalog, lambda: _put(catalog, "inner"))
    assert _names(catalog) == ["outer"]


def test_the_version_rises_with_a_change_and_not_without_one(catalog: Catalog) -> None:
    assert catalog.version() == 0
    with catalog.change():
        pass
    assert catalog.version() == 0
    _put(catalog, "shop")
    assert catalog.version() == 1


def test_a_snapshot_stays_at_its_moment_while_others_write(catalog: Catalog, catalog_file: Path) -> None:
    with catalog.snapshot() as tx:
        tx.rows("SELECT 1 FROM database")
        with Catalog(catalog_file) as other:
            _put(other, "shop")
        assert tx.rows("SELECT name FROM database") == []
    assert _names(catalog) == ["shop"]


def test_a_snapshot_that_takes_too_long_is_ended_and_the_next_is_not(catalog: Catalog) -> None:
    def look() -> None:
        with catalog.snapshot((0.2, "a look")) as tx:
            time.sleep(0.3)  # while nothing runs there is nothing to interrupt
            tx.rows("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT max(n) FROM n")

    with pytest.raises(LimitExceeded, match=re.escape("a look may take 0.2 seconds")):
        look()
    with catalog.snapshot((60, "a look")) as tx:
        assert [row["one"] for row in tx.rows("SELECT 1 AS one")] == [1]
    with catalog.transaction() as tx:
        tx.execute("UPDATE counter SET value = value + 1")


def test_writing_inside_a_snapshot_is_refused(catalog: Catalog) -> None:
    with pytest.raises(Internal), catalog.snapshot(), catalog.transaction():
        pass
    _put(catalog, "shop")
    assert _names(catalog) == ["shop"]


def test_each_transaction_is_asked_about_once_under_the_lock(catalog: Catalog, catalog_file: Path) -> None:
    asked: list[bool] = []

    @contextlib.contextmanager
    def ask() -> Iterator[None]:
        asked.append(catalog.is_in_transaction)
        with pytest.raises(JournalUnavailable), Catalog(catalog_file, busy_seconds=0.1) as other, other.transaction():
            pass
        with catalog.bookkeeping() as tx:
            tx.execute("UPDATE counter SET value = 40")
        yield
        asked.append(catalog.is_in_transaction)

    catalog.ask_before_deeds(ask)
    with catalog.bookkeeping():
        assert asked == []
        with catalog.change() as tx, catalog.transaction():
            tx.execute("INSERT INTO role VALUES (1, 'clerk', '[]', '[]')")
    assert asked == [True, True]
    assert catalog.version() == 41
    with catalog.transaction():
        pass
    assert len(asked) == 4


def test_what_is_asked_can_refuse_a_transaction_and_bookkeeping_goes_on(catalog: Catalog) -> None:
    @contextlib.contextmanager
    def ask() -> Iterator[None]:
        raise NotAllowed("not any more")
        yield

    catalog.ask_before_deeds(ask)
    for _ in range(2):
        with pytest.raises(NotAllowed), catalog.change() as tx:
            tx.execute("UPDATE counter SET value = 40")
    with catalog.bookkeeping() as tx:
        tx.execute("UPDATE counter SET value = 7")
    assert catalog.version() == 7


def test_two_threads_write_through_one_catalog(catalog: Catalog) -> None:
    def write(prefix: str) -> None:
        for number in range(50):
            _put(catalog, f"{prefix}{number}")

    threads = [threading.Thread(target=write, args=(prefix,)) for prefix in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_names(catalog)) == catalog.version() == 100


def test_a_thread_that_holds_on_too_long_is_a_refusal_for_the_others(catalog_file: Path) -> None:
    refused: list[Exception] = []

    def write() -> None:
        try:
            _put(catalog, "late")
        except JournalUnavailable as error:
            refused.append(error)

    with Catalog(catalog_file, busy_seconds=0.05) as catalog:
        with catalog.transaction():
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        assert len(refused) == 1
        assert _names(catalog) == []


def test_connections_of_ended_threads_are_closed(catalog: Catalog) -> None:
    for number in range(20):
        thread = threading.Thread(target=_put, args=(catalog, f"d{number}"))
        thread.start()
        thread.join()
    assert len(catalog._open) <= 3


def test_a_thread_has_no_connection_of_an_ended_one_whose_number_it_has(catalog: Catalog) -> None:
    """Which might be closed just then."""
    used: dict[int | None, object] = {}
    found: list[tuple[int | None, object]] = []
    for _ in range(50):
        thread = threading.Thread(target=lambda: found.append((threading.get_ident(), catalog._database())))
        thread.start()
        thread.join()
        number, connection = found[-1]
        if number in used:
            assert connection is not used[number]
            return
        used[number] = connection
    pytest.fail("no thread had the number of another")


def test_a_closed_catalog_is_not_opened_again_by_accident(catalog: Catalog) -> None:
    catalog.close()
    with pytest.raises(Internal):
        catalog.version()


def test_a_catalog_that_another_process_holds_is_a_refusal_and_changes_nothing(catalog_file: Path) -> None:
    with Catalog(catalog_file, busy_seconds=0.05) as waiting, Catalog(catalog_file) as holding:
        with holding.transaction(), pytest.raises(JournalUnavailable, match="cannot be written"):
            _put(waiting, "shop")
        _put(waiting, "later")
        assert _names(holding) == ["later"]


def test_what_nobody_waits_for_is_tried_for_a_moment_and_all_else_as_long_as_before(catalog_file: Path) -> None:
    add = "INSERT INTO database (name, comment) VALUES ('shop', '')"
    with Catalog(catalog_file, busy_seconds=2) as waiting, Catalog(catalog_file) as holding:
        with holding.transaction():
            began_at = time.monotonic()
            assert not waiting.jot(add, [])
            assert time.monotonic() - began_at < 1
            with pytest.raises(JournalUnavailable, match="cannot be written"):
                _put(waiting, "later")
            assert time.monotonic() - began_at > 1.8
        assert waiting.jot(add, [])
        assert _names(holding) == ["shop"]


def test_what_nobody_waits_for_does_not_stand_in_line_behind_another_thread(catalog: Catalog) -> None:
    with ThreadPoolExecutor(1) as threads, catalog.transaction():
        assert not threads.submit(catalog.jot, "DELETE FROM database", []).result(timeout=3)


@pytest.mark.parametrize("value", ["\ud800", 2**63])
def test_a_value_that_cannot_be_stored_is_the_askers_mistake(catalog: Catalog, value: str | int) -> None:
    for ask in (catalog.row, catalog.rows):
        with pytest.raises(SettingsInvalid, match="not valid text, or a number is too large"):
            ask("SELECT 1 FROM database WHERE name = ?", [value])


def test_opening_twice_migrates_once(catalog: Catalog, catalog_file: Path) -> None:
    with Catalog(catalog_file) as again:
        steps = again.rows("SELECT name FROM _sqlite_migrations")
    assert len(steps) == NEWEST
    assert catalog.row("PRAGMA user_version")[0] == NEWEST  # type: ignore[index]


def test_a_catalog_of_a_newer_version_is_refused_and_left_alone(catalog_file: Path) -> None:
    Catalog(catalog_file).close()
    with sqlite3.connect(catalog_file) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    connection.close()
    before = catalog_file.read_bytes()
    with pytest.raises(SettingsInvalid, match="newer Veil") as caught:
        Catalog(catalog_file)
    assert "install" in caught.value.hint
    assert catalog_file.read_bytes() == before


def test_somebody_elses_sqlite_file_is_refused(catalog_file: Path) -> None:
    connection = sqlite3.connect(catalog_file)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = catalog_file.read_bytes()
    with pytest.raises(SettingsInvalid, match="no catalog of Veil"):
        Catalog(catalog_file)
    assert catalog_file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(catalog_file: Path) -> None:
    catalog_file.write_text("name,age\n" * 1000)
    with pytest.raises(SettingsInvalid, match="cannot be opened"):
        Catalog(catalog_file)
    assert catalog_file.read_text() == "name,age\n" * 1000


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be opened"):
        Catalog(tmp_path / "nowhere" / "catalog.sqlite")


def test_of_one_person_one_deed_waits_and_what_is_written_down_of_them_does_not_wait_for_it(catalog: Catalog) -> None:
    """Who sends many changes at once has one turn among those who wait, and not as many as they have threads."""
    person = threading.local()
    catalog.ask_before_deeds(contextlib.nullcontext, lambda: getattr(person, "name", ""))

    def change(name: str) -> None:
        person.name = name
        with catalog.transaction(), catalog.transaction():
            pass

    def write_down(name: str) -> None:
        person.name = name
        with catalog.bookkeeping(), catalog.transaction():  # a transaction of who holds the lock waits for nobody
            pass

    everybody = [(change, "sam")] * 6 + [(change, "kim")] * 2 + [(write_down, "sam")] * 2 + [(change, "")] * 2
    threads = [threading.Thread(target=work, args=[name]) for work, name in everybody]
    with catalog.bookkeeping():
        for thread in threads:
            thread.start()
        until = time.monotonic() + 5
        while (
            len(catalog._writing._waiting) + sum(catalog._deeds_of._askers.values()) < 14 and time.monotonic() < until
        ):
            time.sleep(0.001)
        assert len(catalog._writing._waiting) == 6, "one of sam, one of kim, and all that is no deed of anybody"
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert not catalog._deeds_of._askers


def test_who_waits_too_long_for_changes_of_their_own_is_told_so(catalog_file: Path) -> None:
    with Catalog(catalog_file, busy_seconds=0.05) as catalog:
        catalog.ask_before_deeds(contextlib.nullcontext, lambda: "sam")

        def change() -> None:
            with pytest.raises(JournalUnavailable, match="other changes that you sent before take too long"):
                _put(catalog, "shop")

        with catalog.transaction():
            waiting = threading.Thread(target=change)
            waiting.start()
            waiting.join()
        _put(catalog, "shop")
        assert _names(catalog) == ["shop"]
