"""Reports are read on the command line, and say what the pages say."""

from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal

DOCUMENT = """veil: 1
tags: {acme.ward: {level: restricted}}
sources: {s: {connector: files, path: ./data}}
databases: {db: {}}
datasets:
  db.beds: {source: s, relation: beds.csv, columns: {ward: {tags: [acme.ward]}}}
roles: {nurse: {groups: [nurses]}}
policies:
  - policy: nurses
    grant: select
    to: [nurse]
    scope: db
    having: not acme.ward
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    terminal.run("init")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "beds.csv").write_text("ward,beds\nNorth,3\n")
    (tmp_path / "all.yaml").write_text(DOCUMENT)
    terminal.run("apply", "all.yaml", "--why", "nurses begin")
    return terminal


def test_reports_answer_at_a_home(terminal: Terminal) -> None:
    told = terminal.run("report", "who-can-see", "db.beds.ward", "-f", "json").json()
    assert [(row["name"], row["outcome"], row["since"]) for row in told["rows"]] == [("administrators", "clear", 1)]
    assert told["journal"]["head"]
    seen = terminal.run("report", "what-can", "role:nurse", "-f", "csv").out.splitlines()
    assert [line.split(",")[:3] for line in seen[1:]] == [["db.beds", "beds", "clear"]]
    changed = terminal.run("report", "changes", "--from", "1").out
    assert changed.startswith("From revision 1 to revision 2, 1 columns or rows were gained, 0 lost")
    one = terminal.run("report", "changes", "--from", "1", "--who", "role nurse", "-f", "csv").out.splitlines()
    assert one[1:] == ["gains,role,nurse,db.beds,beds,hidden,clear,all,nurses"]
    none = terminal.run("report", "changes", "--from", "1", "--who", "nobody", "--limit", "1")
    assert "for `nobody`, nobody sees anything different" in none.out
    wrong = terminal.run("report", "who-can-see", "db.bed.ward", expect=1).err
    assert "there is no dataset `db.bed.ward`" in wrong
    events = terminal.run("audit", "search", "--kind", "report:read", "-f", "json").json()
    assert {event["details"]["report"] for event in events} == {"who-can-see", "what-can", "changes"}
