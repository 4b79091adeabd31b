"""What of the allow-lists random questions use: `python -m tests.proxy.asked 2000 70000` counts it in so many of them.

A construct counts as served when a question with it was answered in a world of the estate, not merely written.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlglot import exp

from catalog.errors import VeilError
from catalog.sources.engine import serialize
from proxy.reading.functions import FUNCTIONS
from proxy.reading.grammar import NODES
from proxy.reading.statement import generate, read
from tests.proxy.estates import estate
from tests.proxy.questions import Questioner

A_ROUND = 60
Construct = tuple[str, str]
"""`function` or `node`, and its name in the table of these."""


def constructs(sql: str) -> set[Construct]:
    """The functions and nodes of a question; none where it is refused.

    Example:
        >>> sorted(constructs("select sqrt(4)"))
        [('function', 'sqrt'), ('node', 'Anonymous'), ('node', 'Literal'), ('node', 'Select')]
    """
    try:
        tree = read(sql).tree
        called = {*map(_written, tree.walk()), *_called(serialize(generate(tree, "duckdb")))}
    except VeilError:
        return set()
    nodes = {("node", type(node).__name__) for node in tree.walk()}
    return nodes | {("function", name) for name in called & FUNCTIONS.keys()}


def _written(node: exp.Expr) -> str:
    """The function that a node is written as, or an empty text."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _called(value: object) -> Iterator[str]:
    """The functions that the engine's parser finds."""
    if isinstance(value, list):
        for item in value:
            yield from _called(item)
    elif isinstance(value, dict):
        if isinstance(name := value.get("function_name"), str) and name:
            yield name.lower()
        for inner in value.values():
            yield from _called(inner)


def count(questions: int, seed: int) -> tuple[Counter[Construct], Counter[Construct]]:
    """How many questions used each construct, and how many of these were answered."""
    from tests.proxy.test_noninterference import outcome, twins

    used: Counter[Construct] = Counter()
    served: Counter[Construct] = Counter()
    for place, done in enumerate(range(0, questions, A_ROUND)):
        made = estate(seed + place)
        questioner = Questioner(made, random.Random(f"questions {seed + place}"))
        with tempfile.TemporaryDirectory() as folder, twins(Path(folder), made) as (world, _):
            for _ in range(min(A_ROUND, questions - done)):
                sql = questioner.ask()
                found = constructs(sql)
                used.update(found)
                served.update(found if outcome(world, sql)[0] == "rows" else ())
    return used, served


def main() -> None:
    used, served = count(int(sys.argv[1]), int(sys.argv[2]))
    for kind, known in (("function", FUNCTIONS), ("node", NODES)):
        told = [sum((kind, name) in found for name in known) for found in (used, served)]
        print(f"{kind}s: {len(known)} allowed, {told[0]} used, {told[1]} served")
        print("  never used:", _listed(name for name in known if (kind, name) not in used))
        print("  never served:", _listed(name for name in known if (kind, name) in used and (kind, name) not in served))


def _listed(names: Iterable[str]) -> str:
    return " ".join(sorted(names)) or "none"


if __name__ == "__main__":
    main()
