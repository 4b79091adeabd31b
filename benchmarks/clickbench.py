"""Forty-three questions of web analytics over a generated table of hits, governed and over a hand-written view.

They are written in the spirit of ClickBench (counts, groups, searches in text, spans of time), not copied from it.
"""

import math
import sys
import tempfile
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.ground.figures import figure, minima
from benchmarks.ground.hits import QUERIES, by_hand, govern
from catalog.errors import VeilError
from catalog.home import Home
from policy_engine.model import Subject
from proxy.pipeline import Request
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

ROWS = 1_000_000
ROUNDS = 3
ANALYST = Subject(user="wei", groups=frozenset({"wei", "analysts"}))


def main(rows: int = ROWS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home.open(govern(Path(folder), rows).path)
        with assemble(home, load_settings(home.settings_file)) as parts, by_hand(Path(folder)) as engine:
            equal = [sql for sql in QUERIES if _is_equal(sql, parts, engine)]
            share = len(equal) / len(QUERIES)
            figure("clickbench", "equal", len(equal), "queries", against="all queries", ratio=share)
            ratios = [_ratio(sql, parts, engine) for sql in equal]
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            figure("clickbench", "geometric_mean", mean, "x", against="hand-written view", ratio=mean)
            figure("clickbench", "worst", max(ratios), "x", against="hand-written view", ratio=max(ratios))


def _ask(parts: Parts, sql: str) -> pa.Table:
    with parts.pipeline.query(ANALYST, Request(sql=sql, database="web"), decision_id="bench") as answer:
        return pa.Table.from_batches(list(answer.batches()), schema=answer.schema)


def _by_hand(engine: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return engine.sql(sql).to_arrow_table()


def _is_equal(sql: str, parts: Parts, engine: duckdb.DuckDBPyConnection) -> bool:
    try:
        governed = _facts(_ask(parts, sql))
    except VeilError as error:
        print(f"{sql}: {error.code}: {error.detail}", file=sys.stderr)
        return False
    if governed != _facts(_by_hand(engine, sql)):
        print(f"{sql}: differs", file=sys.stderr)
        return False
    return True


def _facts(table: pa.Table) -> tuple[object, ...]:
    """Names, types and rows in any order; sums of floats differ in their last digits from run to run."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    plain = (tuple(float(f"{cell:.9g}") if isinstance(cell, float) else cell for cell in row) for row in rows)
    return table.column_names, [str(field.type) for field in table.schema], sorted(map(repr, plain))


def _ratio(sql: str, parts: Parts, engine: duckdb.DuckDBPyConnection) -> float:
    best = minima({"by_hand": partial(_by_hand, engine, sql), "governed": partial(_ask, parts, sql)}, ROUNDS)
    return best["governed"] / best["by_hand"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
