"""A hostile text in any place of a tree is refused, or what is printed is read by the engine as no more than decided.

Half of the trees go past the allow-list of syntax, as if it had a hole: the check of what is printed must hold alone.
`VEIL_FUZZ_MUTANTS` is the number of trees (`make fuzz` takes many thousands), `VEIL_FUZZ_SEED` the chance.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlglot import exp

from catalog.errors import VeilError
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Session
from catalog.sources.engine import serialize
from catalog.sources.sessions import SessionCache
from policy_engine.model import Decision
from policy_engine.transforms.keys import KeyRing
from policy_engine.visibility import Visibility
from proxy.fencing.late import BARRIER
from proxy.reading.allowed import check_tree
from proxy.reading.functions import FUNCTIONS, OPERATORS, TABLE_FUNCTIONS
from proxy.reading.statement import Statement
from proxy.rewriting.placed import Placed
from proxy.rewriting.relations import Leaf, leaves
from proxy.rewriting.rewrite import rewrite
from proxy.rewriting.verify import VerificationFailed
from tests.proxy.mutants import mutants
from tests.proxy.world import ANALYST, World, world

COUNT = int(os.environ.get("VEIL_FUZZ_MUTANTS", "1000"))
SEED = int(os.environ.get("VEIL_FUZZ_SEED", "1"))
KEYS = KeyRing(b"0123456789abcdef0123456789abcdef")


class Bench:
    """A shop's decisions and its open session, on which trees are rewritten."""

    def __init__(self, shop: World, sessions: SessionCache) -> None:
        visibility, policies = Visibility(shop.catalog, shop.datasets), shop.policies.current()
        seen = visibility.decisions(ANALYST, policies, datetime.now(UTC))
        self._decisions = {(each.dataset.database, each.dataset.name): each for each in seen}
        self._session: Session = sessions.open([_part(shop, each) for each in seen])

    def rewritten(self, tree: exp.Expr) -> tuple[str, set[str]]:
        """The verified SQL of a tree and the relations that may stand in it; raises VeilError."""
        statement = Statement(text="", dialect="duckdb", tree=tree, parameters=())
        placed = [self._placed(leaf) for leaf in leaves(statement, "main")]
        sql = rewrite(statement, placed, self._session, KEYS).sql
        return sql, {item.physical for item in placed}

    def _placed(self, leaf: Leaf) -> Placed:
        decision = self._decisions.get(leaf.key)
        if decision is None:
            raise VerificationFailed("no such dataset")
        dataset = decision.dataset
        return Placed(
            leaf=leaf, decision=decision, physical=self._session.physical_name(dataset.source, dataset.relation)
        )


def _part(shop: World, decision: Decision) -> tuple[Source, Expected]:
    dataset = decision.dataset
    columns = tuple((column.name, column.type) for column in dataset.columns if len(column.path) == 1)
    source = shop.datasets.source(dataset.source)
    assert source is not None
    return source, Expected(relation=dataset.relation, columns=columns)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    sessions = SessionCache(connect)
    with world(tmp_path_factory.mktemp("mutants"), "4111") as shop:
        yield Bench(shop, sessions)
        sessions.close()


@pytest.mark.parametrize("is_checked", [True, False], ids=["behind the list of syntax", "past the list of syntax"])
def test_a_hostile_text_is_refused_or_harmless(bench: Bench, is_checked: bool) -> None:
    ends: Counter[str] = Counter()
    for tree in mutants(random.Random(SEED), COUNT // 2):
        try:
            if is_checked:
                check_tree("", tree)
            sql, physical = bench.rewritten(tree)
        except VeilError as error:
            ends[type(error).__name__] += 1
            continue
        except (TypeError, AttributeError, ValueError, KeyError, IndexError):
            ends["unprintable"] += 1  # no parser makes such a tree
            continue
        ends["verified"] += 1
        relations, functions = _read(serialize(sql), set(), set(), frozenset())
        assert relations <= physical, sql
        assert functions <= FUNCTIONS.keys() | OPERATORS | TABLE_FUNCTIONS | {BARRIER}, sql
    assert ends["verified"] > COUNT // 100  # most places of a tree allow no other text at all
    assert ends.total() - ends["verified"] > COUNT // 50


def _read(value: object, relations: set[str], functions: set[str], ctes: frozenset[str]) -> tuple[set[str], set[str]]:
    """The base relations and functions that the engine reads in a statement, names of CTEs aside."""
    if isinstance(value, list):
        for item in value:
            _read(item, relations, functions, ctes)
    elif isinstance(value, dict):
        if isinstance(value.get("cte_map"), dict):
            ctes = ctes | {entry["key"].lower() for entry in value["cte_map"]["map"]}
        name = ".".join(filter(None, (value.get("catalog_name"), value.get("schema_name"), value.get("table_name"))))
        if value.get("type") == "BASE_TABLE" and name.lower() not in ctes:
            relations.add(name)
        if value.get("class") in ("FUNCTION", "WINDOW"):
            functions.add(".".join(filter(None, (value.get("schema"), value["function_name"].lower()))))
        for inner in value.values():
            _read(inner, relations, functions, ctes)
    return relations, functions
