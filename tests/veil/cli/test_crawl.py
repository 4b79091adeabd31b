"""A crawl registers what it can read, tells what it cannot, and looks at a bare folder without a home."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.database import Catalog
from tests.veil.cli.terminal import Terminal

PEOPLE = "id,email,phone\n" + "".join(f"{n},person{n}@example.org,(541) 555-01{n:02}\n" for n in range(30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "people.csv").write_text(PEOPLE)
    return tmp_path


def test_a_bare_folder_or_file_needs_no_home(folder: Path) -> None:
    terminal = Terminal(folder, NOTHING="1")
    for path in ("data", "data/people.csv"):
        found = terminal.run("crawl", path, "--json").json()
        columns = found["datasets"]["people"]["columns"]
        assert list(columns) == ["id", "email", "phone"]
        best = columns["email"]["tags"][0]
        assert best["tag"].startswith("pii.email")
        assert {"tag", "confidence", "evidence"} == set(best)
        assert "example.org" not in str(found)
    assert "people" in terminal.run("crawl", "data").out
    assert "bare folder" in terminal.run("crawl", "data", "--into", "db", expect=1).err
    assert not (folder / ".veil").exists()


def test_a_source_is_crawled_into_a_database(folder: Path) -> None:
    terminal = Terminal(folder)
    terminal.run("init")
    (folder / "s.yaml").write_text("veil: 1\nsources: {s: {connector: files, path: ./data}}\ndatabases: {db: {}}\n")
    terminal.run("apply", "s.yaml")
    assert terminal.run("crawl", "s", "--into", "db").out.splitlines()[1].split()[:3] == ["db.people", "new", "3"]
    (folder / "data" / "broken.parquet").write_bytes(b"not parquet")
    told = terminal.run("crawl", "s", "--into", "db", expect=2).out
    assert "unchanged" in told
    assert "not read: broken.parquet" in told
    assert "did you mean `s`" in terminal.run("crawl", "ss", expect=1).err
    kinds = [event["kind"] for event in terminal.run("audit", "search", "-f", "json").json()]
    assert {"crawl:begin", "crawl:end"} <= set(kinds)


def test_an_export_applied_again_changes_nothing(folder: Path) -> None:
    terminal = Terminal(folder)
    terminal.run("init")
    (folder / "s.yaml").write_text("veil: 1\nsources: {s: {connector: files, path: ./data}}\ndatabases: {db: {}}\n")
    terminal.run("apply", "s.yaml")
    terminal.run("crawl", "s", "--into", "db")
    printed = terminal.run("export", "policies").out
    assert "policies/policies.yaml" in printed
    assert "Nothing to change" in terminal.run("plan", "policies").out
    assert terminal.run("export").out.startswith("veil: 1\n")


def test_a_crawl_that_is_killed_goes_on_where_it_was(folder: Path) -> None:
    terminal = Terminal(folder)
    terminal.run("init")
    (terminal.home / "veil.toml").write_text("[crawls.s]\npause_seconds = 60\n")
    for number in range(8):
        (folder / "data" / f"t{number}.csv").write_text(f"id,k{number}\n1,x\n")
    (folder / "s.yaml").write_text("veil: 1\nsources: {s: {connector: files, path: ./data}}\ndatabases: {db: {}}\n")
    terminal.run("apply", "s.yaml")
    with terminal.started("crawl", "s", "--into", "db") as crawling, Catalog(terminal.home / "catalog.sqlite") as seen:
        runs = CrawlRuns(seen)
        _wait(lambda: any(run.done == 1 for run in runs.runs()))
        assert "being crawled already" in terminal.run("crawl", "s", expect=1).err
        crawling.kill()
        crawling.wait(20)
        [broken] = runs.runs()
        assert broken.state is RunState.INTERRUPTED
        assert (broken.done, broken.total) == (1, 9)
    (terminal.home / "veil.toml").unlink()
    told = terminal.run("crawl", "--resume").out
    assert told.count(" new ") == 9
    assert terminal.run("crawl", "--resume").out == "no crawl is left to go on with\n"
    assert "leave out" in terminal.run("crawl", "--resume", "--full", expect=1).err
    assert "no source is named" in terminal.run("crawl", expect=1).err


def test_ctrl_c_stops_a_crawl_after_the_relation_it_is_at(folder: Path) -> None:
    terminal = Terminal(folder)
    terminal.run("init")
    (terminal.home / "veil.toml").write_text("[crawls.s]\npause_seconds = 60\n")
    (folder / "data" / "more.csv").write_text("id\n1\n")
    (folder / "s.yaml").write_text("veil: 1\nsources: {s: {connector: files, path: ./data}}\ndatabases: {db: {}}\n")
    terminal.run("apply", "s.yaml")
    with terminal.started("crawl", "s", "--into", "db") as crawling, Catalog(terminal.home / "catalog.sqlite") as seen:
        runs = CrawlRuns(seen)
        _wait(lambda: any(run.done == 1 for run in runs.runs()))
        crawling.send_signal(signal.SIGINT)
        assert crawling.wait(30) == 2
        [run] = runs.runs()
        assert (run.state, run.done) == (RunState.CANCELLED, 1)


def _wait(is_so: Callable[[], bool]) -> None:
    """Waits for something that another process does."""
    give_up_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
