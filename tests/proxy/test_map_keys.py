"""Maps whose keys have fields: a key is shown whole, its fields as they are or as tokens, or the map is hidden."""

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from catalog.model import Column, Dataset
from catalog.people.model import Role
from policy_engine.model import Effect, HasTag, Policy, PolicySet, Scope, TransformRule
from policy_engine.transforms.calls import parse_call
from tests.policy_engine.seen import Asker
from tests.proxy.trial import Answer, Trial, trial

KIM = Asker(user="kim", groups=frozenset({"g"}))
CARD = HasTag("pci.card")
KEYS = {
    'STRUCT("a" INTEGER, "card" VARCHAR)': "{'a': 1, 'card': 'x'}, {'a': 1, 'card': 'y'}",
    'STRUCT("a" INTEGER, "card" VARCHAR)[]': "[{'a': 1, 'card': 'x'}], [{'a': 1, 'card': 'y'}]",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("maps")) as made:
        made.at = datetime(2026, 6, 1, tzinfo=UTC)
        yield made


def _grant(id: str, *rules: TransformRule, where: str | None = None, columns: tuple[str, ...] = ()) -> Policy:
    scope = Scope(database="shop", dataset="t", columns=tuple(tuple(name.split(".")) for name in columns))
    return Policy(id=id, effect=Effect.GRANT, roles=("one",), scope=scope, transforms=rules, where=where)


def _ask(home: Trial, type_: str, *policies: Policy) -> Answer:
    paths = {
        ("id",): "INTEGER",
        ("m",): f"MAP({type_}, INTEGER)",
        ("m", "key"): type_,
        ("m", "key", "a"): "INTEGER",
        ("m", "key", "card"): "VARCHAR",
        ("m", "value"): "INTEGER",
    }
    columns = (
        Column(path=path, type=text, position=0, confirmed=frozenset({"pci.card"} if path[-1] == "card" else ()))
        for path, text in paths.items()
    )
    dataset = Dataset(database="shop", name="t", source="s", relation="t", columns=tuple(columns))

    def write(engine: duckdb.DuckDBPyConnection) -> None:
        keys = KEYS[type_]
        engine.execute(f"CREATE TABLE t AS SELECT 1 AS id, CAST(map([{keys}], [10, 11]) AS MAP({type_}, INTEGER)) AS m")

    policy_set = PolicySet(revision=1, policies=policies, roles=(Role(name="one", groups=frozenset({"g"})),))
    return home.ask("from shop.t", dataset, write, policy_set, KIM)


@pytest.mark.parametrize("type_", KEYS)
@pytest.mark.parametrize("call", ["null()", "redact()", "mask()"])
def test_a_key_that_could_become_another_ones_hides_the_map(home: Trial, type_: str, call: str) -> None:
    assert _ask(home, type_, _grant("g", TransformRule(tagged=CARD, call=parse_call(call)))).columns == ("id",)


@pytest.mark.parametrize("type_", KEYS)
def test_a_key_without_one_of_its_fields_hides_the_map(home: Trial, type_: str) -> None:
    assert _ask(home, type_, _grant("g", columns=("id", "m.key.a", "m.value"))).columns == ("id",)


@pytest.mark.parametrize("type_", KEYS)
def test_a_field_that_only_some_rows_show_hides_the_map(home: Trial, type_: str) -> None:
    narrow = _grant("narrow", columns=("id", "m.key.a", "m.value"))
    assert _ask(home, type_, narrow, _grant("whole", where="id > 1")).columns == ("id",)


@pytest.mark.parametrize("type_", KEYS)
def test_keys_stay_as_different_as_they_are(home: Trial, type_: str) -> None:
    answer = _ask(home, type_, _grant("g", TransformRule(tagged=CARD, call=parse_call("tokenize()"))))
    assert answer.table is not None
    [pairs] = answer.table["m"].to_pylist()
    assert [value for _, value in pairs] == [10, 11]
    assert pairs[0][0] != pairs[1][0]
    assert "'x'" not in str(pairs)
