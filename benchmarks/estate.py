"""What a large estate costs: one decision, a list of everything, the plan of one change, and memory.

10,000 datasets of 100 columns, 200 tags, 500 roles and 2,000 policies, in a catalog on disk, for somebody with ten
roles of which one sees something of everything. The goals stand as `against`: a ratio under 1 meets the goal.
Nothing here waits for anybody, so processor time is measured: a busy machine does not count.
"""

import functools
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ground.estate import Size, estate, person, store
from benchmarks.ground.figures import figure
from catalog.crawl_runs import CrawlRuns
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.journal.journal import Journal
from catalog.tags import Tags
from crawler.levels import levels_of
from policy_engine.changing.facts import Facts
from policy_engine.changing.plan import Plan, make_plan
from policy_engine.document.model import Document
from policy_engine.document.places import Place, Stated
from policy_engine.judging.decide import decide
from policy_engine.live import Live, read_live
from policy_engine.model import Effect, HasTag, Policy, Scope, Subject
from policy_engine.store import PolicyStore
from policy_engine.visibility import Visibility
from proxy.metadata import Metadata, summary

AT = datetime(2026, 6, 1, tzinfo=UTC)
SIZE = Size()
SAMPLE = 500


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Catalog(Path(folder) / "catalog.sqlite") as catalog:
        store(estate(SIZE), catalog)
        _decisions(catalog)
        _plans(catalog)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _goal("memory_mb", peak, "MB", 1_500)


def _decisions(catalog: Catalog) -> None:
    visibility, policy_store = Visibility(catalog, Datasets(catalog)), PolicyStore(catalog)
    policies = policy_store.current()
    who = person(SIZE)
    _goal("list_first_s", _seconds(lambda: visibility.datasets(who, policies, AT)), "s")
    visible = visibility.datasets(who, policies, AT)
    _goal("list_again_ms", 1e3 * _seconds(lambda: visibility.datasets(who, policies, AT)), "ms", 200)
    colleague = person(SIZE, user="kim")
    _goal("list_for_a_colleague_ms", 1e3 * _seconds(lambda: visibility.datasets(colleague, policies, AT)), "ms", 200)
    other = replace(colleague, attributes={"region": "south"})  # which filters ask for, so nothing is known yet
    _goal("list_ms", 1e3 * _seconds(lambda: visibility.datasets(other, policies, AT)), "ms", 200)
    _goal("sights_first_ms", 1e3 * _seconds(lambda: visibility.sights(other, policies, AT)), "ms")
    journal = Journal(catalog)
    metadata = Metadata(
        visibility=visibility, policies=policy_store, journal=journal, runs=CrawlRuns(catalog), clock=lambda: AT
    )

    levels = levels_of(Tags(catalog).tags())

    def route(asked_by: Subject, search: str = "") -> str:
        return json.dumps([summary(sight, levels) for sight in metadata.find(asked_by, search)])

    _goal("get_datasets_first_ms", 1e3 * _seconds(lambda: route(other)), "ms")  # every dataset's level is found
    newcomer = replace(colleague, attributes={"region": "west"})
    _goal("get_datasets_ms", 1e3 * _seconds(lambda: route(newcomer)), "ms", 200)
    _goal("get_datasets_again_ms", 1e3 * _seconds(lambda: route(newcomer)), "ms", 200)
    _goal("get_datasets_search_ms", 1e3 * _seconds(lambda: route(newcomer, "email pii")), "ms")
    some = iter(visible[:: len(visible) // SAMPLE])
    cold = _median_micros(lambda: decide(who, next(some), policies, AT), SAMPLE)
    _goal("decide_cold_us_p50", cold, "us", 300)
    asked = iter(visible[1 :: len(visible) // SAMPLE])

    def ask() -> None:
        dataset = next(asked)
        visibility.decision(who, dataset.database, dataset.name, policies, AT)

    _goal("decide_uncached_us_p50", _median_micros(ask, SAMPLE), "us", 300)
    one = visible[1]
    cached = _median_micros(lambda: visibility.decision(who, one.database, one.name, policies, AT), SAMPLE)
    _goal("decide_cached_us_p50", cached, "us", 20)


def _plans(catalog: Catalog) -> None:
    started = time.process_time()
    live = read_live(catalog)
    read = time.process_time() - started
    _goal("read_live_s", read, "s")
    for name, scope in (("dataset", Scope(database="db3", dataset="table4")), ("database", Scope(database="db3"))):
        _goal(f"plan_one_{name}_s", read + _seconds(functools.partial(_plan(scope), live)), "s", 5)
    _goal("plan_everything_s", read + _seconds(functools.partial(_plan(Scope()), live)), "s", 5)


def _plan(scope: Scope) -> Callable[[Live], Plan]:
    """Plans one new grant with a tag condition and a filter."""
    policy = Policy(
        id="one more",
        effect=Effect.GRANT,
        roles=("role7",),
        scope=scope,
        having=HasTag("pii.t0"),
        where="status_0 <> 'closed'",
        why="a change",
    )
    document = Document(policies=(Stated(value=policy, place=Place()),))
    return lambda live: make_plan(document, live, Facts(), at=AT)


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _median_micros(work: Callable[[], object], repeats: int) -> float:
    return 1e6 * statistics.median(_seconds(work) for _ in range(repeats))


def _goal(metric: str, value: float, unit: str, goal: float | None = None) -> None:
    if goal is None:
        figure("estate", metric, value, unit)
    else:
        figure("estate", metric, value, unit, against=f"the goal of {goal:g} {unit}", ratio=value / goal)


if __name__ == "__main__":
    main()
