"""How often the proxy was attacked, asked in two worlds and held against the oracle in this run, and what was found.

The suites are those of `make test`, on chances of their own; `make fuzz` asks tens of thousands of times.
"""

import contextlib
import functools
import gc
import itertools
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground.figures import figure
from catalog.errors import VeilError
from proxy.governance import Request
from tests.proxy.hostile import HOSTILE, OVER_WIDE, wide_world
from tests.proxy.world import ANALYST, World, world
from web_ui.garbage import collect_seldom

QUESTIONS = 600
TREES = 2_000
WORLDS = 160
SEED = 20_261
ROOT = Path(__file__).parent.parent
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a suite's report tells: how many cases ran and failed, and the properties of all cases summed up."""

    cases: int
    findings: int
    sums: Counter[str]


def main() -> None:
    attacks = _ran("test_attacks.py")
    files = sorted((ROOT / "tests" / "proxy" / "attacks").glob("*.sql"))
    figure("soundness", "attack_files", len(files), "files")
    figure("soundness", "attacks", attacks.cases, "attacks")
    figure("soundness", "attack_findings", attacks.findings, "findings")
    alike = _ran("test_noninterference.py", VEIL_FUZZ=str(QUESTIONS), VEIL_FUZZ_SEED=str(SEED))
    figure("soundness", "noninterference_queries", alike.sums["rows"] + alike.sums["error"], "queries")
    figure("soundness", "noninterference_queries_with_rows", alike.sums["rows"], "queries")
    figure("soundness", "noninterference_pairs", alike.cases - 1, "pairs of worlds")
    figure("soundness", "noninterference_findings", alike.findings, "findings")
    figure("soundness", "noninterference_told_by_size", alike.sums["by size"], "queries")
    trees = _ran("test_mutants.py", VEIL_FUZZ_MUTANTS=str(TREES), VEIL_FUZZ_SEED=str(SEED))
    figure("soundness", "hostile_trees", TREES, "trees")
    figure("soundness", "hostile_tree_findings", trees.findings, "findings")
    oracle = _ran("test_oracle.py", "test_nested_oracle.py", VEIL_FUZZ_ORACLE=str(WORLDS))
    figure("soundness", "oracle_worlds", 2 * WORLDS, "worlds")
    figure("soundness", "oracle_findings", oracle.findings, "findings")
    with (
        tempfile.TemporaryDirectory() as folder,
        world(Path(folder) / "shop", "4111") as shop,
        wide_world(Path(folder) / "wide") as wide,
    ):
        _hostile([(shop, HOSTILE), (wide, OVER_WIDE)])
    if attacks.findings + alike.findings + trees.findings + oracle.findings:
        raise SystemExit("the proxy told something that it must not tell; run the suites of tests/proxy")


def _ran(*suites: str, **environment: str) -> Ran:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        paths = [str(ROOT / "tests" / "proxy" / suite) for suite in suites]
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *paths],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            timeout=3_600,
            check=False,
        )
        cases = list(xml.parse(report).getroot().iter("testcase"))
    sums: Counter[str] = Counter()
    for case in cases:
        for told in case.iter("property"):
            sums[str(told.get("name"))] += int(told.get("value") or 0)
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    return Ran(cases=len(cases), findings=failed, sums=sums)


def _hostile(texts: Iterable[tuple[World, Mapping[str, str]]]) -> None:
    """The longest that one hostile text keeps the server busy before it is refused or may run."""
    blanks = itertools.count(1)

    def settle(asked: World, text: str) -> None:
        with contextlib.suppress(VeilError):
            asked.governor.settle(ANALYST, Request(sql=text + " " * next(blanks)))  # one that was never asked before

    collect_seldom()  # as the server does
    spent = {
        name: min(_cpu_seconds(functools.partial(settle, asked), text) for _ in range(ROUNDS))
        for asked, named in texts
        for name, text in named.items()
    }
    seconds, name = max((seconds, name) for name, seconds in spent.items())
    figure("soundness", "hostile_texts", len(spent), "texts")
    figure("soundness", "hostile_slowest_cpu_s", seconds, "s", against=f"the goal of 1 s, by {name}", ratio=seconds)


def _cpu_seconds(work: Callable[[str], None], text: str) -> float:
    """Processor time of this thread, which does all of the work; a busy machine does not count."""
    gc.collect()
    begun = time.thread_time()
    work(text)
    return time.thread_time() - begun


if __name__ == "__main__":
    main()
