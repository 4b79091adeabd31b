"""What it costs to look at a thousand columns of a thousand rows, and how good the tags are on labelled tables.

The labelled tables are those of `benchmarks/ground/held_out`, and those under the folder that VEIL_DETECTION_SET
names (`score.py` and `public/` stand in it), if it is set.
"""

import importlib.util
import os
import random
import resource
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.ground.figures import figure
from benchmarks.ground.held_out.tables import score
from crawler.crawl import crawl_folder
from crawler.detectors.detect import detect
from crawler.report import columns_found

ROWS, COLUMNS, TABLES = 1_000, 20, 10
GOAL_SECONDS = 30
WEAKEST = 5
LABELLED = "VEIL_DETECTION_SET"
TODAY = date(2026, 11, 1)
_Drawn = random.Random
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_GIVEN = "Maria James Anna Paul Sofia Jan Laura David Emma Peter Julia Lars".split()
_FAMILY = "Lopez Walker Schmidt Dubois Rossi Nowak King Cohen Baker Weber Hansen Silva".split()

KINDS: dict[str, Callable[[_Drawn], object]] = {
    "id": lambda drawn: drawn.randrange(10**9),
    "name": lambda drawn: f"{drawn.choice(_GIVEN)} {drawn.choice(_FAMILY)}{drawn.randrange(99)}",
    "email": lambda drawn: f"{drawn.choice(_GIVEN).lower()}{drawn.randrange(10**6)}@example.org",
    "phone": lambda drawn: f"({drawn.randrange(201, 990)}) {drawn.randrange(200, 999)}-{drawn.randrange(10**4):04d}",
    "ssn": lambda drawn: f"{drawn.randrange(1, 665):03d}-{drawn.randrange(1, 99):02d}-{drawn.randrange(1, 9999):04d}",
    "birth": lambda drawn: date(drawn.randrange(1940, 2008), drawn.randrange(1, 13), drawn.randrange(1, 28)),
    "street": lambda drawn: f"{drawn.randrange(1, 9999)} {drawn.choice(_FAMILY)} Street",
    "zip": lambda drawn: f"{drawn.randrange(10**5):05d}",
    "card": lambda drawn: f"4{drawn.randrange(10**15):015d}",
    "digits9": lambda drawn: f"{drawn.randrange(10**9):09d}",
    "digits11": lambda drawn: f"{drawn.randrange(10**11):011d}",
    "code": lambda drawn: "".join(drawn.choices(_LETTERS + "0123456789", k=10)),
    "uuid": lambda drawn: f"{drawn.getrandbits(128):032x}",
    "ip": lambda drawn: ".".join(str(drawn.randrange(256)) for _ in range(4)),
    "amount": lambda drawn: round(drawn.random() * 1_000, 2),
    "count": lambda drawn: drawn.randrange(100),
    "status": lambda drawn: drawn.choice(("open", "closed", "late")),
    "flag": lambda drawn: drawn.random() < 0.5,
    "sentence": lambda drawn: " ".join("".join(drawn.choices(_LETTERS, k=6)) for _ in range(12)),
    "day": lambda drawn: date(2024, drawn.randrange(1, 13), drawn.randrange(1, 28)),
}


def main() -> None:
    drawn = random.Random(1)
    tables = [_table(drawn, number) for number in range(TABLES)]
    detect([("c1",)], pa.table({"c1": ["warm"]}), TODAY)
    before, begun = _peak_megabytes(), (time.process_time(), time.perf_counter())
    for table in tables:
        detect([(name,) for name in table.column_names], table, TODAY)
    scale = 1_000 / (TABLES * COLUMNS)
    spent = scale * (time.process_time() - begun[0])
    against = f"the goal of {GOAL_SECONDS} s"
    figure("detection", "cpu_s_1000_columns_1000_rows", spent, "s", against=against, ratio=spent / GOAL_SECONDS)
    figure("detection", "wall_s_1000_columns_1000_rows", scale * (time.perf_counter() - begun[1]), "s")
    figure("detection", "more_memory_at_peak", _peak_megabytes() - before, "MB")
    _held_out()
    if LABELLED in os.environ:
        _quality(Path(os.environ[LABELLED]))


def _table(drawn: _Drawn, number: int) -> pa.Table:
    return pa.table({f"c{number}_{kind}": [make(drawn) for _ in range(ROWS)] for kind, make in KINDS.items()})


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def _held_out() -> None:
    """F1 of the held-out tables, in all and for the weakest tags, and the share of clean columns that got a tag."""
    counted = score()
    figure("detection", "held_out_macro_f1", counted.macro, "1")
    figure("detection", "held_out_micro_f1", counted.micro, "1")
    figure("detection", "held_out_clean_columns_tagged", counted.clean_share, "1")
    for tag in sorted(counted.tags, key=counted.f1)[:WEAKEST]:
        figure("detection", f"held_out_f1 {tag}", counted.f1(tag), "1")


def _quality(folder: Path) -> None:
    """F1, and the share of clean columns that got a tag, as the labelled set's own scorer counts them."""
    scorer = _module(folder / "score.py")
    for split in sorted(path.parent for path in folder.glob("*/labels.json")):
        known = scorer.load(split.name)
        found: Any = columns_found(crawl_folder(str(split)).crawled)["datasets"]
        predicted = {
            table: {column: [each["tag"] for each in told["tags"]] for column, told in columns["columns"].items()}
            for table, columns in found.items()
        }
        score = scorer.score(predicted, known["labels"], known["accept"], known["meta"])
        figure("detection", f"{split.name}_macro_f1", score["macro_f1"], "1")
        figure("detection", f"{split.name}_micro_f1", score["micro"]["f1"], "1")
        figure("detection", f"{split.name}_clean_columns_tagged", score["fpr_negatives"], "1")
        for wanted, told, count in score["confusion"][:10]:
            figure("detection", f"{split.name}_confusion {wanted} -> {told}", count, "columns")


def _module(path: Path) -> Any:
    """A Python file of the labelled set, which no package holds."""
    spec = importlib.util.spec_from_file_location("labelled_set_scorer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
