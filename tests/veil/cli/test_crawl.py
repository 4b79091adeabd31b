"""A crawl registers what it can read, tells what it cannot, and looks at a bare folder without a home."""

from pathlib import Path

import pytest

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
