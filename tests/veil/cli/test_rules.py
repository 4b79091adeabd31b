"""Rules are tried on the command line before they are applied, and Okera's are taken over."""

import json
from pathlib import Path

from tests.veil.cli.terminal import Terminal

RULES = """veil: 1
rules:
  - {name: wards, tag: acme.ward, words_file: wards.txt, min_rows: 2}
  - {name: by name, tag: acme.ward, column_name: ward}
"""


def test_rules_are_tried_then_applied(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.run("init")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "beds.csv").write_text("ward,beds\nNorth,3\nsouth,4\nelsewhere,1\n")
    (tmp_path / "s.yaml").write_text("veil: 1\nsources: {s: {connector: files, path: ./data}}\ndatabases: {db: {}}\n")
    terminal.run("apply", "s.yaml")
    terminal.run("crawl", "s", "--into", "db")
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "wards.txt").write_text("north\nsouth\n")
    told = terminal.run("rules", "try", "rules.yaml", "--on", "db", "-f", "json").json()
    fits = {each["rule"]: (each["column"], each["fit"]) for each in told["columns"]}
    assert fits == {"wards": ("ward", "near"), "by name": ("ward", "match")}
    printed = terminal.run("rules", "try", "rules.yaml", "--on", "db.beds", "--rule", "Wards").out
    assert "66 % of 3 cells" in printed
    assert "elsewhere" not in printed
    assert (
        "did you mean `wards`"
        in terminal.run("rules", "try", "rules.yaml", "--rule", "ward", "--on", "db", expect=1).err
    )
    assert "db" in terminal.run("rules", "try", "rules.yaml", "--on", "dbb", expect=1).err
    (tmp_path / "okera.json").write_text(json.dumps([{"tag": "acme.ward", "expression": "[a-z]+", "maxRows": 9}]))
    done = terminal.run("rules", "import", "okera.json", "-o", "more.yaml", expect=2)
    assert "not taken over" in done.err
    assert "is there already" in terminal.run("rules", "import", "okera.json", "-o", "more.yaml", expect=1).err
    assert "+ rule acme.ward" in terminal.run("plan", "more.yaml", expect=2).out
    terminal.run("apply", "more.yaml")
    assert "- rule acme.ward" in terminal.run("rules", "remove", "ACME.ward", "--why", "too wide").out
    assert "no rule `acme.ward` of your own" in terminal.run("rules", "remove", "acme.ward", expect=1).err
