"""Several processes with one home: nothing lost, the chain whole, and a killed one leaves no trace."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.home import Home
from catalog.journal.journal import Journal
from catalog.model import Database, Source

ROOT = Path(__file__).parents[2]

OPEN = """
import sys
from pathlib import Path
from catalog.home import Home
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.journal.journal import Journal
from catalog.journal.event import Event, EventKind
from catalog.model import Field
home = Home.create(Path(sys.argv[1]), {})
"""

OPEN_A_NEW_HOME = OPEN + "Catalog(home.catalog_file).close(); print(home.master_key({}).id)"

WRITE = (
    OPEN
    + """
with Catalog(home.catalog_file) as catalog:
    journal, datasets = Journal(catalog), Datasets(catalog)
    for number in range(40):
        with catalog.transaction():
            datasets.register("shop", f"{sys.argv[2]}_{number}", "lake", "x.csv", (Field(name="id", type="BIGINT"),))
            journal.append(Event(kind=EventKind.CRAWL_END, user=sys.argv[2], details={"number": number}))
        journal.append(Event(kind=EventKind.METADATA_READ, user=sys.argv[2]))
"""
)

STOP_IN_THE_MIDDLE = (
    OPEN
    + """
import time
with Catalog(home.catalog_file) as catalog, catalog.transaction():
    journal, datasets = Journal(catalog), Datasets(catalog)
    for number in range(200):
        datasets.register("shop", f"half_{number}", "lake", "x.csv", (Field(name="id", type="BIGINT"),))
        journal.append(Event(kind=EventKind.CRAWL_END, user="killed", details={"filler": "x" * 20_000}))
    print("in the middle", flush=True)
    time.sleep(60)
"""
)


def _start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def _outputs(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return outputs


def _home_with_shop(path: Path) -> Home:
    home = Home.create(path, {})
    with Catalog(home.catalog_file) as catalog:
        Datasets(catalog).put_source(Source(name="lake", connector="files"))
        Datasets(catalog).put_database(Database(name="shop"))
    return home


def test_processes_that_make_one_home_at_once_agree_on_its_key(tmp_path: Path) -> None:
    keys = _outputs([_start(OPEN_A_NEW_HOME, str(tmp_path / "home")) for _ in range(4)])
    assert len(set(keys)) == 1


def test_processes_write_one_journal_and_one_catalog_and_nothing_is_lost(tmp_path: Path) -> None:
    home = _home_with_shop(tmp_path / "home")
    writers = ("ada", "bob", "eve")
    _outputs([_start(WRITE, str(home.path), writer) for writer in writers])
    with Catalog(home.catalog_file) as catalog:
        journal, datasets = Journal(catalog), Datasets(catalog)
        result = journal.verify()
        assert (result.ok, result.count) == (True, 3 * 80)
        for writer in writers:
            told = [event.details["number"] for event in journal.export() if event.user == writer and event.details]
            assert told == list(range(40))
        assert {dataset.name for dataset in datasets.datasets()} == {f"{w}_{n}" for w in writers for n in range(40)}
        assert catalog.version() == 2 + 3 * 40


def test_a_process_killed_in_the_middle_of_a_transaction_leaves_the_home_whole(tmp_path: Path) -> None:
    home = _home_with_shop(tmp_path / "home")
    _outputs([_start(WRITE, str(home.path), "ada")])
    process = _start(STOP_IN_THE_MIDDLE, str(home.path))
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    with Catalog(home.catalog_file) as catalog:
        assert catalog.rows("PRAGMA integrity_check")[0][0] == "ok"
        assert (Journal(catalog).verify().ok, Journal(catalog).verify().count) == (True, 80)
        assert not any(dataset.name.startswith("half") for dataset in Datasets(catalog).datasets())
    _outputs([_start(WRITE, str(home.path), "bob")])
    with Catalog(home.catalog_file) as catalog:
        assert (Journal(catalog).verify().ok, Journal(catalog).verify().count) == (True, 160)
