"""TPC-H and TPC-DS over governed tables: which queries equal the same over hand-written views, and what they cost.

The cost is told twice: in one process, where governed SQL and hand-written views meet the same engine (all that
governing a query adds but for its worker: looking up what was settled, the governed SQL, batches as they leave); and
through a worker process, as a client is served, against the views in an engine of this process with the same settings.
"""

import math
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pyarrow as pa

from benchmarks.ground.figures import figure, median_micros, minima
from benchmarks.ground.tpc import PEOPLE, Ground, ground
from catalog.errors import VeilError
from catalog.home import Home
from catalog.sources.connector import Limits
from catalog.sources.opening import open_world
from catalog.sources.run import EngineRun
from catalog.sources.world import Resources, World
from policy_engine.model import Subject
from proxy.governance import Governor
from proxy.pipeline import Request
from proxy.reading.tokens import SqlLimits
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

SCALES = {"h": 1.0, "ds": 0.1}
ROUNDS = 5


def main(scale: float | None = None) -> None:
    for name in ("h", "ds"):
        made = ground(name, scale or SCALES[name])
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            home = Home.open(made.govern(Path(folder)).path)
            parts = stack.enter_context(assemble(home, load_settings(home.settings_file)))
            engine = made.by_hand()
            stack.callback(engine.close)
            equal = _equal(made, parts, engine)
            _unfenced(made, parts)
            if name == "h":
                _cost_in_one_process(made, parts, equal)
                _cost_through_workers(made, parts, engine, equal)
            else:
                _largest(made, parts)


def _ask(parts: Parts, name: str, sql: str) -> pa.Table:
    request = Request(sql=sql, database="tpc")
    with parts.pipeline.query(_subject(name), request, decision_id=f"bench-{PEOPLE[name]}") as answer:
        return pa.Table.from_batches(list(answer.batches()), schema=answer.schema)


def _by_hand(engine: World, sql: str) -> pa.Table:
    with closing(engine.cursor()) as cursor:
        return cursor.sql(_plain(sql)).to_arrow_table()


def _governed(governor: Governor, world: World, name: str, sql: str) -> pa.Table:
    """The answer without a worker: settled, which is remembered, and run in an engine of this process."""
    settled = governor.settle(_subject(name), Request(sql=_plain(sql), database="tpc"))
    run = EngineRun(world, settled.rewritten.sql, settled.rewritten.parameters, Limits())
    schema = run.schema
    return pa.Table.from_batches(list(run), schema=schema)


def _subject(name: str) -> Subject:
    return Subject(user=PEOPLE[name], groups=frozenset({PEOPLE[name], "analysts"}))


def _plain(sql: str) -> str:
    return sql.rstrip().rstrip(";")


def _equal(made: Ground, parts: Parts, engine: World) -> list[str]:
    """The numbers of the queries whose answers are equal; prints their count and names the others."""
    equal = []
    for number, sql in made.queries.items():
        try:
            governed = _facts(_ask(parts, made.name, sql))
        except VeilError as error:
            print(f"tpc-{made.name} {number}: {error.code}: {error.detail}", file=sys.stderr)
            continue
        if governed == _facts(_by_hand(engine, sql)):
            equal.append(number)
        else:
            print(f"tpc-{made.name} {number}: differs", file=sys.stderr)
    total = len(made.queries)
    figure("tpc", f"{made.name}_equal", len(equal), "queries", against="all queries", ratio=len(equal) / total)
    return equal


def _facts(table: pa.Table) -> tuple[object, ...]:
    """Names, types and rows in any order; sums of floats differ in their last digits from run to run."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    plain = (tuple(float(f"{cell:.9g}") if isinstance(cell, float) else cell for cell in row) for row in rows)
    return table.column_names, [str(field.type) for field in table.schema], sorted(map(repr, plain))


def _cost_in_one_process(made: Ground, parts: Parts, numbers: list[str]) -> None:
    governor, ratios = _governor(parts), []
    for number in numbers:
        sql = made.queries[number]
        session = governor.settle(_subject(made.name), Request(sql=_plain(sql), database="tpc")).session
        names = [session.physical_name(part.source, part.expected.relation) for part in session.parts]
        world = open_world(session.parts, names, Resources())
        made.add_views(world)
        ways: dict[str, Callable[[], object]] = {
            "by_hand": partial(_by_hand, world, sql),
            "governed": partial(_governed, governor, world, made.name, sql),
        }
        best = minima(ways, ROUNDS)
        world.close()
        ratios.append(best["governed"] / best["by_hand"])
        ms = 1000 * best["governed"]
        figure("tpc", f"h_{int(number):02}_ms", ms, "ms", against="hand-written view", ratio=ratios[-1])
    _mean("h_geometric_mean", ratios)


def _cost_through_workers(made: Ground, parts: Parts, engine: World, numbers: list[str]) -> None:
    ratios = []
    for number in numbers:
        sql = made.queries[number]
        ways: dict[str, Callable[[], object]] = {
            "by_hand": partial(_by_hand, engine, sql),
            "governed": partial(_ask, parts, made.name, sql),
        }
        best = minima(ways, ROUNDS)
        ratios.append(best["governed"] / best["by_hand"])
    _mean("h_workers_geometric_mean", ratios)


def _mean(metric: str, ratios: list[float]) -> None:
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    figure("tpc", metric, mean, "x", against="hand-written view", ratio=mean)


def _unfenced(made: Ground, parts: Parts) -> None:
    """How many queries stand unfenced before filtered rows, since nothing in them can raise."""
    governor, subject = _governor(parts), _subject(made.name)
    requests = [Request(sql=_plain(sql), database="tpc") for sql in made.queries.values()]
    count = sum(not governor.settle(subject, request).rewritten.is_fenced for request in requests)
    figure("tpc", f"{made.name}_unfenced", count, "queries", against="all queries", ratio=count / len(requests))


def _governor(parts: Parts) -> Governor:
    return Governor(
        catalog=parts.catalog,
        datasets=parts.datasets,
        policies=parts.policies,
        visibility=parts.visibility,
        sessions=parts.sessions,
        keys=parts.keys,
        clock=parts.clock,
        limits=SqlLimits(),
    )


def _largest(made: Ground, parts: Parts) -> None:
    """What settling the longest query costs that was never asked before: a comment makes each text a new one."""
    number, sql = max(made.queries.items(), key=lambda item: len(item[1]))
    texts = iter(f"{_plain(sql)} -- {time}" for time in range(100))
    governor, subject = _governor(parts), _subject(made.name)
    micros = median_micros(lambda: governor.settle(subject, Request(sql=next(texts), database="tpc")), 20)
    figure("tpc", f"ds_{number}_settled_cold_ms", micros / 1000, "ms")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else None)
