"""What a governed scan to pandas costs, over HTTP and in process, against hand-written DuckDB views in one process."""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

import veil
from benchmarks.ground import orders
from benchmarks.ground.figures import figure, minima
from catalog.home import Home
from policy_engine.model import Subject
from proxy.pipeline import Request
from tests.serving import serve
from veil.frames import to_frame
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

ROWS = 1_000_000
ROUNDS = 5
SQL = f"select * from {orders.DATASET}"
GROUPS = {"paula": "plain", "fred": "filtered", "tom": "tokens"}


def main(rows: int = ROWS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        governed = orders.govern(Path(folder), rows)
        home = Home.open(governed.path)
        with (
            orders.by_hand(Path(folder)) as engine,
            assemble(home, load_settings(home.settings_file)) as parts,
            serve(governed) as server,
        ):
            for person, group in GROUPS.items():
                with veil.connect(server.url, token=governed.token(person)) as connection:
                    _compare(group, _ways(person, connection, parts, engine))


def _ways(
    person: str, connection: veil.Connection, parts: Parts, engine: duckdb.DuckDBPyConnection
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Three ways to the same frame; all convert Arrow to pandas alike, so that only the road differs."""
    return {
        "by_hand": partial(_by_hand, engine, person),
        "in_process": partial(_in_process, parts, person),
        "http": lambda: connection.query(SQL).to_pandas(),
    }


def _by_hand(engine: duckdb.DuckDBPyConnection, person: str) -> pd.DataFrame:
    return to_frame(engine.sql(f"SELECT * FROM {person}").to_arrow_table())


def _in_process(parts: Parts, person: str) -> pd.DataFrame:
    subject = Subject(user=person, groups=frozenset({person, GROUPS[person]}))
    with parts.pipeline.query(subject, Request(sql=SQL), decision_id=f"bench-{person}") as answer:
        return to_frame(pa.Table.from_batches(list(answer.batches()), schema=answer.schema))


def _compare(group: str, ways: dict[str, Callable[[], pd.DataFrame]]) -> None:
    shapes = {way().shape for way in ways.values()}
    assert len(shapes) == 1, shapes
    best = minima(ways, ROUNDS)
    figure("scan", f"{group}_by_hand_ms", 1000 * best["by_hand"], "ms")
    for way in ("in_process", "http"):
        ratio = best[way] / best["by_hand"]
        figure("scan", f"{group}_{way}_ms", 1000 * best[way], "ms", against="hand-written view", ratio=ratio)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
