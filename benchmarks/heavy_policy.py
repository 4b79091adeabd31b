"""What a customer's heaviest kind of policy costs: eleven sets of attribute values and a condition on 25 tags.

Each figure is told twice: as it passes on this machine against the predecessor's best, and in processor time against
the goal of 5 ms for all that is done before a query runs.
"""

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import duckdb

from benchmarks.ground.figures import figure, median_cpu_micros, median_micros
from catalog.clock import utc_now
from catalog.home import Home
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.judging.decide import decide
from policy_engine.model import Subject
from proxy.governance import Governor, Request
from proxy.reading.tokens import SqlLimits
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

REPEATS = 200
NAMES = ("region", "country", "plant", "line", "shift", "supplier", "product", "brand", "channel", "segment", "unit")
TAGS = tuple(f"sales.t{number}" for number in range(25))
SQL = "select region, count(*) from sales.orders where amount > {n} group by region"
WHERE = " and ".join(
    f"(in_set('ALL', user_attribute('{name}')) or in_set({name}, user_attribute('{name}')))" for name in NAMES
)


DOCUMENT = """
veil: 1
sources: {{lake: {{connector: files, path: ./data}}}}
databases: {{sales: {{}}}}
tags: {{{tags}}}
datasets:
  sales.orders: {{source: lake, relation: orders.parquet, columns: {{{columns}}}}}
roles: {{sellers: {{groups: [sellers]}}}}
policies:
  - policy: heavy
    grant: select
    to: [sellers]
    scope: sales
    having: in({having})
    where: {where}
"""


def document() -> str:
    """The policy, and an estate of one dataset whose columns carry the tags."""
    carried = zip((*NAMES, "amount"), TAGS, strict=False)
    return DOCUMENT.format(
        tags=", ".join(f"{tag}: {{}}" for tag in TAGS),
        columns=", ".join(f"{name}: {{tags: [{tag}]}}" for name, tag in carried),
        having=", ".join(TAGS),
        where=WHERE,
    )


def seller(number: int = 0) -> Subject:
    """Somebody who may see all of some things and a few of others."""
    few = {name: f'{name} 1,{name} 2,"{name}, {number}"' for name in NAMES[:8]}
    return Subject(
        user="sam", groups=frozenset({"sam", "sellers"}), attributes={**few, **dict.fromkeys(NAMES[8:], "ALL")}
    )


def write(folder: Path) -> Home:
    """A home with the estate, and a table of a hundred thousand orders."""
    (folder / "data").mkdir()
    cells = ", ".join(f"'{name} ' || (i % {place + 3}) AS {name}" for place, name in enumerate(NAMES))
    with duckdb.connect() as engine:
        rows = f"SELECT {cells}, i AS amount FROM range(100000) AS series(i)"
        engine.execute(f"COPY ({rows}) TO '{folder / 'data' / 'orders.parquet'}' (FORMAT parquet)")
    (folder / "sales.yaml").write_text(document(), encoding="utf-8")
    return Home.create(folder / "home")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = write(Path(name))
        with assemble(home, load_settings(home.settings_file)) as parts:
            plan = prepare(load([Path(name) / "sales.yaml"]), parts.catalog, at=utc_now())
            carry_out(plan, parts.catalog, by="bench")
            _measure(parts)


def _measure(parts: Parts) -> None:
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
    policies, dataset = parts.policies.current(), parts.datasets.dataset("sales", "orders")
    assert dataset is not None
    texts, people, askers = count(), count(), count()
    ways: dict[str, Callable[[], object]] = {
        "new_question_us_p50": lambda: governor.settle(seller(), Request(sql=SQL.format(n=next(texts)))),
        "new_person_us_p50": lambda: governor.settle(seller(next(people)), Request(sql=SQL.format(n=0))),
        "decide_new_person_us_p50": lambda: decide(seller(-1 - next(askers)), dataset, policies, utc_now()),
        "asked_again_us_p50": lambda: governor.settle(seller(), Request(sql=SQL.format(n=0))),
    }
    against = "the predecessor's published best for comparable calls, 11 ms"
    for metric, work in ways.items():
        work()
        micros = median_micros(work, REPEATS)
        figure("heavy_policy", metric, micros, "us", against=against, ratio=micros / 11_000)
        spent = median_cpu_micros(work, REPEATS)
        goal = "the goal of 5 ms"
        figure("heavy_policy", f"cpu_{metric}", spent, "us", against=goal, ratio=spent / 5_000)


if __name__ == "__main__":
    main()
