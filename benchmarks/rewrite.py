"""What settling a query costs before it runs: cold, cached, and stage by stage, against the engine planning it.

The small query is told against its goals too, in processor time, which a busy machine does not count.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from benchmarks.ground import orders
from benchmarks.ground.figures import figure, median_cpu_micros, median_micros
from catalog.home import Home
from catalog.sources.connector import Expected, Session
from policy_engine.model import Decision, Subject
from proxy.governance import Governor, Request
from proxy.reading.statement import read
from proxy.reading.tokens import SqlLimits
from proxy.rewriting.placed import Placed
from proxy.rewriting.relations import leaves
from proxy.rewriting.rewrite import rewrite
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

REPEATS = 200
QUERIES = {
    "small": "select region, avg(price) from shop.orders where quantity > {n} group by region",
    "join": """
        with large as (select email, sum(amount) as spent from shop.orders where quantity > {n} group by email)
        select o.region, count(*) as orders, avg(l.spent) as spent, max(o.sold_at) as latest
        from shop.orders as o join large as l on l.email = o.email
        where o.day between date '2024-03-01' and date '2025-03-01' and o.rating >= 2
        group by o.region having count(*) > 10 order by spent desc limit 20""",
}
TOM = Subject(user="tom", groups=frozenset({"tom", "tokens"}))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home.open(orders.govern(Path(folder), 10_000).path)
        with assemble(home, load_settings(home.settings_file)) as parts, orders.by_hand(Path(folder)) as engine:
            for name, sql in QUERIES.items():
                by_hand = sql.replace("shop.orders", "tom")
                planned = _each(lambda text: engine.execute(f"EXPLAIN {text}").fetchall(), by_hand)
                _whole(name, sql, parts, planned)
                _stages(name, sql, parts)


def _whole(name: str, sql: str, parts: Parts, planned: float) -> None:
    governor = Governor(
        catalog=parts.catalog,
        datasets=parts.datasets,
        policies=parts.policies,
        visibility=parts.visibility,
        sessions=parts.sessions,
        keys=parts.keys,
        clock=parts.clock,
        limits=SqlLimits(),
    )
    cold = _each(lambda text: governor.settle(TOM, Request(sql=text)), sql)
    asked_before = Request(sql=sql.format(n=0))
    cached = median_micros(lambda: governor.settle(TOM, asked_before), REPEATS)
    prefix = "" if name == "small" else f"{name}_"
    against = "DuckDB planning the same query over a hand-written view"
    figure("rewrite", f"{prefix}cold_us_p50", cold, "us", against=against, ratio=cold / planned)
    figure("rewrite", f"{prefix}cached_us_p50", cached, "us", against=against, ratio=cached / planned)
    if name == "small":
        spent = _each(
            lambda text: governor.settle(TOM, Request(sql=text)), sql, first=REPEATS, measure=median_cpu_micros
        )
        _against_goal("cpu_cold_us_p50", spent, 2_000)
        _against_goal("cpu_cached_us_p50", median_cpu_micros(lambda: governor.settle(TOM, asked_before), REPEATS), 50)
        people = (Subject(user=f"tom{n}", groups=frozenset({f"tom{n}", "tokens"})) for n in count())
        others = median_cpu_micros(lambda: governor.settle(next(people), asked_before), REPEATS)
        _against_goal("cpu_cached_for_others_us_p50", others, 50)


def _against_goal(metric: str, micros: float, goal: float) -> None:
    figure("rewrite", metric, micros, "us", against=f"the goal of {goal:g} us", ratio=micros / goal)


def _stages(name: str, sql: str, parts: Parts) -> None:
    """The stations of `Governor.settle`, each on its own."""
    policies, now = parts.policies.current(), datetime.now(UTC)
    decision = parts.visibility.decision(TOM, "shop", "orders", policies, now)
    source = parts.datasets.source("lake")
    assert decision is not None
    assert source is not None
    expected = Expected(
        relation=decision.dataset.relation,
        columns=tuple((column.name, column.type) for column in decision.dataset.columns),
    )
    session = parts.sessions.open([(source, expected)])
    governed = _rewritten(sql.format(n=0), decision, session, parts)
    stages: dict[str, Callable[[str], object]] = {
        "parse": lambda text: read(text, "duckdb", SqlLimits()),
        "parse_and_relations": lambda text: leaves(read(text, "duckdb", SqlLimits()), "main"),
        "decide": lambda _: parts.visibility.decision(TOM, "shop", "orders", policies, now),
        "session": lambda _: parts.sessions.open([(source, expected)]),
        "parse_to_verify": lambda text: _rewritten(text, decision, session, parts),
        "reread_by_engine": lambda _: session.serialize(governed),
    }
    for stage, work in stages.items():
        figure("rewrite", f"{name}_{stage}_us_p50", _each(work, sql), "us")


def _rewritten(text: str, decision: Decision, session: Session, parts: Parts) -> str:
    statement = read(text, "duckdb", SqlLimits())
    physical = session.physical_name(decision.dataset.source, decision.dataset.relation)
    placed = [Placed(leaf=leaf, decision=decision, physical=physical) for leaf in leaves(statement, "main")]
    return rewrite(statement, placed, session, parts.keys).sql


def _each(
    work: Callable[[str], object],
    sql: str,
    *,
    first: int = 0,
    measure: Callable[[Callable[[], object], int], float] = median_micros,
) -> float:
    """The median microseconds on texts that were never seen before, numbered from `first`."""
    numbers = count(first)
    return measure(lambda: work(sql.format(n=next(numbers))), REPEATS)


if __name__ == "__main__":
    main()
