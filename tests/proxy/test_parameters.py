"""Values are bound in order or by name; none too few, none too many, and none under a name of the server's own."""

from collections.abc import Iterator

import pytest

from catalog.errors import SqlInvalid, VeilError
from proxy.reading.parameters import Values, bind, decode
from proxy.reading.statement import read
from tests.proxy.world import World, world


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("shop"), "4111") as made:
        yield made


@pytest.mark.parametrize(
    ("sql", "values", "bound"),
    [
        ("select ?, ?", [1, 2], {"p1": 1, "p2": 2}),
        ("select $2, $1, $2", [1, 2], {"p1": 1, "p2": 2}),
        ("select $1", {"1": "x"}, {"p1": "x"}),
        ("select 1", {}, {}),
        ("select $land", {"LAND": "NO"}, {"p1": "NO"}),
        ("select $Land, $land", {"land": {"$type": "decimal", "value": "1.50"}}, None),
    ],
)
def test_each_parameter_gets_its_value(sql: str, values: Values, bound: dict[str, object] | None) -> None:
    found = bind(decode(values), read(sql).parameters)
    assert found == bound if bound is not None else [str(value) for value in found.values()] == ["1.50"]


@pytest.mark.parametrize(
    ("sql", "values", "told"),
    [
        ("select ?", [], "1 parameter"),
        ("select ?", [1, 2], "brings 2"),
        ("select $land", ["NO"], "names its parameters"),
        ("select $land", {"lant": "NO"}, "`$land`"),
        ("select $land", {"land": 1, "lanf": 2}, "`lanf`"),
        ("select $land", {"land": 1, "LAND": 2}, "only in case"),
        ("select ?", {"a": 1}, "`1`"),
        ("select 1", {"a": 1}, "`a`"),
    ],
)
def test_values_that_do_not_fit_are_told_of(sql: str, values: Values, told: str) -> None:
    with pytest.raises(SqlInvalid) as refused:
        bind(decode(values), read(sql).parameters)
    assert told in refused.value.detail
    assert refused.value.hint


def test_named_values_answer_a_query(shop: World) -> None:
    sql = "select count(*) as n from shop.orders where region = $land and id >= $least and id < $Least + 40"
    assert shop.ask(sql, parameters={"land": "EU", "least": 0}).to_pylist() == [{"n": 10}]
    assert shop.ask(sql, parameters={"land": "APAC", "least": 0}).to_pylist() == [{"n": 0}]


@pytest.mark.parametrize("name", ["k0", "p1", "p2", "key", "catalog_tables", "governed_sql", "tokenize_key"])
def test_no_name_reaches_a_value_that_is_not_the_persons(shop: World, name: str) -> None:
    """The query is answered with the person's own value, though keys are bound beside it."""
    asked = shop.ask(f"select email, ${name} as given from shop.orders limit 1", parameters={name: "mine"})
    assert asked.column("given").to_pylist() == ["mine"]
    with pytest.raises(VeilError):
        shop.ask(f"select email, ${name} as given from shop.orders limit 1")
